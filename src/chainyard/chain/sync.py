"""The sync face: call anything async from code that is not.

    with SyncPortal() as sync:
        beacon = sync.open(Beacon("http://127.0.0.1:4000"))
        print(sync(beacon.head).slot)
        for event in sync.iterate(beacon.events(["head"])):
            ...

One event loop runs in a background thread, and every call is handed to it, so that connections
are reused between calls. There is no ``BeaconSync`` with each method written twice: `SyncPortal`
is generic over the signature (``ParamSpec``), so a type checker knows the arguments and the result
of ``sync(beacon.header, 5)`` from the async method itself, and a new method needs nothing here.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

P = ParamSpec("P")
T = TypeVar("T")


class SyncPortal:
    """A background event loop, and what was opened in it. Use it as a context manager."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None

    def __enter__(self) -> Self:
        self._portal = self._stack.enter_context(start_blocking_portal())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._portal = None
        self._stack.__exit__(kind, error, trace)

    def __call__(self, function: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """``await function(*args, **kwargs)``, from sync code.

        Raises:
            RuntimeError: outside of the ``with`` block.
        """
        return self._running().call(functools.partial(function, *args, **kwargs))

    def open(self, manager: AbstractAsyncContextManager[T]) -> T:
        """Enter an async context manager (a client); it is left with the portal."""
        return self._stack.enter_context(self._running().wrap_async_context_manager(manager))

    def iterate(self, items: AsyncGenerator[T, None]) -> Iterator[T]:
        """The items of an async generator; it is closed when the iterator is."""
        portal = self._running()
        try:
            while True:
                try:
                    item = portal.call(functools.partial(anext, items))
                except StopAsyncIteration:
                    return
                yield item
        finally:
            if self._portal is not None:
                portal.call(items.aclose)

    def _running(self) -> BlockingPortal:
        if self._portal is None:
            raise RuntimeError("a SyncPortal is used inside of its `with` block")
        return self._portal
