import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainyard.backends.logs import MAX_LINE, files_of, follow_log, harmless, read_log


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain\r\n", "plain"),
        (b"\x1b[31mred\x1b[0m", "red"),
        (b"\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        (b"\x1b[2Jgone", "\\x1b[2Jgone"),
        (b"a\rb", "a\\x0db"),
        (b"tab\tstays", "tab\tstays"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        ("\x9b31m".encode(), "\\x9b31m"),
        ("\u202egnp.exe".encode(), "\\u202egnp.exe"),
        ("é 🦊".encode(), "é 🦊"),
        (b"", ""),
    ],
)
def test_harmless(raw, text):
    assert harmless(raw) == text


@given(st.binary())
def test_harmless_is_one_line_without_controls(raw):
    text = harmless(raw)
    assert len(text.splitlines()) <= 1
    assert all(character == "\t" or ord(character) >= 32 for character in text)
    assert "\x7f" not in text
    text.encode()


@pytest.fixture
def log(tmp_path):
    return tmp_path / "a.log"


def rotate(log, keep=3):
    for index in range(keep - 1, 0, -1):
        older = log.with_name(f"{log.name}.{index}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{index + 1}"))
    log.replace(log.with_name(f"{log.name}.1"))
    log.write_bytes(b"")


def append(log, *lines):
    with log.open("ab") as file:
        file.write("".join(f"{line}\n" for line in lines).encode())


def test_no_log(log):
    assert read_log(log) == []
    assert read_log(log, tail=3) == []
    assert list(follow_log(log, until=lambda: True)) == []


def test_read_across_rotation(log):
    for number in range(6):
        append(log, number)
        if number % 2:
            rotate(log)
    assert read_log(log) == ["0", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize("tail", [0, 1, 3, 4, 99])
def test_tail_across_rotation(log, tail):
    append(log, 1, 2, 3)
    rotate(log)
    append(log, 4)
    assert read_log(log, tail=tail) == ["1", "2", "3", "4"][max(4 - tail, 0) :]
    followed = list(follow_log(log, tail=tail, until=lambda: True))
    assert followed == read_log(log, tail=tail)


def test_files_of_another_service_are_not_mixed_in(log):
    append(log, "mine")
    append(log.with_name("a.log.old"), "not a rotation")
    append(log.with_name("aa.log.1"), "another's")
    assert files_of(log) == [log]


def test_oldest_is_the_highest_number(log):
    for number in (1, 2, 10):
        append(log.with_name(f"a.log.{number}"), number)
    assert read_log(log) == ["10", "2", "1"]


class Writer:
    """Does one thing to the log each time the reader waits."""

    def __init__(self, *steps):
        self.steps = list(steps)

    def wait(self, _seconds):
        self.steps.pop(0)()

    def done(self):
        return not self.steps


def test_follow_sees_new_lines_and_rotations(log):
    def rotate_twice():
        append(log, 3)
        rotate(log)
        append(log, 4)
        rotate(log)
        append(log, 5)

    writer = Writer(
        lambda: append(log, 1), lambda: append(log, 2), rotate_twice, lambda: append(log, 6)
    )
    lines = list(follow_log(log, wait=writer.wait, until=writer.done))
    assert lines == ["1", "2", "3", "4", "5", "6"]


def test_follow_goes_on_when_its_file_was_rotated_away(log):
    append(log, "old")

    def much():
        for number in range(9):
            rotate(log, keep=2)
            append(log, number)

    writer = Writer(much)
    assert list(follow_log(log, wait=writer.wait, until=writer.done)) == ["old", "6", "7", "8"]


def test_follow_waits_for_the_end_of_a_line(log):
    def write(raw):
        return lambda: log.open("ab", buffering=0).write(raw) and None

    def half():
        with log.open("ab") as file:
            file.write(b"ha")

    def other_half():
        with log.open("ab") as file:
            file.write(b"lf\nrest")

    writer = Writer(half, other_half)
    assert list(follow_log(log, wait=writer.wait, until=writer.done)) == ["half", "rest"]


def test_endless_line_is_cut(log):
    log.write_bytes(b"x" * (3 * MAX_LINE + 1))
    assert [len(line) for line in read_log(log)] == [MAX_LINE] * 3 + [1]
    assert [len(line) for line in follow_log(log, until=lambda: True)] == [MAX_LINE] * 3 + [1]
