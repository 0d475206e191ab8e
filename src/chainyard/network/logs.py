"""The logs of a network's services, one or all."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from chainyard.errors import ChainyardError, NotFoundError

if TYPE_CHECKING:
    from chainyard.network.state import NetworkState

# Lines of each service when all are asked for at once, and nobody said how many.
TAIL_OF_ALL = 20


def read_logs(
    network: NetworkState, service: str | None, *, follow: bool, tail: int | None
) -> Iterator[tuple[str, str]]:
    """Lines as (service, line); with ``follow`` for ever.

    Raises:
        NotFoundError: no service of that name.
    """
    names = list(network.backend.observe())
    if service is None:
        tail = TAIL_OF_ALL if tail is None else tail
        return _follow_all(network, names, tail) if follow else _all(network, names, tail)
    if service not in names:
        raise NotFoundError(
            f"the network {network.name!r} has no service {service!r}",
            hint=f"one of: {', '.join(names)}" if names else f"chainyard up --name {network.name}",
        )
    lines = network.backend.logs(service, tail=tail, follow=follow)
    return ((service, line) for line in lines)


def _all(network: NetworkState, names: list[str], tail: int) -> Iterator[tuple[str, str]]:
    for name in names:
        for line in network.backend.logs(name, tail=tail):
            yield name, line


def _follow_all(network: NetworkState, names: list[str], tail: int) -> Iterator[tuple[str, str]]:
    """Lines of all as they come. It ends when all logs have, which those of real services do not.

    Raises:
        ChainyardError: a log cannot be read.
    """
    lines: queue.Queue[tuple[str, str] | ChainyardError | None] = queue.Queue(maxsize=10_000)
    left = threading.Event()

    def give(line: tuple[str, str] | ChainyardError | None) -> None:
        """Put a line, unless the reader has gone: a thread must not wait for it for ever."""
        while not left.is_set():
            with contextlib.suppress(queue.Full):
                lines.put(line, timeout=0.5)
                return

    def read(name: str) -> None:
        try:
            for line in network.backend.logs(name, tail=tail, follow=True):
                if left.is_set():
                    return
                give((name, line))
        except OSError as error:
            give(ChainyardError(f"the log of {name} cannot be read: {error.strerror}"))
        except ChainyardError as error:
            give(error)
        give(None)

    for name in names:
        threading.Thread(target=read, args=(name,), daemon=True).start()
    try:
        yield from _until_all_ended(lines, len(names))
    finally:
        left.set()


def _until_all_ended(
    lines: queue.Queue[tuple[str, str] | ChainyardError | None], reading: int
) -> Iterator[tuple[str, str]]:
    while reading:
        line = lines.get()
        if isinstance(line, ChainyardError):
            raise line
        if line is None:
            reading -= 1
        else:
            yield line
