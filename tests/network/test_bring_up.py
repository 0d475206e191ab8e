"""``up``: from whatever a network is to what its spec says, with nothing half done."""

from __future__ import annotations

import inspect
import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chainyard import Network
from chainyard.backends import fake
from chainyard.backends.fake import FakeBackend
from chainyard.backends.ports import allot
from chainyard.chain.clock import SlotClock
from chainyard.errors import DownloadError, NotFoundError, RequestError, ServiceFailedError
from chainyard.network import bring_up, prepare
from chainyard.network.layout import layout_of
from chainyard.network.ready import Waiter
from tests.chain.standin import Reply, StandIn

from .conftest import (
    BEACONS,
    EXECUTION,
    JOURNAL,
    SERVICES,
    SPEC,
    VALIDATORS,
    edited,
    files_below,
    machine,
    mode,
    ports_of,
    spec_of,
)

Make = Callable[..., Network]

GENESIS_FILES = {
    "config.yaml",
    "genesis.json",
    "genesis.ssz",
    "deposit_contract.txt",
    "deposit_contract_block.txt",
    "deposit_contract_block_hash.txt",
    "genesis_validators_root.txt",
}


def whole(network: Network) -> None:
    """Assert that everything is there, and runs."""
    assert {p.name for p in network.layout.genesis.iterdir()} == GENESIS_FILES
    assert all(path.stat().st_size for path in network.layout.genesis.iterdir())
    states = {name: status.state for name, status in machine(network).observe().items()}
    assert states == dict.fromkeys(SERVICES, "running")
    for service in network.plan():
        for path in service.shared:
            assert (network.layout.root / path).exists(), f"{service.name} has no {path}"
    assert not list(network.layout.root.rglob("*.part"))
    lock = network.lock
    assert lock.started
    assert lock.genesis is not None
    config = (network.layout.genesis / "config.yaml").read_text()
    assert f"MIN_GENESIS_TIME: {lock.genesis.time}\n" in config
    document = json.loads((network.layout.genesis / "genesis.json").read_text())
    assert int(document["timestamp"], 0) == lock.genesis.time


def test_up_makes_everything(network: Network) -> None:
    report = network.up(wait="none")
    assert report.created
    assert set(report.changed) == set(SERVICES)
    assert set(report.seconds) >= {"programs and keys", "genesis", "start", "beacon nodes"}
    assert report.as_dict()["network"] == "testnet"
    whole(network)


def test_only_nodes_with_validators_have_keystores(network: Network) -> None:
    network.up(wait="none")
    assert {p.name for p in network.layout.keys.iterdir()} == {"1-geth-prysm", "2-geth-prysm"}
    held = [
        json.loads((network.layout.keys / f"{i}-geth-prysm" / "pubkeys.json").read_text())
        for i in (1, 2)
    ]
    assert [len(keys) for keys in held] == [2, 2]
    assert not set(held[0]) & set(held[1])
    assert network.endpoints().nodes[2].validator is None


def secrets_of(network: Network) -> dict[str, bytes]:
    root = network.layout.root
    files = files_below(network.layout.secrets) | files_below(network.layout.keys)
    assert all(mode(path) & 0o077 == 0 for path in root.rglob("*")), "others can read it"
    return files


def test_secrets_are_private_and_of_one_network_alone(make: Make) -> None:
    one, two = make("one"), make("two")
    for network in (one, two):
        network.up(wait="none")
    first, second = secrets_of(one), secrets_of(two)
    assert first.keys() == second.keys()
    assert {"jwt.hex", "wallets/1-geth-prysm.txt", "nodes/el-1-geth-prysm.key"} <= first.keys()
    public = {path for path in first if path.endswith(("pubkeys.json", "keymanageropts.json"))}
    assert not [path for path in first if first[path] == second[path] and path not in public]
    nodes = [value for path, value in first.items() if path.endswith(".key")]
    assert len(set(nodes)) == len(nodes) == 6


def test_no_secret_is_where_it_should_not_be(network: Network) -> None:
    network.up(wait="none")
    secret: list[bytes] = [network.identities.jwt_secret]
    for node in network.identities.nodes:
        secret += [node.execution.secret, node.consensus.secret]
    words = [value.hex().encode() for value in secret]
    words += [path.read_bytes() for path in (network.layout.secrets / "wallets").iterdir()]
    words.append(network.spec.network_params.preregistered_validator_keys_mnemonic.encode())
    assert len(words) == 1 + 6 + 2 + 1
    shown = {
        path: content
        for path, content in files_below(network.layout.root).items()
        if not path.startswith(("secrets/", "keys/"))
    }
    shown["services"] = repr(
        [(s.args, s.files) for s in machine(network).services.values()]
    ).encode()
    shown["objects"] = repr((network, network.lock, network.identities, network.plan())).encode()
    shown["report"] = json.dumps(network.endpoints().as_dict()).encode()
    found = [(path, word) for path, content in shown.items() for word in words if word in content]
    assert not found


