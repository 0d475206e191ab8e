"""Prysm: beacon-chain and validator. Facts: the reference, ``--help`` of 7.1.2, measurements."""

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
from chainyard.clients.limits import Limits, placed
from chainyard.errors import Problem
from chainyard.genesis.identities import EnrOf, multiaddr_text
from chainyard.service import (
    Data,
    Host,
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
from chainyard.spec import FAR_FUTURE_EPOCH, Participant

LIMITS = Limits(
    name="Prysm",
    newest_fork="fulu",
    min_slot_ms=2000,
    slot_reason="its attestation ticker subtracts 2 s from the slot and panics below that",
    presets=("mainnet",),
    preset_reason="its released and its Go-module programs are compiled for mainnet",
)

SLOTS_PER_EPOCH = 32  # of the mainnet preset, which the program is compiled for

BEACON_PORTS = (
    # TCP and QUIC on one number, as Prysm itself has it.
    Port("p2p", 13000, ("tcp", "udp")),
    Port("discovery", 12000, ("udp",)),
    Port("http", 3500, scheme="http"),
    Port("grpc", 4000),
    Port("metrics", 8080, scheme="http"),
)

CAUSES = (
    (
        r"could not connect to execution client|Could not connect to execution endpoint",
        "its execution client is not up, or their JWT secrets differ",
        "look at the execution client's log",
    ),
    (
        r"401 Unauthorized|invalid JWT|unauthorized.*jwt",
        "wrong JWT: the beacon node and its execution client have different secrets",
        "remove the network with `chainyard down` and start it again",
    ),
    (
        r"invalid decreasing offsets",
        "slots shorter than 2 s, which Prysm cannot run",
        "set seconds_per_slot to 2 or more",
    ),
    (
        r"genesis.*mismatch|database contains.*different",
        "the data folder belongs to another chain",
        "remove the network with `chainyard down` and start it again",
    ),
)


class PrysmBeacon:
    """Adapter of beacon-chain."""

    name = "prysm"
    program = "prysm-beacon-chain"

    def beacon(self, context: Context, node: Node) -> Service:
        part = Part(node.participant, "cl")
        return Service(
            name=part.service,
            program=part.program(self.program),
            args=part.args(
                *_chain_args(context, node.participant),
                *_api_args(part.service),
                *_peer_args(context, node),
            ),
            env=part.env(),
            ports=BEACON_PORTS,
            shared=("genesis", "secrets/jwt.hex", _key_file(node)),
            stop=Stop(order=ORDER_CONSENSUS, patience=60.0, signal="INT"),
            probe=Probe("http", "/eth/v1/node/health", (200, 206)),
            metrics=Metrics("metrics"),
            resources=part.resources,
            labels=part.labels(self.name),
            cause_hints=CAUSES,
        )

    def limits(self, context: Context, participant: Participant) -> Iterator[Problem]:
        part = Part(participant, "cl")
        yield from LIMITS.check(context, part)
        if _shortens_fulu_epochs(context):
            message = (
                "Prysm cannot have both Fulu and another SLOTS_PER_EPOCH than 32: "
                "the length of its proposer lookahead is compiled in"
            )
            yield placed(message, context, part)


class PrysmValidator:
    """Adapter of Prysm's validator."""

    name = "prysm"
    program = "prysm-validator"
    keystores = frozenset({"prysm"})

    def protection(self, participant: Participant) -> Text:  # noqa: ARG002 - the protocol's
        return Text.of(Data(), "/validator.db")

    def validator(self, context: Context, node: Node) -> Service:
        participant = node.participant
        part = Part(participant, "vc")
        ports = [Port("metrics", 8081, scheme="http")]
        secrets = ["genesis/config.yaml", f"keys/{participant.name}/prysm"]
        secrets.append(f"secrets/wallets/{participant.name}.txt")
        if participant.keymanager_enabled:
            ports.append(Port("keymanager", 5056, scheme="http"))
            secrets.append(f"secrets/keymanager/{participant.name}.txt")
        return Service(
            name=part.service,
            program=part.program(self.program),
            args=part.args(*_validator_args(context, node)),
            env=part.env(),
            ports=tuple(ports),
            shared=tuple(secrets),
            stop=Stop(order=ORDER_VALIDATOR, patience=20.0, signal="INT"),
            probe=Probe("metrics", "/healthz"),
            metrics=Metrics("metrics"),
            resources=part.resources,
            labels=part.labels(self.name),
        )

    def limits(self, context: Context, participant: Participant) -> Iterator[Problem]:
        return LIMITS.check(context, Part(participant, "vc"))


def _shortens_fulu_epochs(context: Context) -> bool:
    slots = context.overrides.get("SLOTS_PER_EPOCH", SLOTS_PER_EPOCH)
    fulu = context.params.fork_epochs["fulu"]
    return int(slots) != SLOTS_PER_EPOCH and fulu != FAR_FUTURE_EPOCH


def _key_file(node: Node) -> str:
    return f"secrets/nodes/{node.participant.cl_service}.key"


def _chain_args(context: Context, participant: Participant) -> Iterator[str | Text]:
    yield "--accept-terms-of-use=true"
    yield Text.of("--datadir=", Data())
    yield Text.of("--chain-config-file=", Shared("genesis/config.yaml"))
    yield Text.of("--genesis-state=", Shared("genesis/genesis.ssz"))
    yield "--contract-deployment-block=0"
    yield Text.of("--execution-endpoint=", url(participant.el_service, "engine"))
    yield Text.of("--jwt-secret=", Shared("secrets/jwt.hex"))
    yield f"--suggested-fee-recipient={FEE_RECIPIENT}"
    yield f"--verbosity={participant.cl_log_level}"
    yield f"--slots-per-archive-point={context.params.slots_per_epoch}"
    # Prysm resumes at its last justified checkpoint otherwise, behind its execution client, and
    # such a network never moves again (measured: reference, clients).
    yield "--sync-from=head"
    # Whole blocks on its own disk: what it saw last can be read from it when its execution client
    # has lost it. Only a new database can have them.
    yield "--save-full-execution-payloads"
    if participant.checkpoint_sync_enabled and context.spec.checkpoint_sync_url:
        yield f"--checkpoint-sync-url={context.spec.checkpoint_sync_url}"
        yield f"--genesis-beacon-api-url={context.spec.checkpoint_sync_url}"
    if participant.supernode:
        yield "--subscribe-all-data-subnets=true"
    if context.spec.disable_peer_scoring:
        yield "--disable-peer-scorer"


def _api_args(own: str) -> Iterator[str | Text]:
    yield Text.of("--http-host=", Listen())
    yield Text.of("--http-port=", PortNumber(own, "http"))
    yield Text.of("--rpc-host=", Listen())
    yield Text.of("--rpc-port=", PortNumber(own, "grpc"))
    yield Text.of("--monitoring-host=", Listen())
    yield Text.of("--monitoring-port=", PortNumber(own, "metrics"))


def _peer_args(context: Context, node: Node) -> Iterator[str | Text]:
    own = node.participant.cl_service
    yield Text.of("--p2p-priv-key=", Shared(_key_file(node)))
    yield "--p2p-static-id=true"
    # Prysm listens on the default interface only, unless told.
    yield Text.of("--p2p-local-ip=", Listen())
    yield Text.of("--p2p-host-ip=", Ip(own))
    yield Text.of("--p2p-tcp-port=", PortNumber(own, "p2p"))
    yield Text.of("--p2p-udp-port=", PortNumber(own, "discovery"))
    yield Text.of("--p2p-quic-port=", PortNumber(own, "p2p"))
    yield "--p2p-colocation-whitelist=0.0.0.0/0"
    yield "--p2p-colocation-whitelist=::/0"
    yield "--min-sync-peers=0"
    yield "--minimum-peers-per-subnet=0"
    peers = context.peers_of(node)
    for peer in peers:
        yield Text.of("--peer=", multiaddr_text(peer.participant.cl_service, peer.consensus_key))
        yield Text.of("--bootstrap-node=", _record(context, peer))
    if not peers:
        # Without a bootstrap node of its own Prysm dials those of the public network.
        yield "--no-discovery"


def _record(context: Context, peer: Node) -> EnrOf:
    return EnrOf(
        peer.participant.cl_service,
        peer.consensus_key,
        tcp="p2p",
        udp="discovery",
        quic="p2p",
        eth2=context.eth2 or None,
    )


def _validator_args(context: Context, node: Node) -> list[str | Text]:
    participant = node.participant
    own = participant.vc_service or ""
    args: list[str | Text] = [
        "--accept-terms-of-use=true",
        Text.of("--datadir=", Data()),
        Text.of("--chain-config-file=", Shared("genesis/config.yaml")),
        *_beacon_endpoint(context, node),
        Text.of("--wallet-dir=", Shared(f"keys/{participant.name}/prysm")),
        Text.of("--wallet-password-file=", Shared(f"secrets/wallets/{participant.name}.txt")),
        f"--suggested-fee-recipient={FEE_RECIPIENT}",
        f"--verbosity={participant.vc_log_level}",
        Text.of("--monitoring-host=", Listen()),
        Text.of("--monitoring-port=", PortNumber(own, "metrics")),
    ]
    if context.params.gas_limit:
        args.append(f"--suggested-gas-limit={context.params.gas_limit}")
    if participant.keymanager_enabled:
        token = Shared(f"secrets/keymanager/{participant.name}.txt")
        args += [
            "--rpc",
            Text.of("--http-host=", Listen()),
            Text.of("--http-port=", PortNumber(own, "keymanager")),
            Text.of("--keymanager-token-file=", token),
        ]
    return args


def _beacon_endpoint(context: Context, node: Node) -> Iterator[str | Text]:
    """gRPC to its own Prysm beacon node; the Beacon API to any other, or to several."""
    beacons = beacon_services(context, node)
    own_prysm = node.participant.cl_type == PrysmBeacon.name
    if beacons == [node.participant.cl_service] and own_prysm:
        own = beacons[0]
        yield Text.of("--beacon-rpc-provider=", Host(own), ":", PortNumber(own, "grpc"))
        return
    yield "--enable-beacon-rest-api"
    urls = [url(beacon, "http") for beacon in beacons]
    yield Text.of("--beacon-rest-api-provider=", Text.join(",", urls))


CONSENSUS = PrysmBeacon()
VALIDATOR = PrysmValidator()
