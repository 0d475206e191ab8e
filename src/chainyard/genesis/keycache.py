"""Derived validator keys kept on disk: a second network of the same mnemonic derives nothing.

One file per mnemonic, in a 0700 folder, mode 0600. Its name and the key that encrypts it come
from the mnemonic's seed, so that the cache alone tells neither the mnemonic nor any key, and a
file that somebody changed is noticed. A file that cannot be used is put aside and said so; it is
never an error.

Layout: magic (8 bytes), nonce (12), then AES-256-GCM of: number of segments, their starts and
counts (4 bytes each, big-endian), and their columns (see :mod:`key_segments`).
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import struct
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import digest
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chainyard.genesis.key_segments import RECORD, Segment, merge

MAGIC = b"CYKEYS\x00\x01"
_NONCE = 12
_SALT = b"chainyard validator key cache"
_LIMIT = 2**31 - 1  # AES-GCM's in the library: 15 million keys, more than any network has

Notice = Callable[[str], None]


@dataclass(frozen=True)
class KeyCache:
    """The derived keys of all mnemonics used on this machine.

    Args:
        directory: made when needed, mode 0700. By custom ``cache_dir() / "keys"``.
        notice: called with a sentence when a file of it cannot be read or written.
    """

    directory: Path
    notice: Notice = field(default=logging.getLogger(__name__).warning, repr=False)

    def load(self, seed: bytes) -> tuple[Segment, ...]:
        """What is known of the mnemonic with this seed, in order; nothing if nothing is."""
        path = self._path(seed)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            self.notice(f"the key cache {path} cannot be read ({error}): keys are derived again")
            return ()
        try:
            return _open(data, _derive(seed, b"key"))
        except ValueError as error:
            self.notice(f"the key cache {path} {error}: keys are derived again")
            return ()

    def store(self, seed: bytes, segments: Iterable[Segment]) -> None:
        """Add keys. What another process stored in the meantime is kept."""
        path = self._path(seed)
        try:
            _make_private(self.directory)
            with _locked(path.with_suffix(".lock")):
                known = merge((*self.load(seed), *segments))
                _write(path, _seal(known, _derive(seed, b"key")))
        except OSError as error:
            self.notice(
                f"the key cache {path} cannot be written ({error}): "
                "the next network derives its keys again"
            )

    def _path(self, seed: bytes) -> Path:
        return self.directory / f"{_derive(seed, b'name')[:16].hex()}.keys"


def _derive(seed: bytes, purpose: bytes) -> bytes:
    """32 bytes from the seed for one purpose (HKDF-SHA256, one block, RFC 5869)."""
    return digest(digest(_SALT, seed, sha256), purpose + b"\x01", sha256)


def _seal(segments: tuple[Segment, ...], key: bytes) -> bytes:
    table = [number for segment in segments for number in (segment.start, len(segment))]
    plain = b"".join(
        (
            struct.pack(f">I{len(table)}I", len(segments), *table),
            *(segment.to_bytes() for segment in segments),
        )
    )
    nonce = os.urandom(_NONCE)
    return MAGIC + nonce + AESGCM(key).encrypt(nonce, plain, MAGIC)


def _open(data: bytes, key: bytes) -> tuple[Segment, ...]:
    """The segments of a file.

    Raises:
        ValueError: what is wrong with it.
    """
    if data[: len(MAGIC)] != MAGIC:
        raise ValueError("is not one of this version")
    start = len(MAGIC) + _NONCE
    if not start < len(data) <= _LIMIT:
        raise ValueError("is damaged")
    try:
        plain = AESGCM(key).decrypt(data[len(MAGIC) : start], memoryview(data)[start:], MAGIC)
    except InvalidTag:
        raise ValueError("is damaged, or another mnemonic's") from None
    return tuple(_segments(plain))


def _segments(plain: bytes) -> Iterator[Segment]:
    (count,) = struct.unpack_from(">I", plain)
    table = struct.unpack_from(f">{2 * count}I", plain, 4)
    at, view = 4 + 8 * count, memoryview(plain)
    for start, length in zip(table[::2], table[1::2], strict=True):
        end = at + length * RECORD
        yield Segment.from_bytes(start, view[at:end])
        at = end


def _make_private(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if directory.stat().st_mode & 0o077:
        directory.chmod(0o700)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Alone among processes while writing; the lock ends with the process that holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing: readers take no lock."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
