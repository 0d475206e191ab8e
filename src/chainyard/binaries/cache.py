"""The cache: programs that were downloaded or built, each with a record to verify it by.

``programs/NAME/VERSION/PLATFORM/`` holds the executable, named as the program, and ``record.json``.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path

from chainyard.binaries.catalog import Pin
from chainyard.binaries.files import disk_errors, is_executable, read_json, sha256_of, write_json
from chainyard.binaries.outcome import LockedProgram, Resolved, Source, UnavailableError


@dataclass(frozen=True)
class Record:
    """What is known of a cached executable.

    Args:
        sha256: of the executable, when it was put here.
        origin: ``release`` or ``build``.
        signature: what was said of its signature.
        detail: URL or module it came from.
        module_sha256: of the go.mod and go.sum it was built from.
    """

    sha256: str
    origin: Source
    signature: str
    detail: str
    module_sha256: str = ""


class Cache:
    """Programs of one platform below ``root``."""

    def __init__(self, root: Path, platform: str) -> None:
        self.root = root
        self.platform = platform

    def file(self, name: str, version: str) -> Path:
        """Where the executable is, or would be."""
        return self.root / "programs" / name / version / self.platform / name

    def lock_file(self, what: str) -> Path:
        """The file that serialises work on ``what`` between processes."""
        return self.root / "locks" / f"{what}.lock"

    def store(self, pin: Pin, executable: Path, record: Record) -> Path:
        """Move an executable (on the same file system) into the cache, atomically.

        Raises:
            DownloadError: the disk is full or not writable.
        """
        target = self.file(pin.name, pin.version)
        with disk_errors(target.parent, f"cannot keep {pin.name}"):
            target.parent.mkdir(parents=True, exist_ok=True)
            executable.chmod(0o755)
            _flush(executable)
            # A crash between these two leaves a file that its record denies: fetched again.
            executable.replace(target)
            write_json(target.with_name("record.json"), asdict(record))
        return target

    def find(self, pin: Pin, locked: LockedProgram | None, module_sha256: str) -> Resolved:
        """The program in the version that the lock names, else in the pinned one.

        Raises:
            UnavailableError: it is not here, is damaged, or is not what is wanted.
        """
        if locked is not None and locked.version != pin.version and _ours(locked):
            try:
                return self._entry(pin.name, locked.version, locked)
            except UnavailableError:
                pass
        found = self._entry(pin.name, pin.version, locked)
        if found.origin == "build" and self._record(found.path).module_sha256 != module_sha256:
            raise UnavailableError("the cached copy was built from another go.mod or go.sum")
        return found

    def _entry(self, name: str, version: str, locked: LockedProgram | None) -> Resolved:
        path = self.file(name, version)
        if not path.exists():
            raise UnavailableError(f"no {name} {version} below {self.root}")
        record = self._record(path)
        have = sha256_of(path)
        if have != record.sha256:
            raise UnavailableError(
                f"the cached copy is damaged (SHA-256 is {have}, was {record.sha256}): {path}",
                notable=True,
            )
        if not is_executable(path):
            raise UnavailableError(f"the cached copy is not executable: {path}", notable=True)
        expected = enforced_sha256(locked, version, self.platform)
        if expected not in {None, have}:
            raise UnavailableError(
                f"the cached copy has SHA-256 {have}, the network's lock records {expected}",
                notable=True,
            )
        return Resolved(
            name, path, version, "cache", have, record.signature, record.origin,
            self.platform, record.detail,
        )  # fmt: skip

    def _record(self, path: Path) -> Record:
        values = read_json(path.with_name("record.json")) or {}
        try:
            return Record(**values)
        except TypeError:
            raise UnavailableError(
                f"the cached copy has no record to verify it by: {path}"
            ) from None


def enforced_sha256(locked: LockedProgram | None, version: str, platform: str) -> str | None:
    """The checksum that a release must have by the network's lock; None if it records none.

    Another version or platform has another checksum, and a build is pinned by its go.sum.
    """
    if locked is None or locked.source != "release" or locked.version != version:
        return None
    return locked.sha256 if locked.platform in {"", platform} else None


def _ours(locked: LockedProgram) -> bool:
    return locked.source in {"release", "build"}


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
