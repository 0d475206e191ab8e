"""Merkle trees over 32-byte chunks (consensus-specs, ssz/simple-serialize.md, "Merkleization").

The root of a run of equal chunks costs one hash per level, however long the run is: most of a
genesis state is 65,536 equal randao mixes and vectors of zeros.
"""

from __future__ import annotations

from hashlib import sha256

BYTES_PER_CHUNK = 32
ZERO_CHUNK = bytes(BYTES_PER_CHUNK)
MAX_DEPTH = 64


def _zero_hashes() -> list[bytes]:
    hashes = [ZERO_CHUNK]
    for _ in range(MAX_DEPTH):
        hashes.append(sha256(hashes[-1] * 2).digest())
    return hashes


ZERO_HASHES = _zero_hashes()


def merkleize(chunks: bytes, limit: int | None = None) -> bytes:
    """The Merkle root of 32-byte chunks, padded with zero chunks up to ``limit``.

    Args:
        chunks: the chunks, joined; a last short chunk is padded with zeros.
        limit: how many chunks the tree has room for; default: as many as there are.

    Raises:
        ValueError: more chunks than ``limit``.
    """
    count = -(-len(chunks) // BYTES_PER_CHUNK)
    room = count if limit is None else limit
    if count > room:
        raise ValueError(f"{count} chunks do not fit into {room}")
    depth = (room - 1).bit_length() if room else 0
    if not count:
        return ZERO_HASHES[depth]
    chunks = chunks.ljust(count * BYTES_PER_CHUNK, b"\0")
    first = chunks[:BYTES_PER_CHUNK]
    if count > 1 and chunks == first * count:
        return _repeated_root(first, count, depth)
    nodes = [chunks[i : i + BYTES_PER_CHUNK] for i in range(0, len(chunks), BYTES_PER_CHUNK)]
    return merkleize_nodes(nodes, depth)


def merkleize_nodes(nodes: list[bytes], depth: int) -> bytes:
    """The root of a tree of the given depth over ``nodes``, zero hashes to their right."""
    hash_, level = sha256, 0
    while len(nodes) > 1:
        if len(nodes) % 2:
            nodes.append(ZERO_HASHES[level])
        pairs = iter(nodes)
        nodes = [hash_(left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
        level += 1
    root = nodes[0]
    for height in range(level, depth):
        root = hash_(root + ZERO_HASHES[height]).digest()
    return root


def _repeated_root(chunk: bytes, count: int, depth: int) -> bytes:
    """The root over ``count`` equal chunks: per level, full subtrees and an odd last one."""
    same, last = chunk, chunk
    for level in range(depth):
        # ``last`` is the rightmost node of this level, the ``count - 1`` others equal ``same``.
        last = sha256(
            (last if count % 2 else same) + (ZERO_HASHES[level] if count % 2 else last)
        ).digest()
        same = sha256(same * 2).digest()
        count = -(-count // 2)
    return last


def mix_in_length(root: bytes, length: int) -> bytes:
    """The root of a list: its tree's root with its length."""
    return sha256(root + length.to_bytes(BYTES_PER_CHUNK, "little")).digest()
