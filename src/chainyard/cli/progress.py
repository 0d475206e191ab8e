"""Progress on standard error: a live display on a terminal, next to nothing elsewhere.

``CHAINYARD_PROGRESS`` chooses: ``auto`` (the default: live on a terminal, notes only elsewhere),
``plain`` (a line a step, which the logs of a CI like) or ``none`` (notes only, always).
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from chainyard.cli.output import note, safe
from chainyard.cli.parser import OneOf, did_you_mean
from chainyard.errors import RequestError
from chainyard.progress import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

MODES = OneOf("auto", "plain", "none")

WORTH_TELLING = 1.0
"""Seconds from which on a finished task leaves a line on a terminal."""

PLAIN_PAUSE = 10.0
"""Seconds between two lines on how far a task is, in ``plain``."""

BYTES = frozenset({"B", "byte", "bytes"})


class Shown(Progress, AbstractContextManager["Shown"], Protocol):
    """Progress that is shown from entering it until leaving it."""


def show_progress() -> Shown:
    """The progress that suits where standard error goes.

    Raises:
        RequestError: ``CHAINYARD_PROGRESS`` is none of the known words.
    """
    mode = os.environ.get("CHAINYARD_PROGRESS") or "auto"
    if mode not in MODES.values:
        raise RequestError(
            f"CHAINYARD_PROGRESS={mode!r} is none of {', '.join(MODES.values)}"
            f"{did_you_mean(mode, MODES.values)}"
        )
    if mode == "plain":
        return PlainProgress()
    if mode == "auto" and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        return LiveProgress()
    return NotesOnly()


class NotesOnly:
    """Shows what a person should know, and no progress. Also what the others build on."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to put away."""

    def started(self, task: str, total: int | None = None, unit: str = "") -> None:
        """Not shown."""

    def advanced(self, task: str, done: int) -> None:
        """Not shown."""

    def finished(self, task: str, note: str = "") -> None:
        """Not shown."""

    def note(self, text: str) -> None:
        """Show it."""
        note(text)


class PlainProgress(NotesOnly):
    """A line when a task starts, every ten seconds, and when it ends."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tasks: dict[str, _Task] = {}

    def started(self, task: str, total: int | None = None, unit: str = "") -> None:
        """Say so."""
        with self._lock:
            now = self._clock()
            self._tasks[task] = _Task(total, unit, now, now)
            note(f"{task} …")

    def advanced(self, task: str, done: int) -> None:
        """Say how far it is, now and then."""
        with self._lock:
            state, now = self._tasks.get(task), self._clock()
            if state and now - state.told >= PLAIN_PAUSE:
                state.told = now
                note(f"{task}: {amount(done, state.total, state.unit)}")

    def finished(self, task: str, note: str = "") -> None:
        """Say how long it took."""
        with self._lock:
            state = self._tasks.pop(task, None)
            took = self._clock() - state.since if state else None
            _tell_end(task, note, took)


class LiveProgress(NotesOnly):
    """Bars and spinners on a terminal; what took a second or more leaves a line."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._bars: Bars | None = None
        self._tasks: dict[str, tuple[TaskID, float]] = {}

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Clear the display, so that what follows begins on a clean line."""
        with self._lock:
            if self._bars is not None:
                self._bars.stop()
                self._bars = None

    def started(self, task: str, total: int | None = None, unit: str = "") -> None:
        """Show it."""
        with self._lock:
            if task in self._tasks:
                self._display().remove_task(self._tasks[task][0])
            number = self._display().add_task(safe(task), total=total, unit=unit)
            self._tasks[task] = (number, self._clock())

    def advanced(self, task: str, done: int) -> None:
        """Move its bar."""
        with self._lock:
            if task in self._tasks:
                self._display().update(self._tasks[task][0], completed=done)

    def finished(self, task: str, note: str = "") -> None:
        """Take it from the display; leave a line if it took a while."""
        with self._lock:
            number, since = self._tasks.pop(task, (None, None))
            if number is not None:
                self._display().remove_task(number)
            took = self._clock() - since if since is not None else None
            if took is not None and took >= WORTH_TELLING:
                self._print(f"✓ {ending(task, note, took)}")

    def note(self, text: str) -> None:
        """Show it above the bars."""
        with self._lock:
            self._print(text)

    def _print(self, text: str) -> None:
        if self._bars is None:
            note(text)
            return
        self._bars.console.print(safe(text), markup=False, highlight=False, soft_wrap=True)

    def _display(self) -> Bars:
        if self._bars is None:
            self._bars = _make_bars()
            self._bars.start()
        return self._bars


class _Task:
    """A task of `PlainProgress`; times in seconds of its clock."""

    def __init__(self, total: int | None, unit: str, since: float, told: float) -> None:
        self.total, self.unit, self.since, self.told = total, unit, since, told


def amount(done: int, total: int | None, unit: str) -> str:
    """``12.3 of 44.1 MB (28 %)``, ``3 of 10 keys (30 %)``, ``3 keys``."""
    if unit in BYTES:
        text = f"{done / 1e6:.1f} MB" if not total else f"{done / 1e6:.1f} of {total / 1e6:.1f} MB"
    else:
        text = f"{done} {unit}" if not total else f"{done} of {total} {unit}"
    return text.rstrip() + (f" ({done / total:.0%})" if total else "")


def ending(task: str, note: str, took: float) -> str:
    """``genesis (32 keys) 1.2 s``."""
    return f"{task} ({note}) {took:.1f} s" if note else f"{task} {took:.1f} s"


def _tell_end(task: str, remark: str, took: float | None) -> None:
    if took is not None:
        note(f"✓ {ending(task, remark, took)}")


def _make_bars() -> Bars:
    """Spinner, name, bar and amount where a total is known, and the time that it takes."""
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import ProgressColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Task as BarTask
    from rich.progress_bar import ProgressBar
    from rich.text import Text

    class Bar(ProgressColumn):
        def render(self, task: BarTask) -> ProgressBar | Text:
            if not task.total:
                return Text("")
            return ProgressBar(total=task.total, completed=task.completed, width=28)

    class Amount(ProgressColumn):
        def render(self, task: BarTask) -> Text:
            unit = task.fields["unit"]
            if not task.total and not task.completed:
                return Text("")
            text = amount(int(task.completed), int(task.total or 0) or None, unit)
            speed = task.speed
            if unit in BYTES and speed:
                text += f" {speed / 1e6:.1f} MB/s"
            return Text(text)

    console = Console(stderr=True, highlight=False, markup=False)
    return Bars(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        Bar(),
        Amount(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
