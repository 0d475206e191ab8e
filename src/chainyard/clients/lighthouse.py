"""Lighthouse: beacon node and validator client. Facts: the reference, section 3.2 and 3.3."""

from __future__ import annotations

from collections.abc import Iterator

from chainyard.clients.base import (
    FEE_RECIPIENT,
    ORDER_CONSENSUS,
    ORDER_VALIDATOR,
    Context,
    Node,
    Part,
    beacon_services,
)
from chainyard.clients.limits import Limits
from chainyard.errors import Problem
from chainyard.genesis.identities import EnrOf
from chainyard.service import (
    Data,
    Ip,
    Listen,
    Metrics,
    Port,
    PortNumber,
    Probe,
    Service,
    Shared,
    Stop,
    Text,
    url,
)
from chainyard.spec import Participant

# Every value of the preset is a type parameter of lighthouse's compiled code.
PRESET_VALUES = frozenset(
    {
        "SLOTS_PER_EPOCH",
        "SLOTS_PER_HISTORICAL_ROOT",
        "EPOCHS_PER_HISTORICAL_VECTOR",
        "EPOCHS_PER_SLASHINGS_VECTOR",
        "EPOCHS_PER_SYNC_COMMITTEE_PERIOD",
        "SYNC_COMMITTEE_SIZE",
    }
)

LIMITS = Limits(
    name="lighthouse",
    newest_fork="fulu",
    fixed_config=PRESET_VALUES,
    fixed_reason="it is fixed when lighthouse is compiled",
)

BEACON_PORTS = (
    Port("p2p", 9000, ("tcp", "udp")),
    Port("quic", 9001, ("udp",)),
    Port("http", 4000, scheme="http"),
    Port("metrics", 5054, scheme="http"),
)


class LighthouseBeacon:
    """Adapter of ``lighthouse beacon_node``."""

    name = "lighthouse"
    program = "lighthouse"

    def beacon(self, context: Context, node: Node) -> Service:
        part = Part(node.participant, "cl")
        return Service(
            name=part.service,
            program=part.program(self.program),
            args=part.args(
                "beacon_node",
                *_chain_args(context, node.participant),
                *_api_args(part.service),
                *_peer_args(context, node),
            ),
            env=part.env(RUST_BACKTRACE="full"),
            ports=BEACON_PORTS,
            shared=("genesis", "secrets/jwt.hex"),
            # It keeps its node key in this folder, and writes its own record beside it.
            writes=(_network_folder(node),),
            stop=Stop(order=ORDER_CONSENSUS, patience=60.0, signal="INT"),
            probe=Probe("http", "/eth/v1/node/health", (200, 206)),
            metrics=Metrics("metrics"),
            resources=part.resources,
            labels=part.labels(self.name),
        )

    def limits(self, context: Context, participant: Participant) -> Iterator[Problem]:
        return LIMITS.check(context, Part(participant, "cl"))


class LighthouseValidator:
    """Adapter of ``lighthouse vc``."""

    name = "lighthouse"
    program = "lighthouse"
    keystores = frozenset({"keys", "secrets"})

    def protection(self, participant: Participant) -> Text:
        return Text.of(Shared(f"keys/{participant.name}/keys"), "/slashing_protection.sqlite")

    def validator(self, context: Context, node: Node) -> Service:
        participant = node.participant
        part = Part(participant, "vc")
        ports = [Port("metrics", 5064, scheme="http")]
        if participant.keymanager_enabled:
            ports.append(Port("keymanager", 5056, scheme="http"))
        return Service(
            name=part.service,
            program=part.program(self.program),
            args=part.args(*_validator_args(context, node)),
            env=part.env(RUST_BACKTRACE="full"),
            ports=tuple(ports),
            shared=("genesis", f"keys/{participant.name}/secrets"),
            # The slashing-protection database lives among the keys.
            writes=(f"keys/{participant.name}/keys",),
            stop=Stop(order=ORDER_VALIDATOR, patience=20.0, signal="INT"),
            probe=Probe("metrics", "/metrics"),
            metrics=Metrics("metrics"),
            resources=part.resources,
            labels=part.labels(self.name),
        )

    def limits(self, context: Context, participant: Participant) -> Iterator[Problem]:
        return LIMITS.check(context, Part(participant, "vc"))


