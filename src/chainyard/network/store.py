"""Writing a network's folder so that a crash at any point leaves something usable."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from chainyard.errors import ChainyardError, RequestError

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


def private_folder(path: Path) -> Path:
    """Make a folder, and those above it that are missing, for this user alone."""
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=PRIVATE_FOLDER)
    return path


def write(path: Path, content: bytes) -> None:
    """Write a file as a whole or not at all, readable by this user alone."""
    private_folder(path.parent)
    part = path.with_name(f".{path.name}.part")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with os.fdopen(os.open(part, flags, PRIVATE_FILE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise _disk_error(path, error) from error


def write_tree(root: Path, files: Iterator[tuple[str, bytes]] | Mapping[str, bytes]) -> None:
    """Write a folder of files as a whole or not at all: a half-written one is begun anew.

    The files are not synced one by one: 100,000 keystores would take minutes. The folder takes
    its final name last, so a crash before that is seen and mended by the next call.
    """
    import shutil  # noqa: PLC0415 - start-up time

    part = root.with_name(f".{root.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        private_folder(part)
        made = {part}
        for name, content in files.items() if isinstance(files, Mapping) else files:
            path = part / name
            if path.parent not in made:
                path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
                made.add(path.parent)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, PRIVATE_FILE), "wb") as file:
                file.write(content)
        shutil.rmtree(root, ignore_errors=True)
        part.rename(root)
    except OSError as error:
        raise _disk_error(root, error) from error


def read_json(path: Path) -> Any:
    """A JSON file of ours.

    Raises:
        ChainyardError: it is damaged.
        FileNotFoundError: it is not there.
    """
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise ChainyardError(
            f"{path} is damaged: {error}",
            cause="the disk was full or the file was edited",
            hint=f"remove the network with `chainyard down --name {path.parent.name}`",
        ) from error


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file as a whole or not at all."""
    write(path, (json.dumps(value, indent=2) + "\n").encode())


def append_event(path: Path, kind: str, **details: Any) -> None:
    """Add a line to the network's events; ``time`` is in Unix seconds."""
    line = json.dumps({"time": round(time.time(), 3), "event": kind, **details})
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE)
    with os.fdopen(fd, "a", encoding="utf-8") as file:
        file.write(line + "\n")


@contextlib.contextmanager
def mutex(path: Path, *, timeout: float = 10.0) -> Iterator[None]:
    """Hold a file lock; other commands wait up to ``timeout`` seconds for it.

    Raises:
        RequestError: another command holds it for longer.
    """
    private_folder(path.parent)
    lock = FileLock(path, mode=PRIVATE_FILE)
    try:
        lock.acquire(timeout=timeout)
    except Timeout as error:
        raise RequestError(
            f"another chainyard command is working on {path.parent.name!r}",
            hint="wait for it to end, or end it, and run this again",
        ) from error
    try:
        yield
    finally:
        lock.release()


def _disk_error(path: Path, error: OSError) -> ChainyardError:
    return ChainyardError(
        f"cannot write {path}: {error.strerror}",
        hint="free space or mend the permissions there, then run the command again",
    )
