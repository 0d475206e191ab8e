"""Progress: live on a terminal, next to nothing elsewhere, harmless everywhere."""

from __future__ import annotations

import io
import threading
from contextlib import redirect_stderr

import pytest

from chainyard.cli import progress as progress_module
from chainyard.cli.progress import LiveProgress, NotesOnly, PlainProgress, amount, show_progress
from chainyard.errors import RequestError

EVIL = "get \x1b]0;owned\x07[red]x[/red]"


class Clock:
    """Seconds that pass when told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """What a person would see, escape sequences and all."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch):
    stream = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("CHAINYARD_PROGRESS", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return stream


@pytest.mark.parametrize(
    ("mode", "kind"),
    [(None, LiveProgress), ("auto", LiveProgress), ("plain", PlainProgress), ("none", NotesOnly)],
)
def test_a_terminal_gets_what_it_asks_for(terminal, monkeypatch, mode, kind):
    if mode:
        monkeypatch.setenv("CHAINYARD_PROGRESS", mode)
    with redirect_stderr(terminal):
        assert type(show_progress()) is kind


def test_a_dumb_terminal_gets_notes_only(terminal, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    with redirect_stderr(terminal):
        assert type(show_progress()) is NotesOnly


def test_no_terminal_gets_notes_only(monkeypatch, capsys):
    monkeypatch.delenv("CHAINYARD_PROGRESS", raising=False)
    with show_progress() as progress:
        assert type(progress) is NotesOnly
        progress.started("genesis", 10, "keys")
        progress.advanced("genesis", 5)
        progress.finished("genesis", "done")
        assert capsys.readouterr() == ("", "")
        progress.note(EVIL)
    out, err = capsys.readouterr()
    assert (out, err) == ("", "get \\x1b]0;owned\\x07[red]x[/red]\n")


def test_an_unknown_mode_is_refused(monkeypatch):
    monkeypatch.setenv("CHAINYARD_PROGRESS", "plian")
    with pytest.raises(RequestError, match="did you mean 'plain'"):
        show_progress()


def test_plain_tells_start_now_and_then_and_end(capsys):
    clock = Clock()
    with PlainProgress(clock) as progress:
        progress.started("get geth", 40_000_000, "bytes")
        for clock.now in (1.0, 5.0, 10.0, 11.0, 19.0, 20.5):
            progress.advanced("get geth", int(clock.now * 1_000_000))
        clock.now = 25.0
        progress.finished("get geth", "40.0 MB")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "get geth …",
        "get geth: 10.0 of 40.0 MB (25%)",
        "get geth: 20.5 of 40.0 MB (51%)",
        "✓ get geth (40.0 MB) 25.0 s",
    ]


@pytest.mark.parametrize("kind", [PlainProgress, LiveProgress, NotesOnly])
def test_calls_about_unknown_tasks_do_no_harm(kind, capsys):
    with kind() as progress:
        progress.advanced("nothing", 3)
        progress.finished("nothing")
    assert capsys.readouterr() == ("", "")


def test_live_shows_tasks_and_leaves_a_line_of_what_took_long(terminal):
    clock = Clock()
    with redirect_stderr(terminal), LiveProgress(clock) as progress:
        progress.started("get geth", 40_000_000, "bytes")
        progress.started("quick")
        progress.advanced("get geth", 10_000_000)
        clock.now = 0.5
        progress.finished("quick")
        clock.now = 3.0
        progress.finished("get geth", "40.0 MB")
        progress.note("mind the gap")
    seen = terminal.getvalue()
    assert "✓ get geth (40.0 MB) 3.0 s" in seen
    assert "mind the gap" in seen
    assert "✓ quick" not in seen
    assert "\x1b[?25h" in seen  # the cursor is back


def test_live_gives_the_cursor_back_when_interrupted(terminal):
    def interrupted():
        with redirect_stderr(terminal), LiveProgress() as progress:
            progress.started("waiting")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert terminal.getvalue().rindex("\x1b[?25h") > terminal.getvalue().rindex("\x1b[?25l")


def test_live_shows_hostile_names_harmlessly(terminal):
    clock = Clock()
    with redirect_stderr(terminal), LiveProgress(clock) as progress:
        progress.started(EVIL, None, "")
        progress.note(EVIL)
        clock.now = 2.0
        progress.finished(EVIL, EVIL)
    seen = terminal.getvalue()
    assert "\x1b]0" not in seen
    assert "\x07" not in seen
    assert "[red]x[/red]" in seen


def test_a_task_may_start_again(terminal):
    with redirect_stderr(terminal), LiveProgress() as progress:
        progress.started("get", None, "bytes")
        progress.started("get", 10, "bytes")
        progress.finished("get")
        progress.finished("get")


@pytest.mark.parametrize("kind", [PlainProgress, LiveProgress])
def test_many_threads_may_tell_at_once(terminal, kind):
    failures = []

    def work(number: int) -> None:
        try:
            for step in range(30):
                progress.started(f"task {number}", 30, "keys")
                progress.advanced(f"task {number}", step)
                progress.finished(f"task {number}")
        except Exception as error:
            failures.append(error)

    with redirect_stderr(terminal), kind() as progress:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert failures == []
    assert not any(thread.is_alive() for thread in threads)


def test_rich_is_loaded_only_when_something_is_shown(terminal, monkeypatch):
    made = []
    monkeypatch.setattr(progress_module, "_make_bars", lambda: made.append(1))
    with redirect_stderr(terminal), LiveProgress():
        pass
    assert made == []


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((0, None, ""), "0"),
        ((3, None, "keys"), "3 keys"),
        ((3, 12, "keys"), "3 of 12 keys (25%)"),
        ((12_300_000, None, "B"), "12.3 MB"),
        ((0, 1_000_000, "bytes"), "0.0 of 1.0 MB (0%)"),
        ((5, 0, "keys"), "5 keys"),
    ],
)
def test_amounts(arguments, text):
    assert amount(*arguments) == text
