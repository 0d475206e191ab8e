"""How a block lies in a journal's file: a header with a checksum, then compressed JSON.

A record is ``CYB1``, CRC-32, length of the body, slot, block number (big-endian), root, parent's
root, hash of the payload (32 bytes each), body. The checksum covers all that follows it. What an
index needs is in the header, so that nothing is decompressed to make one.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

MAGIC = b"CYB1"
_HEAD = struct.Struct(">4sII")
_INDEX = struct.Struct(">QQ32s32s32s")
HEADER = _HEAD.size + _INDEX.size
"""Bytes of a record before its body."""

MAX_BODY = 64 << 20
"""Bytes of a compressed body at most; 21 blobs and a block of 10 MB are below that."""

# Six times smaller than the JSON; a block takes a millisecond.
_LEVEL = 6


@dataclass(frozen=True)
class Entry:
    """A signed block, whole.

    Args:
        root, parent_root: of beacon blocks, ``0x`` hexadecimal.
        block_hash, block_number: of the execution block in it.
        version: its fork: ``electra``, …
        block: as the Beacon API has it: ``{"message": …, "signature": …}``.
        blobs, proofs: its blobs and their KZG proofs, ``0x`` hexadecimal.
    """

    slot: int
    root: str
    parent_root: str
    block_hash: str
    block_number: int
    version: str
    block: Mapping[str, Any] = field(repr=False)
    blobs: tuple[str, ...] = field(default=(), repr=False)
    proofs: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Row:
    """What the index knows of a block, and where it lies."""

    slot: int
    root: str
    parent_root: str
    block_hash: str
    block_number: int
    segment: int
    offset: int
    length: int


def encode(entry: Entry) -> bytes:
    """A record."""
    value = {
        "version": entry.version,
        "block": entry.block,
        "blobs": entry.blobs,
        "proofs": entry.proofs,
    }
    body = zlib.compress(json.dumps(value, separators=(",", ":")).encode(), _LEVEL)
    hashes = (_bytes(entry.root), _bytes(entry.parent_root), _bytes(entry.block_hash))
    index = _INDEX.pack(entry.slot, entry.block_number, *hashes)
    checked = struct.pack(">I", len(body)) + index + body
    return MAGIC + struct.pack(">I", zlib.crc32(checked)) + checked


def decode(row: Row, record: bytes) -> Entry:
    """The entry of a record that `scan` found.

    Raises:
        ValueError: it is damaged.
    """
    if len(record) < HEADER or not _is_whole(record, 0, len(record)):
        raise ValueError("its checksum is wrong")
    value = json.loads(zlib.decompress(record[HEADER:]))
    return Entry(
        slot=row.slot,
        root=row.root,
        parent_root=row.parent_root,
        block_hash=row.block_hash,
        block_number=row.block_number,
        version=value["version"],
        block=value["block"],
        blobs=tuple(value["blobs"]),
        proofs=tuple(value["proofs"]),
    )


@dataclass(frozen=True)
class Hole:
    """Bytes of a segment that are no record: ``end`` is where the next record begins, if any."""

    start: int
    end: int


def scan(data: bytes, segment: int) -> Iterator[Row | Hole]:
    """The records of a segment in order, and the holes between them."""
    position = 0
    while position < len(data):
        length = _length(data, position)
        if length and _is_whole(data, position, length):
            yield _row(data, segment, position, length)
            position += length
            continue
        following = _next_record(data, position + 1)
        yield Hole(position, following)
        position = following


def _next_record(data: bytes, start: int) -> int:
    """Where the next whole record begins; the end of the data if there is none."""
    position = data.find(MAGIC, start)
    while position >= 0:
        length = _length(data, position)
        if length and _is_whole(data, position, length):
            return position
        position = data.find(MAGIC, position + 1)
    return len(data)


def _length(data: bytes, position: int) -> int:
    """Bytes of the record that begins there; 0 if none does, or not all of it is there."""
    if len(data) - position < HEADER:
        return 0
    magic, _crc, body = _HEAD.unpack_from(data, position)
    whole: int = HEADER + body
    if magic != MAGIC or body > MAX_BODY or position + whole > len(data):
        return 0
    return whole


def _is_whole(data: bytes, position: int, length: int) -> bool:
    _magic, crc, _body = _HEAD.unpack_from(data, position)
    return bool(zlib.crc32(memoryview(data)[position + 8 : position + length]) == crc)


def _row(data: bytes, segment: int, position: int, length: int) -> Row:
    slot, number, root, parent, block_hash = _INDEX.unpack_from(data, position + _HEAD.size)
    return Row(
        slot=slot,
        root="0x" + root.hex(),
        parent_root="0x" + parent.hex(),
        block_hash="0x" + block_hash.hex(),
        block_number=number,
        segment=segment,
        offset=position,
        length=length,
    )


def _bytes(text: str) -> bytes:
    value = bytes.fromhex(text.removeprefix("0x"))
    if len(value) != 32:
        raise ValueError(f"a hash has 32 bytes, not {len(value)}")
    return value