def _network_folder(node: Node) -> str:
    return f"secrets/nodes/{node.participant.cl_service}"


def _chain_args(context: Context, participant: Participant) -> Iterator[str | Text]:
    yield f"--debug-level={participant.cl_log_level}"
    yield Text.of("--datadir=", Data())
    # chainyard's log is its standard output; a second copy on disk would escape the cap.
    yield "--logfile-max-number=0"
    yield Text.of("--testnet-dir=", Shared("genesis"))
    yield Text.of("--execution-endpoints=", url(participant.el_service, "engine"))
    yield Text.of("--jwt-secrets=", Shared("secrets/jwt.hex"))
    yield f"--suggested-fee-recipient={FEE_RECIPIENT}"
    if participant.checkpoint_sync_enabled and context.spec.checkpoint_sync_url:
        yield f"--checkpoint-sync-url={context.spec.checkpoint_sync_url}"
    else:
        yield "--allow-insecure-genesis-sync"
    if participant.supernode:
        yield "--supernode"
    if context.spec.disable_peer_scoring:
        yield "--disable-peer-scoring"


def _api_args(own: str) -> Iterator[str | Text]:
    yield "--http"
    yield Text.of("--http-address=", Listen())
    yield Text.of("--http-port=", PortNumber(own, "http"))
    yield "--metrics"
    yield Text.of("--metrics-address=", Listen())
    yield Text.of("--metrics-port=", PortNumber(own, "metrics"))


def _peer_args(context: Context, node: Node) -> Iterator[str | Text]:
    own = node.participant.cl_service
    yield Text.of("--network-dir=", Shared(_network_folder(node)))
    yield Text.of("--listen-address=", Listen())
    yield Text.of("--port=", PortNumber(own, "p2p"))
    yield Text.of("--quic-port=", PortNumber(own, "quic"))
    yield Text.of("--enr-address=", Ip(own))
    yield Text.of("--enr-tcp-port=", PortNumber(own, "p2p"))
    yield Text.of("--enr-udp-port=", PortNumber(own, "p2p"))
    yield Text.of("--enr-quic-port=", PortNumber(own, "quic"))
    yield "--disable-enr-auto-update"
    yield "--disable-packet-filter"
    yield "--disable-upnp"
    # Peers on loopback and private addresses are left out of discovery answers otherwise.
    yield "--enable-private-discovery"
    records = [Text.of(_record(context, peer)) for peer in context.peers_of(node)]
    if records:
        yield Text.of("--boot-nodes=", Text.join(",", records))
    else:
        yield "--target-peers=0"


def _record(context: Context, peer: Node) -> EnrOf:
    return EnrOf(
        peer.participant.cl_service,
        peer.consensus_key,
        tcp="p2p",
        udp="p2p",
        quic="quic",
        eth2=context.eth2 or None,
    )


def _validator_args(context: Context, node: Node) -> list[str | Text]:
    participant = node.participant
    own = participant.vc_service or ""
    beacons = [url(beacon, "http") for beacon in beacon_services(context, node)]
    args: list[str | Text] = [
        "vc",
        f"--debug-level={participant.vc_log_level}",
        "--logfile-max-number=0",
        Text.of("--testnet-dir=", Shared("genesis")),
        Text.of("--validators-dir=", Shared(f"keys/{participant.name}/keys")),
        Text.of("--secrets-dir=", Shared(f"keys/{participant.name}/secrets")),
        "--init-slashing-protection",
        Text.of("--beacon-nodes=", Text.join(",", beacons)),
        f"--suggested-fee-recipient={FEE_RECIPIENT}",
        "--metrics",
        Text.of("--metrics-address=", Listen()),
        Text.of("--metrics-port=", PortNumber(own, "metrics")),
    ]
    if context.params.gas_limit:
        args += [f"--gas-limit={context.params.gas_limit}", "--builder-proposals"]
    if participant.keymanager_enabled:
        args += [
            "--http",
            Text.of("--http-address=", Listen()),
            Text.of("--http-port=", PortNumber(own, "keymanager")),
            "--unencrypted-http-transport",
        ]
    return args


CONSENSUS = LighthouseBeacon()
VALIDATOR = LighthouseValidator()
