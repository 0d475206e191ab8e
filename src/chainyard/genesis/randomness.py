"""Where random bytes come from: passed in, so that a genesis can be made again in a test."""

from __future__ import annotations

from typing import Protocol


class Randomness(Protocol):
    """``random.SystemRandom()`` for networks, ``random.Random(seed)`` for tests."""

    def randbytes(self, n: int, /) -> bytes:
        """That many random bytes."""
        ...
