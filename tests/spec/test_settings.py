"""``chainyard.yaml``."""

from __future__ import annotations

from pathlib import Path

import pytest

from chainyard.errors import Problem, SpecError
from chainyard.spec import Settings, load_settings
from chainyard.spec.settings import parse_settings


def broken(text: str) -> tuple[Problem, ...]:
    with pytest.raises(SpecError) as caught:
        parse_settings(text, "chainyard.yaml")
    return caught.value.problems


def test_defaults() -> None:
    settings = load_settings(None)
    assert settings == Settings()
    assert (settings.name, settings.backend, settings.log_limit_mb) == (None, "process", 50)
    assert settings.consensus_config == settings.ports == {}


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}", "null\n"])
def test_nothing_means_the_defaults(text: str) -> None:
    assert parse_settings(text) == Settings()


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "chainyard.yaml"
    path.write_text(
        "name: my-net\n"
        "backend: docker\n"
        "consensus_config: {SLOTS_PER_EPOCH: 8, GENESIS_FORK_VERSION: 0x01, X: '0xAb'}\n"
        "log_limit_mb: 10\n"
        "ports: {el-1-geth-prysm.rpc: 8545}\n"
    )
    settings = load_settings(path)
    assert settings.name == "my-net"
    assert settings.consensus_config == {
        "SLOTS_PER_EPOCH": 8,
        "GENESIS_FORK_VERSION": "0x01",
        "X": "0xAb",
    }
    assert settings.ports == {"el-1-geth-prysm.rpc": 8545}


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ("nam: x", "nam", "unknown key"),
        ("participants: []", "participants", "unknown key"),
        ("name: My_Net", "name", "the text 'My_Net'"),
        ("name: [a]", "name", "is a list"),
        ("backend: ''", "backend", "the text ''"),
        ("log_limit_mb: 0", "log_limit_mb", "too small"),
        ("consensus_config: []", "consensus_config", "is a list"),
        ("consensus_config: {slots: 1}", "consensus_config", "is no name"),
        ("consensus_config: {A: -1}", "consensus_config.A", "the number -1"),
        ("consensus_config: {A: true}", "consensus_config.A", "the boolean"),
        ("consensus_config: {A: 0x}", "consensus_config.A", "the text '0x'"),
        ("consensus_config: {A: x}", "consensus_config.A", "the text 'x'"),
        ("consensus_config: {A: [1]}", "consensus_config.A", "a list"),
        ("consensus_config: {A: 18446744073709551616}", "consensus_config.A", "the number"),
        ("ports: 5", "ports", "the number 5"),
        ("ports: {rpc: 1}", "ports", "names no port"),
        ("ports: {a.rpc: 0}", "ports.a.rpc", "too small"),
        ("ports: {a.rpc: 1, b.rpc: 1}", "ports.b.rpc", "as is ports.a.rpc"),
        ("- a", "", "is a list"),
        ("a: [", "", "not YAML"),
    ],
)
def test_broken(text: str, key: str, message: str) -> None:
    (found,) = broken(text)
    assert found.key == key
    assert message in found.message
    assert found.line
    assert found.file == "chainyard.yaml"


def test_all_at_once() -> None:
    assert (
        len(broken("nam: x\nlog_limit_mb: 0\nports: {a: 70000}\nconsensus_config: {a: x}\n")) == 6
    )


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no such file"):
        load_settings(tmp_path / "chainyard.yaml")


def test_suggestions() -> None:
    assert broken("backnd: x")[0].suggestion == "backend"
    assert broken("consensus_config: {slots_per_epoch: 8}")[0].suggestion == "SLOTS_PER_EPOCH"
