"""Give a beacon node the signed blocks that it lost, through its Beacon API."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chainyard.chain.beacon import Beacon
from chainyard.chain.beacon_types import FinalityCheckpoints, SignedBlock
from chainyard.chain.errors import ApiError, UnreachableError
from chainyard.chain.waiting import NotYet, wait_for
from chainyard.journal.records import Entry

# Just started, a beacon node may say for some seconds that it is syncing, and take no block.
PATIENCE, PAUSE = 20.0, 0.5
# It answers before it has loaded its chain from disk (Prysm: HTTP 500, "nil head").
LOADING = 60.0


@dataclass(frozen=True)
class Handed:
    """What came of handing blocks to a beacon node: slots, and counts of blocks.

    ``refused``: what it said of the last block that it did not take.
    """

    found: int
    given: int
    reached: int
    refused: str = ""


async def hand_over(beacon: Beacon, entries: Iterable[Entry]) -> Handed:
    """Publish blocks that it does not know, oldest first, forks included.

    Raises:
        ApiError: the node does not answer.
    """
    found = (await beacon.head()).slot
    known = await beacon.fork_choice_roots()
    given, refused = 0, ""
    for entry in entries:
        if known is not None and entry.root in known:
            continue
        if known is None and await beacon.header(entry.root):
            continue
        try:
            await _publish(beacon, entry)
            given += 1
        except UnreachableError:
            raise
        except ApiError as error:
            # Of a fork that lies behind its finality, say: the others go on.
            refused = error.message
    return Handed(found, given, (await beacon.head()).slot, refused)


async def finalized_epoch(beacon: Beacon) -> int:
    """What it has finalized; waits for a node that was just started and loads its chain."""

    async def found() -> FinalityCheckpoints | NotYet:
        return await beacon.finality_checkpoints() or NotYet("no state")

    what = f"a head state of {beacon!r}"
    return (await wait_for(found, timeout=LOADING, every=PAUSE, what=what)).finalized.epoch


async def _publish(beacon: Beacon, entry: Entry) -> None:
    block = SignedBlock.from_json(entry.version, entry.block)

    async def published() -> bool | NotYet:
        await beacon.publish_block(block, proofs=entry.proofs, blobs=entry.blobs)
        return True

    await wait_for(published, timeout=PATIENCE, every=PAUSE, what=f"import of slot {entry.slot}")


async def kept_blocks(beacon: Beacon, above: int) -> list[SignedBlock]:
    """Blocks of a beacon node's chain with payloads numbered above ``above``, oldest first."""
    blocks: list[SignedBlock] = []
    block = await beacon.block("head")
    while block is not None and (block.block_number or 0) > above:
        blocks.append(block)
        block = await beacon.block(block.parent_root)
    return blocks[::-1]
