"""A network's validator keys, from a mnemonic or from the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

from chainyard.genesis.derivation import MAX_INDEX, VALIDATORS_PATH, derive_path
from chainyard.genesis.key_pool import derive_ranges
from chainyard.genesis.key_segments import PUBKEY, SECRET, Segment, merge, missing, select
from chainyard.genesis.keycache import KeyCache
from chainyard.genesis.mnemonics import mnemonic_seed

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ValidatorKeys:
    """Keys of a run of indices of one mnemonic, packed: 100,000 of them are three byte strings.

    Index 0 is the first of the run. The columns are meant for array libraries, too:
    ``numpy.frombuffer(keys.pubkeys, "u1").reshape(-1, 48)``.

    Args:
        start: index in the mnemonic of the first key.
        secrets: signing secrets, 32 bytes each, big-endian.
        pubkeys: signing public keys, 48 bytes each.
        withdrawal_pubkeys: withdrawal public keys, 48 bytes each.
    """

    start: int
    secrets: bytes = field(repr=False)
    pubkeys: bytes = field(repr=False)
    withdrawal_pubkeys: bytes = field(repr=False)

    def __len__(self) -> int:
        return len(self.pubkeys) // PUBKEY

    def secret(self, index: int) -> bytes:
        """Signing secret, 32 bytes."""
        return _record(self.secrets, index, SECRET)

    def pubkey(self, index: int) -> bytes:
        """Signing public key, 48 bytes."""
        return _record(self.pubkeys, index, PUBKEY)

    def withdrawal_pubkey(self, index: int) -> bytes:
        """Withdrawal public key, 48 bytes."""
        return _record(self.withdrawal_pubkeys, index, PUBKEY)

    def pubkey_list(self) -> list[bytes]:
        """All signing public keys."""
        return list(_records(self.pubkeys, PUBKEY))

    def withdrawal_pubkey_list(self) -> list[bytes]:
        """All withdrawal public keys."""
        return list(_records(self.withdrawal_pubkeys, PUBKEY))

    def secret_list(self) -> list[bytes]:
        """All signing secrets."""
        return list(_records(self.secrets, SECRET))

    def part(self, first: int, count: int) -> ValidatorKeys:
        """The keys of mnemonic indices ``first`` to ``first + count``: one node's.

        Raises:
            IndexError: not all of them are here.
        """
        if not self.start <= first <= first + count <= self.start + len(self):
            raise IndexError(
                f"keys {first} to {first + count} are not within "
                f"{self.start} to {self.start + len(self)}"
            )
        whole = Segment(self.start, self.secrets, self.pubkeys, self.withdrawal_pubkeys)
        return _from_segment(whole.cut(first, first + count))


def derive_validators(
    mnemonic: str,
    start: int,
    count: int,
    *,
    cache: KeyCache | None,
    progress: Progress | None = None,
    key: str = "mnemonic",
) -> ValidatorKeys:
    """The validator keys of mnemonic indices ``start`` to ``start + count``.

    Signing keys are at ``m/12381/3600/i/0/0``, withdrawal keys at ``m/12381/3600/i/0``
    (EIP-2334). Deriving takes about 1.5 ms of one core each; from the cache 100,000 take 0.1 s.
    What was derived when it is interrupted is in the cache, too.

    Args:
        cache: where keys are looked up and added; None derives all of them.
        progress: called with (derived, to derive) as keys come; never if all are cached.
        key: where the mnemonic was given; named in errors.

    Raises:
        RequestError: the mnemonic is not one.
        ValueError: indices out of the range of 0 to 2**32.
    """
    if start < 0 or count < 0 or start + count > MAX_INDEX + 1:
        raise ValueError(f"validator indices are between 0 and {MAX_INDEX}")
    seed = mnemonic_seed(mnemonic, key=key)
    known = cache.load(seed) if cache else ()
    ranges = list(missing(known, start, start + count))
    if not ranges:
        return _from_segment(select(known, start, start + count))
    derived: list[Segment] = []
    try:
        derived.extend(_derive(seed, ranges, progress))
    finally:
        if cache and derived:
            cache.store(seed, derived)
    return _from_segment(select(merge((*known, *derived)), start, start + count))


def _derive(
    seed: bytes, ranges: list[tuple[int, int]], progress: Progress | None
) -> Iterator[Segment]:
    total, done = sum(stop - start for start, stop in ranges), 0
    with closing(derive_ranges(derive_path(seed, VALIDATORS_PATH), ranges)) as segments:
        for segment in segments:
            done += len(segment)
            yield segment
            if progress:
                progress(done, total)


def _from_segment(segment: Segment) -> ValidatorKeys:
    return ValidatorKeys(
        segment.start, segment.secrets, segment.pubkeys, segment.withdrawal_pubkeys
    )


def _record(column: bytes, index: int, size: int) -> bytes:
    count = len(column) // size
    if not 0 <= index < count:
        raise IndexError(f"there is no key {index} of {count}")
    return column[index * size : (index + 1) * size]


def _records(column: bytes, size: int) -> Iterator[bytes]:
    return (column[at : at + size] for at in range(0, len(column), size))
