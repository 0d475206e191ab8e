"""The agent that keeps the journal: it follows beacon nodes and appends what they announce."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing

import anyio

from chainyard.chain.beacon import Beacon
from chainyard.chain.beacon_types import SignedBlock
from chainyard.chain.errors import ApiError
from chainyard.chain.shape import Fields
from chainyard.chain.waiting import NotYet, wait_for
from chainyard.errors import ChainyardError
from chainyard.journal.records import Entry
from chainyard.journal.store import Writer

BACKFILL = 8192
"""Blocks that are fetched at most when a node is met again after a while."""

FETCH, PAUSE = 10.0, 0.2
"""Seconds to try for a block that was announced, and between two attempts."""

REPORT = 60.0
"""Seconds between two lines of the log at least, as long as nothing is wrong."""

TRIM_EVERY = 256
"""Blocks after which the size is looked at."""

Log = Callable[[str], None]


class Agent:
    """Follows beacon nodes.

    Args:
        keep_bytes: size of the journal above which its oldest segments go, as far as they are
            finalized on every node.
        slots_per_epoch: to tell finalized slots.
    """

    def __init__(
        self,
        writer: Writer,
        urls: Sequence[str],
        *,
        keep_bytes: int,
        slots_per_epoch: int,
        log: Log,
    ) -> None:
        self._writer = writer
        self._beacons = [Beacon(url) for url in urls]
        self._keep_bytes = keep_bytes
        self._slots_per_epoch = slots_per_epoch
        self._log = log
        self._fetching: set[str] = set()
        self._appended = 0
        self._reported = time.monotonic()

    async def run(self) -> None:
        """Follow all nodes, for ever."""
        try:
            async with anyio.create_task_group() as group:
                for beacon in self._beacons:
                    group.start_soon(self._follow, beacon)
        finally:
            with anyio.CancelScope(shield=True):
                for beacon in self._beacons:
                    await beacon.aclose()

    async def _follow(self, beacon: Beacon) -> None:
        while True:
            try:
                async with aclosing(beacon.events(["block"])) as events:
                    async for event in events:
                        if event.topic == "connected":
                            await self._try(beacon, self._backfill(beacon))
                        elif event.topic == "block":
                            root = Fields(event.data, "event").root("block")
                            await self._try(beacon, self._fetch(beacon, root))
            except ChainyardError as error:
                self._log(f"{beacon!r}: {error.message}")
                await anyio.sleep(1.0)

    async def _try(self, beacon: Beacon, work: Awaitable[None]) -> None:
        """One block that cannot be had must not end the following."""
        try:
            await work
        except ChainyardError as error:
            self._log(f"{beacon!r}: {error.message}")

    async def _backfill(self, beacon: Beacon) -> None:
        """What came while this node was not listened to, back to what is known."""
        roots: list[str] = []
        header = await beacon.header("head")
        while header is not None and header.slot and header.root not in self._writer:
            roots.append(header.root)
            if len(roots) == BACKFILL:
                break
            header = await beacon.header(header.parent_root)
        for root in reversed(roots):
            await self._fetch(beacon, root)

    async def _fetch(self, beacon: Beacon, root: str) -> None:
        """Append a block, unless it is there or another node is being asked for it."""
        if root in self._writer or root in self._fetching:
            return
        self._fetching.add(root)
        try:
            block = await wait_for(
                lambda: _block(beacon, root), timeout=FETCH, every=PAUSE, what=f"block {root}"
            )
            entry = await self._entry(beacon, root, block)
            self._writer.append(entry)
        finally:
            self._fetching.discard(root)
        await self._account(entry.slot)

    async def _entry(self, beacon: Beacon, root: str, block: SignedBlock) -> Entry:
        body = Fields(block.data, "block").object("message").object("body")
        blobs: tuple[str, ...] = ()
        proofs: tuple[str, ...] = ()
        if body.optional("blob_kzg_commitments", body.array):
            blobs, proofs = await self._blobs(beacon, root, block.slot)
        return Entry(
            slot=block.slot,
            root=root,
            parent_root=block.parent_root,
            block_hash=block.block_hash or "0x" + "0" * 64,
            block_number=block.block_number or 0,
            version=block.version,
            block=block.data,
            blobs=blobs,
            proofs=proofs,
        )

    async def _blobs(
        self, beacon: Beacon, root: str, slot: int
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        try:
            sidecars = await beacon.blob_sidecars(root) or ()
        except ApiError as error:
            # Its payload heals an execution client all the same.
            self._log(f"the block of slot {slot} is kept without its blobs: {error.message}")
            return (), ()
        ordered = sorted(sidecars, key=lambda one: one.index)
        return tuple(one.blob for one in ordered), tuple(one.kzg_proof for one in ordered)

    async def _account(self, slot: int) -> None:
        self._appended += 1
        if time.monotonic() - self._reported >= REPORT:
            self._reported = time.monotonic()
            size = self._writer.size() / 1e6
            self._log(f"slot {slot}: {len(self._writer)} blocks, {size:.1f} MB")
        if self._appended % TRIM_EVERY == 0 and self._writer.size() > self._keep_bytes:
            await self._trim()

    async def _trim(self) -> None:
        epochs = []
        for beacon in self._beacons:
            checkpoints = await beacon.finality_checkpoints()
            epochs.append(checkpoints.finalized.epoch if checkpoints else 0)
        before = min(epochs) * self._slots_per_epoch
        if removed := self._writer.trim(before, self._keep_bytes):
            self._log(f"removed {removed} segments with blocks before slot {before}")


async def _block(beacon: Beacon, root: str) -> SignedBlock | NotYet:
    return await beacon.block(root) or NotYet("the node does not have it")
