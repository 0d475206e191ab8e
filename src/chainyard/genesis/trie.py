"""The root of a secure Merkle-Patricia trie, from all its entries at once.

Source: Yellow Paper, appendix D. A genesis needs the root alone, and of a few hundred accounts: no
database, no proofs, no updates. A general trie library would be more code to drive than this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from chainyard.genesis import rlp
from chainyard.genesis.keccak import keccak

_Node: TypeAlias = "bytes | list[_Node]"
_Entry: TypeAlias = tuple[bytes, bytes]  # nibbles of the hashed key, value

_HASH_SIZE = 32
_LEAF, _EXTENSION = 2, 0


# keccak256(rlp.encode(b""))
EMPTY_ROOT = bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")


def secure_root(entries: Mapping[bytes, bytes]) -> bytes:
    """The root over ``keccak(key) → value``; values must not be empty.

    Raises:
        ValueError: an empty value, which a trie cannot hold.
    """
    if not all(entries.values()):
        raise ValueError("a trie holds no empty values")
    if not entries:
        return EMPTY_ROOT
    leaves = sorted((_nibbles(keccak(key)), value) for key, value in entries.items())
    return keccak(rlp.encode(_node(leaves, 0)))


def _nibbles(key: bytes) -> bytes:
    return bytes(nibble for byte in key for nibble in (byte >> 4, byte & 15))


def _node(leaves: Sequence[_Entry], depth: int) -> _Node:
    """The node for sorted leaves that share their first ``depth`` nibbles.

    Keys are hashes of one length, so none is a prefix of another and no branch has a value.
    """
    first, last = leaves[0][0], leaves[-1][0]
    if len(leaves) == 1:
        return [_path(first[depth:], _LEAF), leaves[0][1]]
    fork = depth
    while first[fork] == last[fork]:
        fork += 1
    if fork > depth:
        return [_path(first[depth:fork], _EXTENSION), _reference(_branch(leaves, fork))]
    return _branch(leaves, depth)


def _branch(leaves: Sequence[_Entry], depth: int) -> _Node:
    slots: list[list[_Entry]] = [[] for _ in range(16)]
    for leaf in leaves:
        slots[leaf[0][depth]].append(leaf)
    return [*(_reference(_node(slot, depth + 1)) if slot else b"" for slot in slots), b""]


def _reference(node: _Node) -> _Node:
    """A node as its parent holds it: itself when small, else its hash."""
    encoded = rlp.encode(node)
    return node if len(encoded) < _HASH_SIZE else keccak(encoded)


def _path(nibbles: bytes, flag: int) -> bytes:
    """Hex-prefix encoding (Yellow Paper, appendix C)."""
    odd = len(nibbles) % 2
    padded = bytes([flag + odd]) + (b"" if odd else b"\0") + nibbles
    return bytes(high << 4 | low for high, low in zip(padded[::2], padded[1::2], strict=True))
