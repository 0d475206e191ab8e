"""Every error that Chainyard raises on purpose.

    ChainyardError             exit code 1: the network or a check failed
    ├── RequestError           exit code 2: what was asked for is wrong; nothing was changed
    │   └── SpecError          … and these are the places in the file
    ├── NotFoundError          exit code 2: no network, service or client of that name
    ├── DownloadError          a program could not be had; says what was tried
    ├── ServiceFailedError     a service ended or never came up; carries its last lines
    └── NotReadyError          the chain did not do what was awaited within the time given

An error is a sentence for a person: what happened, where, the likely cause and what to do next.
Anything else that escapes is a bug of ours (exit code 3, with a report file).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a file, placed.

    ``line`` and ``column`` count from 1; None where the problem has no place (a missing file).
    ``key`` is the dotted path, as in ``participants[1].el_typ``.
    """

    message: str
    file: str = ""
    line: int | None = None
    column: int | None = None
    key: str = ""
    expected: str = ""
    suggestion: str = ""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        text = f"{place}: {self.message}" if place else self.message
        if self.expected:
            text += f" (expected {self.expected})"
        if self.suggestion:
            text += f"; did you mean {self.suggestion!r}?"
        return text


class ChainyardError(Exception):
    """Something a person can understand and act upon.

    Args:
        message: what happened, and where.
        cause: the likely cause, if it can be told.
        hint: what to do next.
    """

    exit_code = 1

    def __init__(self, message: str, *, cause: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause
        self.hint = hint

    def __str__(self) -> str:
        lines = [self.message]
        if self.cause:
            lines.append(f"Probable cause: {self.cause}")
        if self.hint:
            lines.append(f"Try: {self.hint}")
        return "\n".join(lines)


class RequestError(ChainyardError):
    """What was asked for is wrong; nothing was changed."""

    exit_code = 2


class SpecError(RequestError):
    """A file that cannot be used, with every problem found in it."""

    def __init__(self, problems: Sequence[Problem], *, hint: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems), hint=hint)


class NotFoundError(RequestError):
    """No network, service or client of that name."""


class DownloadError(ChainyardError):
    """A program could not be had; the message says what was tried."""


class ServiceFailedError(ChainyardError):
    """A service ended or never came up.

    Args:
        service: its name, as in ``cl-1-prysm-geth``.
        log: path of its log.
        tail: the last lines of that log.
    """

    def __init__(
        self,
        message: str,
        *,
        service: str,
        log: str = "",
        tail: Sequence[str] = (),
        cause: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, cause=cause, hint=hint)
        self.service = service
        self.log = log
        self.tail = tuple(tail)

    def __str__(self) -> str:
        lines = [self.message]
        if self.tail:
            lines += [f"Last lines of {self.service}:", *(f"  {line}" for line in self.tail)]
        if self.cause:
            lines.append(f"Probable cause: {self.cause}")
        if self.hint:
            lines.append(f"Try: {self.hint}")
        if self.log:
            lines.append(f"Log: {self.log}")
        return "\n".join(lines)


class NotReadyError(ChainyardError):
    """The chain did not do what was awaited within the time given."""
