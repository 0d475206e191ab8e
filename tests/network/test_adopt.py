"""A spec comes to a network: taken over, or refused with the reason and nothing changed."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from chainyard import Network, Settings, Spec, load_spec
from chainyard.errors import ChainyardError, RequestError, SpecError
from chainyard.network import adopt as room
from chainyard.network.layout import layout_of

from .conftest import SPEC, edited, files_below, machine, mode, spec_of

Make = Callable[..., Network]

FLAG = SPEC.replace("validator_count: 0}", "validator_count: 0, el_extra_params: [--maxpeers=7]}")


def test_a_new_network_has_its_files_and_exists(network: Network) -> None:
    assert network.layout.spec.read_text() == SPEC
    assert json.loads(network.layout.settings.read_text()) == {"backend": "fake"}
    assert network.lock.backend == "fake"
    assert not network.lock.started
    assert network.lock.source.endswith("/network_params.yaml")
    assert [summary.name for summary in Network.ls()] == ["testnet"]
    assert mode(network.layout.root) == 0o700
    assert machine(network).calls == []


def test_the_same_spec_again_changes_nothing(network: Network, make: Make) -> None:
    network.up(wait="none")
    before = files_below(network.layout.root)
    make()
    assert files_below(network.layout.root) == before


def test_a_changed_flag_is_taken_over(network: Network, make: Make) -> None:
    network.up(wait="none")
    before = network.lock
    again = make(spec=spec_of(FLAG))
    assert again.lock == before
    report = again.up(wait="none")
    assert report.changed == ("el-3-geth-prysm",)
    assert not report.created
    assert "--maxpeers=7" in machine(again).services["el-3-geth-prysm"].args


def test_an_object_that_is_used_again_sees_the_new_spec(network: Network) -> None:
    assert network.spec.participants[2].el_extra_params == ()
    room.adopt(network, spec_of(FLAG), Settings(backend="fake"), None)
    assert network.spec.participants[2].el_extra_params == ("--maxpeers=7",)


@pytest.mark.parametrize(
    ("key", "new"),
    [
        ("seconds_per_slot", "3"),
        ("electra_fork_epoch", "1"),
    ],
)
def test_what_needs_a_new_genesis_is_refused_by_its_key(
    network: Network, make: Make, key: str, new: str
) -> None:
    network.up(wait="none")
    before = files_below(network.layout.root)
    with pytest.raises(RequestError, match=f"network_params.{key}") as caught:
        make(spec=edited(**{key: new}))
    assert "down --name testnet" in caught.value.hint
    assert files_below(network.layout.root) == before


@pytest.mark.parametrize(
    ("old", "new"), [("validator_count: 2,", "validator_count: 3,"), ("count: 2}", "count: 1}")]
)
def test_other_validators_are_refused(network: Network, make: Make, old: str, new: str) -> None:
    network.up(wait="none")
    with pytest.raises(RequestError, match=r"participants\[\].validator_count"):
        make(spec=spec_of(SPEC.replace(old, new)))


def test_many_changes_are_not_all_listed(network: Network) -> None:
    error = room._needs_new_genesis(network.layout, [f"key{i}" for i in range(20)])
    assert "key7, …" in error.message
    assert "key8" not in error.message


def test_a_changed_consensus_config_is_refused(network: Network, make: Make) -> None:
    network.up(wait="none")
    with pytest.raises(RequestError, match=r"consensus_config\.SLOTS_PER_EPOCH"):
        make(consensus_config={"SLOTS_PER_EPOCH": 8})


def test_a_delay_needs_no_new_genesis(network: Network, make: Make) -> None:
    network.up(wait="none")
    make(spec=edited(genesis_delay="99"))
    assert network.lock.started


def test_before_the_first_start_any_spec_is_taken_and_the_genesis_made_anew(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = make()

    def no_start(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("chainyard.network.bring_up._Start.run", no_start)
        with pytest.raises(KeyboardInterrupt):
            network.up(wait="none")
    before = network.lock
    assert before.genesis is not None
    assert not before.started
    again = make(spec=edited(seconds_per_slot="3"))
    assert again.lock.genesis is None
    again.up(wait="none")
    assert again.lock.genesis is not None
    assert again.lock.genesis.inputs != before.genesis.inputs
    assert "SLOT_DURATION_MS: 3000" in (again.layout.genesis / "config.yaml").read_text()


def test_before_the_first_start_nodes_and_keys_may_change(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = make()
    with monkeypatch.context() as patch:
        patch.setattr(
            "chainyard.network.bring_up.ensure_genesis",
            lambda *_: (_ for _ in ()).throw(KeyboardInterrupt),
        )
        with pytest.raises(KeyboardInterrupt):
            network.up(wait="none")
    assert (network.layout.keys / "1-geth-prysm").is_dir()
    bigger = SPEC.replace("validator_count: 2, count: 2", "validator_count: 3, count: 3")
    again = make(spec=spec_of(bigger))
    again.up(wait="none")
    pubkeys = [
        key
        for node in (1, 2, 3)
        for key in json.loads(
            (again.layout.keys / f"{node}-geth-prysm" / "pubkeys.json").read_text()
        )
    ]
    assert len(pubkeys) == len(set(pubkeys)) == 9
    assert len(again.identities.nodes) == len(again.endpoints().nodes) == 4


def test_another_backend_is_refused(network: Network, spec: Spec) -> None:
    with pytest.raises(RequestError, match="runs on the fake backend, not on process"):
        Network.create(spec, name="testnet", backend="process")
    assert network.lock.backend == "fake"


def test_an_unknown_backend_is_refused_before_anything_is_written(spec: Spec) -> None:
    with pytest.raises(RequestError, match="no backend 'docker'"):
        Network.create(spec, name="testnet", backend="docker")
    assert not layout_of("testnet").root.exists()


@pytest.mark.parametrize(
    ("overrides", "word"), [({"NO_SUCH": 1}, "NO_SUCH"), ({"MIN_GENESIS_TIME": 5}, "MIN_GENESIS")]
)
def test_a_wrong_consensus_config_is_refused_before_anything_is_written(
    make: Make, overrides: dict[str, int], word: str
) -> None:
    with pytest.raises(RequestError, match=word):
        make(consensus_config=overrides)
    assert not layout_of("testnet").root.exists()


def test_what_a_client_cannot_run_is_refused_before_anything_is_written(make: Make) -> None:
    with pytest.raises(SpecError, match="1000 ms"):
        make(spec=edited(seconds_per_slot="1"))
    assert not layout_of("testnet").root.exists()


def test_settings_come_back_equal(spec: Spec) -> None:
    settings = Settings(
        name="testnet",
        backend="fake",
        log_limit_mb=7,
        ports={"el-1-geth-prysm.rpc": 18545},
        consensus_config={
            "SLOTS_PER_EPOCH": 8,
            "CHURN_LIMIT_QUOTIENT": 2**64 - 1,
            "GENESIS_FORK_VERSION": "0x0000abcd",
        },
    )
    made = Network.create(spec, name="testnet", settings=settings)
    assert made.settings == Network.open("testnet").settings == settings


def test_a_spec_from_python_comes_back_equal(make: Make) -> None:
    values = {
        "participants": [
            {
                "el_type": "geth",
                "cl_type": "prysm",
                "validator_count": 2,
                "el_extra_params": ["--a=ü", "--b='\"#: x"],
            },
            {"el_type": "geth", "cl_type": "prysm", "validator_count": 0},
        ],
        "network_params": {
            "seconds_per_slot": 2,
            "electra_fork_epoch": 0,
            "fulu_fork_epoch": 2**64 - 1,
            "network_id": "1234",
        },
    }
    spec = load_spec(values)
    network = make(spec=spec)
    assert network.spec == Network.open("testnet").spec == spec
    assert network.lock.source == ""
    network.up(wait="none")
    before = files_below(network.layout.root)
    make(spec=load_spec(values))
    assert files_below(network.layout.root) == before
    assert network.endpoints().chain_id == 1234


def test_a_spec_with_odd_line_ends_is_kept_byte_for_byte(make: Make) -> None:
    text = SPEC.replace("\n", "\r\n") + "# ünï\r\n"
    network = make(spec=spec_of(text))
    assert network.layout.spec.read_bytes() == text.encode()
    changed = network.layout.spec.stat().st_mtime_ns
    make(spec=spec_of(text))
    assert network.layout.spec.stat().st_mtime_ns == changed


def test_an_interrupted_creation_is_invisible_and_overwritten(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(room, "write_lock", crash)
        with pytest.raises(KeyboardInterrupt):
            make(spec=edited(seconds_per_slot="3"))
    assert layout_of("testnet").spec.exists()
    assert Network.ls() == []
    with pytest.raises(RequestError, match="there is no network 'testnet'"):
        Network.open("testnet")
    left = Network.remains("testnet")
    assert left is not None
    made = make()
    assert Network.remains("testnet") is None
    assert made.spec.network_params.slot_duration_ms == 2000
    assert made.up(wait="none").created


def test_what_an_interrupted_creation_left_is_removed(
    make: Make, monkeypatch: pytest.MonkeyPatch, home
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(room, "write_lock", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            make()
    left = Network.remains("testnet")
    assert left is not None
    left.down()
    assert Network.remains("testnet") is None
    assert not (home / "networks" / "testnet").exists()


def test_a_damaged_network_is_not_overwritten(network: Network, make: Make) -> None:
    network.layout.lock.write_text("{")
    before = files_below(network.layout.root)
    with pytest.raises(ChainyardError, match="is damaged"):
        make()
    assert files_below(network.layout.root) == before
