"""The journal on disk: nothing that was appended is lost, whatever lies around it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainyard.errors import ChainyardError, RequestError
from chainyard.journal.records import HEADER, Hole, Row, decode, encode, scan
from chainyard.journal.store import Journal, Writer

from .chains import entry, root

HASHES = st.binary(min_size=32, max_size=32).map(lambda value: "0x" + value.hex())
UINTS = st.integers(0, 2**64 - 1)


def fill(folder: Path, *slots: int, **how: Any) -> None:
    with Writer(folder, **how) as writer:
        for slot in slots:
            assert writer.append(entry(slot))


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.journal"))


@given(slot=UINTS, number=UINTS, one=HASHES, two=HASHES, three=HASHES, text=st.text())
def test_a_record_comes_back_as_it_was(
    slot: int, number: int, one: str, two: str, three: str, text: str
) -> None:
    before = entry(1, slot=slot, root=one, parent_root=two, block_hash=three, block_number=number,
                   block={"message": text}, blobs=("0x01",), proofs=("0x02",))  # fmt: skip
    record = encode(before)
    (row,) = scan(record, 3)
    assert isinstance(row, Row)
    assert (row.segment, row.offset, row.length) == (3, 0, len(record))
    assert decode(row, record) == before


def test_a_hash_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        encode(entry(1, root="0x1234"))


def test_an_empty_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "none")
    assert (len(journal), journal.tip(), journal.size(), journal.damage) == (0, None, 0, [])
    assert journal.chain_to(root(1)) == []
    assert list(journal.after(0)) == []


def test_what_was_appended_is_read_by_another(tmp_path: Path) -> None:
    fill(tmp_path, 1, 2, 3)
    journal = Journal(tmp_path)
    assert [row.slot for row in journal.rows()] == [1, 2, 3]
    tip = journal.tip()
    assert tip is not None
    assert journal.read(tip) == entry(3)
    assert [found.slot for found in journal.after(1)] == [2, 3]
    assert journal.size() == sum(path.stat().st_size for path in segments(tmp_path))


def test_a_block_is_written_once(tmp_path: Path) -> None:
    with Writer(tmp_path) as writer:
        assert writer.append(entry(1))
        size = writer.size()
        assert not writer.append(entry(1))
        assert writer.size() == size


def test_a_reader_sees_what_is_appended_while_the_writer_is_open(tmp_path: Path) -> None:
    with Writer(tmp_path) as writer:
        writer.append(entry(1))
        assert len(Journal(tmp_path)) == 1
        writer.append(entry(2))
        assert len(Journal(tmp_path)) == 2


def test_files_are_private(tmp_path: Path) -> None:
    fill(tmp_path / "journal", 1)
    assert stat.S_IMODE((tmp_path / "journal").stat().st_mode) == 0o700
    for path in (tmp_path / "journal").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_writers_are_refused(tmp_path: Path) -> None:
    with Writer(tmp_path), pytest.raises(RequestError, match="another process writes"):
        Writer(tmp_path)
    with Writer(tmp_path) as again:
        assert again.append(entry(1))


def test_the_chain_to_a_block_leaves_other_forks_out(tmp_path: Path) -> None:
    with Writer(tmp_path) as writer:
        for one in (entry(1), entry(2), entry(3, fork=1, parent_root=root(2)), entry(4, 2)):
            writer.append(one)
        assert [row.slot for row in writer.chain_to(root(4))] == [1, 2, 4]
        assert [row.slot for row in writer.chain_to(root(3, 1))] == [1, 2, 3]
        assert len(writer.rows()) == 4


def test_a_torn_end_is_cut_off_wherever_it_was_torn(tmp_path: Path) -> None:
    fill(tmp_path, 1, 2)
    (path,) = segments(tmp_path)
    whole = path.read_bytes()
    first = len(encode(entry(1)))
    for cut in range(first, len(whole)):
        path.write_bytes(whole[:cut])
        journal = Journal(tmp_path)
        assert [row.slot for row in journal.rows()] == [1]
        assert journal.damage == []
        with Writer(tmp_path) as writer:
            assert path.stat().st_size == first
            assert writer.append(entry(2))
        assert path.read_bytes() == whole


def test_zeros_after_a_power_loss_are_cut_off(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    (path,) = segments(tmp_path)
    with path.open("ab") as file:
        file.write(bytes(5000))
    fill(tmp_path, 2)
    assert [row.slot for row in Journal(tmp_path).rows()] == [1, 2]


@pytest.mark.parametrize("offset", [0, 4, 8, 12, 40, HEADER, -1])
def test_damage_in_the_middle_is_passed_over_and_told(tmp_path: Path, offset: int) -> None:
    fill(tmp_path, 1, 2, 3)
    (path,) = segments(tmp_path)
    data = bytearray(path.read_bytes())
    start, end = len(encode(entry(1))), len(encode(entry(1))) + len(encode(entry(2)))
    data[start + offset if offset >= 0 else end + offset] ^= 0xFF
    path.write_bytes(data)
    journal = Journal(tmp_path)
    assert [row.slot for row in journal.rows()] == [1, 3]
    assert journal.damage == [f"blocks-000001.journal, bytes {start} to {end}"]
    fill(tmp_path, 4)
    assert [row.slot for row in Journal(tmp_path).rows()] == [1, 3, 4]


def test_a_body_that_holds_the_words_of_a_header_is_no_record() -> None:
    inner = encode(entry(1))
    damaged = b"CYB1" + b"\xff" * 40 + inner
    found = list(scan(damaged, 1))
    assert isinstance(found[0], Hole)
    assert isinstance(found[1], Row)
    assert found[1].offset == 44


def test_a_block_that_was_damaged_after_it_was_indexed(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    journal = Journal(tmp_path)
    (path,) = segments(tmp_path)
    path.write_bytes(bytes(path.stat().st_size))
    (row,) = journal.rows()
    with pytest.raises(ChainyardError, match="slot 1 cannot be read"):
        journal.read(row)


def test_segments_are_begun_anew_and_trimmed_from_the_oldest(tmp_path: Path) -> None:
    with Writer(tmp_path, segment_bytes=1) as writer:
        for slot in range(1, 6):
            writer.append(entry(slot))
        assert len(segments(tmp_path)) == 5
        assert writer.trim(before_slot=4, keep_bytes=0) == 3
        assert [row.slot for row in writer.rows()] == [4, 5]
        assert writer.append(entry(6))
    journal = Journal(tmp_path)
    assert [row.slot for row in journal.rows()] == [4, 5, 6]
    assert [row.slot for row in journal.chain_to(root(6))] == [4, 5, 6]


@pytest.mark.parametrize(("before", "keep"), [(1, 0), (6, 10**9)])
def test_nothing_is_trimmed_that_is_not_final_or_within_the_budget(
    tmp_path: Path, before: int, keep: int
) -> None:
    with Writer(tmp_path, segment_bytes=1) as writer:
        for slot in range(1, 4):
            writer.append(entry(slot))
        assert writer.trim(before, keep) == 0
        assert len(writer) == 3


def test_the_segment_that_is_written_to_stays(tmp_path: Path) -> None:
    with Writer(tmp_path) as writer:
        writer.append(entry(1))
        assert writer.trim(before_slot=100, keep_bytes=0) == 0


def test_a_full_disk_leaves_the_journal_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Writer(tmp_path) as writer:
        writer.append(entry(1))
        real = os.write

        def half(fd: int, data: bytes) -> int:
            if len(data) < 200:
                raise OSError(28, "No space left on device")
            return real(fd, data[: len(data) // 2])

        with monkeypatch.context() as patch:
            patch.setattr("chainyard.journal.store.os.write", half)
            with pytest.raises(ChainyardError, match="No space left"):
                writer.append(entry(2))
        assert writer.append(entry(2))
    assert [row.slot for row in Journal(tmp_path).rows()] == [1, 2]
    assert Journal(tmp_path).damage == []


APPEND = """
import sys
from pathlib import Path
from chainyard.journal.store import Writer
from tests.journal.chains import entry
with Writer(Path(sys.argv[1])) as writer:
    for slot in range(1, 100_000):
        writer.append(entry(slot))
        print(slot, flush=True)
"""


def test_what_a_killed_writer_had_appended_is_there(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", APPEND, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout as lines:
        told = [int(next(lines)) for _ in range(20)]
        process.kill()
        told += [int(line) for line in lines if line.endswith("\n")]
    process.wait()
    slots = [row.slot for row in Journal(tmp_path).rows()]
    assert slots[: len(told)] == told
    fill(tmp_path, 200_000)
