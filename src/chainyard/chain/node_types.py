"""What a beacon node says of itself, as values (ethereum/beacon-APIs, node and events).

As in `beacon_types`: numbers are ints, text is safe to print.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from chainyard.chain.shape import Fields


class Health(Enum):
    """``/eth/v1/node/health``: the HTTP status is the answer."""

    READY = 200
    SYNCING = 206
    NOT_INITIALIZED = 503


@dataclass(frozen=True)
class Syncing:
    """``/eth/v1/node/syncing``.

    ``sync_distance``: slots that the node is behind. ``el_offline``: its execution client does not
    answer (Prysm also says so for ever where the deposit contract is missing).
    """

    head_slot: int
    sync_distance: int
    is_syncing: bool
    is_optimistic: bool
    el_offline: bool

    @classmethod
    def read(cls, data: Fields) -> Syncing:
        """Read ``data`` of the answer."""
        return cls(
            data.uint("head_slot"),
            data.uint("sync_distance"),
            data.flag("is_syncing"),
            data.flag("is_optimistic", default=False),
            data.flag("el_offline", default=False),
        )


@dataclass(frozen=True)
class Identity:
    """``/eth/v1/node/identity``."""

    peer_id: str
    enr: str
    p2p_addresses: tuple[str, ...]
    discovery_addresses: tuple[str, ...]

    @classmethod
    def read(cls, data: Fields) -> Identity:
        """Read ``data`` of the answer."""
        return cls(
            data.text("peer_id"),
            data.text("enr", limit=500),
            data.texts("p2p_addresses"),
            data.texts("discovery_addresses"),
        )


@dataclass(frozen=True)
class Peer:
    """``/eth/v1/node/peers``. ``state``: ``connected`` …; ``direction``: ``inbound`` …"""

    peer_id: str
    address: str
    state: str
    direction: str

    @classmethod
    def read(cls, data: Fields) -> Peer:
        """Read one peer."""
        return cls(
            data.text("peer_id"),
            data.text("last_seen_p2p_address"),
            data.text("state"),
            data.text("direction"),
        )


@dataclass(frozen=True)
class PeerCount:
    """``/eth/v1/node/peer_count``."""

    connected: int
    connecting: int
    disconnected: int
    disconnecting: int

    @classmethod
    def read(cls, data: Fields) -> PeerCount:
        """Read ``data`` of the answer."""
        names = ("connected", "connecting", "disconnected", "disconnecting")
        return cls(*(data.uint(name) for name in names))


@dataclass(frozen=True)
class Event:
    """``/eth/v1/events``: one event. ``data``: its JSON, numbers still decimal strings.

    ``topic`` is `CONNECTED` for what no node sends: a connection was made (again), and whatever
    happened before it went unseen.
    """

    topic: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def number(self, key: str) -> int:
        """A number of the event, e.g. ``slot`` of a ``head`` event.

        Raises:
            ShapeError: the event does not have it.
        """
        return Fields(self.data, f"event {self.topic}").uint(key)

    def root(self, key: str) -> str:
        """A 32-byte hash of the event, e.g. ``block`` of a ``head`` event.

        Raises:
            ShapeError: the event does not have it.
        """
        return Fields(self.data, f"event {self.topic}").root(key)


CONNECTED = "connected"
"""Topic of the event that tells of a new connection."""
