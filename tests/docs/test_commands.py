"""Every command that the documentation shows is one that works, as far as that needs no network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from chainyard.cli import app
from chainyard.cli.parser import Parser
from chainyard.cli.run import run
from chainyard.errors import RequestError
from tests.docs.blocks import ROOT, Block, Command, all_commands, commands_of

COMMANDS = all_commands()
OTHERS = {".", "curl", "eval", "git", "pip", "uv"}
PYTHONS = {"python", ".venv/bin/python"}
PYTESTS = {"pytest", ".venv/bin/pytest"}

# Verbs that look at files only. `clients where` exits with 1 if a program is not here.
SAFE = {"validate": {0}, "plan": {0}, "completion": {0}, "ls": {0}, "clients": {0, 1}}


def named(command: Command) -> str:
    return str(command)


def of(programs: set[str]) -> list[Command]:
    return [command for command in COMMANDS if command.words[0] in programs]


def check_chainyard(words: Sequence[str]) -> None:
    """Raise if the command would refuse these arguments before it does anything."""
    if not words or words[0].startswith("-"):
        assert list(words) in (["--help"], ["--version"]), words
        return
    arguments = app.parser_of(words[0]).parse([word for word in words[1:] if word != "--help"])
    if file := getattr(arguments, "file", None):
        check_file(str(file))


def check_file(name: str) -> None:
    """Raise if a file of this repository is named that is not there."""
    assert (ROOT / name).exists(), f"there is no {name}"


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_there_is_something_to_check() -> None:
    assert len(COMMANDS) > 60
    verbs = {command.words[1] for command in of({"chainyard"})}
    assert verbs >= app.VERBS.keys()


@pytest.mark.parametrize("command", COMMANDS, ids=named)
def test_the_program_is_known(command: Command) -> None:
    program = command.words[0]
    if program not in {"chainyard", "make", *OTHERS, *PYTHONS, *PYTESTS}:
        check_file(program)


@pytest.mark.parametrize("command", of({"chainyard"}), ids=named)
def test_the_command_line_parses(command: Command) -> None:
    check_chainyard(command.words[1:])


@pytest.mark.parametrize("command", of({"make"}), ids=named)
def test_the_target_exists(command: Command) -> None:
    targets = [word for word in command.words[1:] if "=" not in word]
    assert targets
    assert set(targets) <= make_targets()


@pytest.mark.parametrize("command", of(PYTHONS | PYTESTS), ids=named)
def test_the_script_exists(command: Command) -> None:
    first, *rest = command.words[1:]
    name = f"{rest[0].replace('.', '/')}.py" if first == "-m" else first
    check_file(name)


def is_safe(command: Command) -> bool:
    verb, *rest = command.words[1:]
    if verb == "clients":
        return rest[0] in ("list", "where")
    return verb.startswith("-") or verb in SAFE or "--dry-run" in rest or "--help" in rest


@pytest.mark.parametrize("command", list(filter(is_safe, of({"chainyard"}))), ids=named)
def test_what_needs_no_network_runs(
    command: Command,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "100")
    code = run(command.words[1:])
    shown = capsys.readouterr()
    assert code in SAFE.get(command.words[1], {0}), shown.err
    assert not (home / "networks").exists()


class TestTheCheckItself:
    """Wrong documentation is found."""

    @pytest.mark.parametrize(
        "line",
        [
            "up --nmae x",
            "upp",
            "up a b",
            "status --output yaml",
            "logs --tail few",
            "completion tcsh",
        ],
    )
    def test_a_command_that_would_be_refused(self, line: str) -> None:
        with pytest.raises(RequestError):
            check_chainyard(line.split())

    @pytest.mark.parametrize("line", ["validate nowhere.yaml", "up nowhere.yaml", "--hlep"])
    def test_a_file_or_flag_that_is_not_there(self, line: str) -> None:
        with pytest.raises(AssertionError):
            check_chainyard(line.split())

    def test_commands_are_taken_apart(self) -> None:
        text = 'A=1 B=2 one --x | two && three  # four\neval "$(five a)"\nsix \\\n  b\n'
        block = Block(ROOT, 1, "sh", "", text)
        assert [command.words for command in commands_of(block)] == [
            ("one", "--x"),
            ("two",),
            ("three",),
            ("five", "a"),
            ("eval", "SUBSTITUTED"),
            ("six", "b"),
        ]

    def test_positional_arguments_are_known(self) -> None:
        parser = app.parser_of("attach")
        assert isinstance(parser, Parser)
        with pytest.raises(RequestError):
            parser.parse([])
