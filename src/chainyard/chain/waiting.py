"""Waiting for the chain: as often as it moves, never more often.

What the node announces (`Beacon.events`) wakes a waiter; without announcements it looks once per
``every`` seconds. A node that does not answer yet is waited for; an answer that will not change by
asking again (a wrong JWT, another program at that port) ends the wait at once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

import anyio

from chainyard.chain.beacon import Beacon
from chainyard.chain.beacon_types import FinalityCheckpoints, Header
from chainyard.chain.errors import SERVER_ERROR, ApiError, RpcError
from chainyard.chain.execution import Execution
from chainyard.chain.execution_types import ExecutionBlock, Receipt
from chainyard.errors import NotReadyError

T = TypeVar("T")

STARTING = 0.15
"""Seconds between attempts to reach a program that is starting: it has no way to tell us."""


@dataclass(frozen=True)
class NotYet:
    """What a condition returns as long as it does not hold, with what it saw."""

    seen: str


Condition = Callable[[], Awaitable[T | NotYet]]


class Api(Protocol):
    """A node's API that can tell its version: `Beacon`, `Execution`."""

    async def version(self) -> str:
        """Name and version of the program."""
        ...


async def wait_for(condition: Condition[T], *, timeout: float, every: float, what: str) -> T:
    """The first result of ``condition`` that is not `NotYet`.

    Args:
        timeout: seconds to wait at most; a condition that is running then is cancelled.
        every: seconds between the end of one attempt and the next.
        what: what is awaited, as the beginning of "… did not come within 10 s".

    Raises:
        NotReadyError: it did not come; says what was last seen.
        ApiError: from the condition, if asking again would not help.
    """

    async def pause() -> None:
        await anyio.sleep(every)

    return await _wait(condition, pause, timeout, what)


async def wait_for_api(api: Api, *, timeout: float, every: float = STARTING) -> str:
    """Wait until ``api`` answers: the program's name and version.

    Raises:
        NotReadyError: it did not within ``timeout`` seconds.
        ApiError: something else answers at its address.
    """

    async def answers() -> str | NotYet:
        return await api.version()

    return await wait_for(answers, timeout=timeout, every=every, what=f"an answer of {api!r}")


async def wait_for_block(
    beacon: Beacon, *, slot: int = 1, timeout: float, every: float = 2.0
) -> Header:
    """Wait until the head is at ``slot`` or later: its header.

    Args:
        timeout: seconds to wait at most.
        every: seconds between attempts where the node announces nothing: a slot.

    Raises:
        NotReadyError: the head did not come that far.
    """

    async def reached() -> Header | NotYet:
        head = await beacon.head()
        return head if head.slot >= slot else NotYet(f"the head at slot {head.slot}")

    what = f"a block at slot {slot} or later on {beacon!r}"
    return await wait_announced(beacon, "head", reached, timeout=timeout, every=every, what=what)


async def wait_for_finality(
    beacon: Beacon, *, epoch: int = 1, timeout: float, every: float = 2.0
) -> FinalityCheckpoints:
    """Wait until ``epoch`` or a later one is finalized.

    Args:
        timeout: seconds to wait at most.
        every: seconds between attempts where the node announces nothing: a slot, or an epoch.

    Raises:
        NotReadyError: it was not finalized.
    """

    async def reached() -> FinalityCheckpoints | NotYet:
        found = await beacon.finality_checkpoints()
        if found is None:
            return NotYet("no head state")
        if found.finalized.epoch >= epoch:
            return found
        justified, finalized = found.current_justified.epoch, found.finalized.epoch
        return NotYet(f"epoch {justified} justified, epoch {finalized} finalized")

    what = f"finality of epoch {epoch} on {beacon!r}"
    return await wait_announced(
        beacon, "finalized_checkpoint", reached, timeout=timeout, every=every, what=what
    )


async def wait_for_execution_block(
    execution: Execution, *, number: int = 1, timeout: float, every: float = 2.0
) -> ExecutionBlock:
    """Wait until an execution client's head has ``number`` or more: the head.

    Raises:
        NotReadyError: it did not come that far within ``timeout`` seconds.
    """

    async def reached() -> ExecutionBlock | NotYet:
        block = await execution.block()
        if block is None or block.number < number:
            return NotYet(f"block {block.number}" if block else "no block")
        return block

    what = f"block {number} on {execution!r}"
    return await wait_for(reached, timeout=timeout, every=every, what=what)


async def wait_for_receipt(
    execution: Execution, transaction_hash: str, *, timeout: float, every: float = 2.0
) -> Receipt:
    """Wait until a transaction is in a block: its receipt.

    Raises:
        NotReadyError: it was not within ``timeout`` seconds.
    """

    async def included() -> Receipt | NotYet:
        try:
            return await execution.receipt(transaction_hash) or NotYet("it is in no block yet")
        except RpcError as error:
            if error.code != SERVER_ERROR:
                raise
            return NotYet(error.reason)  # geth, just started: "transaction indexing is in progress"

    what = f"inclusion of transaction {transaction_hash} on {execution!r}"
    return await wait_for(included, timeout=timeout, every=every, what=what)


async def wait_announced(
    beacon: Beacon,
    topic: str,
    condition: Condition[T],
    *,
    timeout: float,
    every: float,
    what: str,
) -> T:
    """As `wait_for`, woken by what ``beacon`` announces: the first result that is not `NotYet`.

    Args:
        topic: what it is woken by, as ``head``.
        every: seconds between attempts where the node announces nothing: a slot.

    Raises:
        NotReadyError: it did not come within ``timeout`` seconds.
        ApiError: from the condition, if asking again would not help.
    """
    async with _announcements(beacon, topic) as bell:

        async def pause() -> None:
            with anyio.move_on_after(every):
                await bell.wait()

        return await _wait(condition, pause, timeout, what)


async def _wait(
    condition: Condition[T], pause: Callable[[], Awaitable[None]], timeout: float, what: str
) -> T:
    seen = "no answer yet"
    with anyio.move_on_after(timeout):
        while True:
            try:
                result = await condition()
            except ApiError as error:
                if not error.temporary:
                    raise
                seen = error.message
            else:
                if not isinstance(result, NotYet):
                    return result
                seen = result.seen
            await pause()
    raise NotReadyError(f"{what} did not come within {timeout:g} s; last seen: {seen}")


class _Bell:
    """Rung by an announcement; one that nobody waits for is kept for the next who waits."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    def ring(self) -> None:
        self._event.set()

    async def wait(self) -> None:
        await self._event.wait()
        self._event = anyio.Event()


@asynccontextmanager
async def _announcements(beacon: Beacon, topic: str) -> AsyncIterator[_Bell]:
    bell = _Bell()
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(_listen, beacon, topic, bell)
            yield bell
            group.cancel_scope.cancel()
    except BaseExceptionGroup as errors:
        # A task group wraps even the only error of its body; our callers catch it by its class.
        if len(errors.exceptions) > 1:
            raise
        raise errors.exceptions[0] from errors.exceptions[0].__cause__


async def _listen(beacon: Beacon, topic: str, bell: _Bell) -> None:
    try:
        async with aclosing(beacon.events([topic])) as events:
            async for _ in events:
                bell.ring()
    except ApiError:
        return  # the node has no such events: the waiter still looks every so often
