"""Stop a network in order, and write down where its chain stands."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from chainyard.chain.beacon import Beacon
from chainyard.chain.execution import Execution
from chainyard.errors import ChainyardError
from chainyard.network.store import append_event
from chainyard.progress import Progress

if TYPE_CHECKING:
    from chainyard.network.state import NetworkState
    from chainyard.network.views import NodeEndpoints

# Seconds that nodes have to say where they stand; a stop does not wait for one that hangs.
ASK = 3.0


def halt(network: NetworkState, progress: Progress) -> tuple[str, ...]:
    """End validators, record the heads, then end beacon nodes and execution clients.

    Every service has its own patience (`Stop.patience`, seconds) to write its state; the caller
    holds the mutex.

    Returns:
        Services that had to be killed: they did not end in their time.
    """

    def tell(service: str, what: str) -> None:
        progress.note(f"{service}: {what}")

    known = network.backend.observe()
    validators = {node.vc_service for node in network.spec.participants if node.vc_service in known}
    killed: list[str] = []
    if validators:
        # First, so that the heads that are recorded are the last.
        killed += network.backend.stop([name for name in validators if name], progress=tell)
    heads = anyio.run(_heads, network) if _any_runs(network) else {}
    killed += network.backend.stop(progress=tell)
    append_event(network.layout.events, "stopped", killed=killed, heads=heads)
    return tuple(killed)


def _any_runs(network: NetworkState) -> bool:
    return any(status.state == "running" for status in network.backend.observe().values())


async def _heads(network: NetworkState) -> dict[str, dict[str, Any]]:
    """Head of every node that answers: slot, root, and the execution block's number."""
    heads: dict[str, dict[str, Any]] = {}
    try:
        nodes = network.endpoints().nodes
    except ChainyardError:
        return heads
    with anyio.move_on_after(ASK):
        async with anyio.create_task_group() as group:
            for node in nodes:
                group.start_soon(partial(_head, node, heads))
    return heads


async def _head(node: NodeEndpoints, heads: dict[str, dict[str, Any]]) -> None:
    try:
        async with Beacon(node.consensus.http, timeout=ASK) as beacon:
            header = await beacon.head()
        found: dict[str, Any] = {"slot": header.slot, "root": header.root}
        if node.execution is not None:
            async with Execution(node.execution.rpc, timeout=ASK) as execution:
                found["block"] = await execution.block_number()
        heads[node.name] = found
    except ChainyardError:
        return  # it is being stopped: what it does not say is not worth a failure
