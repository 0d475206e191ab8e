"""Healing of a network's nodes: what each is given, and the words that tell of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

import anyio

from chainyard.chain.beacon import Beacon
from chainyard.chain.beacon_types import SignedBlock
from chainyard.chain.engine import Engine
from chainyard.chain.execution import Execution
from chainyard.errors import ChainyardError
from chainyard.journal.store import Journal
from chainyard.network.heal.consensus import finalized_epoch, hand_over, kept_blocks
from chainyard.network.heal.execution import Replayed, first_missing, replay
from chainyard.network.views import NodeEndpoints

# One call may have to execute a large block on a busy machine (seconds).
CALL = 60.0

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Healer:
    """Heals nodes, all at once.

    Args:
        secret: the network's JWT secret, 32 bytes.
        tell: called with a sentence for everything that was done or could not be.
    """

    nodes: Sequence[NodeEndpoints]
    journal: Journal
    secret: bytes
    tell: Tell

    async def executions(self) -> list[str]:
        """Give execution clients what the journal has and they lack.

        Returns:
            Names of the execution services that lost their state and must be begun anew: they
            remember blocks that they cannot execute, and no message makes them forget.
        """
        lost: list[str] = []

        async def heal(node: NodeEndpoints) -> None:
            if node.execution and not await self._execution(node):
                lost.append(node.execution.service)

        await self._each(heal)
        return lost

    async def consensus(self, slots_per_epoch: int) -> None:
        """Give beacon nodes what the journal has and they lack, then level each pair."""
        await self._each(partial(self._consensus, slots_per_epoch))

    async def _each(self, heal: Callable[[NodeEndpoints], Awaitable[None]]) -> None:
        async def one(node: NodeEndpoints) -> None:
            try:
                await heal(node)
            except ChainyardError as error:
                # The others are healed all the same; whether the chain moves is found out later.
                self.tell(f"{node.name} could not be healed: {error.message}")

        async with anyio.create_task_group() as group:
            for node in self.nodes:
                group.start_soon(one, node)

    async def _execution(self, node: NodeEndpoints) -> bool:
        """Whether it is as it should be, or at least not lost."""
        assert node.execution is not None  # noqa: S101 - the caller looked
        tip = self.journal.tip()
        if tip is None:
            return True
        rows = [row for row in self.journal.chain_to(tip.root) if row.block_number]
        hashes = {row.block_number: row.block_hash for row in rows}
        async with Execution(node.execution.rpc, timeout=CALL) as execution:
            found = await execution.block_number()
            number = await first_missing(execution, hashes, found)
            missing = [row for row in rows if row.block_number >= number]
            if not missing:
                return True
            if found == 0 and missing[0].block_number == 1 and await _remembers(execution, hashes):
                return False
            entries = (self.journal.read(row) for row in missing)
            blocks = [SignedBlock.from_json(entry.version, entry.block) for entry in entries]
            done = await self._replay(execution, node, blocks, found)
        if done.gap is None and not done.whole and rows[0].block_number <= 1:
            return False
        self._tell_replayed(node.execution.service, done, "the journal")
        return True

    async def _replay(
        self, execution: Execution, node: NodeEndpoints, blocks: list[SignedBlock], found: int
    ) -> Replayed:
        assert node.execution is not None  # noqa: S101 - the callers looked
        async with Engine(node.execution.engine, self.secret, timeout=CALL) as engine:
            return await replay(execution, engine, blocks, found)

    def _tell_replayed(self, service: str, done: Replayed, source: str) -> None:
        if done.gap is not None:
            self.tell(
                f"{service} is at block {done.found} and {source} begins later: it asks its peers "
                f"for block {done.gap} and on"
            )
        elif done.whole:
            self.tell(
                f"{service} was at block {done.found}: {done.given} payloads from {source}, "
                f"now at block {done.reached}"
            )
        else:
            said = f", it said {done.refused}" if done.refused else ""
            self.tell(
                f"{service} is at block {done.reached} of {done.wanted} after {done.given} "
                f"payloads from {source}{said}: its peers must give the rest"
            )

    async def _consensus(self, slots_per_epoch: int, node: NodeEndpoints) -> None:
        async with Beacon(node.consensus.http, timeout=CALL) as beacon:
            finalized = await finalized_epoch(beacon) * slots_per_epoch
            done = await hand_over(beacon, self.journal.after(finalized))
            if done.given or done.refused:
                said = f"; it refused others: {done.refused}" if done.refused else ""
                self.tell(
                    f"{node.consensus.service} was at slot {done.found}: {done.given} blocks from "
                    f"the journal, now at slot {done.reached}{said}"
                )
            if node.execution is not None:
                await self._level(beacon, node)

    async def _level(self, beacon: Beacon, node: NodeEndpoints) -> None:
        """Give the execution client what its own beacon node kept and the journal had not got."""
        assert node.execution is not None  # noqa: S101 - the caller looked
        async with Execution(node.execution.rpc, timeout=CALL) as execution:
            found = await execution.block_number()
            blocks = await kept_blocks(beacon, found)
            if not blocks:
                return
            done = await self._replay(execution, node, blocks, found)
        self._tell_replayed(node.execution.service, done, node.consensus.service)


async def _remembers(execution: Execution, hashes: dict[int, str]) -> bool:
    """Whether a client at block 0 knows later blocks by their hash: it was killed, not emptied."""
    for number in (min(hashes), max(hashes)):
        if await execution.block(hashes[number]) is not None:
            return True
    return False
