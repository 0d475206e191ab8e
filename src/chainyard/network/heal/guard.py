"""Slashing protection: a validator client that has lost its record of what it signed is held back.

A validator client refuses to sign what contradicts its own record (EIP-3076 describes its content).
Without the record it would sign anything, for keys that may have voted already: a slashable
offence. So what has ever been started is written down, beside the data and not in it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chainyard import clients
from chainyard.errors import ChainyardError
from chainyard.network.store import damaged, read_json, write_json

if TYPE_CHECKING:
    from chainyard.network.state import NetworkState
    from chainyard.spec import Participant

RISK_EPOCHS = 3
"""Epochs to wait before keys without a record sign again: votes of before are then in the past.

What was signed for an epoch is of no use two epochs later (consensus-specs, phase0 attestations:
the target is the current or the previous epoch); one more for a clock that is a little off.
"""


@dataclass(frozen=True)
class Unprotected:
    """A validator client that ran before and has no record of what it signed."""

    service: str
    node: str
    missing: Path


def unprotected(network: NetworkState) -> list[Unprotected]:
    """Validator clients that have signed, and whose slashing protection is gone.

    Raises:
        ChainyardError: the list of those that ran is damaged.
    """
    ran = _ran(network)
    found = []
    for node in network.spec.participants:
        if node.vc_service and node.vc_service in ran:
            where = clients.validator(node.vc_type).protection(node)
            path = Path(where.render(network.backend.binding(node.vc_service)))
            if not (path.is_file() and path.stat().st_size):
                found.append(Unprotected(node.vc_service, node.name, path))
    return found


def note_ran(network: NetworkState, services: Collection[str]) -> None:
    """Write down that validator clients run, before they do; the caller holds the mutex."""
    ran = _ran(network)
    if not set(services) <= ran:
        write_json(network.layout.guard, sorted(ran | set(services)))


def refusal(network: str, found: Unprotected) -> ChainyardError:
    """Why a validator client is not started."""
    return ChainyardError(
        f"{found.service} is not started: its slashing protection is gone ({found.missing})",
        cause="the database was deleted; its validators have voted before, and without the record "
        "of their votes they could sign a second, contradicting one, and be slashed",
        hint="put the database back from a copy or a snapshot; or "
        f"`chainyard start --name {network} --accept-slashing-risk`, which waits "
        f"{RISK_EPOCHS} epochs first",
    )


def vc_services(participants: Collection[Participant]) -> set[str]:
    """Names of all validator services."""
    return {node.vc_service for node in participants if node.vc_service}


def _ran(network: NetworkState) -> set[str]:
    path = network.layout.guard
    try:
        value = read_json(path)
    except FileNotFoundError:
        return set()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise damaged(path, "it is not a list of names")
    return set(value)
