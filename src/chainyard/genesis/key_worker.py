"""Derives keys for another process: ``python -m chainyard.genesis.key_worker``.

Reads the secret at ``m/12381/3600`` (32 bytes), then tasks (start and stop, 4 bytes each,
big-endian); answers each with the segment's bytes. Ends when its input does, so it never outlives
the process that asked.
"""

from __future__ import annotations

import sys
from typing import BinaryIO

from chainyard.genesis.bls import public_key
from chainyard.genesis.derivation import derive_validator
from chainyard.genesis.key_segments import SECRET, Segment

TASK = 8


def derive_segment(ancestor: int, start: int, stop: int) -> Segment:
    """The keys of indices ``start`` to ``stop`` (exclusive), derived here and now (1.5 ms each).

    Args:
        ancestor: the secret at ``m/12381/3600``.
    """
    secrets, pubkeys, withdrawal_pubkeys = [], [], []
    for index in range(start, stop):
        signing, withdrawal = derive_validator(ancestor, index)
        secrets.append(signing.to_bytes(SECRET, "big"))
        pubkeys.append(public_key(signing))
        withdrawal_pubkeys.append(public_key(withdrawal))
    return Segment(start, b"".join(secrets), b"".join(pubkeys), b"".join(withdrawal_pubkeys))


def serve(tasks: BinaryIO, answers: BinaryIO) -> None:
    """Answer tasks until there are no more."""
    ancestor = int.from_bytes(tasks.read(SECRET), "big")
    while len(task := tasks.read(TASK)) == TASK:
        start, stop = int.from_bytes(task[:4], "big"), int.from_bytes(task[4:], "big")
        answers.write(derive_segment(ancestor, start, stop).to_bytes())
        answers.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
