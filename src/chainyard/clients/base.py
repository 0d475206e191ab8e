"""What an adapter is given, and what it must answer.

An adapter turns a node into a `Service`. It is a pure function of what it is given: no clock, no
disk, no network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from chainyard.errors import Problem
from chainyard.genesis.identities import NodeKey
from chainyard.service import Program, Resources, Service, Text
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

    def protection(self, participant: Participant) -> Text:
        """Path of its slashing-protection database, which is there once it has run."""
        ...

    def validator(self, context: Context, node: Node) -> Service:
        """The node's validator service: ports ``metrics`` and, if asked for, ``keymanager``."""
        ...

    def limits(self, context: Context, participant: Participant) -> Iterator[Problem]:
        """Why this client cannot run that participant on this network."""
        ...


@dataclass(frozen=True)
class Part:
    """The execution, consensus or validator part of a participant, and what the file says of it."""

    participant: Participant
    prefix: Literal["el", "cl", "vc"]

    @property
    def service(self) -> str:
        """Name of its service; empty if the participant has no such part."""
        return getattr(self.participant, f"{self.prefix}_service") or ""

    @property
    def own_program(self) -> bool:
        """Whether the user brings a program of their own."""
        return bool(self._said("binary_path"))

    def program(self, name: str) -> Program:
        """What it executes, by default the program of that name."""
        return Program(name, self._said("image"), self._said("binary_path"))

    def args(self, *args: str | Text) -> tuple[Text, ...]:
        """A command line: the adapter's arguments, then the user's, which may override them."""
        return tuple(Text.of(arg) for arg in (*args, *self._said("extra_params")))

    def env(self, **variables: str | Text) -> dict[str, Text]:
        """The environment: the adapter's variables, then the user's."""
        both = {**variables, **self._said("extra_env_vars")}
        return {name: Text.of(value) for name, value in both.items()}

    @property
    def resources(self) -> Resources:
        """Requests and limits."""
        return Resources(
            min_cpu=self._said("min_cpu"),
            max_cpu=self._said("max_cpu"),
            min_mem=self._said("min_mem"),
            max_mem=self._said("max_mem"),
            volume_size=0 if self.prefix == "vc" else self._said("volume_size"),
        )

    def labels(self, client: str) -> dict[str, str]:
        """The labels of ethereum-package, so that dashboards and scripts made for it still work."""
        kinds = {"el": "execution", "cl": "beacon", "vc": "validator"}
        node = self.participant
        return {
            "ethereum-package.client": client,
            "ethereum-package.client-type": kinds[self.prefix],
            "ethereum-package.connected-client": (
                node.el_type if self.prefix == "cl" else node.cl_type
            ),
            "ethereum-package.node-index": str(node.index),
            **self._said("extra_labels"),
        }

    def _said(self, key: str) -> Any:
        return getattr(self.participant, f"{self.prefix}_{key}")


def beacon_services(context: Context, node: Node) -> list[str]:
    """Beacon services that a node's validator client talks to, its own unless the spec says."""
    indices = node.participant.vc_beacon_node_indices
    if not indices:
        return [node.participant.cl_service]
    return [context.nodes[index].participant.cl_service for index in indices]
