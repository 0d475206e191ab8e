"""Shell completion: the candidates, and the scripts in the shells that are here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chainyard.cli.app import VERBS
from chainyard.cli.completion import SCRIPTS


def words(folder, *typed: str) -> list[str]:
    """The candidates for the last word typed."""
    return [line.split("\t")[0] for line in folder.run("__complete", *typed).out.splitlines()]


def test_verbs(folder):
    assert words(folder, "") == words(folder) == list(VERBS)
    assert words(folder, "sta") == ["start", "status"]
    assert "status\tShow heads" in folder.run("__complete", "stat").out


def test_options_and_their_values(folder):
    assert words(folder, "up", "--wa") == ["--wait"]
    assert words(folder, "up", "--wait", "") == ["none", "block", "finalized"]
    assert words(folder, "up", "--wait", "f") == ["finalized"]
    assert words(folder, "up", "--wait", "=", "f") == ["finalized"]
    assert words(folder, "up", "--wait", "=") == ["none", "block", "finalized"]
    assert words(folder, "endpoints", "-o", "") == ["table", "json", "env"]
    assert "--dry-run" in words(folder, "up", "-")


def test_names_of_networks_and_services(folder, networks):
    for name in ("devnet", "other"):
        folder.run("up", "--name", name)
    assert words(folder, "status", "--name", "") == ["devnet", "other"]
    assert words(folder, "down", "-n", "o") == ["other"]
    assert words(folder, "attach", "el-") == ["el-1-geth-prysm", "el-2-geth-prysm"]
    assert "vc-1-geth-prysm" in words(folder, "logs", "-f", "--name", "other", "")
    assert words(folder, "logs", "--tail", "5", "vc") == ["vc-1-geth-prysm"]
    assert words(folder, "logs", "el-1-geth-prysm", "") == []


def test_names_of_programs(folder):
    assert words(folder, "clients", "") == ["list", "install", "where"]
    assert words(folder, "clients", "install", "ge") == ["geth"]
    assert words(folder, "clients", "install", "geth", "light") == ["lighthouse"]
    assert words(folder, "completion", "z") == ["zsh"]


@pytest.mark.parametrize(
    "typed",
    [
        ("nope", ""),
        ("up", ""),
        ("up", "./"),
        ("status", ""),
        ("up", "--timeout", ""),
        ("logs", "--name", "nope", ""),
        ("logs", ""),
        ("logs", "--name", "../..", ""),
    ],
)
def test_what_cannot_be_completed_is_silent(folder, typed):
    result = folder.run("__complete", *typed)
    assert (result.out, result.err) == ("", "")


def test_a_damaged_network_is_silent(folder, networks):
    folder.run("up")
    (folder.network() / "lock.json").write_text("{")
    assert words(folder, "logs", "") == []


@pytest.fixture
def command(tmp_path, folder):
    """``chainyard`` on the path of a shell."""
    program = tmp_path / "bin" / "chainyard"
    program.parent.mkdir()
    main = "from chainyard.cli import main; main()"
    program.write_text(f"#!{sys.executable}\n{main}\n")
    program.chmod(0o755)
    return program


def run_shell(command: Path, shell: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell} here")
    return subprocess.run(
        [program, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"PATH": f"{command.parent}:/usr/bin:/bin", "HOME": str(command.parent)},
    )


def test_bash(folder, command):
    script = folder.run("completion", "bash").out
    ask = "COMP_WORDS=(chainyard up --wait f); COMP_CWORD=3; _chainyard chainyard"
    done = run_shell(command, "bash", "--norc", "-c", f'{script}\n{ask}\necho "${{COMPREPLY[@]}}"')
    assert (done.stdout, done.stderr) == ("finalized\n", "")
    ask = "COMP_WORDS=(chainyard sta); COMP_CWORD=1; _chainyard chainyard"
    done = run_shell(
        command, "bash", "--norc", "-c", f'{script}\n{ask}\nprintf "%s," "${{COMPREPLY[@]}}"'
    )
    assert done.stdout == "start,status,"


def test_zsh_takes_the_script(folder, command):
    script = folder.run("completion", "zsh").out
    done = run_shell(command, "zsh", "-f", "-c", f"compdef() {{ :; }}\n{script}\nwhich _chainyard")
    assert done.stderr == ""


def test_fish(folder, command):
    script = folder.run("completion", "fish").out
    done = run_shell(command, "fish", "-N", "-c", f'{script}\ncomplete -C "chainyard up --wait f"')
    assert done.stdout.split() == ["finalized"]


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_scripts_ask_the_command(folder, shell):
    out = folder.run("completion", shell).out
    assert "__complete" in out
    assert f"chainyard completion {shell}" in out
