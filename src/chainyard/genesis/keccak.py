"""Keccak-256, the hash of the execution layer and of node records."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache


def keccak(data: bytes) -> bytes:
    """The 32-byte Keccak-256 hash (not NIST's SHA3-256: the padding differs)."""
    return _implementation()(data)


@cache
def _implementation() -> Callable[[bytes], bytes]:
    # Loading it takes 0.1 s, which a command that hashes nothing need not pay.
    from eth_hash.auto import keccak as implementation  # noqa: PLC0415

    return implementation
