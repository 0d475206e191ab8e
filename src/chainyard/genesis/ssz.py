"""Simple Serialize: types, serialization and hash tree roots.

Source: consensus-specs, ssz/simple-serialize.md.

Only the direction that a genesis needs: values to bytes and roots. A type is an object; a value is
plain data: an int, a bool, bytes, a sequence, or a mapping of field names (missing fields take
their default).

Two shortcuts make large states cheap:

- a vector or list of numbers or 32-byte strings also takes its own serialization, as bytes;
- ``Encoded`` carries bytes and root that were computed elsewhere (the validator registry).
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chainyard.genesis.merkle import BYTES_PER_CHUNK, merkleize, mix_in_length

OFFSET_SIZE = 4


@dataclass(frozen=True)
class Encoded:
    """A value that was serialized and hashed elsewhere."""

    data: bytes
    root: bytes


class Type(ABC):
    """An SSZ type. ``size`` is its serialized length, None if that depends on the value."""

    size: int | None = None
    packed = False  # whether elements are packed into chunks just as they are serialized

    @abstractmethod
    def default(self) -> Any:
        """The default value of the specification (zeros, empty lists)."""

    @abstractmethod
    def encode(self, value: Any) -> bytes:
        """The serialization of plain data."""

    @abstractmethod
    def root(self, value: Any) -> bytes:
        """The hash tree root of plain data."""

    def serialize(self, value: Any) -> bytes:
        """The serialization of a value.

        Raises:
            ValueError: the value is out of the type's range or length.
        """
        return value.data if isinstance(value, Encoded) else self.encode(value)

    def hash_tree_root(self, value: Any) -> bytes:
        """The hash tree root of a value.

        Raises:
            ValueError: the value is out of the type's range or length.
        """
        return value.root if isinstance(value, Encoded) else self.root(value)


class Uint(Type):
    """An unsigned integer of ``bits`` bits, little-endian."""

    packed = True

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.size: int = bits // 8

    def default(self) -> int:
        return 0

    def encode(self, value: int) -> bytes:
        if not 0 <= value < 1 << self.bits:
            raise ValueError(f"{value} does not fit into uint{self.bits}")
        return int(value).to_bytes(self.size, "little")

    def root(self, value: int) -> bytes:
        return self.encode(value).ljust(BYTES_PER_CHUNK, b"\0")

    def encode_many(self, values: Sequence[int]) -> bytes:
        """The joined serializations; one call for a registry's worth of balances."""
        if self.bits != 64:
            return b"".join(map(self.encode, values))
        try:
            return struct.pack(f"<{len(values)}Q", *values)
        except struct.error as error:
            raise ValueError(f"not all values fit into uint64: {error}") from error


class Boolean(Type):
    """True or false, one byte."""

    packed = True
    size = 1

    def default(self) -> bool:
        return False

    def encode(self, value: bool) -> bytes:
        return b"\1" if value else b"\0"

    def root(self, value: bool) -> bytes:
        return self.encode(value).ljust(BYTES_PER_CHUNK, b"\0")


class ByteVector(Type):
    """A string of exactly ``size`` bytes."""

    def __init__(self, size: int) -> None:
        self.size: int = size
        self.packed = size == BYTES_PER_CHUNK

    def default(self) -> bytes:
        return bytes(self.size)

    def encode(self, value: bytes) -> bytes:
        if len(value) != self.size:
            raise ValueError(f"{len(value)} bytes where {self.size} are due")
        return bytes(value)

    def root(self, value: bytes) -> bytes:
        return merkleize(self.encode(value))


