"""A network that ran before: the order of its start, and validators that are held back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chainyard import Network
from chainyard.chain.clock import SlotClock
from chainyard.errors import ChainyardError, NotReadyError
from chainyard.network.heal import guard
from chainyard.network.heal.nodes import Healer
from chainyard.network.ready import Waiter

from .conftest import BEACONS, EXECUTION, JOURNAL, SERVICES, VALIDATORS, machine

Make = Callable[..., Network]


@pytest.fixture
def ran(network: Network) -> Network:
    """A network that was up and is stopped, whose validators have written their databases."""
    network.up(wait="none")
    for name in VALIDATORS:
        database(network, name).parent.mkdir(parents=True, exist_ok=True)
        database(network, name).write_bytes(b"votes")
    network.stop()
    machine(network).calls.clear()
    return network


def database(network: Network, service: str) -> Path:
    return network.layout.root / "data" / service / "validator.db"


def events(network: Network, kind: str) -> list[Any]:
    lines = [json.loads(line) for line in network.layout.events.read_text().splitlines()]
    return [line for line in lines if line["event"] == kind]


def started(network: Network) -> list[set[str]]:
    calls = machine(network).calls
    return [set(call.services) for call in calls if call.verb == "apply" and call.services]


def running(network: Network) -> set[str]:
    states = machine(network).observe()
    return {name for name, status in states.items() if status.state == "running"}


def test_execution_clients_then_beacon_nodes_then_validators(ran: Network) -> None:
    report = ran.start(wait="none")
    assert started(ran) == [set(EXECUTION), {JOURNAL, *BEACONS}, set(VALIDATORS)]
    assert set(report.changed) == set(SERVICES)
    assert report.healed == ()


def test_each_part_is_healed_before_the_next_starts(
    ran: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []

    async def executions(healer: Healer) -> list[str]:
        seen.append(running(ran))
        healer.tell("an execution client was healed")
        return []

    async def consensus(healer: Healer, slots_per_epoch: int) -> None:
        assert slots_per_epoch == 32
        seen.append(running(ran))
        healer.tell("a beacon node was healed")

    monkeypatch.setattr(Healer, "executions", executions)
    monkeypatch.setattr(Healer, "consensus", consensus)
    report = ran.start(wait="none")
    assert seen == [set(EXECUTION), {*EXECUTION, JOURNAL, *BEACONS}]
    assert report.healed == ("an execution client was healed", "a beacon node was healed")
    assert events(ran, "healed")[-1]["told"] == list(report.healed)


def test_a_client_that_lost_its_state_is_emptied_and_asked_again(
    ran: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = ran.layout.root / "data" / EXECUTION[0]
    data.mkdir(parents=True, exist_ok=True)
    (data / "chaindata").write_text("old")
    answers = [[EXECUTION[0]], []]

    async def executions(_healer: Healer) -> list[str]:
        return answers.pop(0)

    monkeypatch.setattr(Healer, "executions", executions)
    report = ran.start(wait="none")
    assert not (data / "chaindata").exists()
    assert answers == []
    assert "begun anew" in report.healed[0]
    assert running(ran) == set(SERVICES)


def test_validators_that_outlived_their_node_are_ended_first(ran: Network) -> None:
    ran.start(wait="none")
    machine(ran).stop([EXECUTION[0]])
    machine(ran).calls.clear()
    ran.start(wait="none")
    stops = [call.services for call in machine(ran).calls if call.verb == "stop"]
    assert stops == [(VALIDATORS[0], BEACONS[0])]
    assert running(ran) == set(SERVICES)


def test_the_other_nodes_go_on_meanwhile(ran: Network) -> None:
    ran.start(wait="none")
    machine(ran).stop([BEACONS[2]])
    machine(ran).calls.clear()
    ran.start(wait="none")
    touched = {name for call in machine(ran).calls for name in call.services}
    assert touched == {BEACONS[2]}


def test_without_peers_it_starts_all_the_same_and_says_so(
    ran: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def alone(_waiter: Waiter, *, timeout: float) -> None:
        raise NotReadyError("no peer")

    monkeypatch.setattr(Waiter, "peers", alone)
    report = ran.start(wait="none")
    assert report.healed == ("validators start without peers: no peer",)
    assert running(ran) == set(SERVICES)


# Slashing protection


@pytest.fixture
def guarded() -> None:
    """The real guard looks at the databases."""


@pytest.mark.usefixtures("guarded")
class TestGuard:
    def test_with_its_record_a_validator_starts(self, ran: Network) -> None:
        ran.start(wait="none")
        assert running(ran) == set(SERVICES)

    @pytest.mark.parametrize("loss", ["gone", "empty", "folder gone"])
    def test_without_it_only_that_one_is_held_back(self, ran: Network, loss: str) -> None:
        path = database(ran, VALIDATORS[1])
        path.unlink()
        if loss == "empty":
            path.touch()
        if loss == "folder gone":
            path.parent.rmdir()
        with pytest.raises(ChainyardError, match="slashing protection is gone") as caught:
            ran.start(wait="none")
        assert caught.value.exit_code == 1
        assert VALIDATORS[1] in caught.value.message
        assert "--accept-slashing-risk" in caught.value.hint
        assert running(ran) == set(SERVICES) - {VALIDATORS[1]}

    def test_up_refuses_as_start_does(self, ran: Network) -> None:
        database(ran, VALIDATORS[0]).unlink()
        for _ in range(2):
            with pytest.raises(ChainyardError, match="slashing protection"):
                ran.up(wait="none")
        assert VALIDATORS[0] not in running(ran)

    def test_one_that_never_ran_has_no_record_to_lose(self, network: Network) -> None:
        network.up(wait="none")
        assert running(network) == set(SERVICES)
        assert json.loads(network.layout.guard.read_text()) == sorted(VALIDATORS)

    def test_a_record_that_is_put_back(self, ran: Network) -> None:
        path = database(ran, VALIDATORS[0])
        votes = path.read_bytes()
        path.unlink()
        with pytest.raises(ChainyardError):
            ran.start(wait="none")
        path.write_bytes(votes)
        ran.start(wait="none")
        assert running(ran) == set(SERVICES)

    def test_an_accepted_risk_is_waited_out(
        self, ran: Network, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        waited: list[tuple[int, set[str]]] = []

        async def wait_for(clock: SlotClock, slot: int) -> None:
            waited.append((slot - clock.slot(), running(ran)))

        monkeypatch.setattr(SlotClock, "wait_for", wait_for)
        database(ran, VALIDATORS[0]).unlink()
        ran.start(wait="none", accept_slashing_risk=True)
        assert waited == [(3 * 32, set(SERVICES) - {VALIDATORS[0]})]
        assert running(ran) == set(SERVICES)
        (event,) = events(ran, "slashing risk accepted")
        assert event["services"] == [VALIDATORS[0]]

    def test_a_damaged_list_is_an_error_and_not_a_pass(self, ran: Network) -> None:
        ran.layout.guard.write_text('{"vc": 1}')
        with pytest.raises(ChainyardError, match=r"validators-ran\.json is damaged"):
            ran.start(wait="none")
        assert not running(ran) & set(VALIDATORS)

    def test_lighthouse_keeps_its_record_among_its_keys(self, network: Network) -> None:
        from chainyard import clients

        node = network.spec.participants[0]
        where = clients.validator("lighthouse").protection(node)
        path = where.render(network.backend.binding("vc-1"))
        assert path.endswith(f"keys/{node.name}/keys/slashing_protection.sqlite")


def test_the_list_only_grows(network: Network) -> None:
    guard.note_ran(network, ["vc-b"])
    guard.note_ran(network, ["vc-a"])
    before = network.layout.guard.stat().st_mtime_ns
    guard.note_ran(network, ["vc-a"])
    assert network.layout.guard.stat().st_mtime_ns == before
    assert json.loads(network.layout.guard.read_text()) == ["vc-a", "vc-b"]
