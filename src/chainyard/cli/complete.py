"""What can come next on an unfinished command line: asked by the scripts of ``completion``."""

from __future__ import annotations

import argparse
import contextlib
import itertools
from collections.abc import Iterable, Iterator, Sequence

from chainyard.cli.app import VERBS, parser_of
from chainyard.cli.output import emit, safe
from chainyard.cli.parser import OneOf, Parser

Candidate = tuple[str, str]


def complete(words: Sequence[str]) -> None:
    """Print the candidates for the last word, each with a tabulator and what it means.

    Nothing at all when a file name is wanted, and when anything goes wrong: a shell that waits
    for a key to be answered is no place for an error.
    """
    with contextlib.suppress(Exception):
        for value, meaning in candidates(words):
            emit(f"{safe(value)}\t{safe(meaning)}\n" if meaning else f"{safe(value)}\n")


def candidates(words: Sequence[str]) -> list[Candidate]:
    """Candidates for the last of the words that follow ``chainyard``."""
    # bash hands over `--name=x` as three words.
    words = (
        [word for word in words if word != "="]
        if words and words[-1] != "="
        else [
            *[word for word in words if word != "="],
            "",
        ]
    )
    *before, current = words or [""]
    if not before:
        found: Iterable[Candidate] = VERBS.items()
    else:
        found = _for_verb(parser_of(before[0]), before[1:], current)
    return [candidate for candidate in found if candidate[0].startswith(current)]


def _for_verb(parser: Parser, before: Sequence[str], current: str) -> Iterator[Candidate]:
    args = _understood(before)
    waiting = _option_that_waits(parser, before)
    if waiting is not None:
        yield from _values(parser, waiting, args)
        return
    if current.startswith("-"):
        for option in parser.options():
            yield option.option_strings[-1], option.help or ""
        return
    names = _names_in(parser, before)
    positionals = parser.positionals()
    if positionals:
        position = min(len(names), len(positionals) - 1)
        if len(names) <= position or positionals[position].nargs == "*":
            yield from _values(parser, positionals[position], args)


def _values(
    parser: Parser, action: argparse.Action, args: argparse.Namespace
) -> Iterator[Candidate]:
    if action.dest in parser.completers:
        for value in parser.completers[action.dest](args):
            yield value, ""
    elif isinstance(action.type, OneOf):
        for value in action.type.values:
            yield value, ""


def _option_that_waits(parser: Parser, before: Sequence[str]) -> argparse.Action | None:
    if not before:
        return None
    for option in parser.options():
        if before[-1] in option.option_strings and option.nargs != 0:
            return option
    return None


def _names_in(parser: Parser, before: Sequence[str]) -> list[str]:
    """The words that are neither options nor their values."""
    names = []
    for index, word in enumerate(before):
        if not word.startswith("-") and _option_that_waits(parser, before[:index]) is None:
            names.append(word)
    return names


def _understood(before: Sequence[str]) -> argparse.Namespace:
    """As much of the unfinished line as can be read: the network's name above all."""
    args = argparse.Namespace(name=None)
    for flag, value in itertools.pairwise(before):
        if flag in ("-n", "--name"):
            args.name = value
    return args
