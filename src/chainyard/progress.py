"""How long work tells of itself, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told of tasks as they run. Calls may come from several threads at once."""

    def started(self, task: str, total: int | None = None, unit: str = "") -> None:
        """A task began; ``total`` units of it are known to come, if any."""
        ...

    def advanced(self, task: str, done: int) -> None:
        """``done`` units in all are done."""
        ...

    def finished(self, task: str, note: str = "") -> None:
        """A task ended well; ``note`` is a word on its outcome."""
        ...

    def note(self, text: str) -> None:
        """Something a person should know, which stops nothing."""
        ...


class NoProgress:
    """Nobody listens."""

    def started(self, task: str, total: int | None = None, unit: str = "") -> None:
        """Nothing."""

    def advanced(self, task: str, done: int) -> None:
        """Nothing."""

    def finished(self, task: str, note: str = "") -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""