class ByteList(Type):
    """A string of at most ``limit`` bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def default(self) -> bytes:
        return b""

    def encode(self, value: bytes) -> bytes:
        if len(value) > self.limit:
            raise ValueError(f"{len(value)} bytes where at most {self.limit} fit")
        return bytes(value)

    def root(self, value: bytes) -> bytes:
        chunks = -(-self.limit // BYTES_PER_CHUNK)
        return mix_in_length(merkleize(self.encode(value), chunks), len(value))


class Bitvector(Type):
    """Exactly ``length`` bits; the value is a sequence of booleans."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.size: int = -(-length // 8)

    def default(self) -> tuple[bool, ...]:
        return (False,) * self.length

    def encode(self, value: Sequence[bool]) -> bytes:
        if len(value) != self.length:
            raise ValueError(f"{len(value)} bits where {self.length} are due")
        return _bits(value).to_bytes(self.size, "little")

    def root(self, value: Sequence[bool]) -> bytes:
        return merkleize(self.encode(value), -(-self.length // 256))


class Bitlist(Type):
    """At most ``limit`` bits; the value is a sequence of booleans."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def default(self) -> tuple[bool, ...]:
        return ()

    def encode(self, value: Sequence[bool]) -> bytes:
        if len(value) > self.limit:
            raise ValueError(f"{len(value)} bits where at most {self.limit} fit")
        delimited = _bits(value) | 1 << len(value)
        return delimited.to_bytes(len(value) // 8 + 1, "little")

    def root(self, value: Sequence[bool]) -> bytes:
        if len(value) > self.limit:
            raise ValueError(f"{len(value)} bits where at most {self.limit} fit")
        data = _bits(value).to_bytes(-(-len(value) // 8), "little")
        return mix_in_length(merkleize(data, -(-self.limit // 256)), len(value))


def _bits(value: Sequence[bool]) -> int:
    return sum(1 << position for position, bit in enumerate(value) if bit)


class _Elements(Type):
    """What vectors and lists share."""

    def __init__(self, element: Type, capacity: int) -> None:
        self.element = element
        self.capacity = capacity

    def _count(self, value: Sequence[Any] | bytes) -> int:
        if not (isinstance(value, bytes) and self.element.packed):
            return len(value)
        size = self.element.size or 1
        if len(value) % size:
            raise ValueError(f"{len(value)} bytes are no whole number of {size}-byte elements")
        return len(value) // size

    def _encode(self, value: Sequence[Any] | bytes) -> bytes:
        element = self.element
        if isinstance(value, bytes) and element.packed:
            return value
        if isinstance(element, Uint):
            return element.encode_many(value)
        if element.size is not None:
            return b"".join(map(element.serialize, value))
        return _with_offsets([(element, item) for item in value])

    def _tree(self, value: Sequence[Any] | bytes) -> bytes:
        element = self.element
        if element.packed:
            limit = -(-self.capacity * (element.size or 1) // BYTES_PER_CHUNK)
            return merkleize(self._encode(value), limit)
        return merkleize(b"".join(map(element.hash_tree_root, value)), self.capacity)


class Vector(_Elements):
    """Exactly ``capacity`` elements."""

    def __init__(self, element: Type, capacity: int) -> None:
        super().__init__(element, capacity)
        self.size = None if element.size is None else element.size * capacity

    def default(self) -> Any:
        if self.element.packed:
            return bytes(self.size or 0)
        return (self.element.default(),) * self.capacity

    def _check(self, value: Sequence[Any] | bytes) -> None:
        if (count := self._count(value)) != self.capacity:
            raise ValueError(f"{count} elements where {self.capacity} are due")

    def encode(self, value: Sequence[Any] | bytes) -> bytes:
        self._check(value)
        return self._encode(value)

    def root(self, value: Sequence[Any] | bytes) -> bytes:
        self._check(value)
        return self._tree(value)


class List(_Elements):
    """At most ``capacity`` elements."""

    def default(self) -> tuple[Any, ...]:
        return ()

    def _check(self, value: Sequence[Any] | bytes) -> int:
        if (count := self._count(value)) > self.capacity:
            raise ValueError(f"{count} elements where at most {self.capacity} fit")
        return count

    def encode(self, value: Sequence[Any] | bytes) -> bytes:
        self._check(value)
        return self._encode(value)

    def root(self, value: Sequence[Any] | bytes) -> bytes:
        count = self._check(value)
        return mix_in_length(self._tree(value), count)


class Container(Type):
    """Named fields in order; the value is a mapping, in which a missing field is its default."""

    def __init__(self, name: str, fields: Mapping[str, Type]) -> None:
        self.name = name
        self.fields = dict(fields)
        sizes = [field.size for field in self.fields.values()]
        self.size = None if None in sizes else sum(size or 0 for size in sizes)

    def extended(self, name: str, fields: Mapping[str, Type]) -> Container:
        """A container with these fields replaced in place, or appended."""
        return Container(name, {**self.fields, **fields})

    @cached_property
    def _default(self) -> dict[str, Any]:
        return {name: field.default() for name, field in self.fields.items()}

    def default(self) -> dict[str, Any]:
        return dict(self._default)

    def _parts(self, value: Mapping[str, Any]) -> list[tuple[Type, Any]]:
        if unknown := value.keys() - self.fields.keys():
            raise ValueError(f"{self.name} has no field {', '.join(sorted(unknown))}")
        return [
            (field, value[name] if name in value else field.default())
            for name, field in self.fields.items()
        ]

    def encode(self, value: Mapping[str, Any]) -> bytes:
        return _with_offsets(self._parts(value))

    def root(self, value: Mapping[str, Any]) -> bytes:
        return merkleize(b"".join(field.hash_tree_root(item) for field, item in self._parts(value)))


def _with_offsets(parts: Sequence[tuple[Type, Any]]) -> bytes:
    """Fixed-size parts in place, the others behind them with their offset in their place."""
    encoded = [(field.size is not None, field.serialize(item)) for field, item in parts]
    offset = sum(len(data) if fixed else OFFSET_SIZE for fixed, data in encoded)
    head, tail = [], []
    for fixed, data in encoded:
        if fixed:
            head.append(data)
            continue
        head.append(offset.to_bytes(OFFSET_SIZE, "little"))
        tail.append(data)
        offset += len(data)
    return b"".join(head + tail)


uint8 = Uint(8)
uint64 = Uint(64)
uint256 = Uint(256)
boolean = Boolean()
Bytes4 = ByteVector(4)
Bytes20 = ByteVector(20)
Bytes32 = ByteVector(32)
Bytes48 = ByteVector(48)
Bytes96 = ByteVector(96)
