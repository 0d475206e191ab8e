"""Writing a network's folder so that a crash at any point leaves something usable."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from chainyard.errors import ChainyardError, RequestError

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
# Files of a tree that are synced one by one; with more of them it costs less to sync the disk.
SYNCED_ALONE = 100


def private_folder(path: Path) -> Path:
    """Make a folder, and those above it that are missing, for this user alone."""
    for missing in [one for one in reversed((path, *path.parents)) if not one.is_dir()]:
        with contextlib.suppress(FileExistsError):
            missing.mkdir(mode=PRIVATE_FOLDER)
            missing.chmod(PRIVATE_FOLDER)  # whatever the umask
    return path


def write(path: Path, content: bytes) -> None:
    """Write a file as a whole or not at all, readable by this user alone.

    Raises:
        ChainyardError: it cannot be written, e.g. for want of space; what was there still is.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        private_folder(path.parent)
        _write_file(part, content, sync=True)
        part.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise _disk_error(path, error) from error


def write_tree(root: Path, files: Iterator[tuple[str, bytes]] | Mapping[str, bytes]) -> None:
    """Write a folder of files as a whole or not at all: a half-written one is begun anew.

    The folder takes its final name last, when all of it is on the disk, so a crash before that is
    seen and mended by the next call.

    Raises:
        ChainyardError: it cannot be written, e.g. for want of space.
    """
    import shutil  # noqa: PLC0415 - start-up time

    part = root.with_name(f".{root.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        private_folder(part)
        _write_files(part, files.items() if isinstance(files, Mapping) else files)
        shutil.rmtree(root, ignore_errors=True)
        part.rename(root)
        _sync_folder(root.parent)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise _disk_error(root, error) from error


def _write_files(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    made = {folder}
    written = 0
    for name, content in files:
        path = folder / name
        if path.parent not in made:
            made.add(private_folder(path.parent))
        written += 1
        _write_file(path, content, sync=written <= SYNCED_ALONE)
    if written > SYNCED_ALONE:
        os.sync()


def _write_file(path: Path, content: bytes, *, sync: bool) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with os.fdopen(os.open(path, flags, PRIVATE_FILE), "wb") as file:
        os.fchmod(file.fileno(), PRIVATE_FILE)  # whatever the umask
        file.write(content)
        if sync:
            file.flush()
            os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Have a name in a folder survive a power loss."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def read_json(path: Path) -> Any:
    """A JSON file of ours.

    Raises:
        ChainyardError: it is damaged, or cannot be read.
        FileNotFoundError: it is not there.
    """
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ChainyardError(
            f"cannot read {path}: {error.strerror}", hint="mend the permissions there"
        ) from error
    except (ValueError, RecursionError) as error:
        raise damaged(path, str(error)) from error


def damaged(path: Path, why: str = "") -> ChainyardError:
    """The error of a file of ours that is not as we wrote it."""
    name = next((up.name for up in path.parents if (up / "lock.json").exists()), path.parent.name)
    return ChainyardError(
        f"{path} is damaged" + (f": {why}" if why else ""),
        cause="the disk was full, or the file was edited",
        hint=f"remove the network with `chainyard down --name {name}`",
    )


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file as a whole or not at all."""
    write(path, (json.dumps(value, indent=2) + "\n").encode())


def append_event(path: Path, kind: str, **details: Any) -> None:
    """Add a line to the network's events; ``time`` is in Unix seconds."""
    line = json.dumps({"time": round(time.time(), 3), "event": kind, **details})
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE)
        with os.fdopen(fd, "a", encoding="utf-8") as file:
            os.fchmod(fd, PRIVATE_FILE)
            file.write(line + "\n")
    except OSError as error:
        raise _disk_error(path, error) from error


@contextlib.contextmanager
def mutex(path: Path, *, timeout: float = 10.0) -> Iterator[None]:
    """Hold a file lock; other commands wait up to ``timeout`` seconds for it.

    Raises:
        RequestError: another command holds it for longer, or removed its folder meanwhile.
    """
    lock = FileLock(path, mode=PRIVATE_FILE)
    try:
        private_folder(path.parent)
        lock.acquire(timeout=timeout)
    except Timeout as error:
        raise RequestError(
            f"another chainyard command is working on {path.parent.name!r}",
            hint="wait for it to end, or end it, and run this again",
        ) from error
    except FileNotFoundError as error:
        raise RequestError(
            f"another chainyard command removed {path.parent.name!r} meanwhile",
            hint="run this again",
        ) from error
    except OSError as error:
        raise _disk_error(path, error) from error
    try:
        yield
    finally:
        lock.release()


def _disk_error(path: Path, error: OSError) -> ChainyardError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return ChainyardError(
        f"cannot write {path}: {error.strerror or error}",
        cause="the disk is full" if full else "",
        hint=f"{'free space' if full else 'mend the permissions there'}, then run this again",
    )


def remove_tree(folder: Path) -> None:
    """Remove a folder of which others may be removing parts.

    Raises:
        ChainyardError: something in it cannot be removed.
    """
    import shutil  # noqa: PLC0415 - start-up time

    shutil.rmtree(folder, onerror=_not_removed)


def _not_removed(_function: object, path: str, info: tuple[type, BaseException, object]) -> None:
    error = info[1]
    if isinstance(error, FileNotFoundError):
        return
    raise ChainyardError(
        f"cannot remove {path}: {getattr(error, 'strerror', None) or error}",
        hint="mend the permissions there, or remove it yourself; then run this again",
    ) from error
