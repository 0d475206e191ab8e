"""Swap-or-not shuffling and what is sampled with it: sync committees and proposers.

Sources: consensus-specs phase0/beacon-chain.md (compute_shuffled_index), altair and electra
(get_next_sync_committee_indices, compute_proposer_index), fulu (compute_proposer_indices).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from itertools import count, islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

# Below this many validators, importing numpy costs more than it saves.
_NUMPY_FROM = 8192
# Positions that one hash decides upon: 256 bits.
_BLOCK = 256


def compute_shuffled_permutation(
    index_count: int, seed: bytes, rounds: int
) -> Sequence[int] | np.ndarray[tuple[int], np.dtype[np.int64]]:
    """compute_shuffled_index of every index below ``index_count``, all at once."""
    if index_count < _NUMPY_FROM:
        return _permutation(index_count, seed, rounds)
    return _permutation_numpy(index_count, seed, rounds)


def _pivot(seed: bytes, round_: int, index_count: int) -> int:
    digest = sha256(seed + bytes([round_])).digest()
    return int.from_bytes(digest[:8], "little") % index_count


def _decisions(seed: bytes, round_: int, index_count: int) -> bytes:
    prefix = seed + bytes([round_])
    blocks = range(-(-index_count // _BLOCK))
    return b"".join(sha256(prefix + block.to_bytes(4, "little")).digest() for block in blocks)


def _permutation(index_count: int, seed: bytes, rounds: int) -> list[int]:
    """Swap the pairs of each round in place, from the last round to the first.

    A round is its own inverse and maps i to pivot - i (mod n); swapping a list's entries by it puts
    entry f(i) at i, so applying the rounds backwards leaves f_last(…f_0(i)…) at i.
    """
    order = list(range(index_count))
    for round_ in reversed(range(rounds)):
        pivot = _pivot(seed, round_, index_count)
        bits = _decisions(seed, round_, index_count)
        # The pairs (low, high) with low + high = pivot, modulo index_count.
        _swap(order, bits, range((pivot + 1) // 2), range(pivot, -1, -1))
        middle = (index_count + pivot + 1) // 2
        _swap(order, bits, range(pivot + 1, middle), range(index_count - 1, pivot, -1))
    return order


def _swap(order: list[int], bits: bytes, lows: range, highs: range) -> None:
    """Swap the pairs whose higher member's bit is set."""
    for low, high in zip(lows, highs, strict=False):
        if bits[high >> 3] >> (high & 7) & 1:
            order[low], order[high] = order[high], order[low]


def _permutation_numpy(
    index_count: int, seed: bytes, rounds: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    import numpy as np  # noqa: PLC0415  (0.1 s that small networks need not spend)

    order = np.arange(index_count, dtype=np.int64)
    for round_ in range(rounds):
        pivot = _pivot(seed, round_, index_count)
        decisions = np.frombuffer(_decisions(seed, round_, index_count), dtype=np.uint8)
        bits = np.unpackbits(decisions, bitorder="little").view(bool)
        flip = pivot - order
        flip[flip < 0] += index_count
        order = np.where(bits[np.maximum(order, flip)], flip, order)
    return order


def shuffled_indices(index_count: int, seed: bytes, rounds: int) -> Callable[[int], int]:
    """compute_shuffled_index for one seed, for callers that look up a few positions of many."""
    pivots = [_pivot(seed, round_, index_count) for round_ in range(rounds)]

    @cache
    def decisions(round_: int, block: int) -> bytes:
        return sha256(seed + bytes([round_]) + block.to_bytes(4, "little")).digest()

    def shuffled(index: int) -> int:
        for round_, pivot in enumerate(pivots):
            flip = (pivot - index) % index_count
            position = max(index, flip)
            bits = decisions(round_, position >> 8)
            if bits[(position & 255) >> 3] >> (position & 7) & 1:
                index = flip
        return index

    return shuffled


class Sampler:
    """Draws validators in shuffled order, each accepted in proportion to its effective balance.

    Args:
        active: indices of the active validators, ascending.
        effective_balances: of all validators, in gwei.
        max_effective_balance: the balance that is always accepted, in gwei.
        wide: whether randomness has 16 bits (since Electra, EIP-7251) or 8.
        rounds: SHUFFLE_ROUND_COUNT.
    """

    def __init__(
        self,
        active: Sequence[int],
        effective_balances: Sequence[int],
        *,
        max_effective_balance: int,
        wide: bool,
        rounds: int,
    ) -> None:
        if not active:
            raise ValueError("no active validators to draw from")
        self.active = active
        self.balances = effective_balances
        self.max_balance = max_effective_balance
        self.wide = wide
        self.rounds = rounds

    def sync_committee(self, seed: bytes, size: int) -> list[int]:
        """get_next_sync_committee_indices: ``size`` indices, duplicates possible."""
        order = compute_shuffled_permutation(len(self.active), seed, self.rounds)
        return list(islice(self._accepted(seed, order.__getitem__), size))

    def proposer(self, seed: bytes) -> int:
        """compute_proposer_index."""
        total = len(self.active)
        if total > _BLOCK:
            return next(self._accepted(seed, shuffled_indices(total, seed, self.rounds)))
        # All of a small registry in order is cheaper than its members one by one.
        return next(self._accepted(seed, _permutation(total, seed, self.rounds).__getitem__))

    def _accepted(self, seed: bytes, shuffled: Callable[[int], int]) -> Iterator[int]:
        total, active, balances = len(self.active), self.active, self.balances
        top = 2**16 - 1 if self.wide else 2**8 - 1
        for position, value in enumerate(self._random_values(seed)):
            candidate = active[shuffled(position % total)]
            if balances[candidate] * top >= self.max_balance * value:
                yield candidate

    def _random_values(self, seed: bytes) -> Iterator[int]:
        for block in count():
            digest = sha256(seed + block.to_bytes(8, "little")).digest()
            if not self.wide:
                yield from digest
                continue
            for offset in range(0, len(digest), 2):
                yield digest[offset] | digest[offset + 1] << 8
