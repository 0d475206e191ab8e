"""Reading a log that another process writes and rotates, safe to show on a terminal.

``NAME.log`` is written to; ``NAME.log.1`` is the newest full one, ``.2`` the one before.
"""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

MAX_LINE = 64 * 1024
"""Bytes after which a line without an end is cut: a log may hold anything."""

POLL = 0.1
"""Seconds between two looks at a followed log."""

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_UNSAFE = re.compile(
    # C0 but the tabulator, DEL, C1, and what reorders or breaks a line of text.
    r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def harmless(raw: bytes) -> str:
    """A line as text that can do nothing to a terminal: colours dropped, controls spelled out."""
    text = _COLOUR.sub("", raw.rstrip(b"\r\n").decode("utf-8", "replace"))
    return _UNSAFE.sub(lambda match: _spelled(match[0]), text)


def _spelled(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def files_of(log: Path) -> list[Path]:
    """The files that hold a log, oldest first."""
    rotated = []
    for path in log.parent.glob(f"{_literal(log.name)}.*"):
        suffix = path.name.removeprefix(f"{log.name}.")
        if suffix.isdigit():
            rotated.append((int(suffix), path))
    return [path for _, path in sorted(rotated, reverse=True)] + ([log] if log.exists() else [])


def _literal(name: str) -> str:
    return re.sub(r"([\[\]*?])", r"[\1]", name)


def read_log(log: Path, *, tail: int | None = None) -> list[str]:
    """Lines of a log, oldest first: all that is kept, or the last ``tail`` of them."""
    if tail is None:
        return [harmless(line) for path in files_of(log) for line in _lines_of(path)]
    lines: deque[bytes] = deque()
    for path in reversed(files_of(log)):
        missing = tail - len(lines)
        if missing <= 0:
            break
        lines.extendleft(reversed(deque(_lines_of(path), maxlen=missing)))
    return [harmless(line) for line in lines]


def _lines_of(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while line := file.readline(MAX_LINE):
                yield line
    except FileNotFoundError:
        return  # rotated away meanwhile


def follow_log(
    log: Path,
    *,
    tail: int | None = None,
    wait: Callable[[float], object] = time.sleep,
    until: Callable[[], bool] = lambda: False,
) -> Iterator[str]:
    """Lines of a log and then new ones as they come, across rotations.

    Args:
        wait: called with `POLL` when there is nothing new.
        until: when this holds and nothing is left to read, it ends.
    """
    reader = _Reader(log)
    try:
        yield from map(harmless, reader.begin(tail))
        while True:
            # Asked before reading: what was written before the end is still shown.
            last = until()
            empty = True
            for line in reader.new_lines():
                empty = False
                yield harmless(line)
            if empty:
                if last:
                    yield from map(harmless, reader.rest())
                    return
                wait(POLL)
    finally:
        reader.close()


class _Reader:
    """Reads forward through a log and the files that it is rotated into."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._file: BinaryIO | None = None
        self._part = b""

    def begin(self, tail: int | None) -> list[bytes]:
        """The lines there are by now, the last ``tail`` of them."""
        kept = files_of(self._log)
        self._file = kept[0].open("rb") if kept else None
        return list(deque(self.new_lines(), maxlen=tail))

    def new_lines(self) -> Iterator[bytes]:
        while True:
            if self._file is not None:
                yield from self._complete_lines(self._file)
            following = self._next_file()
            if following is None:
                return
            if self._file is not None:
                # Written between the last read and the rotation.
                yield from self._complete_lines(self._file)
                self._file.close()
            self._file = following

    def rest(self) -> list[bytes]:
        """A last line that was not ended."""
        return [self._part] if self._part else []

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _complete_lines(self, file: BinaryIO) -> Iterator[bytes]:
        while chunk := file.readline(MAX_LINE):
            self._part += chunk
            if self._part.endswith(b"\n") or len(self._part) >= MAX_LINE:
                whole, self._part = self._part, b""
                yield whole

    def _next_file(self) -> BinaryIO | None:
        """The file after the current one: none while the current one is still written to."""
        kept = files_of(self._log)
        if self._file is None:
            return _open(kept[0]) if kept else None
        current = _inode(os.fstat(self._file.fileno()))
        for index, path in enumerate(kept):
            try:
                if _inode(path.stat()) == current:
                    return _open(kept[index + 1]) if index + 1 < len(kept) else None
            except FileNotFoundError:
                return None  # rotating right now: look again
        # Rotated out of existence: the oldest that is left comes next.
        return _open(kept[0]) if kept else None


def _inode(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _open(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None
