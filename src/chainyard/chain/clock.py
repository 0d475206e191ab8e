"""Slots and epochs as times."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio

_MICRO = 1_000_000


@dataclass(frozen=True)
class SlotClock:
    """When slots begin (consensus-specs, phase0 fork-choice, ``get_slots_since_genesis``).

    Args:
        genesis_time: Unix time of slot 0, seconds.
        slot_ms: length of a slot, milliseconds.
        slots_per_epoch: 32 in the mainnet preset, 8 in the minimal one.
        now: the clock, Unix time in seconds.
        sleep: how to wait, in seconds.
    """

    genesis_time: int
    slot_ms: int
    slots_per_epoch: int
    now: Callable[[], float] = field(default=time.time, repr=False, compare=False)
    sleep: Callable[[float], Awaitable[object]] = field(
        default=anyio.sleep, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if self.slot_ms <= 0 or self.slots_per_epoch <= 0:
            raise ValueError("a slot and an epoch have a length")

    def slot_at(self, when: float) -> int:
        """The slot at Unix time ``when`` (seconds); negative before genesis."""
        # In whole microseconds: slot_at(start_of(n)) is n, whatever floats round to.
        return round((when - self.genesis_time) * _MICRO) // (self.slot_ms * 1000)

    def slot(self) -> int:
        """The slot now; negative before genesis."""
        return self.slot_at(self.now())

    def epoch_of(self, slot: int) -> int:
        """The epoch that ``slot`` is in."""
        return slot // self.slots_per_epoch

    def first_slot(self, epoch: int) -> int:
        """The first slot of ``epoch``."""
        return epoch * self.slots_per_epoch

    def start_of(self, slot: int) -> float:
        """Unix time at which ``slot`` begins, seconds."""
        return self.genesis_time + slot * self.slot_ms / 1000

    def until(self, slot: int) -> float:
        """Seconds from now to the beginning of ``slot``; negative if it has begun."""
        return self.start_of(slot) - self.now()

    async def wait_for(self, slot: int) -> None:
        """Return once ``slot`` has begun, however the system clock is set meanwhile."""
        while self.slot() < slot:
            await self.sleep(max(self.until(slot), 1 / _MICRO))

    async def next_slot(self) -> int:
        """Wait for the next slot (slot 0 before genesis) to begin; its number."""
        slot = max(self.slot() + 1, 0)
        await self.wait_for(slot)
        return slot
