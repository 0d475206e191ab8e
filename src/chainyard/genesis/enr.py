"""Ethereum Node Records (EIP-778), identity scheme "v4"."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import pairwise

from coincurve import PrivateKey, PublicKey
from coincurve.ecdsa import cdata_to_der, deserialize_compact

from chainyard.errors import RequestError
from chainyard.genesis import rlp
from chainyard.genesis.keccak import keccak

PREFIX = "enr:"
MAX_SIZE = 300
_SIGNATURE = 64
_TEXT = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class NodeRecord:
    """A record whose signature is right.

    Args:
        seq: grows with every change that the node makes.
        pairs: the record's values as they are encoded, by key: ``eth2``, ``attnets``, …
        public: the node's public key, 33 bytes compressed.
    """

    seq: int
    pairs: Mapping[str, bytes]
    public: bytes
    node_id: bytes = field(repr=False)

    @property
    def ip(self) -> str | None:
        """Address: IPv4 if there is one, else IPv6."""
        for name, kind, size in (("ip", IPv4Address, 4), ("ip6", IPv6Address, 16)):
            if len(value := self.pairs.get(name, b"")) == size:
                return str(kind(value))
        return None

    def port(self, name: str) -> int | None:
        """Number of a port: ``tcp``, ``udp``, ``quic`` or ``tcp6``, …; None if it has none."""
        value = self.pairs.get(name)
        return int.from_bytes(value, "big") if value and len(value) <= 2 else None


def encode_enr(secret: bytes, seq: int, pairs: Mapping[str, bytes | int]) -> str:
    """A signed record as text: ``enr:…``.

    Args:
        secret: the node's secp256k1 secret.
        pairs: the record's values but for ``id`` and ``secp256k1``, which are added.

    Raises:
        ValueError: the record would be larger than 300 bytes.
    """
    key = PrivateKey(secret)
    own = {"id": b"v4", "secp256k1": key.public_key.format(compressed=True)}
    content: list[rlp.Rlp] = [seq]
    for name, value in sorted({**pairs, **own}.items()):
        content += [name.encode(), value]
    digest = keccak(rlp.encode(content))
    signature = key.sign_recoverable(digest, hasher=None)[:_SIGNATURE]
    record = rlp.encode([signature, *content])
    if len(record) > MAX_SIZE:
        raise ValueError(f"a node record has at most {MAX_SIZE} bytes; this one has {len(record)}")
    return PREFIX + base64.urlsafe_b64encode(record).rstrip(b"=").decode()


def endpoint_pairs(
    ip: str, *, tcp: int | None, udp: int | None, quic: int | None = None
) -> dict[str, bytes | int]:
    """The pairs that say where a node is, for an IPv4 or IPv6 address.

    Raises:
        ValueError: not an IP address (records hold no host names), or not a port.
    """
    address = ip_address(ip)
    suffix = "6" if address.version == 6 else ""
    pairs: dict[str, bytes | int] = {f"ip{suffix}": address.packed}
    for name, number in (("tcp", tcp), ("udp", udp), ("quic", quic)):
        if number is not None:
            if not 0 < number < 2**16:
                raise ValueError(f"{number} is not a port")
            pairs[name + suffix] = number
    return pairs


def decode_enr(text: str) -> NodeRecord:
    """A record from its text, with its signature checked.

    Raises:
        RequestError: what is wrong with it.
    """
    try:
        return _decode(text)
    except ValueError as error:
        shown = text if len(text) <= 40 else text[:37] + "..."
        raise RequestError(f"{shown!r} is not a node record: {error}") from None


def _decode(text: str) -> NodeRecord:
    items = _items(_record_bytes(text))
    if len(items) < 2 or len(items) % 2:
        raise ValueError("it is not a signature, a number and pairs")
    signature, seq, *rest = items
    names = [name.decode("ascii") for name in rest[::2]]
    if any(a >= b for a, b in pairwise(names)):
        raise ValueError("its keys are not in order, each once")
    pairs = dict(zip(names, rest[1::2], strict=True))
    if pairs.get("id") != b"v4":
        raise ValueError("its identity scheme is not v4")
    public = PublicKey(pairs.get("secp256k1", b""))
    _check_signature(public, signature, keccak(rlp.encode(items[1:])))
    node_id = keccak(public.format(compressed=False)[1:])
    return NodeRecord(int.from_bytes(seq, "big"), pairs, public.format(), node_id)


def _record_bytes(text: str) -> bytes:
    if not text.startswith(PREFIX):
        raise ValueError(f"it does not start with {PREFIX!r}")
    encoded = text.removeprefix(PREFIX)
    if not _TEXT.fullmatch(encoded):
        raise ValueError("it is not base64 in the form for URLs, without padding")
    if len(encoded) > MAX_SIZE * 4 // 3:
        raise ValueError(f"it has more than {MAX_SIZE} bytes")
    try:
        return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except binascii.Error as error:
        raise ValueError(f"it is not base64 ({error})") from None


def _check_signature(public: PublicKey, signature: bytes, digest: bytes) -> None:
    if len(signature) != _SIGNATURE:
        raise ValueError("its signature has not 64 bytes")
    if not public.verify(cdata_to_der(deserialize_compact(signature)), digest, hasher=None):
        raise ValueError("its signature is wrong")


def _items(record: bytes) -> list[bytes]:
    """The byte strings of an RLP list that holds nothing else; only the canonical encoding.

    Encoding them again must give the same bytes, which is what makes this short.
    """
    items, at = [], _list_start(record)
    while at < len(record):
        start, length = _string_at(record, at)
        items.append(record[start : start + length])
        at = start + length
    if rlp.encode(items) != record:
        raise ValueError("it is not an RLP list of byte strings")
    return items


def _list_start(record: bytes) -> int:
    first = record[0]
    return 1 + max(0, first - 0xF7)


def _string_at(record: bytes, at: int) -> tuple[int, int]:
    first = record[at]
    if first < 0x80:
        return at, 1
    if first <= 0xB7:
        return at + 1, first - 0x80
    start = at + 1 + (first - 0xB7)
    return start, int.from_bytes(record[at + 1 : start], "big")
