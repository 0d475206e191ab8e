"""Ready means that the chain says so: real servers stand in for the nodes."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import anyio
import pytest

from chainyard import Network
from chainyard.errors import ChainyardError, NotReadyError, ServiceFailedError
from chainyard.network.ready import RESTARTS, Waiter
from chainyard.network.views import ExecutionEndpoints
from tests.chain.standin import Reply, StandIn, as_json

from .conftest import answer, machine, ports_of

pytestmark = pytest.mark.usefixtures("beacons", "quick_genesis")


@pytest.fixture
def up(make: Callable[..., Network], beacons: list[StandIn]) -> Network:
    network = make(ports=ports_of(beacons))
    network.up(wait="none")
    return network


@pytest.fixture
def waiter(up: Network, beacons: list[StandIn]) -> Waiter:
    """Of three nodes, each of which answers both of its APIs at its stand-in's address."""
    return pointed(up.waiter(), beacons)


def pointed(waiter: Waiter, beacons: list[StandIn]) -> Waiter:
    nodes = []
    for node, stand_in in zip(waiter.endpoints.nodes, beacons, strict=True):
        assert isinstance(node.execution, ExecutionEndpoints)
        nodes.append(replace(node, execution=replace(node.execution, rpc=stand_in.url)))
    endpoints = replace(waiter.endpoints, nodes=tuple(nodes))
    # A clock with short slots: without announcements it is looked once a slot.
    return replace(waiter, endpoints=endpoints, clock=replace(waiter.clock, slot_ms=20))


def run(awaited: Callable[..., Any], *args: Any, timeout: float = 30.0) -> None:
    anyio.run(partial(awaited, *args, timeout=timeout))


def test_a_block_on_every_node_is_ready(waiter: Waiter, beacons: list[StandIn]) -> None:
    run(waiter.until, "block")
    assert all(node.asked("/eth/v1/beacon/headers/head") for node in beacons)


def test_nothing_is_asked_when_nothing_is_awaited(waiter: Waiter, beacons: list[StandIn]) -> None:
    for node in beacons:
        node.seen.clear()
    run(waiter.until, "none")
    assert not any(node.seen for node in beacons)


@pytest.mark.parametrize(
    ("lacks", "seen"),
    [
        ({"slot": 0, "block": 0}, "head at slot 0, execution at block 0"),
        ({"block": 0}, "head at slot 3, execution at block 0"),
    ],
)
def test_what_does_not_come_is_said_with_the_node_and_what_was_seen(
    waiter: Waiter, beacons: list[StandIn], lacks: dict[str, int], seen: str
) -> None:
    answer(beacons[1], **lacks)
    with pytest.raises(NotReadyError) as caught:
        run(waiter.until, "block", timeout=1.0)
    assert "first block on 2-geth-prysm did not come within" in caught.value.message
    assert seen in caught.value.message
    assert "chainyard logs --name testnet" in caught.value.hint
    assert caught.value.cause


def test_a_node_without_the_blocks_of_others_is_not_ready(
    waiter: Waiter, beacons: list[StandIn]
) -> None:
    beacons[2].answers = {
        path: value
        for path, value in beacons[2].answers.items()
        if not path.startswith("/eth/v1/beacon/headers/0x")
    }
    with pytest.raises(NotReadyError, match=r"on 3-geth-prysm .*no block of another node"):
        run(waiter.until, "block", timeout=1.0)


def test_a_node_that_never_answers_is_named(waiter: Waiter, beacons: list[StandIn]) -> None:
    beacons[0].answers["/eth/v1/node/version"] = Reply(status=503)
    with pytest.raises(NotReadyError) as caught:
        run(waiter.until, "block", timeout=0.5)
    assert re.match(r"an answer of cl-1-prysm-geth \(http://[^)]*\) did", caught.value.message)
    assert "HTTP 503" in caught.value.message
    assert caught.value.hint


def test_another_program_at_its_port_ends_the_wait_at_once(
    waiter: Waiter, beacons: list[StandIn]
) -> None:
    beacons[0].answers["/eth/v1/node/version"] = as_json({"hello": "world"})
    began = time.monotonic()
    with pytest.raises(ChainyardError, match=re.escape(beacons[0].url)) as caught:
        run(waiter.until, "block")
    assert "another program answers" in caught.value.cause
    assert time.monotonic() - began < 15


def test_a_block_that_comes_while_waiting(waiter: Waiter, beacons: list[StandIn]) -> None:
    answer(beacons[2], block=4)
    asked: list[None] = []

    def block() -> str:
        asked.append(None)
        return hex(4 if len(asked) > 3 else 1)

    beacons[2].methods["eth_blockNumber"] = block
    for node in beacons[:2]:
        answer(node, block=9)
    run(waiter.block, 4)
    assert len(asked) == 4


def test_a_number_that_does_not_come(waiter: Waiter) -> None:
    with pytest.raises(NotReadyError, match=r"block 99 on .*: block 3"):
        run(waiter.block, 99, timeout=0.5)


