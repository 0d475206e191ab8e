"""A line of ``ls`` for each network: read from disk and backend, without asking the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainyard.network.views import State, Summary

if TYPE_CHECKING:
    from chainyard.network.network import Network


def summary(network: Network) -> Summary:
    """What ``ls`` says of a network."""
    lock = network.lock
    services = network.backend.observe()
    states = {service.state for service in services.values()}
    state: State = "degraded"
    if states == {"running"}:
        state = "running"
    elif states <= {"stopped"}:
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
