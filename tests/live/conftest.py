"""One real network, made by the command as a person would, for all live tests that only look."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.conftest import live_environment

ROOT = Path(__file__).parents[2]

# Finality in a minute and a half: Prysm takes this value from its config file.
SETTINGS = "consensus_config: {SLOTS_PER_EPOCH: 8}\n"


@dataclass
class Yard:
    """The command, in a folder and with a home of its own."""

    folder: Path
    home: Path
    extra: dict[str, str] = field(default_factory=dict)
    report: Any = None

    def run(self, *arguments: str, timeout: float = 240, check: int | None = 0) -> Any:
        """Run ``chainyard``; its completed process."""
        done = subprocess.run(
            [sys.executable, "-m", "chainyard", *arguments],
            cwd=self.folder,
            env=live_environment(self.home) | self.extra,
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if check is not None:
            assert done.returncode == check, f"{done.stdout}\n{done.stderr}"
        return done

    def json(self, *arguments: str, timeout: float = 240, check: int = 0) -> Any:
        """Run ``chainyard … --output json``; what it said."""
        done = self.run(*arguments, "--output", "json", timeout=timeout, check=check)
        return json.loads(done.stdout)

    def processes(self) -> list[psutil.Process]:
        """Every process that works below this home."""
        mine = []
        for process in psutil.process_iter(["cmdline", "environ"]):
            words = process.info["cmdline"] or []
            if any(str(self.home) in word for word in words):
                mine.append(process)
        return mine

    def end(self) -> None:
        """Take down whatever a test left; raises if anything survives that."""
        for network in self.json("ls"):
            self.run("down", "--name", network["name"], check=None)
        left = [process.info["cmdline"] for process in self.processes()]
        for process in self.processes():
            process.kill()
        assert not left, f"still running: {left}"


def make_yard(folder: Path, settings: str | None = None, params: str | None = None) -> Yard:
    """A folder with a network_params.yaml (the default one) and perhaps a chainyard.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    text = params if params is not None else (ROOT / "network_params.yaml").read_text()
    (folder / "network_params.yaml").write_text(text)
    if settings:
        (folder / "chainyard.yaml").write_text(settings)
    return Yard(folder, folder.parent / f"{folder.name}-home")


@pytest.fixture(scope="session")
def yard(programs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """The default network with short epochs, up."""
    assert programs
    made = make_yard(tmp_path_factory.mktemp("live") / "livenet", SETTINGS)
    try:
        made.report = made.json("up")
        yield made
    finally:
        made.end()


@pytest.fixture(scope="session")
def endpoints(yard: Yard) -> Any:
    """``endpoints --output json`` of the live network."""
    return yard.json("endpoints")


@pytest.fixture
def new_yard(programs: dict[str, Path], tmp_path: Path) -> Iterator[Any]:
    """Make yards of this test's own; all of them are taken down."""
    made: list[Yard] = []

    def make(name: str, **options: Any) -> Yard:
        made.append(make_yard(tmp_path / name, **options))
        return made[-1]

    yield make
    for one in made:
        one.end()
