"""Packed runs of validator keys: the unit of deriving, of caching and of :mod:`keys`.

A key is three fixed-size records in three columns, so that 100,000 keys are three slices of one
file and never 100,000 objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

SECRET, PUBKEY = 32, 48
RECORD = SECRET + 2 * PUBKEY


@dataclass(frozen=True)
class Segment:
    """The keys of the mnemonic's indices ``start`` to ``stop`` (exclusive), in three columns.

    Args:
        secrets: signing secrets, 32 bytes each.
        pubkeys: signing public keys, 48 bytes each.
        withdrawal_pubkeys: withdrawal public keys, 48 bytes each.
    """

    start: int
    secrets: bytes = field(repr=False)
    pubkeys: bytes = field(repr=False)
    withdrawal_pubkeys: bytes = field(repr=False)

    def __post_init__(self) -> None:
        count, rest = divmod(len(self.secrets), SECRET)
        if rest or not count * PUBKEY == len(self.pubkeys) == len(self.withdrawal_pubkeys):
            raise ValueError("the columns of a segment differ in length")

    def __len__(self) -> int:
        return len(self.secrets) // SECRET

    @property
    def stop(self) -> int:
        return self.start + len(self)

    def cut(self, start: int, stop: int) -> Segment:
        """The part of it from ``start`` to ``stop``, both indices of the mnemonic."""
        first, last = start - self.start, stop - self.start
        return Segment(
            start,
            self.secrets[first * SECRET : last * SECRET],
            self.pubkeys[first * PUBKEY : last * PUBKEY],
            self.withdrawal_pubkeys[first * PUBKEY : last * PUBKEY],
        )

    def to_bytes(self) -> bytes:
        """The three columns, joined."""
        return b"".join((self.secrets, self.pubkeys, self.withdrawal_pubkeys))

    @classmethod
    def from_bytes(cls, start: int, data: bytes | memoryview) -> Segment:
        """What :meth:`to_bytes` wrote.

        Raises:
            ValueError: not a whole number of keys.
        """
        count, rest = divmod(len(data), RECORD)
        if rest:
            raise ValueError(f"{len(data)} bytes are not a whole number of keys")
        middle = count * SECRET
        last = middle + count * PUBKEY
        return cls(start, bytes(data[:middle]), bytes(data[middle:last]), bytes(data[last:]))


def join(segments: Iterable[Segment]) -> Segment:
    """One segment of several that follow each other without a gap.

    Raises:
        ValueError: there are none, or they do not follow each other.
    """
    parts = list(segments)
    if not parts or any(a.stop != b.start for a, b in pairwise(parts)):
        raise ValueError("segments to join follow each other without a gap")
    if len(parts) == 1:
        return parts[0]
    return Segment(
        parts[0].start,
        b"".join(part.secrets for part in parts),
        b"".join(part.pubkeys for part in parts),
        b"".join(part.withdrawal_pubkeys for part in parts),
    )


def merge(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """The same keys in order, each once, with neighbours joined."""
    runs: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda segment: segment.start):
        end = runs[-1][-1].stop if runs else -1
        if segment.stop <= max(end, segment.start):
            continue  # empty, or all of it is known
        if segment.start <= end:
            runs[-1].append(segment.cut(end, segment.stop))
        else:
            runs.append([segment])
    return tuple(join(run) for run in runs)


def missing(segments: Sequence[Segment], start: int, stop: int) -> Iterator[tuple[int, int]]:
    """The ranges of ``[start, stop)`` that merged segments do not hold."""
    at = start
    for segment in segments:
        if segment.stop <= at or segment.start >= stop:
            continue
        if segment.start > at:
            yield at, segment.start
        at = segment.stop
    if at < stop:
        yield at, stop


def select(segments: Iterable[Segment], start: int, stop: int) -> Segment:
    """The keys of ``[start, stop)``, all of which merged segments hold.

    Raises:
        ValueError: some are missing.
    """
    parts = [
        segment.cut(max(start, segment.start), min(stop, segment.stop))
        for segment in segments
        if segment.start < stop and segment.stop > start
    ]
    found = join(parts) if parts else Segment(start, b"", b"", b"")
    if (found.start, found.stop) != (start, stop):
        raise ValueError(f"keys {start} to {stop} are not all there")
    return found
