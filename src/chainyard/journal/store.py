"""The journal on disk: segments that are only ever appended to, and an index in memory.

One process writes (`Writer`), any number read (`Journal`). What a crash left half written at the
end is cut off by the next writer and passed over by readers.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from chainyard.errors import ChainyardError, RequestError
from chainyard.journal.records import Entry, Hole, Row, decode, encode, scan

SEGMENT_BYTES = 16 << 20
"""A new segment is begun when one is that long; only whole segments are removed."""


class Journal:
    """The blocks that were there when it was opened.

    Args:
        folder: where its segments are; it need not exist.

    Raises:
        ChainyardError: it cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damage: list[str] = []
        self._rows: dict[str, Row] = {}
        self._sizes: dict[int, int] = {}
        for segment in self._segments():
            self._load(segment)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, root: object) -> bool:
        return root in self._rows

    def rows(self) -> list[Row]:
        """All blocks by slot, forks included."""
        return sorted(self._rows.values(), key=lambda row: row.slot)

    def tip(self) -> Row | None:
        """The block of the highest slot."""
        return max(self._rows.values(), key=lambda row: row.slot, default=None)

    def chain_to(self, root: str) -> list[Row]:
        """A block and its ancestors, oldest first, as far back as the journal reaches."""
        chain = []
        row = self._rows.get(root)
        while row is not None:
            chain.append(row)
            row = self._rows.get(row.parent_root)
        return chain[::-1]

    def after(self, slot: int) -> Iterator[Entry]:
        """Blocks of slots above ``slot``, parents before children; damaged ones are left out."""
        for row in self.rows():
            if row.slot > slot:
                yield self.read(row)

    def read(self, row: Row) -> Entry:
        """A block.

        Raises:
            ChainyardError: it was damaged or removed since the journal was opened.
        """
        path = self._path(row.segment)
        try:
            with path.open("rb") as file:
                file.seek(row.offset)
                return decode(row, file.read(row.length))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ChainyardError(
                f"the journal's block of slot {row.slot} cannot be read from {path}: {error}"
            ) from error

    def size(self) -> int:
        """Bytes on disk."""
        return sum(self._sizes.values())

    def _path(self, segment: int) -> Path:
        return self.folder / f"blocks-{segment:06d}.journal"

    def _segments(self) -> list[int]:
        try:
            names = [path.stem.removeprefix("blocks-") for path in self.folder.glob("*.journal")]
        except OSError as error:
            raise _unreadable(self.folder, error) from error
        return sorted(int(name) for name in names if name.isdigit())

    def _load(self, segment: int) -> None:
        path = self._path(segment)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return  # a writer has just removed it
        except OSError as error:
            raise _unreadable(path, error) from error
        self._sizes[segment] = len(data)
        for found in scan(data, segment):
            if isinstance(found, Row):
                self._rows.setdefault(found.root, found)
            elif found.end < len(data) or not self._is_last(segment):
                self.damage.append(f"{path.name}, bytes {found.start} to {found.end}")
            else:
                self._torn(segment, found)

    def _is_last(self, segment: int) -> bool:
        return segment == max(self._segments(), default=segment)

    def _torn(self, segment: int, hole: Hole) -> None:
        """What a crash left half written, or a writer is writing right now."""


class Writer(Journal):
    """The one that appends. Use it as a context manager.

    Raises:
        RequestError: another process writes to this journal.
        ChainyardError: it cannot be written.
    """

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._segment_bytes = segment_bytes
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise RequestError(f"another process writes to the journal in {folder}") from None
        super().__init__(folder)
        self._segment = max(self._sizes, default=1)
        self._file = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let another process write."""
        os.close(self._file)
        os.close(self._lock)

    def append(self, entry: Entry) -> bool:
        """Write a block; when this returns it survives a power loss.

        Returns:
            False for one that is there already.

        Raises:
            ChainyardError: it cannot be written, e.g. for want of space; nothing of it stays.
        """
        if entry.root in self:
            return False
        if self._sizes.get(self._segment, 0) >= self._segment_bytes:
            os.close(self._file)
            self._segment += 1
            self._file = self._open()
        offset = self._sizes.setdefault(self._segment, 0)
        record = encode(entry)
        self._write(record, offset)
        self._sizes[self._segment] = offset + len(record)
        for row in scan(record, self._segment):
            assert isinstance(row, Row)  # noqa: S101 - it was encoded just now
            self._rows[row.root] = _moved(row, offset)
        return True

    def trim(self, before_slot: int, keep_bytes: int) -> int:
        """Remove the oldest segments while there are more than ``keep_bytes``.

        Args:
            before_slot: a segment with a block of this slot or later stays.

        Returns:
            How many segments were removed.
        """
        removed = 0
        for segment in sorted(self._sizes):
            rows = [row for row in self._rows.values() if row.segment == segment]
            old = all(row.slot < before_slot for row in rows)
            if segment == self._segment or not old or self.size() <= keep_bytes:
                break
            self._path(segment).unlink(missing_ok=True)
            del self._sizes[segment]
            for row in rows:
                del self._rows[row.root]
            removed += 1
        return removed

    def _open(self) -> int:
        path = self._path(self._segment)
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
            os.fsync(folder)
            os.close(folder)
        except OSError as error:
            raise _unwritable(path, error) from error
        return file

    def _write(self, record: bytes, offset: int) -> None:
        try:
            written = 0
            while written < len(record):
                written += os.write(self._file, record[written:])
            os.fsync(self._file)
        except OSError as error:
            os.ftruncate(self._file, offset)
            raise _unwritable(self._path(self._segment), error) from error

    def _torn(self, segment: int, hole: Hole) -> None:
        """Cut it off: what is appended must follow a whole record."""
        os.truncate(self._path(segment), hole.start)
        self._sizes[segment] = hole.start


def _moved(row: Row, offset: int) -> Row:
    return Row(**(vars(row) | {"offset": offset}))


def _unreadable(path: Path, error: OSError) -> ChainyardError:
    return ChainyardError(
        f"cannot read {path}: {error.strerror}", hint="mend the permissions there"
    )


def _unwritable(path: Path, error: OSError) -> ChainyardError:
    return ChainyardError(f"cannot write {path}: {error.strerror}", hint="free some space")
