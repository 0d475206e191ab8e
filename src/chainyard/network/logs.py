"""The logs of a network's services, one or all."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from chainyard.errors import NotFoundError

if TYPE_CHECKING:
    from chainyard.network.network import Network

# Lines of each service when all are asked for at once, and nobody said how many.
TAIL_OF_ALL = 20


def read_logs(
    network: Network, service: str | None, *, follow: bool, tail: int | None
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


def _all(network: Network, names: list[str], tail: int) -> Iterator[tuple[str, str]]:
    for name in names:
        for line in network.backend.logs(name, tail=tail):
            yield name, line


def _follow_all(network: Network, names: list[str], tail: int) -> Iterator[tuple[str, str]]:
    lines: queue.Queue[tuple[str, str]] = queue.Queue(maxsize=10_000)

    def read(name: str) -> None:
        for line in network.backend.logs(name, tail=tail, follow=True):
            lines.put((name, line))

    for name in names:
        threading.Thread(target=read, args=(name,), daemon=True).start()
    while True:
        yield lines.get()
