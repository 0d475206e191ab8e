"""How a network is, asked of its nodes: all of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import anyio

from chainyard.backends.base import ServiceStatus
from chainyard.chain.beacon import Beacon
from chainyard.chain.clock import SlotClock
from chainyard.chain.execution import Execution
from chainyard.chain.text import safe_text
from chainyard.errors import ChainyardError
from chainyard.network.views import Endpoints, NodeEndpoints, NodeStatus, State, Status

# A node this many slots behind the best head is not in step.
SLOTS_BEHIND = 4
# Without a block for this many slots the chain has stopped.
SLOTS_SILENT = 8


@dataclass(frozen=True)
class _Answer:
    status: NodeStatus
    justified: int | None = None
    finalized: int | None = None


async def read_status(
    endpoints: Endpoints,
    services: dict[str, ServiceStatus],
    clock: SlotClock | None,
    overrides: dict[str, int | str],
    *,
    timeout: float = 5.0,
) -> Status:
    """Ask every node, each for at most ``timeout`` seconds.

    Args:
        clock: the chain's; None before there is a genesis.
    """
    answers: dict[str, _Answer] = {}
    if any(service.state == "running" for service in services.values()):
        async with anyio.create_task_group() as group:
            for node in endpoints.nodes:
                group.start_soon(_ask, node, timeout, answers)
    found = [answers.get(node.name, _silent(node)) for node in endpoints.nodes]
    nodes = tuple(answer.status for answer in found)
    head = max((node.head_slot for node in nodes if node.head_slot is not None), default=None)
    wall = clock.slot() if clock else None
    return Status(
        network=endpoints.network,
        state=_state(services, nodes, head, wall),
        head_slot=head,
        wall_slot=wall,
        justified_epoch=_newest(answer.justified for answer in found),
        finalized_epoch=_newest(answer.finalized for answer in found),
        nodes=nodes,
        services={name: service.state for name, service in services.items()},
        overrides=overrides,
    )


def _state(
    services: dict[str, ServiceStatus],
    nodes: tuple[NodeStatus, ...],
    head: int | None,
    wall: int | None,
) -> State:
    states = {service.state for service in services.values()}
    if not states & {"running", "starting", "backoff", "failed"}:
        return "stopped"
    if states != {"running"} or any(node.problem for node in nodes):
        return "degraded"
    if head is None or wall is None or wall - head > SLOTS_SILENT:
        return "degraded"
    behind = any(head - (node.head_slot or 0) > SLOTS_BEHIND for node in nodes)
    return "degraded" if behind or not all(node.synced for node in nodes) else "running"


async def _ask(node: NodeEndpoints, timeout: float, answers: dict[str, _Answer]) -> None:
    """Collect one node's answers; what it does not answer is a problem, never an exception."""
    late = f"no whole answer within {timeout:g} s"
    answer = _silent(node)
    with anyio.move_on_after(timeout) as scope:
        try:
            answer = await _consensus(node, timeout)
        except ChainyardError as error:
            answer = _silent(node, safe_text(error.message, 200))
        if node.execution is not None:
            answer = await _with_execution(answer, node.execution.rpc, timeout)
    if scope.cancelled_caught:
        answer = replace(answer, status=replace(answer.status, problem=late))
    answers[node.name] = answer


async def _consensus(node: NodeEndpoints, timeout: float) -> _Answer:
    async with Beacon(node.consensus.http, timeout=timeout) as beacon:
        syncing = await beacon.syncing()
        peers = await beacon.peer_count()
        finality = await beacon.finality_checkpoints()
    synced = not (syncing.is_syncing or syncing.is_optimistic or syncing.el_offline)
    return _Answer(
        NodeStatus(
            name=node.name,
            head_slot=syncing.head_slot,
            head_block=None,
            execution_peers=None,
            consensus_peers=peers.connected,
            synced=synced,
        ),
        justified=finality.current_justified.epoch if finality else None,
        finalized=finality.finalized.epoch if finality else None,
    )


async def _with_execution(answer: _Answer, rpc: str, timeout: float) -> _Answer:
    """The answer, with what the node's execution client says or why it says nothing."""
    status = answer.status
    try:
        async with Execution(rpc, timeout=timeout) as execution:
            block = await execution.block_number()
            peers = await execution.peer_count()
    except ChainyardError as error:
        problem = status.problem or safe_text(error.message, 200)
        return replace(answer, status=replace(status, problem=problem))
    return replace(answer, status=replace(status, head_block=block, execution_peers=peers))


def _silent(node: NodeEndpoints, problem: str = "") -> _Answer:
    return _Answer(NodeStatus(node.name, None, None, None, None, synced=False, problem=problem))


def _newest(epochs: Iterable[int | None]) -> int | None:
    return max((epoch for epoch in epochs if epoch is not None), default=None)
