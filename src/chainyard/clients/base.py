"""What an adapter is given, and what it must answer.

An adapter turns a node into a `Service`. It is a pure function of what it is given: no clock, no
disk, no network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chainyard.errors import Problem
from chainyard.genesis.identities import NodeKey
from chainyard.service import Resources, Service, Text
from chainyard.spec import NetworkParams, Participant, Spec

FEE_RECIPIENT = "0x8943545177806ED17B9F23F0a21ee5948eCaa776"
"""Where fees go on every node: the first prefunded account, as in ethereum-package."""

MAX_BOOTNODES = 20
"""Peers that a node is told of at most; discovery finds the rest."""

# Services of a higher order stop first and start last.
ORDER_EXECUTION, ORDER_CONSENSUS, ORDER_VALIDATOR = 10, 20, 30


@dataclass(frozen=True)
class Node:
    """A participant with its identities."""

    participant: Participant
    execution_key: NodeKey
    consensus_key: NodeKey


@dataclass(frozen=True)
class Context:
    """All that an adapter may know of its network.

    Args:
        eth2: SSZ ``ENRForkID`` (16 bytes) at genesis, for consensus node records
            (consensus-specs, phase0 p2p-interface).
        overrides: values of the consensus config that ``chainyard.yaml`` changes.
    """

    spec: Spec
    nodes: tuple[Node, ...]
    eth2: bytes = b""
    overrides: Mapping[str, int | str] = field(default_factory=dict)

    @property
    def params(self) -> NetworkParams:
        """The spec's ``network_params``."""
        return self.spec.network_params

    def peers_of(self, node: Node) -> tuple[Node, ...]:
        """The nodes that it is told of, at most `MAX_BOOTNODES`."""
        others = [other for other in self.nodes if other is not node]
        return tuple(others[:MAX_BOOTNODES])


class ExecutionClient(Protocol):
    """Adapter of an execution client."""

    name: str
    program: str

    def service(self, context: Context, node: Node) -> Service:
        """The node's execution service: ports ``p2p``, ``rpc``, ``ws``, ``engine``, ``metrics``."""
        ...

    def limits(self, context: Context, participant: Participant) -> Iterator[Problem]:
        """Why this client cannot run that participant on this network."""
        ...

    def console(self, expression: str | None) -> tuple[Text, ...] | None:
        """Arguments of its program for a console beside it, if it has one.

        Args:
            expression: what to evaluate instead of asking a person.
        """
        ...


class ConsensusClient(Protocol):
    """Adapter of a consensus client's beacon node."""

    name: str
    program: str

    def beacon(self, context: Context, node: Node) -> Service:
        """The node's beacon service: ports ``p2p``, ``http``, ``metrics`` and more."""
        ...

    def limits(self, context: Context, participant: Participant) -> Iterator[Problem]:
        """Why this client cannot run that participant on this network."""
        ...


class ValidatorClient(Protocol):
    """Adapter of a validator client."""

    name: str
    program: str
    keystores: frozenset[str]  # the parts of the keystore layout that it reads

    def validator(self, context: Context, node: Node) -> Service:
        """The node's validator service: ports ``metrics`` and, if asked for, ``keymanager``."""
        ...

    def limits(self, context: Context, participant: Participant) -> Iterator[Problem]:
        """Why this client cannot run that participant on this network."""
        ...


def literal(args: Sequence[str]) -> tuple[Text, ...]:
    """Arguments that a user gave, as they are."""
    return tuple(Text.of(arg) for arg in args)


def environment(variables: Mapping[str, str]) -> dict[str, Text]:
    """Environment variables that a user gave, as they are."""
    return {key: Text.of(value) for key, value in variables.items()}


def beacon_services(context: Context, node: Node) -> list[str]:
    """Beacon services that a node's validator client talks to, its own unless the spec says."""
    indices = node.participant.vc_beacon_node_indices
    if not indices:
        return [node.participant.cl_service]
    return [context.nodes[index].participant.cl_service for index in indices]


def resources(participant: Participant, prefix: str) -> Resources:
    """Requests and limits of the ``el_``, ``cl_`` or ``vc_`` part of a participant."""
    return Resources(
        min_cpu=getattr(participant, f"{prefix}_min_cpu"),
        max_cpu=getattr(participant, f"{prefix}_max_cpu"),
        min_mem=getattr(participant, f"{prefix}_min_mem"),
        max_mem=getattr(participant, f"{prefix}_max_mem"),
        volume_size=getattr(participant, f"{prefix}_volume_size", 0),
    )


def labels(participant: Participant, prefix: str, kind: str, client: str) -> dict[str, str]:
    """The labels of ethereum-package, so that dashboards and scripts made for it still work."""
    connected = {"el": participant.cl_type, "cl": participant.el_type, "vc": participant.cl_type}
    return {
        "ethereum-package.client": client,
        "ethereum-package.client-type": kind,
        "ethereum-package.connected-client": connected[prefix],
        "ethereum-package.node-index": str(participant.index),
        **getattr(participant, f"{prefix}_extra_labels"),
    }
