"""Nodes that run and do not move: their clients were restarted by themselves after a crash.

A supervisor starts a killed client again at once. Mostly its peers then give it what it lost. Where
all lost the same, nobody can, and the node stands still until it is healed.
"""

from __future__ import annotations

from dataclasses import dataclass

import anyio

from chainyard.chain.beacon import Beacon
from chainyard.chain.clock import SlotClock
from chainyard.chain.execution import Execution
from chainyard.errors import ChainyardError
from chainyard.network.views import NodeEndpoints

# Blocks that an execution client may be behind before it is watched, and slots that it is watched.
BLOCKS_BEHIND, WATCHED = 3, 3
# Slots without a block after which the whole chain stands; fewer can be chance.
SILENT = 8
# Seconds that a node has to answer; one that does not is no case for healing but for its log.
ASK = 5.0


@dataclass(frozen=True)
class _Seen:
    slot: int
    block: int


async def stalled(
    nodes: tuple[NodeEndpoints, ...], clock: SlotClock, journalled: int
) -> list[NodeEndpoints]:
    """Nodes that must be healed, though all that should run does.

    Args:
        journalled: number of the newest execution block in the journal.
    """
    if clock.slot() < SILENT:
        return []
    first = await _look(nodes)
    behind = [node for node in nodes if _is_behind(node, first, clock, journalled)]
    if not behind:
        return []
    await clock.wait_for(clock.slot() + WATCHED)
    second = await _look(tuple(behind))
    return [node for node in behind if second.get(node.name) == first.get(node.name)]


def _is_behind(
    node: NodeEndpoints, seen: dict[str, _Seen], clock: SlotClock, journalled: int
) -> bool:
    found = seen.get(node.name)
    if found is None:
        return False
    return journalled - found.block > BLOCKS_BEHIND or clock.slot() - found.slot > SILENT


async def _look(nodes: tuple[NodeEndpoints, ...]) -> dict[str, _Seen]:
    seen: dict[str, _Seen] = {}

    async def look(node: NodeEndpoints) -> None:
        if node.execution is None:
            return
        try:
            async with Beacon(node.consensus.http, timeout=ASK) as beacon:
                slot = (await beacon.head()).slot
            async with Execution(node.execution.rpc, timeout=ASK) as execution:
                seen[node.name] = _Seen(slot, await execution.block_number())
        except ChainyardError:
            return  # it is starting, or ended: whoever waits for it will say so

    async with anyio.create_task_group() as group:
        for node in nodes:
            group.start_soon(look, node)
    return seen