def test_a_second_network_of_the_same_mnemonic_derives_nothing(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CHAINYARD_CACHE", str(tmp_path / "cache"))
    told: dict[str, list[str]] = {"one": [], "two": []}
    for name, tasks in told.items():
        make(name).up(wait="none", progress=Told(tasks))
    assert "validator keys" in told["one"]
    assert "validator keys" not in told["two"]
    assert "keystores" in told["two"]


class Told:
    """A progress that remembers which tasks were begun."""

    def __init__(self, tasks: list[str]) -> None:
        self.tasks = tasks

    def started(self, task: str, total: int | None = None, unit: str = "") -> None:
        self.tasks.append(task)

    def advanced(self, task: str, done: int) -> None: ...

    def finished(self, task: str, note: str = "") -> None: ...

    def note(self, text: str) -> None: ...


def test_the_second_up_changes_nothing(network: Network) -> None:
    network.up(wait="none")
    before = files_below(network.layout.root)
    calls = len(machine(network).calls)
    report = Network.open("testnet").up(wait="none")
    assert report.changed == ()
    assert not report.created
    assert len(machine(network).calls) == calls
    assert not network.difference()
    assert files_below(network.layout.root) == before


def test_stop_and_start_keep_ports_and_genesis(network: Network) -> None:
    network.up(wait="none")
    before = network.lock
    endpoints = network.endpoints()
    assert network.stop() == ()
    assert {status.state for status in machine(network).observe().values()} == {"stopped"}
    stops = [call for call in machine(network).calls if call.verb == "stop"]
    kinds = [[name[:2] for name in stop.services] for stop in stops]
    # Validators alone, so that the heads that are recorded then are the last.
    assert kinds == [["vc", "vc"], ["cl", "cl", "cl", "jo", "el", "el", "el"]]
    report = Network.open("testnet").start(wait="none")
    assert set(report.changed) == set(SERVICES)
    assert network.lock == before
    assert network.endpoints() == endpoints
    events = [json.loads(line)["event"] for line in network.layout.events.read_text().splitlines()]
    assert events == ["created", "started", "stopped", "started"]


def test_services_that_had_to_be_killed_are_told(network: Network) -> None:
    network.up(wait="none")
    machine(network).ignore_signals("cl-2-prysm-geth")
    assert network.stop() == ("cl-2-prysm-geth",)
    last = json.loads(network.layout.events.read_text().splitlines()[-1])
    assert last["killed"] == ["cl-2-prysm-geth"]


# Ports


def test_networks_have_no_port_in_common(make: Make) -> None:
    one, two = make("one"), make("two")
    for network in (one, two):
        network.up(wait="none")
    first, second = set(one.lock.ports.values()), set(two.lock.ports.values())
    assert len(first) == len(one.lock.ports)
    assert not first & second


def test_a_damaged_network_keeps_nobody_from_starting(make: Make) -> None:
    one, two = make("one"), make("two")
    one.up(wait="none")
    one.layout.lock.write_text("{")
    two.up(wait="none")
    whole(two)


def test_the_rpc_node_has_the_well_known_ports(network: Network) -> None:
    network.up(wait="none")
    rpc = network.endpoints().rpc
    assert (rpc.name, rpc.role) == ("3-geth-prysm", "rpc")
    assert rpc.execution is not None
    assert rpc.execution.rpc == "http://127.0.0.1:8545"
    assert rpc.consensus.http == "http://127.0.0.1:3500"


def test_a_default_that_is_taken_is_passed_over(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        fake, "allot", lambda plan, request, free: allot(plan, request, free=lambda n, _: n != 8545)
    )
    network.up(wait="none")
    rpc = network.endpoints().rpc.execution
    assert rpc is not None
    assert rpc.rpc != "http://127.0.0.1:8545"


def test_wanted_ports_are_given(make: Make) -> None:
    network = make(ports={"el-1-geth-prysm.rpc": 18545, "cl-3-prysm-geth.http": 13500})
    network.up(wait="none")
    one, _, three = network.endpoints().nodes
    assert one.execution is not None
    assert one.execution.rpc == "http://127.0.0.1:18545"
    assert three.consensus.http == "http://127.0.0.1:13500"
    # A port that the settings move is another command line.
    again = make(ports={"el-1-geth-prysm.rpc": 18546, "cl-3-prysm-geth.http": 13500})
    assert again.up(wait="none").changed == ("el-1-geth-prysm",)


@pytest.mark.parametrize(
    ("ports", "word"),
    [({"el-9-geth-prysm.rpc": 18545}, "no port of this network"), ({"x.y": 1}, "no port of")],
)
def test_wanted_ports_that_cannot_be_are_refused(
    make: Make, ports: dict[str, int], word: str
) -> None:
    network = make(ports=ports)
    with pytest.raises(RequestError, match=word):
        network.up(wait="none")
    assert not network.lock.started
    assert machine(network).services == {}


def test_a_wanted_port_of_another_network_is_refused(make: Make) -> None:
    make("one").up(wait="none")
    with pytest.raises(RequestError, match="belongs to another network"):
        make("two", ports={"el-1-geth-prysm.rpc": 8545}).up(wait="none")


def test_a_wanted_port_that_is_in_use_is_refused(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake, "allot", lambda plan, request, free: allot(plan, request))
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        number = held.getsockname()[1]
        with pytest.raises(RequestError, match=f"port {number}/tcp, wanted for el-1-geth"):
            make(ports={"el-1-geth-prysm.rpc": number}).up(wait="none")


def test_networks_that_come_up_at_once_have_no_port_in_common(make: Make) -> None:
    networks = [make(name) for name in ("one", "two", "three")]
    threads = [threading.Thread(target=network.up, kwargs={"wait": "none"}) for network in networks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    numbers = [number for network in networks for number in network.lock.ports.values()]
    assert len(set(numbers)) == len(numbers) == 3 * len(networks[0].lock.ports)


# Time


def at(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let the clock show that much more."""
    now = time.time() + seconds
    monkeypatch.setattr("chainyard.network.prepare.time.time", lambda: now)


def interrupt(monkeypatch: pytest.MonkeyPatch, target: Any, name: str, *, after: bool) -> None:
    """Ctrl-C before or after a call, the first time that it is made."""
    real = getattr(target, name)
    times: list[None] = []

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        times.append(None)
        if len(times) > 1:
            return real(*args, **kwargs)
        if after:
            real(*args, **kwargs)
        raise KeyboardInterrupt

    async def interrupted_later(*args: Any, **kwargs: Any) -> Any:
        result = interrupted(*args, **kwargs)
        return await result if inspect.isawaitable(result) else result

    later = inspect.iscoroutinefunction(real) and not after
    monkeypatch.setattr(target, name, interrupted_later if later else interrupted)


def test_a_genesis_that_passed_before_the_start_is_made_anew(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        interrupt(patch, bring_up, "ensure_genesis", after=True)
        with pytest.raises(KeyboardInterrupt):
            network.up(wait="none")
    first = network.lock.genesis
    assert first is not None
    with monkeypatch.context() as patch:
        at(patch, 59)
        network.up(wait="none")
    second = network.lock.genesis
    assert second is not None
    assert second.time > first.time
    assert second.validators_root == first.validators_root
    whole(network)


def test_a_genesis_that_is_still_ahead_is_kept(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        interrupt(patch, bring_up, "ensure_genesis", after=True)
        with pytest.raises(KeyboardInterrupt):
            network.up(wait="none")
    before = network.lock.genesis
    network.up(wait="none")
    assert network.lock.genesis == before


def test_a_genesis_that_was_started_with_is_never_made_anew(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.up(wait="none")
    before = network.lock.genesis
    network.stop()
    at(monkeypatch, 1_000_000)
    network.up(wait="none")
    assert network.lock.genesis == before
    whole(network)


def test_a_genesis_whose_files_are_gone_is_made_anew(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        interrupt(patch, bring_up, "ensure_genesis", after=True)
        with pytest.raises(KeyboardInterrupt):
            network.up(wait="none")
    (network.layout.genesis / "genesis.ssz").unlink()
    network.up(wait="none")
    whole(network)


def test_the_delay_counts_from_the_moment_the_genesis_is_made(make: Make) -> None:
    network = make(spec=edited(genesis_delay="30"))
    network.up(wait="none")
    assert network.lock.genesis is not None
    assert 28 < network.lock.genesis.time - time.time() <= 31


# Interrupts

# Waiter.apis is asked in an event loop: an interrupt after it is one before what follows.
STEPS = [
    (bring_up, "ensure_programs"),
    (bring_up, "genesis_keys"),
    (bring_up, "ensure_keystores"),
    (bring_up, "write_service_secrets"),
    (bring_up, "allot_ports"),
    (bring_up, "ensure_genesis"),
    (prepare, "make_genesis"),
    (prepare, "write_tree"),
    (prepare, "password"),
    (Network, "update_lock"),
    (Network, "plan"),
    (FakeBackend, "allot_ports"),
    (FakeBackend, "difference"),
    (FakeBackend, "apply"),
    (bring_up, "append_event"),
    (Waiter, "apis"),
]
CASES = [
    pytest.param(target, name, after, id=f"{'after' if after else 'before'} {name}")
    for target, name in STEPS
    for after in (False, True)
    if not (name == "apis" and after)
]


@pytest.mark.usefixtures("quick_genesis")
@pytest.mark.parametrize(("target", "name", "after"), CASES)
def test_an_interrupt_anywhere_is_finished_by_up_and_removed_by_down(
    make: Make, monkeypatch: pytest.MonkeyPatch, target: Any, name: str, after: bool
) -> None:
    for at_last in ("up", "down"):
        network = make()
        with monkeypatch.context() as patch:
            interrupt(patch, target, name, after=after)
            with pytest.raises(KeyboardInterrupt):
                network.up(wait="none")
        found = Network.open("testnet")
        if at_last == "up":
            found.up(wait="none")
            whole(found)
        found.down()
        assert not network.layout.root.exists()
        assert machine(network).services == {}


@pytest.mark.usefixtures("quick_genesis")
def test_a_crash_at_any_write_is_finished_by_up(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The power fails before the n-th change of a name, for every n."""
    number, finished = 0, False
    rename, replace = Path.rename, Path.replace
    while not finished:
        left = number

        def crash(real: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
            def or_crash(path: Path, target: Path) -> Path:
                nonlocal left
                left -= 1
                if left == -1:
                    raise KeyboardInterrupt
                return real(path, target)

            return or_crash

        network = Network(layout_of("testnet"))
        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", crash(rename))
            patch.setattr(Path, "replace", crash(replace))
            try:
                make().up(wait="none")
            except KeyboardInterrupt:
                number += 1
            else:
                finished = True
        make().up(wait="none")
        whole(network)
        network.down()
    assert number > 20


def test_ctrl_c_during_a_download_does_not_wait_for_the_keys(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    deriving, done = threading.Event(), []

    def derive(spec: object, *, cache: object, progress: Callable[[int, int], None]) -> Any:
        for number in range(1_000_000):
            deriving.set()
            progress(number, 1_000_000)
            done.append(number)
        pytest.fail("it derived all keys")

    def download(*_: object) -> None:
        assert deriving.wait(20)
        raise KeyboardInterrupt

    monkeypatch.setattr(prepare, "derive_genesis_keys", derive)
    monkeypatch.setattr(bring_up, "ensure_programs", download)
    with pytest.raises(KeyboardInterrupt):
        network.up(wait="none")
    assert len(done) < 1_000_000


def test_a_program_that_cannot_be_had_changes_no_service(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DownloadError, match="geth"):
        network.up(wait="none")
    assert not network.lock.started
    assert machine(network).services == {}


# Order of the start


def test_validators_start_when_the_beacon_nodes_answer(
    network: Network, asked_apis: list[set[str]]
) -> None:
    network.up(wait="none")
    assert asked_apis == [{*EXECUTION, JOURNAL, *BEACONS}]
    applied = [set(call.services) for call in machine(network).calls if call.verb == "apply"]
    assert applied == [{*EXECUTION, JOURNAL, *BEACONS}, set(VALIDATORS)]


def test_the_real_apis_are_asked(make: Make, beacons: list[StandIn]) -> None:
    network = make(ports=ports_of(beacons))
    network.up(wait="none")
    assert all(node.asked("/eth/v1/node/version") for node in beacons)
    whole(network)


def test_validators_do_not_start_when_a_beacon_node_fails(
    make: Make, beacons: list[StandIn]
) -> None:
    network = make(ports=ports_of(beacons))
    machine(network).fail_start("cl-2-prysm-geth", says=["address already in use"])
    beacons[1].answers["/eth/v1/node/version"] = Reply(status=503)
    with pytest.raises(ServiceFailedError) as caught:
        network.up(wait="none")
    assert caught.value.service == "cl-2-prysm-geth"
    assert not set(VALIDATORS) & set(machine(network).services)


def test_validators_that_failed_are_started_again(make: Make, beacons: list[StandIn]) -> None:
    network = make(ports=ports_of(beacons))
    network.up(wait="none")
    machine(network).crash(VALIDATORS[0], for_good=True)
    report = network.up(wait="none")
    assert report.changed == VALIDATORS[:1]
    whole(network)


def test_what_to_wait_for_is_of_the_argument_or_of_the_spec(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[tuple[str, float]] = []

    async def until(_waiter: Waiter, wait: str, *, timeout: float, slot: int) -> None:
        waits.append((wait, timeout))

    monkeypatch.setattr(Waiter, "until", until)
    make("one").up()
    make("two", spec=spec_of(SPEC + "wait_for_finalization: true\n")).up()
    make("two", spec=spec_of(SPEC + "wait_for_finalization: true\n")).up(wait="block", timeout=7)
    make("one").up(timeout=0)
    assert [wait for wait, _ in waits] == ["block", "finalized", "block", "block"]
    first, second, third, fourth = (timeout for _, timeout in waits)
    # The clients' start, what is left of the genesis delay, and some slots or epochs.
    start = bring_up.CLIENT_START
    assert start + 50 + 10 * 2 < first < start + 300
    assert start + 50 + 5 * 64 < second < start + 61 + 10 * 64
    assert (third, fourth) == (7, 0)


@pytest.mark.parametrize(
    ("now", "anew", "slot"),
    [(-20, True, 1), (0, True, 1), (40, True, 40), (40, False, 36), (3, False, 1)],
)
def test_old_blocks_do_not_tell_that_a_chain_moves(now: int, anew: bool, slot: int) -> None:
    """After a start only a new block counts; a network left as it was need not make one first."""
    clock = SlotClock(1000, 2000, 32, now=lambda: 1000 + 2 * now)
    assert bring_up._first_slot(clock, anew=anew) == slot


# A network that is gone


def test_a_network_that_was_removed_meanwhile_is_a_sentence_and_stays_removed(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.up(wait="none")
    other = Network.open("testnet")
    network.down()
    for verb in (other.up, other.stop, other.status, other.start):
        with pytest.raises(NotFoundError, match="no network 'testnet' any more"):
            verb()
    assert not network.layout.root.exists()
    other.down()
    assert not network.layout.root.exists()


def test_a_network_that_is_removed_while_waiting_for_it_leaves_no_folder(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if another ``down`` had ended between our look and our turn."""
    import contextlib
    import shutil

    from chainyard.network import state as room

    real = room.mutex

    @contextlib.contextmanager
    def removed_before(path: Path, **kwargs: Any) -> Any:
        shutil.rmtree(path.parent)
        with real(path, **kwargs):
            yield

    monkeypatch.setattr(room, "mutex", removed_before)
    with pytest.raises(NotFoundError):
        network.stop()
    assert not network.layout.root.exists()


# The context manager


def test_a_network_is_removed_at_the_end_of_its_context(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def until(_waiter: Waiter, _wait: str, *, timeout: float, slot: int) -> None: ...

    monkeypatch.setattr(Waiter, "until", until)
    with network as same:
        assert same is network
        whole(network)
    assert not network.layout.root.exists()


def test_a_network_is_removed_after_an_error_in_its_context(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def until(_waiter: Waiter, _wait: str, *, timeout: float, slot: int) -> None: ...

    monkeypatch.setattr(Waiter, "until", until)
    with pytest.raises(ZeroDivisionError), network:
        raise ZeroDivisionError
    assert not network.layout.root.exists()


def test_a_network_that_does_not_come_up_in_its_context_is_removed(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(monkeypatch, bring_up._Start, "run", after=True)
    with pytest.raises(KeyboardInterrupt), network:
        pytest.fail("it came up")
    assert not network.layout.root.exists()


# Another validator client


def test_another_validator_client_has_the_keystores_that_it_reads(
    network: Network, make: Make, stand_ins: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    network.up(wait="none")
    program = tmp_path / "lighthouse"
    program.write_text("#!/bin/sh\necho 'Lighthouse v8.0.0-deadbeef'\n")
    program.chmod(0o755)
    text = SPEC.replace(
        "validator_count: 2, count: 2}",
        f"validator_count: 2, count: 2, vc_type: lighthouse, vc_binary_path: {program}, "
        "keymanager_enabled: true}",
    )
    again = make(spec=spec_of(text))
    before = again.lock.genesis
    report = again.up(wait="none")
    assert "vc-1-geth-prysm-lighthouse" in report.changed
    assert again.lock.genesis == before
    for service in again.plan():
        for path in service.shared:
            assert (again.layout.root / path).exists(), f"{service.name} has no {path}"
