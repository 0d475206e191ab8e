"""The README's commands and the examples, run on real networks as they stand there.

Only ``make test`` is left out: it is what runs this.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import live_environment
from tests.docs.blocks import ROOT, blocks_of

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

# The environment that this test runs in is not to be made anew: uv's part of `make up`.
SHELL = 'set -euo pipefail\nmake() { command make -o .venv/bin/.synced "$@"; }\n'
README = list(blocks_of(ROOT / "README.md"))
TOUR = [block.text for block in README if block.language == "sh"]
PYTHON = [block.text for block in README if block.language == "python"]


@pytest.fixture
def start(programs: dict[str, Path], tmp_path: Path) -> Iterator[Any]:
    """Run a program in the repository's folder, in a home of its own; its output."""
    assert programs
    environment = live_environment(tmp_path / "home")

    def run(*command: str | Path, timeout: float = 300) -> str:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            shown, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        assert process.returncode == 0, shown
        return shown

    try:
        yield run
    finally:
        run(sys.executable, "-m", "chainyard", "down", "--all")


def without_tests(block: str) -> str:
    return "\n".join(line for line in block.splitlines() if not line.startswith("make test"))


def test_the_commands(start: Any, tmp_path: Path) -> None:
    script = tmp_path / "readme.sh"
    tour = [block for block in TOUR if "benchmarks/" not in block]
    assert len(tour) == len(TOUR) - 1
    script.write_text(SHELL + "\n".join(without_tests(block) for block in tour))
    shown = start("bash", script, timeout=500)
    for expected in (
        r"is up \(chain id 3151908\); made and started",
        r"3-geth-prysm +rpc +http://127\.0\.0\.1:\d+",
        r'"result":"0x[1-9a-f]',  # eth_blockNumber
        r'"is_syncing":false',
        r"0x8943545177806ED17B9F23F0a21ee5948eCaa776",
        r"(?m)^[1-9]\d*$",  # eth.blockNumber
        r"is stopped",
        r'"head_slot": [1-9]',
        r"is removed",
        r"fork-schedule\.yaml is valid",
        r"single: would be made",
    ):
        assert re.search(expected, shown), f"{expected}\n{shown}"
    assert not list((tmp_path / "home" / "networks").glob("[a-z]*"))


def test_the_python_block(start: Any, tmp_path: Path) -> None:
    script = tmp_path / "readme.py"
    script.write_text(PYTHON[0])
    shown = start(sys.executable, script)
    assert re.search(r"(?m)^3-geth-prysm rpc http://127\.0\.0\.1:\d+$", shown)
    assert not list((tmp_path / "home" / "networks").glob("[a-z]*"))


def test_the_python_example(start: Any) -> None:
    shown = start(sys.executable, "examples/python_api.py")
    assert re.search(r"0x[0-9a-f]{64} is in block [1-9]", shown)


def test_the_pytest_block_and_example(start: Any, tmp_path: Path) -> None:
    own = tmp_path / "test_readme_block.py"
    own.write_text(PYTHON[1])
    params = "examples/single-node.yaml"
    shown = start(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
        *(own, "examples/test_with_pytest.py", "--chainyard-params", params),
    )
    assert "3 passed" in shown