def test_finality(waiter: Waiter, beacons: list[StandIn]) -> None:
    with pytest.raises(NotReadyError, match=r"finality of epoch 2 on .*epoch 0 finalized"):
        run(waiter.finality, 2, timeout=0.5)
    for node in beacons:
        answer(node, finalized=2)
    run(waiter.finality, 2)
    run(waiter.until, "finalized")


def test_the_timeout_is_for_all_that_is_awaited(
    waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[str, float]] = []

    async def all_nodes(_self: Waiter, _reached: object, what: str, timeout: float) -> None:
        given.append((what, timeout))
        await anyio.sleep(0.05)

    monkeypatch.setattr(Waiter, "_all_nodes", all_nodes)
    run(waiter.until, "finalized", timeout=5.0)
    (first, whole), (second, rest) = given
    assert (first, second, whole) == ("first block", "finality", 5.0)
    assert rest <= 4.95


def test_a_service_that_failed_ends_the_wait_at_once(
    up: Network, waiter: Waiter, beacons: list[StandIn]
) -> None:
    beacons[1].answers["/eth/v1/node/version"] = Reply(status=503)
    says = ["line one", "bind: address already in use", "\x1b[31mfatal"]
    machine(up).crash("el-2-geth-prysm", says=says, for_good=True)
    began = time.monotonic()
    with pytest.raises(ServiceFailedError) as caught:
        run(waiter.until, "block")
    assert time.monotonic() - began < 15
    error = caught.value
    assert error.service == "el-2-geth-prysm"
    assert list(error.tail[:2]) == says[:2]
    assert "\x1b" not in str(error)
    assert "port" in error.cause
    assert "Last lines of el-2-geth-prysm:" in str(error)


def test_the_failed_service_is_the_reason_when_the_chain_does_not_come_either(
    up: Network, waiter: Waiter, beacons: list[StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both come at the same time: who waits must hear of the service."""

    async def node(_self: Waiter, *_: object) -> None:
        raise NotReadyError("no block")

    async def watch(_self: Waiter, _unwatched: object) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            raise ServiceFailedError("it failed", service="el-1-geth-prysm")

    monkeypatch.setattr(Waiter, "_node", node)
    monkeypatch.setattr(Waiter, "_watch", watch)
    with pytest.raises(ServiceFailedError, match="it failed"):
        run(waiter.until, "block")


def test_a_service_that_keeps_crashing_ends_the_wait(
    up: Network, waiter: Waiter, beacons: list[StandIn]
) -> None:
    backend = machine(up)

    def crash(_seen: object) -> Reply:
        backend.crash("cl-1-prysm-geth", says=["panic: oh no"])
        return Reply(status=503)

    beacons[0].answers["/eth/v1/node/version"] = crash
    with pytest.raises(ServiceFailedError, match="cl-1-prysm-geth") as caught:
        run(waiter.until, "block")
    assert "panic: oh no" in caught.value.tail


def test_crashes_of_the_past_do_not_matter(up: Network, waiter: Waiter) -> None:
    for _ in range(RESTARTS + 2):
        machine(up).crash("cl-1-prysm-geth", says=["panic: once upon a time"])
    run(waiter.until, "block")
    run(waiter.block, 2)


def test_a_validator_that_failed_does_not_keep_apis_from_being_awaited(
    up: Network, waiter: Waiter
) -> None:
    machine(up).crash("vc-1-geth-prysm", for_good=True)
    run(waiter.apis)
    with pytest.raises(ServiceFailedError):
        run(waiter.until, "block")


def test_a_missing_service_ends_the_wait(up: Network, waiter: Waiter) -> None:
    machine(up)._set("cl-3-prysm-geth", "missing")
    with pytest.raises(ServiceFailedError, match="cl-3-prysm-geth is missing"):
        run(waiter.until, "block")


def test_ctrl_c_ends_the_wait(waiter: Waiter, beacons: list[StandIn]) -> None:
    waits = threading.Event()

    def never(_seen: object) -> Reply:
        waits.set()
        return Reply(status=503)

    def press() -> None:
        assert waits.wait(20)
        os.kill(os.getpid(), signal.SIGINT)

    beacons[0].answers["/eth/v1/node/version"] = never
    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run(waiter.until, "block", timeout=60.0)
    thread.join(20)
    assert threading.active_count() < 50


def test_a_network_that_was_never_up_cannot_be_waited_for(make: Callable[..., Network]) -> None:
    network = make("other")
    for wait in (network.wait_for_block, network.wait_for_finality):
        with pytest.raises(ChainyardError, match="has no addresses yet"):
            wait()


def test_networks_wait_by_themselves(
    up: Network, beacons: list[StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        Network, "waiter", lambda self, progress=None: pointed(Network_waiter(self), beacons)
    )
    for node in beacons:
        answer(node, block=5, finalized=3)
    up.wait_for_block(5)
    up.wait_for_finality(3)
    with pytest.raises(NotReadyError, match="block 6"):
        up.wait_for_block(6, timeout=0.3)
    with pytest.raises(NotReadyError, match="finality of epoch 4"):
        up.wait_for_finality(4, timeout=0.3)
    with pytest.raises(NotReadyError, match="within 0 s"):
        up.wait_for_block(1, timeout=0)


Network_waiter = Network.waiter
