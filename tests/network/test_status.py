"""``status``: what the nodes say, whatever they say."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import anyio
import pytest

from chainyard import Network, Status
from chainyard.backends.base import ServiceStatus
from chainyard.chain.clock import SlotClock
from chainyard.errors import RequestError
from chainyard.network.status import read_status
from tests.chain.standin import Fault, Reply, StandIn, as_json

from .conftest import SERVICES, answer, machine, ports_of

pytestmark = pytest.mark.usefixtures("quick_genesis")

WALL = 10


@pytest.fixture
def up(make: Callable[..., Network], beacons: list[StandIn]) -> Network:
    network = make(ports=ports_of(beacons))
    network.up(wait="none")
    for node in beacons:
        answer(node, slot=WALL, block=WALL, finalized=1)
    return network


def look(
    network: Network,
    beacons: list[StandIn],
    *,
    wall: int = WALL,
    timeout: float = 5.0,
    services: dict[str, ServiceStatus] | None = None,
    overrides: dict[str, int | str] | None = None,
) -> Status:
    endpoints = network.endpoints()
    nodes = tuple(
        replace(node, execution=replace(node.execution, rpc=stand_in.url))
        for node, stand_in in zip(endpoints.nodes, beacons, strict=True)
        if node.execution
    )
    clock = SlotClock(0, 2000, 32, now=lambda: wall * 2.0)
    asked = partial(
        read_status,
        replace(endpoints, nodes=nodes),
        network.backend.observe() if services is None else services,
        clock,
        overrides or {},
        timeout=timeout,
    )
    return anyio.run(asked)


def test_a_healthy_network_runs(up: Network, beacons: list[StandIn]) -> None:
    status = look(up, beacons)
    assert status.state == "running"
    assert (status.head_slot, status.wall_slot) == (WALL, WALL)
    assert (status.justified_epoch, status.finalized_epoch) == (1, 1)
    assert [node.name for node in status.nodes] == [f"{i}-geth-prysm" for i in (1, 2, 3)]
    node = status.nodes[0]
    assert (node.head_slot, node.head_block, node.synced) == (WALL, WALL, True)
    assert (node.execution_peers, node.consensus_peers, node.problem) == (2, 2, "")
    assert status.services == dict.fromkeys(SERVICES, "running")


def test_the_json_has_the_keys_that_programs_rely_on(up: Network, beacons: list[StandIn]) -> None:
    value = json.loads(json.dumps(look(up, beacons, overrides={"SLOTS_PER_EPOCH": 8}).as_dict()))
    promised = {
        "state", "head_slot", "wall_slot", "justified_epoch", "finalized_epoch", "nodes",
    }  # fmt: skip
    assert set(value) == promised | {"network", "services", "overrides"}
    promised = {
        "name", "head_slot", "head_block", "execution_peers", "consensus_peers", "synced",
    }  # fmt: skip
    assert all(set(node) == promised | {"problem"} for node in value["nodes"])
    assert value["overrides"] == {"SLOTS_PER_EPOCH": 8}


@pytest.mark.parametrize(
    ("node", "wall", "state"),
    [
        ({"slot": WALL - 4}, WALL, "running"),
        ({"slot": WALL - 5}, WALL, "degraded"),
        ({"syncing": True}, WALL, "degraded"),
        ({}, WALL + 8, "running"),
        ({}, WALL + 9, "degraded"),
    ],
    ids=["a little behind", "behind", "syncing", "a little quiet", "stalled"],
)
def test_what_is_degraded(
    up: Network, beacons: list[StandIn], node: dict[str, Any], wall: int, state: str
) -> None:
    answer(beacons[2], **({"slot": WALL, "block": WALL} | node))
    assert look(up, beacons, wall=wall).state == state


def test_before_genesis(up: Network, beacons: list[StandIn]) -> None:
    for node in beacons:
        answer(node, slot=0, block=0)
    status = look(up, beacons, wall=-5)
    assert (status.state, status.wall_slot, status.head_slot) == ("running", -5, 0)


def test_a_silent_node_is_a_problem_of_its_own(up: Network, beacons: list[StandIn]) -> None:
    for path in beacons[1].answers:
        beacons[1].answers[path] = Reply(b"no\x1b[2J", status=500)
    status = look(up, beacons)
    assert status.state == "degraded"
    assert status.head_slot == WALL
    one, two, three = status.nodes
    assert not one.problem
    assert not three.problem
    assert "HTTP 500" in two.problem
    assert two.head_slot is None
    assert not two.synced
    # Its execution client still tells where it is.
    assert two.head_block == WALL


def test_a_silent_execution_client_does_not_hide_its_beacon_node(
    up: Network, beacons: list[StandIn]
) -> None:
    beacons[0].methods["eth_blockNumber"] = Fault(-32000, "not \x1b[31mready\u202e")
    status = look(up, beacons)
    node = status.nodes[0]
    assert (node.head_slot, node.head_block, node.consensus_peers) == (WALL, None, 2)
    assert "not \\x1b[31mready\\u202e" in node.problem
    assert status.state == "degraded"


def test_a_node_that_hangs_costs_its_time_once(up: Network, beacons: list[StandIn]) -> None:
    beacons[1].answers["/eth/v1/node/syncing"] = beacons[1].stall
    with anyio_limit(15):
        status = look(up, beacons, timeout=1.0)
    beacons[1].released.set()
    assert status.nodes[0].synced
    assert "1 s" in status.nodes[1].problem


def anyio_limit(seconds: float) -> Any:
    import contextlib
    import time

    @contextlib.contextmanager
    def limit() -> Any:
        began = time.monotonic()
        yield
        assert time.monotonic() - began < seconds

    return limit()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[" * 50_000,
        b'{"data": null}',
        b'{"data": {"head_slot": "-1", "sync_distance": "0", "is_syncing": false}}',
        b'{"data": {"head_slot": 5, "is_syncing": "no"}}',
        json.dumps({"data": "\x1b]0;owned\x07" * 1000}).encode(),
        b"\xff\xfe\x00",
    ],
    ids=range(8),
)
def test_hostile_answers_are_a_problem_and_harmless(
    up: Network, beacons: list[StandIn], body: bytes
) -> None:
    beacons[0].answers["/eth/v1/node/syncing"] = Reply(
        body, headers={"content-type": "application/json"}
    )
    status = look(up, beacons)
    assert status.state == "degraded"
    problem = status.nodes[0].problem
    assert problem
    assert problem.isprintable()
    assert len(problem) <= 200


def test_no_head_state_yet(up: Network, beacons: list[StandIn]) -> None:
    path = "/eth/v1/beacon/states/head/finality_checkpoints"
    for node in beacons:
        node.answers[path] = as_json({"code": 404, "message": "no"}, status=404)
    status = look(up, beacons)
    assert (status.justified_epoch, status.finalized_epoch) == (None, None)


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, "running"),
        ({"vc-1-geth-prysm": "failed"}, "degraded"),
        ({"el-1-geth-prysm": "backoff"}, "degraded"),
        (dict.fromkeys(SERVICES, "stopped"), "stopped"),
        (dict.fromkeys(SERVICES, "missing"), "stopped"),
        (dict.fromkeys(SERVICES[1:], "stopped"), "degraded"),
    ],
    ids=["all run", "failed", "backoff", "stopped", "missing", "one runs"],
)
def test_the_state_of_the_services_counts(
    up: Network, beacons: list[StandIn], change: dict[str, Any], state: str
) -> None:
    services = {
        name: replace(status, state=change.get(name, status.state))
        for name, status in up.backend.observe().items()
    }
    assert look(up, beacons, services=services).state == state


def test_a_stopped_network_is_not_asked(up: Network, beacons: list[StandIn]) -> None:
    up.stop()
    for node in beacons:
        node.seen.clear()
    status = up.status()
    assert status.state == "stopped"
    assert status.head_slot is None
    assert status.wall_slot is not None
    assert [node.synced for node in status.nodes] == [False] * 3
    assert not any(node.seen for node in beacons)


def test_nobody_answers(network: Network) -> None:
    network.up(wait="none")
    network.backend.use_ports(dict.fromkeys(network.lock.ports, 1))
    status = network.status(timeout=5)
    assert status.state == "degraded"
    assert all("cannot connect" in node.problem for node in status.nodes)


def test_a_network_that_was_never_up_has_no_status(network: Network) -> None:
    with pytest.raises(RequestError, match="has no addresses yet") as caught:
        network.status()
    assert caught.value.hint == "chainyard up --name testnet"


def test_overrides_are_told(make: Callable[..., Network]) -> None:
    network = make(consensus_config={"SLOTS_PER_EPOCH": 8})
    network.up(wait="none")
    machine(network).lose_power()
    status = network.status()
    assert status.overrides == {"SLOTS_PER_EPOCH": 8}
    assert network.clock is not None
    assert network.clock.slots_per_epoch == 8
