"""How the command is spoken to: verbs, options, help, and what it says when it is wrong."""

from __future__ import annotations

import json
import sys

import pytest

from chainyard.cli import app as app_module
from chainyard.cli.app import VERBS, parser_of

ON_NETWORKS = sorted(set(VERBS) - {"completion"})


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["help"]])
def test_help_lists_every_verb(folder, arguments):
    out = folder.run(*arguments).out
    assert all(f"\n  {verb} " in out for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_help(folder, verb):
    assert folder.run(verb, "--help").out.startswith(f"usage: chainyard {verb} [OPTIONS]")
    assert VERBS[verb] in folder.run("help", verb).out


@pytest.mark.parametrize("verb", ON_NETWORKS)
def test_each_verb_takes_a_name_and_json(folder, verb):
    assert {"--name", "--output"} <= set(parser_of(verb).option_names())


def test_version(folder):
    from importlib.metadata import version

    assert folder.run("--version").out == f"chainyard {version('chainyard')}\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["upp"], "there is no verb 'upp'; did you mean 'up'?"),
        (["statsu"], "there is no verb 'statsu'; did you mean 'status'?"),
        (["zzz"], "there is no verb 'zzz'"),
        (["help", "lgs"], "there is no verb 'lgs'; did you mean 'logs'?"),
        (["--hlep"], "unknown option '--hlep'; did you mean '--help'?"),
        (["--name", "x", "up"], "unknown option '--name'"),
        (["up", "--dryrun"], "unknown option '--dryrun'; did you mean '--dry-run'?"),
        (["up", "--nmae=x"], "unknown option '--nmae'; did you mean '--name'?"),
        (["up", "--dry"], "unknown option '--dry'; did you mean '--dry-run'?"),
        (["up", "a", "b"], "there is no use for 'b' here"),
        (["up", "--name"], "-n/--name: expected one argument"),
        (["up", "--wait", "blok"], "'blok' is not one of none, block, finalized; did you mean"),
        (["up", "--timeout", "soon"], "'soon' is not a number of seconds above 0"),
        (["up", "--timeout", "0"], "'0' is not a number of seconds above 0"),
        (["up", "--timeout", "-3"], "'-3' is not a number of seconds above 0"),
        (["up", "--timeout", "nan"], "'nan' is not a number of seconds above 0"),
        (["up", "--backend", "proces"], "did you mean 'process'?"),
        (["status", "--output", "yaml"], "'yaml' is not one of table, json"),
        (["endpoints", "-o", "evn"], "did you mean 'env'?"),
        (["logs", "--tail", "-5"], "'-5' is not a number of lines"),
        (["logs", "--tail", "²"], "'²' is not a number of lines"),
        (["attach"], "the following arguments are required: SERVICE"),
        (["clients"], "the following arguments are required: list|install|where"),
        (["clients", "instal"], "did you mean 'install'?"),
        (["clients", "where"], "where needs the name of a program"),
        (["completion", "tcsh"], "'tcsh' is not one of bash, zsh, fish"),
        (["down", "--all", "--name", "x"], "--all and --name exclude each other"),
        (["up", "\x1b[31m"], "\\x1b[31m"),
    ],
)
def test_a_wrong_request_is_one_clear_sentence(folder, networks, arguments, sentence):
    result = folder.run(*arguments, code=2)
    assert sentence in result.err.splitlines()[0]
    assert result.err.startswith("Error: ")
    assert "\x1b" not in result.err
    assert result.out == ""
    assert networks.calls == []


@pytest.mark.parametrize("flags", [["--output", "json"], ["-o", "json"], ["--output=json"]])
def test_a_wrong_request_is_json_when_that_was_asked_for(folder, flags):
    result = folder.run("up", "--wait", "blok", *flags, code=2)
    error = json.loads(result.out)["error"]
    assert error["kind"] == "UsageError"
    assert "did you mean 'block'?" in error["message"]
    assert result.err == ""


def test_options_and_names_come_in_any_order(folder, networks):
    networks.lines = []
    folder.run("up")
    folder.run("logs", "--tail", "3", "el-1-geth-prysm", "-f")
    folder.run("logs", "el-1-geth-prysm", "-f", "--tail=3")
    asked = ("logs", "el-1-geth-prysm", True, 3)
    assert [call for call in networks.calls if call[0] == "logs"] == [asked, asked]


def test_a_bug_of_ours_leaves_a_report_without_secrets(folder, monkeypatch):
    secret = "ab" * 32

    def broken(_arguments):
        raise ZeroDivisionError(f"key 0x{secret}")

    monkeypatch.setattr(app_module, "dispatch", broken)
    result = folder.run("status", f"0x{secret}", code=3)
    assert "bug in Chainyard" in result.err
    assert "ZeroDivisionError" in result.err
    assert "Traceback" not in result.err
    [report] = (folder.home / "reports").iterdir()
    assert str(report) in result.err
    text = report.read_text()
    assert "Traceback" in text
    assert secret not in text
    assert report.stat().st_mode & 0o777 == 0o600


def test_a_bug_is_json_when_that_was_asked_for(folder, monkeypatch):
    def broken(_arguments):
        raise ZeroDivisionError

    monkeypatch.setattr(app_module, "dispatch", broken)
    error = folder.json("status", code=3)["error"]
    assert error["kind"] == "Bug"
    assert error["report"].startswith(str(folder.home))


def test_the_home_may_be_unwritable_when_a_bug_is_reported(folder, monkeypatch, tmp_path):
    def broken(_arguments):
        raise ZeroDivisionError

    blocked = tmp_path / "a-file"
    blocked.write_text("")
    monkeypatch.setenv("CHAINYARD_HOME", str(blocked / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(app_module, "dispatch", broken)
    folder.run("status", code=3)
    assert list(tmp_path.glob("chainyard-*.txt"))


def test_output_may_be_closed(folder, monkeypatch):
    from chainyard.cli.run import run

    monkeypatch.setattr(sys, "stdout", None)
    assert run(["--help"]) == 0
    sys.stdout.close()
