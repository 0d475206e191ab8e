from __future__ import annotations

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainyard.chain.clock import SlotClock


class Time:
    """A clock that only moves when somebody sleeps."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def clock(time: Time, slot_ms: int = 2000) -> SlotClock:
    return SlotClock(1000, slot_ms, 8, now=time, sleep=time.sleep)


@pytest.mark.parametrize(
    ("when", "slot"), [(999.5, -1), (1000, 0), (1001.999, 0), (1002, 1), (1016, 8), (996, -2)]
)
def test_slot_at(when: float, slot: int) -> None:
    assert clock(Time(0)).slot_at(when) == slot


def test_epochs() -> None:
    chain = clock(Time(1017))
    assert (chain.slot(), chain.epoch_of(7), chain.epoch_of(8)) == (8, 0, 1)
    assert (chain.first_slot(2), chain.start_of(16), chain.until(16)) == (16, 1032.0, 15.0)


@given(
    genesis=st.integers(0, 2**33),
    slot=st.integers(0, 10**8),
    slot_ms=st.integers(1, 60_000),
)
def test_a_slot_begins_in_itself(genesis: int, slot: int, slot_ms: int) -> None:
    chain = SlotClock(genesis, slot_ms, 32)
    start = chain.start_of(slot)
    assert chain.slot_at(start) == slot
    assert chain.slot_at(start - slot_ms / 2000) == slot - 1


@pytest.mark.parametrize(("slot_ms", "slots"), [(0, 8), (-1, 8), (2000, 0)])
def test_a_slot_has_a_length(slot_ms: int, slots: int) -> None:
    with pytest.raises(ValueError, match="length"):
        SlotClock(0, slot_ms, slots)


def test_next_slot() -> None:
    time = Time(1003.5)
    assert anyio.run(clock(time).next_slot) == 2
    assert (time.now, time.slept) == (1004.0, [0.5])


def test_before_genesis_the_next_slot_is_the_first() -> None:
    time = Time(990.0)
    assert anyio.run(clock(time).next_slot) == 0
    assert time.now == 1000.0


def test_a_clock_that_is_set_back_is_waited_out() -> None:
    time = Time(1003.0)
    honest = time.sleep

    async def sleep(seconds: float) -> None:
        await honest(seconds)
        if len(time.slept) == 1:
            time.now -= 5

    chain = SlotClock(1000, 2000, 8, now=time, sleep=sleep)
    assert anyio.run(chain.next_slot) == 2
    assert (time.now, time.slept) == (1004.0, [1.0, 5.0])


def test_a_slot_that_has_begun_is_not_waited_for() -> None:
    time = Time(1003.0)
    anyio.run(clock(time).wait_for, 1)
    assert time.slept == []


def test_the_real_clock() -> None:
    import time

    chain = SlotClock(int(time.time()) - 100, 20, 8)
    before = chain.slot()
    assert anyio.run(chain.next_slot) > before
