"""What a person sees (tables, sentences) and what a program sees (JSON).

Whatever came from a chain, a log or a file goes through `safe` on its way to a terminal.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterable, Sequence
from typing import IO, Any

from chainyard.chain.text import safe_text
from chainyard.errors import ChainyardError, ServiceFailedError, SpecError

CELL = 400
"""Characters that a cell of a table shows at most."""

LINE = 64 * 1024
"""Characters that a line shows at most."""


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether the arguments ask for JSON: needed where they could not be parsed any further."""
    pairs = itertools.pairwise(arguments)
    return any(word in ("--output=json", "-ojson", "-o=json") for word in arguments) or any(
        flag in ("--output", "-o") and value == "json" for flag, value in pairs
    )


def safe(text: object, limit: int = LINE) -> str:
    """Text, line by line, with nothing in it that a terminal would obey."""
    return "\n".join(safe_text(line, limit) for line in str(text).split("\n"))


class OutputError(Exception):
    """Standard output does not take what is written: its reader left, or the disk is full."""

    def __init__(self, reason: OSError) -> None:
        super().__init__(str(reason))
        self.reason = reason


def emit(text: str, *, at_once: bool = False) -> None:
    """Write text to standard output as it is; ``at_once`` does not wait for more of it.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        sys.stdout.write(text)
        if at_once:
            sys.stdout.flush()
    except OSError as error:
        raise OutputError(error) from error


def say(text: object = "") -> None:
    """Write a line (or lines) to standard output."""
    emit(safe(text) + "\n")


def note(text: object) -> None:
    """Write a line (or lines) to standard error."""
    sys.stderr.write(safe(text) + "\n")


def print_json(value: Any) -> None:
    """Write one JSON document to standard output."""
    import json

    emit(json.dumps(value, indent=2) + "\n")


def print_json_line(value: Any, *, at_once: bool = True) -> None:
    """Write one JSON document on one line: for what goes on and on."""
    import json

    emit(json.dumps(value) + "\n", at_once=at_once)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines of a plain table: header, then a row a line, columns two spaces apart.

    ``None`` is shown as ``-``.
    """
    cells = [[name.upper() for name in columns]]
    cells += [["-" if cell is None else safe_text(str(cell), CELL) for cell in row] for row in rows]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a plain table."""
    emit("\n".join(table(columns, rows)) + "\n")


def colourful(stream: IO[str]) -> bool:
    """Whether colours are welcome there (https://no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain


def print_error(error: ChainyardError, *, as_json: bool) -> None:
    """Say what went wrong, on standard error; as JSON on standard output if that was asked for."""
    if as_json:
        print_json({"error": error_as_dict(error)})
        return
    label = "\x1b[1;31mError:\x1b[0m" if colourful(sys.stderr) else "Error:"
    sys.stderr.write(f"{label} {safe(error)}\n")


def error_as_dict(error: ChainyardError) -> dict[str, Any]:
    """An error as plain data."""
    value: dict[str, Any] = {
        "kind": type(error).__name__,
        "message": error.message,
        "cause": error.cause,
        "hint": error.hint,
    }
    if isinstance(error, SpecError):
        value["problems"] = [vars(problem) for problem in error.problems]
    if isinstance(error, ServiceFailedError):
        value |= {"service": error.service, "log": error.log, "tail": list(error.tail)}
    return value
