"""One file out of a release archive. Names inside the archive are never used as paths."""

from __future__ import annotations

import gzip
import lzma
import posixpath
import shutil
import tarfile
import zlib
from pathlib import Path

from chainyard.binaries.outcome import RefusedError

ARCHIVES = (".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")
MAX_PROGRAM_BYTES = 2_000_000_000
_BROKEN = (tarfile.TarError, EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error)


def extract_member(archive: Path, member: str, target: Path) -> None:
    """Copy one regular file out of a tar archive to ``target``.

    Raises:
        RefusedError: the archive cannot be read, or the file is not in it as a regular file.
    """
    try:
        with tarfile.open(archive) as tar:
            info = _find(tar, member, archive)
            source = tar.extractfile(info)
            if source is None:
                raise RefusedError(f"{archive.name}: {member} has no content")
            with source, target.open("wb") as out:
                shutil.copyfileobj(source, out, 1 << 20)
    except _BROKEN as error:
        raise RefusedError(
            f"{archive.name} is not a readable archive: {error}",
            cause="the server sent something else than the release",
        ) from error


def _find(tar: tarfile.TarFile, member: str, archive: Path) -> tarfile.TarInfo:
    names = []
    for info in tar:
        names.append(info.name)
        if posixpath.normpath(info.name) != member:
            continue
        if not info.isreg():
            raise RefusedError(f"{archive.name}: {member} is not a regular file; it is not used")
        if info.size > MAX_PROGRAM_BYTES:
            raise RefusedError(f"{archive.name}: {member} claims {info.size} bytes; it is not used")
        return info
    raise RefusedError(
        f"{archive.name} has no {member} (it has {', '.join(names[:5]) or 'nothing'})",
        cause="the release is packed differently than the pinned versions say",
    )
