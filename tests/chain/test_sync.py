from __future__ import annotations

import threading

import pytest

from chainyard.chain.beacon import Beacon
from chainyard.chain.errors import UnreachableError
from chainyard.chain.sync import SyncPortal
from chainyard.chain.waiting import wait_for_block
from chainyard.errors import NotReadyError

from . import samples
from .standin import StandIn

HEAD = "/eth/v1/beacon/headers/head"


def test_calls(node: StandIn) -> None:
    node.answers[HEAD] = samples.header(5)
    node.answers["/eth/v1/beacon/headers/5"] = samples.header(5)
    with SyncPortal() as sync:
        beacon = sync.open(Beacon(node.url))
        assert sync(beacon.head).slot == 5
        assert sync(beacon.header, 5) == sync(beacon.head)
        assert sync(beacon.header, block_id=6) is None
        assert sync(wait_for_block, beacon, slot=5, timeout=5).slot == 5


def test_connections_are_reused_between_calls(node: StandIn) -> None:
    node.answers[HEAD] = samples.header(5)
    with SyncPortal() as sync:
        beacon = sync.open(Beacon(node.url))
        for _ in range(4):
            sync(beacon.head)
    assert node.connections == 1


def test_errors_come_through(nobody: str, node: StandIn) -> None:
    node.answers[HEAD] = samples.header(1)
    with SyncPortal() as sync:
        with pytest.raises(UnreachableError):
            sync(sync.open(Beacon(nobody)).head)
        with pytest.raises(NotReadyError):
            sync(wait_for_block, sync.open(Beacon(node.url)), slot=9, timeout=0.05)


def test_events(node: StandIn) -> None:
    with SyncPortal() as sync:
        beacon = sync.open(Beacon(node.url))
        events = sync.iterate(beacon.events(["head"]))
        assert next(events).topic == "connected"
        node.emit("head", {"slot": "1"})
        node.emit("head", {"slot": "2"})
        assert [next(events).number("slot") for _ in range(2)] == [1, 2]
        events.close()


def test_a_finite_generator_ends() -> None:
    async def numbers():
        yield 1
        yield 2

    with SyncPortal() as sync:
        assert list(sync.iterate(numbers())) == [1, 2]


def test_an_iterator_that_outlives_its_portal(node: StandIn) -> None:
    with SyncPortal() as sync:
        events = sync.iterate(sync.open(Beacon(node.url)).events(["head"]))
        next(events)
    with pytest.raises(RuntimeError):
        next(events)


def test_outside_of_its_block(node: StandIn) -> None:
    sync = SyncPortal()
    beacon = Beacon(node.url)
    with pytest.raises(RuntimeError, match="with"):
        sync(beacon.head)


def test_no_thread_is_left(node: StandIn) -> None:
    node.answers[HEAD] = samples.header(5)
    with SyncPortal() as sync:
        sync(sync.open(Beacon(node.url)).head)
        assert any("portal" in one.name for one in threading.enumerate())
    assert not any("portal" in one.name for one in threading.enumerate())
