"""geth, the execution client of go-ethereum. Facts: its ``--help`` (1.16.8) and measurements."""

from __future__ import annotations

from collections.abc import Iterator

from chainyard.clients.base import (
    ORDER_EXECUTION,
    Context,
    Node,
    Part,
)
from chainyard.clients.limits import Limits
from chainyard.errors import Problem
from chainyard.genesis.identities import enode_text
from chainyard.service import (
    Data,
    File,
    Host,
    Ip,
    Listen,
    Metrics,
    Port,
    PortNumber,
    Probe,
    Service,
    Shared,
    Socket,
    Stop,
    Text,
)
from chainyard.spec import Participant

VERBOSITY = {"error": 1, "warn": 2, "info": 3, "debug": 4, "trace": 5}
NAMESPACES = "eth,net,web3,txpool"

LIMITS = Limits(name="geth", newest_fork="fulu")

PORTS = (
    Port("p2p", 30303, ("tcp", "udp")),
    Port("rpc", 8545, scheme="http"),
    Port("ws", 8546, scheme="ws"),
    Port("engine", 8551),
    Port("metrics", 9001, scheme="http"),
)

CAUSES = (
    (
        r"database contains incompatible genesis|genesis.*mismatch",
        "the data folder belongs to another chain",
        "remove the network with `chainyard down` and start it again",
    ),
    (
        r"Fatal: Failed to create the protocol stack: datadir already used",
        "another geth uses this data folder",
        "end that process, then run the command again",
    ),
)


class Geth:
    """Adapter of geth."""

    name = "geth"
    program = "geth"

    def service(self, context: Context, node: Node) -> Service:
        part = Part(node.participant, "el")
        return Service(
            name=part.service,
            program=part.program(self.program),
            args=part.args(
                *_chain_args(context, node.participant),
                *_api_args(part.service),
                *_peer_args(context, node),
            ),
            env=part.env(),
            files={"config.toml": _config(context, node)},
            ports=PORTS,
            shared=("genesis/genesis.json", "secrets/jwt.hex", _key_file(node)),
            # geth writes its trie cache to disk when it ends: give it time to.
            stop=Stop(order=ORDER_EXECUTION, patience=60.0, signal="INT"),
            probe=Probe("rpc"),
            metrics=Metrics("metrics", "/debug/metrics/prometheus"),
            resources=part.resources,
            labels=part.labels(self.name),
            cause_hints=CAUSES,
        )

    def limits(self, context: Context, participant: Participant) -> Iterator[Problem]:
        return LIMITS.check(context, Part(participant, "el"))

    def console(self, expression: str | None) -> tuple[Text, ...] | None:
        evaluate = ("--exec", expression) if expression is not None else ()
        # geth takes flags only before the socket.
        return tuple(Text.of(arg) for arg in ("attach", *evaluate, Socket("geth.ipc")))


def _key_file(node: Node) -> str:
    return f"secrets/nodes/{node.participant.el_service}.key"


def _chain_args(context: Context, participant: Participant) -> Iterator[str | Text]:
    yield Text.of("--config=", File("config.toml"))
    yield Text.of("--datadir=", Data())
    # Every start names the genesis: no separate `geth init`, whose second costs the first slot.
    # The network id is then the chain id; geth refuses both flags at once.
    yield Text.of("--override.genesis=", Shared("genesis/genesis.json"))
    # Its own default takes this for the public main network and asks for 4 GB.
    yield "--cache=512"
    yield f"--verbosity={VERBOSITY[participant.el_log_level]}"
    if participant.el_storage_type == "archive":
        yield "--gcmode=archive"
    elif participant.checkpoint_sync_enabled:
        yield "--syncmode=snap"
    else:
        yield "--syncmode=full"
    yield "--miner.gasprice=1"
    if context.params.gas_limit:
        yield f"--miner.gaslimit={context.params.gas_limit}"


def _api_args(own: str) -> Iterator[str | Text]:
    yield Text.of("--ipcpath=", Socket("geth.ipc"))
    yield "--http"
    yield Text.of("--http.addr=", Listen())
    yield Text.of("--http.port=", PortNumber(own, "rpc"))
    yield Text.of("--http.vhosts=localhost,", Host(own))
    yield "--http.corsdomain=http://localhost:*,http://127.0.0.1:*"
    yield f"--http.api={NAMESPACES}"
    yield "--ws"
    yield Text.of("--ws.addr=", Listen())
    yield Text.of("--ws.port=", PortNumber(own, "ws"))
    yield f"--ws.api={NAMESPACES}"
    yield "--ws.origins=http://localhost:*,http://127.0.0.1:*"
    yield Text.of("--authrpc.addr=", Listen())
    yield Text.of("--authrpc.port=", PortNumber(own, "engine"))
    yield Text.of("--authrpc.vhosts=localhost,", Host(own))
    yield Text.of("--authrpc.jwtsecret=", Shared("secrets/jwt.hex"))
    yield "--rpc.allow-unprotected-txs"
    yield "--metrics"
    yield Text.of("--metrics.addr=", Listen())
    yield Text.of("--metrics.port=", PortNumber(own, "metrics"))


def _peer_args(context: Context, node: Node) -> Iterator[str | Text]:

    own = node.participant.el_service
    yield Text.of("--nodekey=", Shared(_key_file(node)))
    yield Text.of("--nat=extip:", Ip(own))
    yield "--discovery.v4=false"
    yield "--discovery.v5=true"
    # Without this geth asks the DNS lists of the public networks.
    yield "--discovery.dns="
    bootnodes = [
        enode_text(peer.participant.el_service, peer.execution_key)
        for peer in context.peers_of(node)
    ]
    # An empty list, too, is said: without the flag geth dials the public network's bootnodes.
    yield Text.of("--bootnodes=", Text.join(",", bootnodes))


def _config(context: Context, node: Node) -> Text:
    """The settings that geth takes from a file only: the address to listen on, static peers."""
    own = node.participant.el_service
    address = Text.of('"', Listen(), ":", PortNumber(own, "p2p"), '"')
    static = [
        Text.of('"', enode_text(peer.participant.el_service, peer.execution_key), '"')
        for peer in context.peers_of(node)
    ]
    return Text.of(
        "[Node.P2P]\n",
        *("ListenAddr = ", address, "\n"),
        *("DiscAddr = ", address, "\n"),
        *("StaticNodes = [", Text.join(", ", static), "]\n"),
    )


EXECUTION = Geth()
