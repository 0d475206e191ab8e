"""libp2p peer ids of secp256k1 keys (libp2p specification, "Peer Ids and Keys")."""

from __future__ import annotations

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# Protocol buffer of a PublicKey: field 1 (type) = Secp256k1, field 2 = the 33 bytes that follow.
_KEY_PREFIX = bytes.fromhex("08021221")
_IDENTITY_HASH = 0x00
_COMPRESSED_LENGTH = 33


def peer_id(compressed: bytes) -> str:
    """The peer id of a compressed public key, as in ``16Uiu2HAm…``.

    A key this short is not hashed: the id holds the key itself ("identity" multihash).

    Raises:
        ValueError: not 33 bytes.
    """
    if len(compressed) != _COMPRESSED_LENGTH:
        raise ValueError(f"a compressed public key has 33 bytes, not {len(compressed)}")
    message = _KEY_PREFIX + compressed
    return base58(bytes([_IDENTITY_HASH, len(message)]) + message)


def base58(data: bytes) -> str:
    """Base58 in Bitcoin's alphabet; each leading zero byte is a ``1``."""
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _ALPHABET[digit] + digits
    zeros = len(data) - len(data.lstrip(b"\x00"))
    return _ALPHABET[0] * zeros + digits
