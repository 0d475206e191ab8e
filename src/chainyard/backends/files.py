"""Private files and folders: atomic writes, 0600 in 0700, and a short place for sockets."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from pathlib import Path

from chainyard.errors import ChainyardError

SOCKET_PATH_LIMIT = 100
"""Bytes of a Unix socket's path that are safe everywhere (sun_path: macOS 104, Linux 108)."""

_LONGEST_SOCKET_NAME = 42
"""Of a service's socket in the network's folder of sockets; longer ones are hashed."""


def private_dir(path: Path) -> Path:
    """Make a folder, and those above it, that only its owner may enter.

    Raises:
        ChainyardError: it cannot be made.
    """
    for missing in [one for one in reversed((path, *path.parents)) if not one.is_dir()]:
        try:
            missing.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise _cannot_write(missing, error) from error
    return path


def write_private(path: Path, content: bytes | str, *, durable: bool = True) -> bool:
    """Write a file (mode 0600) as a whole or not at all.

    Args:
        durable: it must survive a power loss from the moment this returns.

    Returns:
        Whether anything changed.

    Raises:
        ChainyardError: it cannot be written, e.g. for want of space.
    """
    data = content.encode() if isinstance(content, str) else content
    if _holds(path, data):
        return False
    try:
        private_dir(path.parent)
        _replace(path, data, durable=durable)
    except OSError as error:
        raise _cannot_write(path, error) from error
    return True


def _replace(path: Path, data: bytes, *, durable: bool) -> None:
    temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(6)}.tmp")
    try:
        _write(temporary, data, durable=durable)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _cannot_write(path: Path, error: OSError) -> ChainyardError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return ChainyardError(
        f"{path} cannot be written: {error.strerror}",
        cause="the disk is full" if full else "",
        hint="free some space, then run the same command again" if full else "",
    )


def _holds(path: Path, data: bytes) -> bool:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        return mode == 0o600 and path.read_bytes() == data
    except OSError:
        return False


def _write(path: Path, data: bytes, *, durable: bool) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())


def socket_dir(folder: Path) -> Path:
    """Where the sockets of the network in ``folder`` are: always the same answer for a folder.

    Inside the folder if that is short enough, so that nothing outside of it can vanish under a
    running network (a login session's runtime folder does, at logout); else below ``/tmp``.
    """
    inside = folder / "backend" / "sockets"
    if len(os.fsencode(inside)) + 1 + _LONGEST_SOCKET_NAME <= SOCKET_PATH_LIMIT:
        return inside
    return _outside_dir() / _digest(str(folder), 16)


def socket_path(folder: Path, owner: str, name: str) -> Path:
    """Path, short enough for the kernel, of a socket of ``owner`` (a service)."""
    readable = f"{owner}.{name}"
    if len(readable.encode()) > _LONGEST_SOCKET_NAME:
        readable = f"{_digest(owner, 8)}.{name}"
    if len(readable.encode()) > _LONGEST_SOCKET_NAME:
        readable = _digest(f"{owner}.{name}", 24)
    return socket_dir(folder) / readable


def make_socket_dir(folder: Path) -> Path:
    """Make `socket_dir`, safe from what other users put into a shared ``/tmp``.

    Raises:
        ChainyardError: somebody else has made it, or may write to it.
    """
    place = socket_dir(folder)
    if place.is_relative_to(folder):
        return private_dir(place)
    for part in (place.parent, place):
        part.mkdir(mode=0o700, exist_ok=True)
        _check_own(part)
    return place


def remove_socket_dir(folder: Path) -> None:
    """Remove `socket_dir` and all in it; the folder shared by networks only when it is empty."""
    place = socket_dir(folder)
    if place.is_dir() and not place.is_symlink():
        for entry in place.iterdir():
            entry.unlink(missing_ok=True)
        place.rmdir()
    if not place.is_relative_to(folder):
        try:
            place.parent.rmdir()
        except OSError:
            return  # other networks use it, or it never was


def _outside_dir() -> Path:
    # Not tempfile.gettempdir(): on macOS that is too long, and it follows $TMPDIR, which differs
    # between the sessions that look for one network.
    return Path("/tmp") / f"chainyard-{os.geteuid()}"  # noqa: S108 - checked by _check_own


def _check_own(path: Path) -> None:
    found = path.lstat()
    if (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.geteuid()
        and not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    ):
        return
    raise ChainyardError(
        f"{path} is not a private folder of ours, so no socket can be put there",
        cause="another user or program made it",
        hint=f"remove {path}, or set CHAINYARD_HOME to a shorter path",
    )


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:length]
