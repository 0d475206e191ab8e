"""A line of ``ls`` for each network: read from disk and backend, without asking the chain."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from chainyard.errors import ChainyardError, NotFoundError
from chainyard.network.views import State, Summary

if TYPE_CHECKING:
    from chainyard.network.state import NetworkState


def summaries(networks: Iterable[NetworkState]) -> list[Summary]:
    """A line for each; one that is damaged hides no other, and one just removed is left out."""
    lines = []
    for network in networks:
        try:
            lines.append(summary(network))
        except NotFoundError:
            continue
        except ChainyardError:
            lines.append(Summary(network.name, "degraded", "unknown", 0, _made(network), ""))
    return lines


def _made(network: NetworkState) -> float:
    try:
        return network.layout.root.stat().st_mtime
    except OSError:
        return time.time()


def summary(network: NetworkState) -> Summary:
    """What ``ls`` says of a network."""
    lock = network.lock
    services = network.services()
    states = {service.state for service in services.values()}
    state: State = "degraded"
    if states == {"running"}:
        state = "running"
    elif states <= {"stopped", "missing"}:
        state = "stopped"
    nodes = {
        name.partition("-")[2].partition("-")[0] for name in services if name.startswith("cl-")
    }
    return Summary(
        name=network.name,
        state=state,
        backend=lock.backend,
        nodes=len(nodes),
        created=lock.created,
        source=lock.source,
    )
