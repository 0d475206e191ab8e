from __future__ import annotations

import itertools
from collections import deque
from contextlib import aclosing

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainyard.chain.beacon import Beacon
from chainyard.chain.errors import ApiError, ShapeError
from chainyard.chain.events import EventParser
from chainyard.chain.node_types import CONNECTED, Event

from . import samples
from .standin import Reply, StandIn

STREAM = (
    b': a comment\n\nevent: head\ndata: {"slot": "1"}\n\n'
    b'event: block\r\ndata:{"slot":\r\ndata: "2"}\r\n\r\n'
    b'event: head\rid: 7\rdata: {"slot": "3"}\r\r\nevent: lost\n\n'
)
EVENTS = [Event("head", {"slot": "1"}), Event("block", {"slot": "2"}), Event("head", {"slot": "3"})]


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_a_stream_may_be_cut_anywhere(cuts: list[int]) -> None:
    parser = EventParser()
    edges = [0, *sorted(cuts), len(STREAM)]
    found = [one for a, b in itertools.pairwise(edges) for one in parser.feed(STREAM[a:b])]
    assert found == EVENTS


@given(chunks=st.lists(st.binary(max_size=200), max_size=10))
def test_anything_is_events_or_a_shape_error(chunks: list[bytes]) -> None:
    parser = EventParser(limit=500)
    try:
        for chunk in chunks:
            parser.feed(chunk)
    except ShapeError:
        pass


@pytest.mark.parametrize(
    "chunks",
    [
        [b"data: " + b"x" * 600],
        [b"data: " + b"x" * 90 + b"\n"] * 6,
        [b"data: nonsense\n\n"],
        [b"data: []\n\n"],
        [b"data: " + b'{"a":' * 70 + b"1" + b"}" * 70 + b"\n\n"],
    ],
    ids=["long line", "long event", "no JSON", "no object", "deep"],
)
def test_what_is_no_event(chunks: list[bytes]) -> None:
    parser = EventParser(limit=500)
    with pytest.raises(ShapeError):
        deque(map(parser.feed, chunks))


def test_numbers_and_roots_of_an_event() -> None:
    event = Event("head", {"slot": "5", "block": samples.root(1)})
    assert (event.number("slot"), event.root("block")) == (5, samples.root(1))
    with pytest.raises(ShapeError, match=r"event head\.epoch"):
        event.number("epoch")


@pytest.mark.anyio
async def test_events_as_they_come(node: StandIn, beacon: Beacon) -> None:
    with anyio.fail_after(5):
        async with aclosing(beacon.events(["head", "block"])) as events:
            assert (await anext(events)).topic == CONNECTED
            node.emit("head", {"slot": "1"})
            assert await anext(events) == Event("head", {"slot": "1"})
            node.emit_raw(b":\n\n")
            node.emit("block", {"slot": "2"})
            assert await anext(events) == Event("block", {"slot": "2"})
    assert node.seen[-1].query == {"topics": ["head", "block"]}


@pytest.mark.anyio
async def test_a_stream_that_ends_is_opened_again(node: StandIn, beacon: Beacon) -> None:
    with anyio.fail_after(5):
        async with aclosing(beacon.events(["head"])) as events:
            assert (await anext(events)).topic == CONNECTED
            node.hang_up()
            assert (await anext(events)).topic == CONNECTED  # tells of the gap
            node.emit("head", {"slot": "9"})
            assert (await anext(events)).number("slot") == 9
    assert len(node.seen) == 2


@pytest.mark.anyio
async def test_a_silent_stream_is_opened_again(node: StandIn, beacon: Beacon) -> None:
    with anyio.fail_after(5):
        async with aclosing(beacon.events(["head"], silence=0.1)) as events:
            assert (await anext(events)).topic == CONNECTED
            assert (await anext(events)).topic == CONNECTED


@pytest.mark.anyio
async def test_a_node_that_is_away_is_awaited(node: StandIn, beacon: Beacon) -> None:
    troubles = iter([Reply(status=503), Reply(status=503)])

    def trouble(_: object) -> Reply:
        reply = next(troubles)
        if not node.asked("/eth/v1/events")[1:]:
            return reply
        del node.answers["/eth/v1/events"]
        return reply

    node.answers["/eth/v1/events"] = trouble
    with anyio.fail_after(5):
        async with aclosing(beacon.events(["head"])) as events:
            assert (await anext(events)).topic == CONNECTED
    assert len(node.asked("/eth/v1/events")) == 3


@pytest.mark.anyio
async def test_a_topic_that_is_refused(beacon: Beacon) -> None:
    async with aclosing(beacon.events(["nonsense"])) as events:
        with pytest.raises(ApiError, match="invalid topic"):
            await anext(events)


@pytest.mark.anyio
async def test_an_event_that_is_none(node: StandIn, beacon: Beacon) -> None:
    with anyio.fail_after(5):
        async with aclosing(beacon.events(["head"])) as events:
            await anext(events)
            node.emit_raw(b"event: head\ndata: \x1b[31m\n\n")
            with pytest.raises(ApiError, match="not JSON"):
                await anext(events)
