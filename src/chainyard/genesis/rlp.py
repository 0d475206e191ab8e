"""RLP encoding (Yellow Paper, appendix B). Only the direction that a genesis needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

Rlp: TypeAlias = "bytes | int | Sequence[Rlp]"

_STRING, _LIST = 0x80, 0xC0
_SHORT = 55


def encode(item: Rlp) -> bytes:
    """The RLP encoding of bytes, a non-negative integer, or a (nested) sequence of those.

    Integers are big-endian without leading zeros, so 0 is the empty string.

    Raises:
        ValueError: a negative integer.
        TypeError: anything else (text has no encoding of its own in RLP).
    """
    if isinstance(item, bytes | bytearray):
        data = bytes(item)
        return data if len(data) == 1 and data[0] < _STRING else _prefix(_STRING, data)
    if isinstance(item, int):
        return encode(_int_bytes(item))
    if isinstance(item, str) or not isinstance(item, Sequence):
        raise TypeError(f"RLP takes bytes, integers and sequences, not {type(item).__name__}")
    return _prefix(_LIST, b"".join(map(encode, item)))


def _int_bytes(value: int) -> bytes:
    if value < 0:
        raise ValueError(f"RLP has no negative integers: {value}")
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _prefix(offset: int, payload: bytes) -> bytes:
    if len(payload) <= _SHORT:
        return bytes([offset + len(payload)]) + payload
    length = _int_bytes(len(payload))
    return bytes([offset + _SHORT + len(length)]) + length + payload
