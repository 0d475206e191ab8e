"""What networks are called, where their files are, and what was decided once."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from chainyard.binaries.outcome import LockedProgram
from chainyard.errors import ChainyardError, NotFoundError, RequestError
from chainyard.network import naming
from chainyard.network.layout import NAME, existing, layout_of, suggest_name
from chainyard.network.lock import Lock, LockedGenesis, read_lock, write_lock
from chainyard.spec import load_spec

GENESIS = LockedGenesis(
    time=1_700_000_000,
    fork="electra",
    chain_id=3151908,
    block_hash="0x11",
    state_root="0x22",
    validators_root="0x33",
    eth2="0x" + "00" * 16,
    inputs={"network_params.preset": "abc"},
)
LOCK = Lock(
    backend="fake",
    created=1_700_000_000.5,
    source="/home/me/network_params.yaml",
    ports={"el-1.rpc": 8545},
    programs={"geth": LockedProgram("1.16.8", "ab" * 32, "release", "linux-amd64", "good")},
    genesis=GENESIS,
    started=True,
)


@pytest.mark.parametrize("lock", [LOCK, Lock(backend="process", created=1.0)])
def test_a_lock_comes_back(tmp_path: Path, lock: Lock) -> None:
    write_lock(tmp_path / "lock.json", lock)
    assert read_lock(tmp_path / "lock.json") == lock


def changed(tmp_path: Path, **values: Any) -> Path:
    path = tmp_path / "mine" / "lock.json"
    write_lock(path, LOCK)
    value = json.loads(path.read_text()) | values
    path.write_text(json.dumps({k: v for k, v in value.items() if v is not dataclasses.MISSING}))
    return path


@pytest.mark.parametrize("found", [2, 0, "1", None, dataclasses.MISSING])
def test_another_format_is_refused(tmp_path: Path, found: object) -> None:
    with pytest.raises(ChainyardError, match="this Chainyard reads 1") as caught:
        read_lock(changed(tmp_path, format=found))
    assert "another version" in caught.value.cause
    assert "down --name mine" in caught.value.hint


@pytest.mark.parametrize(
    "values",
    [
        {"backend": 5},
        {"created": "yesterday"},
        {"source": None},
        {"started": "yes"},
        {"ports": 8545},
        {"ports": {"a.rpc": "8545"}},
        {"ports": dataclasses.MISSING, "port": {}},
        {"programs": ["geth"]},
        {"programs": {"geth": {"version": "1"}}},
        {"genesis": {"time": 1}},
        {"genesis": dataclasses.asdict(GENESIS) | {"eth2": "0xzz"}},
        {"genesis": dataclasses.asdict(GENESIS) | {"time": "now"}},
        {"genesis": dataclasses.MISSING},
        {"backend": dataclasses.MISSING},
        {"extra": 1},
    ],
    ids=str,
)
def test_a_damaged_lock_is_a_sentence(tmp_path: Path, values: dict[str, Any]) -> None:
    with pytest.raises(ChainyardError, match="is damaged") as caught:
        read_lock(changed(tmp_path, **values))
    assert "down --name mine" in caught.value.hint


@pytest.mark.parametrize("text", ["[]", "null", '"x"', "1"])
def test_json_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "lock.json").write_text(text)
    with pytest.raises(ChainyardError, match="format None"):
        read_lock(tmp_path / "lock.json")


@pytest.mark.parametrize("name", ["a", "7", "my-net", "a" * 40, "pytest-123"])
def test_names(home: Path, name: str) -> None:
    assert layout_of(name).root == home / "networks" / name


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", "A", "a b", "a/b", "..", ".", "a" * 41, "ä", "a\n", "a\0", "--help"]
)
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(RequestError, match="cannot be a network's name") as caught:
        layout_of(name)
    suggested = caught.value.hint.removeprefix("--name ")
    assert NAME.fullmatch(suggested)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("My Devnet", "my-devnet"),
        ("../../etc", "etc"),
        ("___", "testnet"),
        ("", "testnet"),
        ("x" * 39 + "-yz", "x" * 39),
        ("Ärger", "rger"),
    ],
)
def test_suggested_names(text: str, name: str) -> None:
    assert suggest_name(text) == name


def test_a_network_exists_by_its_lock(home: Path) -> None:
    assert existing() == []
    for name in ("b", "a"):
        write_lock(layout_of(name).lock, LOCK)
    layout_of("half").root.mkdir()
    (home / "networks" / "file").write_text("")
    assert [layout.name for layout in existing()] == ["a", "b"]


def test_the_file_that_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert naming.spec_file(Path("other.yaml")) == Path("other.yaml")
    default = naming.spec_file(None)
    assert default == naming.default_file()
    spec = load_spec(default)
    assert [node.validator_count for node in spec.participants] == [32, 32, 0]
    Path("network_params.yaml").write_text("{}")
    assert naming.spec_file(None) == Path("network_params.yaml")


def test_without_any_file_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(naming, "__file__", str(tmp_path / "a" / "b" / "c" / "naming.py"))
    with pytest.raises(NotFoundError, match=r"no network_params\.yaml"):
        naming.default_file()


def test_the_name_is_of_the_settings_or_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "Here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    monkeypatch.chdir(here)
    assert naming.name_for(None) == "here"
    assert naming.name_for(there / "network_params.yaml") == "there"
    assert naming.name_for(Path("network_params.yaml")) == "here"
    (there / "chainyard.yaml").write_text("name: mine\nbackend: fake\n")
    assert naming.name_for(there / "network_params.yaml") == "mine"
    assert naming.settings_for(there / "any.yaml").backend == "fake"
    assert naming.settings_for(None).backend == "process"


def test_settings_that_are_wrong_are_refused_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "chainyard.yaml").write_text("nam: mine\n")
    with pytest.raises(RequestError, match=r"chainyard.yaml:1:1: unknown key 'nam'"):
        naming.name_for(tmp_path / "network_params.yaml")
