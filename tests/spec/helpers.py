"""What the tests of this room share."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from chainyard.errors import Problem, SpecError
from chainyard.spec import Spec, parse_spec

CONFORMANCE = Path(__file__).parent / "conformance"


def spec(text: str) -> Spec:
    """The Spec of a YAML text, indented as the test is."""
    return parse_spec(textwrap.dedent(text), "params.yaml")


def problems(text: str | bytes) -> tuple[Problem, ...]:
    """What is wrong with a text; fails if nothing is."""
    with pytest.raises(SpecError) as caught:
        parse_spec(textwrap.dedent(text) if isinstance(text, str) else text, "params.yaml")
    assert caught.value.exit_code == 2
    assert str(caught.value)
    return caught.value.problems


def problem(text: str | bytes) -> Problem:
    """The only thing wrong with a text."""
    (only,) = problems(text)
    return only


def place(found: Problem) -> tuple[int | None, int | None, str]:
    """Line, column and key."""
    return found.line, found.column, found.key
