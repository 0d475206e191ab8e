"""What this room adds to `chainyard.progress`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chainyard.progress import Progress


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
