"""Give an execution client the payloads that it lost, oldest first, through its Engine API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainyard.chain.beacon_types import SignedBlock
from chainyard.chain.engine import Engine
from chainyard.chain.engine_types import Status
from chainyard.chain.execution import Execution

HEAD_EVERY = 32
"""Payloads between two settings of the head: a client keeps only so many states in memory."""


@dataclass(frozen=True)
class Replayed:
    """What came of handing payloads to an execution client.

    Args:
        found: number of its head before.
        given: how many payloads it took.
        reached: number of its head afterwards.
        wanted: number of the last block that it should have.
        gap: number of the first block that nobody here has, if the blocks do not join its own.
        refused: what it said to the payload that it did not take.
    """

    found: int
    given: int
    reached: int
    wanted: int
    gap: int | None = None
    refused: str = ""

    @property
    def whole(self) -> bool:
        """Whether it has all that it should have."""
        return self.reached >= self.wanted


async def replay(
    execution: Execution, engine: Engine, blocks: Sequence[SignedBlock], found: int
) -> Replayed:
    """Execute ``blocks`` (oldest first, each the parent of the next) and make the last the head.

    Args:
        found: number of the client's head, as it was before.

    Raises:
        ApiError: the client does not answer.
    """
    wanted = blocks[-1].block_number or 0
    first = blocks[0]
    parent = (first.block_number or 0) - 1
    if parent > 0 and await execution.block(parent) is None:
        return Replayed(found, 0, found, wanted, gap=found + 1)
    given, refused = 0, ""
    for count, block in enumerate(blocks, start=1):
        status = await engine.new_payload(block)
        if status.status is not Status.VALID:
            refused = f"{status.status.value} {status.validation_error}".strip()
            break
        given = count
        if count % HEAD_EVERY == 0 or count == len(blocks):
            await engine.forkchoice_updated(block.block_hash or "", fork=block.version)
    # Not what it said: one that has lost its state calls blocks that it remembers VALID.
    return Replayed(found, given, await execution.block_number(), wanted, refused=refused)


async def first_missing(execution: Execution, hashes: dict[int, str], found: int) -> int:
    """Number of the first block that it lacks of a chain; a fork of its own is left behind.

    Args:
        hashes: block hashes of the chain, by block number.
        found: number of the client's head.
    """
    number = found
    while number in hashes:
        block = await execution.block(number)
        if block is not None and block.hash == hashes[number]:
            break
        number -= 1
    return number + 1
