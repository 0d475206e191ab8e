"""A folder with a file, an empty home, and networks without clients."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fake_network import SPEC, FakeNetwork


class Folder:
    """The working folder, and the command run in it."""

    def __init__(self, root: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self.home, self._capsys = root, home, capsys

    def write(self, text: str, name: str = "network_params.yaml") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, *arguments: str, code: int = 0) -> Result:
        from chainyard.cli.run import run

        self._capsys.readouterr()
        found = run(list(arguments))
        result = Result(*self._capsys.readouterr())
        assert found == code, f"exit code {found}\n{result.out}\n{result.err}"
        return result

    def json(self, *arguments: str, code: int = 0):
        return json.loads(self.run(*arguments, "--output", "json", code=code).out)

    def network(self, name: str = "devnet") -> Path:
        return self.home / "networks" / name


class Result:
    def __init__(self, out: str, err: str) -> None:
        self.out, self.err = out, err


@pytest.fixture
def folder(tmp_path, monkeypatch, capsys):
    """A folder named ``devnet`` with a good file, whose settings choose the fake backend."""
    root, home = tmp_path / "devnet", tmp_path / "home"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.setenv("CHAINYARD_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("CHAINYARD_NAME", "CHAINYARD_PROGRESS", "CHAINYARD_SOURCES"):
        monkeypatch.delenv(name, raising=False)
    made = Folder(root, home, capsys)
    made.write(SPEC)
    made.write("backend: fake\n", "chainyard.yaml")
    return made


@pytest.fixture
def networks(folder, monkeypatch):
    """`FakeNetwork` in the place of the real one."""
    import chainyard.network.network as room

    FakeNetwork.reset()
    monkeypatch.setattr(room, "Network", FakeNetwork)
    return FakeNetwork
