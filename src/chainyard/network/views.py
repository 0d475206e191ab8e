"""What a network tells of itself: typed for Python, ``as_dict`` for JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Role = Literal["validator", "rpc"]
State = Literal["running", "degraded", "stopped"]


@dataclass(frozen=True)
class ExecutionEndpoints:
    """Where an execution client is reached: URLs, and its enode."""

    service: str
    rpc: str
    ws: str
    engine: str
    metrics: str
    enode: str


@dataclass(frozen=True)
class ConsensusEndpoints:
    """Where a beacon node is reached: URLs, and its identity."""

    service: str
    http: str
    metrics: str
    enr: str
    peer_id: str


@dataclass(frozen=True)
class ValidatorEndpoints:
    """Where a validator client is reached, and how many keys it holds."""

    service: str
    metrics: str
    keys: int


@dataclass(frozen=True)
class NodeEndpoints:
    """One node. ``role`` is ``rpc`` when it holds no keys."""

    name: str
    role: Role
    execution: ExecutionEndpoints | None
    consensus: ConsensusEndpoints
    validator: ValidatorEndpoints | None


@dataclass(frozen=True)
class Endpoints:
    """Every address of a network. They stay the same until it is removed."""

    network: str
    chain_id: int
    nodes: tuple[NodeEndpoints, ...]
    services: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def rpc(self) -> NodeEndpoints:
        """The node meant for outside JSON-RPC: the first without keys, else the first."""
        return next((node for node in self.nodes if node.role == "rpc"), self.nodes[0])

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as ``endpoints --output json`` prints it."""
        return asdict(self)


@dataclass(frozen=True)
class NodeStatus:
    """One node's view of the chain. None where it does not answer.

    ``head_slot`` in slots, ``head_block`` the execution block number of its head.
    """

    name: str
    head_slot: int | None
    head_block: int | None
    execution_peers: int | None
    consensus_peers: int | None
    synced: bool
    problem: str = ""


@dataclass(frozen=True)
class Status:
    """A network at one moment.

    Args:
        state: ``running`` when every service runs and the nodes agree that they are synced.
        head_slot: the highest head of its nodes, in slots.
        wall_slot: the slot that the clock is in; negative before genesis.
        services: state of every service (``running``, ``backoff``, ``stopped``, …).
        overrides: consensus config values that ``chainyard.yaml`` changed.
    """

    network: str
    state: State
    head_slot: int | None
    wall_slot: int | None
    justified_epoch: int | None
    finalized_epoch: int | None
    nodes: tuple[NodeStatus, ...]
    services: dict[str, str] = field(default_factory=dict)
    overrides: dict[str, int | str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as ``status --output json`` prints it."""
        return asdict(self)


@dataclass(frozen=True)
class Summary:
    """A line of ``ls``. ``created`` in Unix seconds."""

    name: str
    state: State
    backend: str
    nodes: int
    created: float
    source: str


@dataclass(frozen=True)
class UpReport:
    """What ``up`` did.

    Args:
        changed: names of the services that were started, restarted or removed; empty when the
            network already was as it should be.
        seconds: how long each part took: programs, keys, genesis, start, block, …
        healed: what was lost in a crash and given back, a sentence each.
    """

    network: str
    created: bool
    changed: tuple[str, ...]
    seconds: dict[str, float]
    endpoints: Endpoints
    healed: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as ``up --output json`` prints it."""
        return asdict(self)


@dataclass(frozen=True)
class Finding:
    """One thing that ``doctor`` looked at."""

    check: str
    ok: bool
    detail: str
    hint: str = ""
