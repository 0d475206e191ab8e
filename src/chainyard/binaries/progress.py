"""Progress of downloads and builds. The caller renders it; this room only tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """Told what is going on. Called from several threads at once, one task each.

    Seconds are the renderer's to count from ``started``; ``finished`` says them in its note.
    """

    def started(self, task: str, total: int | None, unit: str) -> None:
        """A task began. ``total`` in ``unit`` (``bytes``, ``packages`` …), None if unknown.

        Told again for the same task when its total becomes known or it starts over.
        """
        ...

    def advanced(self, task: str, done: int) -> None:
        """So much of it is done, in the task's unit, counted from its beginning."""
        ...

    def finished(self, task: str, note: str) -> None:
        """It ended; ``note`` is a short phrase with size and seconds, or what went wrong."""
        ...


class Silent:
    """Progress that nobody watches."""

    def started(self, task: str, total: int | None, unit: str) -> None:
        """Ignored."""

    def advanced(self, task: str, done: int) -> None:
        """Ignored."""

    def finished(self, task: str, note: str) -> None:
        """Ignored."""


@contextmanager
def failure_told(progress: Progress, task: str) -> Iterator[None]:
    """Tell that a task has ended where it ends by an error; the error says why."""
    try:
        yield
    except BaseException:
        progress.finished(task, "stopped")
        raise


def megabytes(size: int) -> str:
    """``44.1 MB`` (10⁶ bytes)."""
    return f"{size / 1e6:.1f} MB"
