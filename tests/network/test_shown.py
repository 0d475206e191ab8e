"""What a network tells of itself, and that ``down`` always works."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chainyard import Network
from chainyard.errors import ChainyardError, NotFoundError, RequestError
from chainyard.network import doctor
from chainyard.network.doctor import diagnose_machine
from chainyard.network.views import Finding

from .conftest import BEACONS, EXECUTION, SERVICES, SPEC, VALIDATORS, machine, spec_of

pytestmark = pytest.mark.usefixtures("quick_genesis")


@pytest.fixture
def up(network: Network) -> Network:
    network.up(wait="none")
    return network


@pytest.fixture
def silent(up: Network) -> Network:
    """A network at whose ports nobody listens, whatever else runs on this machine."""
    up.update_lock(ports=dict.fromkeys(up.lock.ports, 1))
    return up


# Endpoints


def test_the_json_of_endpoints_has_exactly_the_promised_keys(up: Network) -> None:
    value = json.loads(json.dumps(up.endpoints().as_dict()))
    assert set(value) == {"network", "chain_id", "nodes", "services"}
    assert (value["network"], value["chain_id"], value["services"]) == ("testnet", 3151908, {})
    for node in value["nodes"]:
        assert set(node) == {"name", "role", "execution", "consensus", "validator"}
        assert set(node["execution"]) == {"service", "rpc", "ws", "engine", "metrics", "enode"}
        assert set(node["consensus"]) == {"service", "http", "metrics", "enr", "peer_id"}
    one, two, three = value["nodes"]
    assert [node["role"] for node in value["nodes"]] == ["validator", "validator", "rpc"]
    assert set(one["validator"]) == {"service", "metrics", "keys"}
    assert (one["validator"]["service"], two["validator"]["keys"]) == (VALIDATORS[0], 2)
    assert three["validator"] is None


def test_every_endpoint_is_on_loopback_at_its_own_port(up: Network) -> None:
    numbers = []
    for node in up.endpoints().nodes:
        assert node.execution is not None
        places = [node.execution.rpc, node.execution.engine, node.execution.ws]
        places += [node.execution.metrics, node.consensus.http, node.consensus.metrics]
        if node.validator:
            places.append(node.validator.metrics)
        schemes = [place.partition("://127.0.0.1:")[0] for place in places]
        assert schemes == ["http", "http", "ws", *["http"] * (len(places) - 3)]
        numbers += [place.split(":")[2].partition("/")[0] for place in places]
        assert node.execution.enode.startswith("enode://")
        assert node.consensus.enr.startswith("enr:-")
        assert node.consensus.peer_id.startswith("16Uiu2HA")
    assert len(set(numbers)) == len(numbers)


def test_identities_are_those_of_the_keys(up: Network) -> None:
    again = Network.open("testnet").endpoints()
    assert again == up.endpoints()
    for node, keys in zip(again.nodes, up.identities.nodes, strict=True):
        assert node.execution is not None
        assert keys.execution.enode("127.0.0.1", 1).split("@")[0] in node.execution.enode
        assert node.consensus.peer_id == keys.consensus.peer_id


def test_a_network_that_was_never_up_has_no_endpoints(network: Network) -> None:
    with pytest.raises(RequestError, match="'testnet' has no addresses yet"):
        network.endpoints()


def test_a_service_that_never_came_up_has_no_endpoints_yet(
    up: Network, make: Callable[..., Network]
) -> None:
    """A spec that was taken over, and whose ``up`` failed."""
    changed = make(spec=spec_of(SPEC.replace("cl_type: prysm", "cl_type: lighthouse")))
    with pytest.raises(RequestError, match="el-1-geth-lighthouse of the network 'testnet' has no"):
        changed.endpoints()
    with pytest.raises(RequestError, match="has no addresses yet"):
        changed.status()


# ls


def test_networks_are_listed_by_name(make: Callable[..., Network]) -> None:
    assert Network.ls() == []
    for name in ("b", "a", "c"):
        make(name)
    for name in ("a", "b"):
        Network.open(name).up(wait="none")
    Network.open("b").stop()
    lines = Network.ls()
    assert [(line.name, line.state, line.nodes) for line in lines] == [
        ("a", "running", 3),
        ("b", "stopped", 3),
        ("c", "stopped", 0),
    ]
    assert all(line.backend == "fake" and line.created > 0 for line in lines)
    machine(Network.open("a")).crash("el-1-geth-prysm", for_good=True)
    assert Network.ls()[0].state == "degraded"


def test_a_damaged_network_hides_no_other(make: Callable[..., Network]) -> None:
    for name in ("a", "b"):
        make(name)
    Network.open("a").layout.lock.write_text("{")
    one, two = Network.ls()
    assert (one.name, one.state, one.backend) == ("a", "degraded", "unknown")
    assert one.created > 0
    assert (two.name, two.state) == ("b", "stopped")


def test_a_network_that_is_removed_while_listing_is_left_out(
    make: Callable[..., Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    from chainyard.network import network as room

    for name in ("a", "b"):
        make(name)
    found = room.existing()
    Network.open("a").down()
    monkeypatch.setattr(room, "existing", lambda: found)
    assert [line.name for line in Network.ls()] == ["b"]


def test_an_unknown_network_is_refused_with_those_there_are(
    make: Callable[..., Network],
) -> None:
    with pytest.raises(NotFoundError) as caught:
        Network.open("nothing")
    assert caught.value.hint == "chainyard up"
    make("a")
    with pytest.raises(NotFoundError) as caught:
        Network.open("nothing")
    assert caught.value.hint == "--name with one of: a"


# Logs


def test_the_log_of_one_service(up: Network) -> None:
    machine(up).say("el-1-geth-prysm", "one", "two", "\x1b[2Jthree")
    lines = list(up.logs("el-1-geth-prysm"))
    assert lines[:2] == [("el-1-geth-prysm", "one"), ("el-1-geth-prysm", "two")]
    assert "\x1b" not in lines[2][1]
    assert next(line for _, line in up.logs("el-1-geth-prysm", tail=2)) == "two"
    assert list(up.logs("el-1-geth-prysm", tail=0)) == []
    assert list(up.logs("el-1-geth-prysm", follow=True)) == lines


def test_the_logs_of_all_services_are_their_last_lines(up: Network) -> None:
    for name in (EXECUTION[0], BEACONS[0]):
        machine(up).say(name, *(str(number) for number in range(30)))
    lines = list(up.logs())
    assert len(lines) == 2 * 20
    assert lines[0] == (BEACONS[0], "10")
    assert list(up.logs(tail=1)) == [(BEACONS[0], "29"), (EXECUTION[0], "29")]
    assert sorted(up.logs(tail=1, follow=True)) == sorted(up.logs(tail=1))


def test_following_all_logs_ends_with_the_error_of_one(
    up: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str, **_: Any) -> Any:
        raise PermissionError(13, "Permission denied", "log")

    monkeypatch.setattr(up.backend, "logs", broken)
    with pytest.raises(ChainyardError, match=r"log of .* cannot be read: Permission denied"):
        list(up.logs(follow=True))


def test_following_goes_on_for_as_long_as_one_wants(
    up: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(name: str, **_: Any) -> Any:
        return (f"{name} {number}" for number in itertools.count())

    monkeypatch.setattr(up.backend, "logs", endless)
    lines = itertools.islice(up.logs(follow=True), 25_000)
    assert sum(line.startswith(name) for name, line in lines) == 25_000


def test_logs_of_an_unknown_service(up: Network, make: Callable[..., Network]) -> None:
    with pytest.raises(NotFoundError, match="no service 'el-9'") as caught:
        up.logs("el-9")
    assert "el-1-geth-prysm" in caught.value.hint
    with pytest.raises(NotFoundError) as caught:
        make("new").logs("el-1-geth-prysm")
    assert caught.value.hint == "chainyard up --name new"
    assert list(make("new").logs()) == list(make("new").logs(follow=True)) == []


# Console


def test_a_console_is_of_an_execution_client(up: Network) -> None:
    command = up.console("el-1-geth-prysm")
    assert Path(command[0]).name == "geth"
    assert "attach" in command
    assert not [word for word in command if "${" in word]
    assert "eth.blockNumber" in up.console("el-1-geth-prysm", "eth.blockNumber")


@pytest.mark.parametrize("name", ["cl-1-prysm-geth", "vc-1-geth-prysm"])
def test_others_have_no_console(up: Network, name: str) -> None:
    with pytest.raises(RequestError, match=f"{name} has no console") as caught:
        up.console(name)
    assert "el-1-geth-prysm, el-2-geth-prysm, el-3-geth-prysm" in caught.value.hint


def test_no_console_of_what_is_not_there(network: Network) -> None:
    with pytest.raises(NotFoundError, match="no service 'el-9'"):
        network.console("el-9")
    with pytest.raises(NotFoundError, match="no service 'el-1-geth-prysm'"):
        network.console("el-1-geth-prysm")  # planned, and never started


def test_accounts_are_those_of_the_spec(up: Network) -> None:
    accounts = up.accounts()
    assert len(accounts) > 1
    assert all(account.balance_wei > 0 for account in accounts)


# Doctor


def of(findings: list[Finding], check: str) -> Finding:
    return next(finding for finding in findings if finding.check == check)


@pytest.fixture(autouse=True)
def _enough_of_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_MEMORY_GB", 0.0)
    monkeypatch.setattr(doctor, "LEAST_DISK_GB", 0.0)


def test_the_machine_is_looked_at(home: Path) -> None:
    findings = diagnose_machine()
    assert [finding.check for finding in findings if not finding.ok] == []
    assert of(findings, "data folder").detail == str(home)
    assert "1.16.8" in of(findings, "program geth").detail
    assert not list((home / "networks").glob("*")) if (home / "networks").exists() else True


def test_what_a_machine_lacks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CHAINYARD_HOME", str(tmp_path / "file" / "below"))
    monkeypatch.setattr(doctor, "LEAST_MEMORY_GB", 1e9)
    monkeypatch.setattr(doctor, "LEAST_DISK_GB", 1e9)
    monkeypatch.setattr(doctor, "OLDEST_PYTHON", (99, 0))
    monkeypatch.setenv("CHAINYARD_SOURCES", "nowhere")
    bad = {finding.check: finding for finding in diagnose_machine() if not finding.ok}
    assert set(bad) == {"python", "data folder", "disk", "memory", "programs"}
    assert all(finding.hint for finding in bad.values())


def test_a_running_network_whose_nodes_are_silent(silent: Network) -> None:
    findings = diagnose_machine(silent.layout)
    assert of(findings, "testnet: secrets").ok
    assert of(findings, "testnet: el-1-geth-prysm").ok
    assert not of(findings, "testnet: chain").ok
    assert "logs --name testnet" in of(findings, "testnet: chain").hint
    assert not of(findings, "testnet: 1-geth-prysm").ok


def test_a_stopped_network(up: Network) -> None:
    up.stop()
    finding = of(diagnose_machine(up.layout), "testnet: chain")
    assert (finding.ok, finding.detail) == (False, "stopped")
    assert finding.hint == "chainyard start --name testnet"


@pytest.mark.parametrize("loose", ["secrets/jwt.hex", "keys/1-geth-prysm/pubkeys.json"])
def test_secrets_that_others_can_read_are_found(silent: Network, loose: str) -> None:
    path = silent.layout.root / loose
    path.chmod(0o640)
    finding = of(diagnose_machine(silent.layout), "testnet: secrets")
    assert not finding.ok
    assert str(path) in finding.detail
    assert finding.hint == f"chmod -R go= {silent.layout.root}"


def test_a_failed_service_is_explained(silent: Network) -> None:
    says = ["listen tcp 127.0.0.1:8551: bind: address already in use"]
    machine(silent).crash("el-2-geth-prysm", says=says, for_good=True)
    finding = of(diagnose_machine(silent.layout), "testnet: el-2-geth-prysm")
    assert not finding.ok
    assert finding.detail.startswith("failed: ")
    assert "port" in finding.detail
    assert finding.hint


def test_a_service_that_was_restarted_is_told(silent: Network) -> None:
    machine(silent).crash("el-2-geth-prysm")
    finding = of(diagnose_machine(silent.layout), "testnet: el-2-geth-prysm")
    assert (finding.ok, finding.detail) == (True, "running, restarted 1 times")


def test_a_damaged_network_is_a_finding(up: Network) -> None:
    up.layout.lock.write_text("{")
    bad = [finding for finding in diagnose_machine(up.layout) if not finding.ok]
    assert bad
    assert all("is damaged" in finding.detail for finding in bad)


def test_files_that_cannot_be_looked_at_are_a_finding(
    silent: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(root: Path) -> Any:
        raise PermissionError(13, "Permission denied", str(root))

    monkeypatch.setattr(doctor, "_secret_files", broken)
    finding = of(diagnose_machine(silent.layout), "testnet: files")
    assert not finding.ok
    assert finding.detail == f"{silent.layout.root}: Permission denied"


# Down


def test_down_leaves_nothing(up: Network, home: Path) -> None:
    (up.layout.root / "data" / "deep").mkdir(parents=True)
    up.down()
    assert not up.layout.root.exists()
    assert machine(up).services == {}
    left = {path.name for path in (home / "networks").iterdir()}
    assert left <= {".ports"}
    up.down()  # again: it is gone already
    assert not up.layout.root.exists()


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("lock.json", "{"),
        ("lock.json", '{"format": 99}'),
        ("lock.json", ""),
        ("chainyard.yaml", "{"),
        ("network_params.yaml", "nonsense: 1"),
        ("secrets/identities.json", "{"),
    ],
)
def test_down_of_a_damaged_network_removes_it(up: Network, file: str, text: str) -> None:
    (up.layout.root / file).write_text(text)
    Network.open("testnet").down()
    assert not up.layout.root.exists()
    assert Network.ls() == []


def test_a_damaged_network_ends_its_services_by_the_default_backend(
    up: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chainyard import backends

    destroyed: list[tuple[str, Path]] = []

    class Backend:
        def __init__(self, name: str, folder: Path) -> None:
            self.it = (name, folder)

        def destroy(self) -> None:
            destroyed.append(self.it)

    monkeypatch.setattr(backends, "make_backend", lambda name, folder, **_: Backend(name, folder))
    up.layout.lock.write_text("{")
    Network.open("testnet").down()
    assert destroyed == [("process", up.layout.root)]


def test_identities_that_are_damaged_are_a_sentence_without_their_content(up: Network) -> None:
    path = up.layout.identities
    value = json.loads(path.read_text())
    secret = value["nodes"][0]["execution"]
    for damage in (
        {"jwt": "zz", "nodes": value["nodes"]},
        {"nodes": value["nodes"]},
        {"jwt": value["jwt"], "nodes": {}},
        {"jwt": value["jwt"], "nodes": [{"execution": secret[:-1], "consensus": secret}]},
        {"jwt": value["jwt"], "nodes": [{"execution": secret}]},
        {"jwt": value["jwt"], "nodes": ["x"]},
        [],
    ):
        path.write_text(json.dumps(damage))
        with pytest.raises(ChainyardError, match=r"identities\.json is damaged") as caught:
            Network.open("testnet").plan()
        assert "down --name testnet" in caught.value.hint
        assert secret[:8] not in str(caught.value)
    path.write_text(json.dumps(value | {"nodes": value["nodes"][:1]}))
    with pytest.raises(ChainyardError, match="has keys for 1 nodes, not 3"):
        Network.open("testnet").plan()


def test_what_cannot_be_removed_is_a_sentence(up: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    unlink = os.unlink

    def refused(path: Any, *args: Any, **kwargs: Any) -> None:
        if str(path).endswith("jwt.hex"):
            raise PermissionError(13, "Permission denied", str(path))
        unlink(path, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", refused)
        with pytest.raises(ChainyardError, match=r"cannot remove .*: Permission denied"):
            up.down()
    assert machine(up).services == {}
    Network(up.layout).down()
    assert not up.layout.root.exists()


def test_every_service_is_told_of_what_is_not_acted_on(make: Callable[..., Network]) -> None:
    network = make(spec=spec_of(SPEC + "additional_services: [dora]\n"))
    assert [str(item) for item in network.not_acted_on()] == [
        "line 9: additional_services[0]: the service dora is not run yet"
    ]
    assert set(network.plan().names()) == set(SERVICES)
