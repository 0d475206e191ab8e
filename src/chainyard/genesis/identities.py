"""Who the nodes are: made with the genesis, so that every address is known before a start.

A node has two secp256k1 keys: its execution client's (enode) and its consensus client's (node
record and peer id). All nodes of a network share one JWT secret for the engine API.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_address

from coincurve import PrivateKey

from chainyard.errors import RequestError
from chainyard.genesis.enr import encode_enr, endpoint_pairs
from chainyard.genesis.keccak import keccak
from chainyard.genesis.peer_id import peer_id
from chainyard.genesis.randomness import Randomness
from chainyard.service import Binding, Ip, PortNumber, Text

SECRET_LENGTH = 32
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True)
class NodeKey:
    """A node's secp256k1 key.

    Args:
        secret: 32 bytes; also the content of a raw key file.

    Raises:
        ValueError: not a secret of that curve.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != SECRET_LENGTH:
            raise ValueError(f"a node key has {SECRET_LENGTH} bytes, not {len(self.secret)}")
        if not 0 < int.from_bytes(self.secret, "big") < CURVE_ORDER:
            raise ValueError("a node key is between 1 and the order of the curve")

    @classmethod
    def random(cls, rng: Randomness) -> NodeKey:
        """A new key."""
        while True:
            secret = rng.randbytes(SECRET_LENGTH)
            if 0 < int.from_bytes(secret, "big") < CURVE_ORDER:
                return cls(secret)

    @classmethod
    def from_hex(cls, text: str) -> NodeKey:
        """The key in a hex key file; ``0x`` and white space around it are allowed.

        Raises:
            RequestError: not a key. The message does not repeat the text.
        """
        try:
            return cls(bytes.fromhex(text.strip().removeprefix("0x")))
        except ValueError:
            raise RequestError("this is not a node key: 64 hexadecimal digits") from None

    @property
    def hex(self) -> str:
        """Content of a hex key file: 64 digits, no ``0x``, no newline."""
        return self.secret.hex()

    @cached_property
    def compressed(self) -> bytes:
        """Public key, 33 bytes."""
        return PrivateKey(self.secret).public_key.format(compressed=True)

    @cached_property
    def public(self) -> bytes:
        """Public key, 64 bytes: both coordinates."""
        return PrivateKey(self.secret).public_key.format(compressed=False)[1:]

    @cached_property
    def node_id(self) -> bytes:
        """Address in the discovery's table: Keccak-256 of the public key."""
        return keccak(self.public)

    @cached_property
    def peer_id(self) -> str:
        """libp2p's name of the node: ``16Uiu2HA…``."""
        return peer_id(self.compressed)

    def enode(self, ip: str, tcp: int, udp: int | None = None) -> str:
        """``enode://…@ip:tcp``, with ``?discport=`` where discovery has a port of its own.

        Raises:
            ValueError: not an IP address.
        """
        address = ip_address(ip)
        host = f"[{address}]" if address.version == 6 else str(address)
        discovery = f"?discport={udp}" if udp not in (None, tcp) else ""
        return f"enode://{self.public.hex()}@{host}:{tcp}{discovery}"

    def enr(
        self,
        *,
        ip: str,
        tcp: int | None = None,
        udp: int | None = None,
        quic: int | None = None,
        eth2: bytes | None = None,
        attnets: bytes | None = None,
        syncnets: bytes | None = None,
        seq: int = 1,
    ) -> str:
        """The signed node record, ``enr:…`` (EIP-778; consensus p2p specification, "ENR").

        Args:
            eth2: SSZ ``ENRForkID``, 16 bytes: fork digest, next fork version, next fork epoch.
            attnets: SSZ ``Bitvector[64]`` of attestation subnets, 8 bytes.
            syncnets: SSZ ``Bitvector[4]`` of sync committee subnets, 1 byte.

        Raises:
            ValueError: an address, port or value of the wrong form.
        """
        pairs = endpoint_pairs(ip, tcp=tcp, udp=udp, quic=quic)
        sizes = {"eth2": (eth2, 16), "attnets": (attnets, 8), "syncnets": (syncnets, 1)}
        for name, (value, size) in sizes.items():
            if value is not None:
                if len(value) != size:
                    raise ValueError(f"{name} has {size} bytes, not {len(value)}")
                pairs[name] = value
        return encode_enr(self.secret, seq, pairs)

    def __repr__(self) -> str:
        return f"NodeKey(peer_id={self.peer_id!r})"


@dataclass(frozen=True)
class NodeIdentity:
    """The two keys of one node."""

    execution: NodeKey
    consensus: NodeKey


@dataclass(frozen=True)
class Identities:
    """All nodes, in the order of the participants, and the secret of their engine API."""

    nodes: tuple[NodeIdentity, ...]
    jwt_secret: bytes = field(repr=False)

    @property
    def jwt_hex(self) -> str:
        """Content of the JWT file: ``0x`` and 64 digits (execution-apis, "Authentication")."""
        return f"0x{self.jwt_secret.hex()}"


def make_identities(node_count: int, rng: Randomness) -> Identities:
    """New identities of a network.

    Args:
        rng: ``random.SystemRandom()`` for a real network.
    """
    nodes = tuple(
        NodeIdentity(execution=NodeKey.random(rng), consensus=NodeKey.random(rng))
        for _ in range(node_count)
    )
    return Identities(nodes, rng.randbytes(SECRET_LENGTH))


@dataclass(frozen=True)
class EnrOf:
    """A service's node record in a plan: signed when its address and ports are bound.

    Args:
        tcp: name of its libp2p port.
        udp: name of its discovery port.
        quic: name of its QUIC port, if it has one.
        eth2: SSZ ``ENRForkID``, 16 bytes.
    """

    service: str
    key: NodeKey = field(repr=False)
    tcp: str
    udp: str
    quic: str | None = None
    eth2: bytes | None = None

    def render(self, binding: Binding) -> str:
        """The record at the bound address."""
        return self.key.enr(
            ip=binding.ip(self.service),
            tcp=binding.port(self.service, self.tcp),
            udp=binding.port(self.service, self.udp),
            quic=binding.port(self.service, self.quic) if self.quic else None,
            eth2=self.eth2,
        )

    def __str__(self) -> str:
        return f"${{{self.service}.enr}}"


def enode_text(service: str, key: NodeKey, *, tcp: str = "p2p", udp: str | None = None) -> Text:
    """A service's enode in a plan.

    Args:
        tcp: name of its port of the execution network.
        udp: name of its discovery port; None where that is the same.
    """
    discovery = ("?discport=", PortNumber(service, udp)) if udp not in (None, tcp) else ()
    return Text.of(
        f"enode://{key.public.hex()}@", Ip(service), ":", PortNumber(service, tcp), *discovery
    )


def multiaddr_text(service: str, key: NodeKey, *, tcp: str = "p2p") -> Text:
    """A service's libp2p address over TCP in a plan: ``/ip4/…/tcp/…/p2p/…``."""
    return Text.of("/ip4/", Ip(service), "/tcp/", PortNumber(service, tcp), f"/p2p/{key.peer_id}")
