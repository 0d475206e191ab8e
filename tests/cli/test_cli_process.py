"""The command as a process of its own: signals, pipes, terminals, and what it loads."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

MAIN = [sys.executable, str(Path(__file__).with_name("fake_main.py"))]
PATIENCE = 60  # seconds: a bound for a busy machine, not a measure

HEAVY = (
    "anyio", "click", "coincurve", "cryptography", "eth_account", "eth_keys", "httpx", "numpy",
    "psutil", "pydantic", "rich", "ruamel.yaml", "supervisor", "typer",
)  # fmt: skip


def run(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.run(
        [*MAIN, *arguments], text=True, timeout=PATIENCE, check=False, **(streams | options)
    )


@pytest.mark.parametrize(
    "arguments", [["--help"], ["ls"], ["status", "--help"], ["__complete", "s"]]
)
def test_nothing_heavy_is_loaded_to_answer_quickly(folder, arguments):
    script = (
        "import sys\n"
        "from chainyard.cli.run import run\n"
        f"code = run({arguments!r})\n"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "sys.exit(f'loaded: {heavy}' if heavy else code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_no_terminal_means_json_and_nothing_else(folder):
    done = run("up", "--output", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["network"] == "devnet"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_up_ends_with_130(folder, tmp_path, how):
    ready = tmp_path / "ready"
    process = subprocess.Popen(
        [*MAIN, "up", "--output", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "READY": str(ready)},
    )
    try:
        wait_until(ready.exists, process)
        process.send_signal(how)
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert "`chainyard up` finishes what was begun" in err
    assert "Traceback" not in err
    assert json.loads(out)["error"]["kind"] == "Interrupted"
    # Nothing is half done: the next one finishes it, and down removes it.
    assert run("up").returncode == 0
    assert run("down").stdout == "devnet is removed.\n"
    assert not folder.network().exists()


def test_sigterm_ends_an_event_loop_in_order(folder, tmp_path):
    script = (
        "import anyio, os, signal, sys\n"
        "from chainyard.cli import app, run\n"
        "async def wait():\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        await anyio.sleep(60)\n"
        "    finally:\n"
        "        sys.stdout.write('put away')\n"
        "app.dispatch = lambda arguments: anyio.run(wait)\n"
        "sys.exit(run.run(['up']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout) == (130, "put away")
    assert "Traceback" not in done.stderr


def test_sigterm_ends_what_ignores_ctrl_c(folder, tmp_path):
    script = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from chainyard.cli import app, run\n"
        "app.dispatch = lambda arguments: os.kill(os.getpid(), signal.SIGTERM) or signal.pause()\n"
        "sys.exit(run.run(['up']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], stderr=subprocess.PIPE, timeout=PATIENCE, check=False
    )
    assert done.returncode == 130


def wait_until(condition, process):
    pause = threading.Event()
    for _ in range(PATIENCE * 20):
        if condition():
            return
        assert process.poll() is None, process.communicate()
        pause.wait(0.05)
    pytest.fail("it did not come that far")


def test_a_reader_that_left_is_no_error(folder):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as gone:
        done = run("plan", stdout=gone)
    assert (done.returncode, done.stderr) == (0, "")


def test_head_gets_its_line(folder):
    line = f"{sys.executable} {MAIN[1]} plan | head -1"
    done = subprocess.run(
        ["sh", "-c", line], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (done.stdout, done.stderr) == ("devnet (fake backend)\n", "")


@pytest.mark.parametrize("arguments", [["plan"], ["--help"], ["status", "-o", "json"]])
def test_a_full_disk_is_said(folder, arguments):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with Path("/dev/full").open("w") as full:
        done = run(*arguments, stdout=full)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: the answer cannot be written: No space left on device")
    assert "Traceback" not in done.stderr


def test_closed_streams(folder):
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} {MAIN[1]} plan >&- 2>&-"], timeout=PATIENCE, check=False
    )
    assert done.returncode == 0


def test_a_terminal_without_unicode(folder):
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii", "CHAINYARD_PROGRESS": "plain"}
    done = run("plan", env=ascii_only)
    assert done.returncode == 0
    assert "+-- 1-geth-prysm" in done.stdout
    assert "\\u2713 genesis" in run("up", env=ascii_only).stderr


def test_on_a_terminal_errors_have_colour_and_pipes_have_none(folder):
    assert "\x1b[1;31mError:" in on_terminal("status")
    assert "\x1b[" not in on_terminal("status", NO_COLOR="1")
    assert "\x1b[" not in run("status").stderr


def test_a_terminal_sees_progress_and_the_table(folder):
    seen = on_terminal("up", TERM="xterm")
    assert "genesis" in seen
    assert "1-geth-prysm" in seen
    assert "chainyard down" in seen


def test_watching_on_a_terminal_ends_with_ctrl_c_and_no_error(folder, networks):
    folder.run("up")
    seen, code = watch_terminal(b"devnet is running", "status", "--watch")
    assert code == 0
    assert b"\x1b[?25h" in seen  # the cursor is back
    assert b"Interrupted" not in seen


def watch_terminal(awaited: bytes, *arguments: str) -> tuple[bytes, int]:
    """What is seen until ``awaited`` and, after Ctrl-C, to the end; and the exit code."""
    master, slave = pty.openpty()
    env = {**os.environ, "TERM": "xterm"}
    process = subprocess.Popen([*MAIN, *arguments], stdout=slave, stderr=slave, env=env)
    os.close(slave)
    seen, interrupted = b"", False
    try:
        while chunk := os.read(master, 65536):
            seen += chunk
            if awaited in seen and not interrupted:
                interrupted = True
                process.send_signal(signal.SIGINT)
    except OSError:
        pass  # Linux says so when the other end is closed
    finally:
        os.close(master)
        try:
            code = process.wait(PATIENCE)
        finally:
            process.kill()
    return seen, code


def on_terminal(*arguments: str, **environment: str) -> str:
    """All that the command writes on a terminal."""
    master, slave = pty.openpty()
    env = {**os.environ, "TERM": "xterm", **environment}
    with subprocess.Popen([*MAIN, *arguments], stdin=slave, stdout=slave, stderr=slave, env=env):
        os.close(slave)
        seen = b""
        try:
            while chunk := os.read(master, 65536):
                seen += chunk
        except OSError:
            pass  # Linux says so when the other end is closed
    os.close(master)
    return seen.decode()
