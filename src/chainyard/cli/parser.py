"""Reading a verb's arguments: what is wrong with them is one sentence with the nearest name.

argparse, because a verb must answer within 0.2 s: typer 0.29 loads pydantic for every verb that
takes an option, which alone costs more than that.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from typing import Never, Self

from chainyard.errors import RequestError

Completer = Callable[[argparse.Namespace], Iterable[str]]


class UsageError(RequestError):
    """The arguments cannot be understood."""


class OneOf:
    """Type of an argument that is one of a few words."""

    def __init__(self, *values: str) -> None:
        self.values = values

    def __call__(self, text: str) -> str:
        if text in self.values:
            return text
        raise argparse.ArgumentTypeError(
            f"{text!r} is not one of {', '.join(self.values)}{did_you_mean(text, self.values)}"
        )


class Parser(argparse.ArgumentParser):
    """The parser of one verb.

    Args:
        verb: its name.
        summary: what it does, in a sentence.
    """

    def __init__(self, verb: str, summary: str) -> None:
        # A shortened option would become another one the day a longer name is added.
        super().__init__(prog=f"chainyard {verb}", description=summary, allow_abbrev=False)
        self.completers: dict[str, Completer] = {}

    def finish(self) -> Self:
        """To be called when everything is declared."""
        # A usage line of our own: argparse's is long, and to make it costs a sixth of the start.
        names = [f"{action.metavar or action.dest}" for action in self.positionals()]
        shown = [
            name if action.nargs is None else f"[{name}]" + ("..." if action.nargs == "*" else "")
            for name, action in zip(names, self.positionals(), strict=True)
        ]
        self.usage = " ".join(["%(prog)s", "[OPTIONS]", *shown])
        return self

    def error(self, message: str) -> Never:
        """Raise what is wrong as an error of ours.

        Raises:
            UsageError: always.
        """
        raise UsageError(message.removeprefix("argument "), hint=f"{self.prog} --help")

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Read the arguments; options and names may come in any order.

        Raises:
            UsageError: they cannot be understood.
        """
        values, unknown = self.parse_known_intermixed_args(list(arguments))
        if unknown:
            self._refuse(next((word for word in unknown if word.startswith("-")), unknown[0]))
        return values

    def option_names(self) -> list[str]:
        """All long options."""
        return [name for action in self.options() for name in action.option_strings if
                name.startswith("--")]  # fmt: skip

    def options(self) -> list[argparse.Action]:
        """What starts with a dash."""
        return [action for action in self._actions if action.option_strings]

    def positionals(self) -> list[argparse.Action]:
        """What does not."""
        return [action for action in self._actions if not action.option_strings]

    def _refuse(self, word: str) -> Never:
        if not word.startswith("-"):
            self.error(f"there is no use for {word!r} here")
        name = word.partition("=")[0]
        self.error(f"unknown option {name!r}{did_you_mean(name, self.option_names())}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'status'?`` for the nearest known word, or nothing."""
    import difflib

    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def seconds(text: str) -> float:
    """Type of an argument that is a time in seconds, more than nothing."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return value


def lines(text: str) -> int:
    """Type of an argument that is a number of lines."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of lines")
    return int(text)
