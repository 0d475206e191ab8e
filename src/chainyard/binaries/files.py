"""Files on disk: checksums, atomic writes, locks, and errors of the disk said as such."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chainyard.binaries.progress import megabytes
from chainyard.errors import DownloadError
from chainyard.progress import Progress

_LOCK_POLL = 0.2


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_executable(path: Path) -> bool:
    """Whether it is a file that this user may execute."""
    return path.is_file() and os.access(path, os.X_OK)


def write_json(path: Path, value: Any) -> None:
    """Write atomically: a reader sees the old file or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file; None if there is none that can be understood."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


@contextlib.contextmanager
def scratch(parent: Path, prefix: str) -> Iterator[Path]:
    """A folder below ``parent`` that is gone afterwards, whatever happens."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{prefix}-", dir=parent))
    try:
        yield folder
    finally:
        remove_tree(folder)


def remove_tree(folder: Path) -> None:
    """Remove a folder if it is there."""
    shutil.rmtree(folder, ignore_errors=True)


def size_of_tree(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(
        (Path(root) / name).lstat().st_size for root, _, names in os.walk(folder) for name in names
    )


@contextlib.contextmanager
def locked(path: Path, task: str, progress: Progress) -> Iterator[bool]:
    """Hold a lock between processes. Yields whether another process had to be waited for."""
    import filelock  # noqa: PLC0415 - start-up time

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(path)
    waited = False
    while True:
        try:
            # Short waits, so that Ctrl-C is answered between them.
            lock.acquire(timeout=_LOCK_POLL)
            break
        except filelock.Timeout:
            if not waited:
                progress.started(f"waiting for another process: {task}", None, "")
            waited = True
    try:
        if waited:
            progress.finished(f"waiting for another process: {task}", "done")
        yield waited
    finally:
        lock.release()


@contextlib.contextmanager
def disk_errors(place: Path, doing: str) -> Iterator[None]:
    """Turn an error of the disk into a sentence.

    Raises:
        DownloadError: the disk is full, over quota, read-only, or the folder is not ours.
    """
    try:
        yield
    except OSError as error:
        message, hint = _explain(error, place)
        raise DownloadError(f"{doing}: {message}", hint=hint) from error


def _explain(error: OSError, place: Path) -> tuple[str, str]:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        why = "the disk is full" if error.errno == errno.ENOSPC else "the disk quota is used up"
        return (
            f"{why} at {place} ({_free(place)} free)",
            "make room there, or set CHAINYARD_HOME to a folder on a larger disk",
        )
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return (
            f"cannot write to {place}: {error.strerror}",
            "make that folder writable for this user, or set CHAINYARD_HOME to one that is",
        )
    return f"{error.strerror or error} at {error.filename or place}", ""


def _free(place: Path) -> str:
    for folder in (place, *place.parents):
        if folder.exists():
            return megabytes(shutil.disk_usage(folder).free)
    return "unknown"
