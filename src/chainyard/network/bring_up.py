"""Bring a network from whatever it is to what its spec says.

Every step looks at what is there and does the rest, so that an interrupted run is finished by the
next. The order: programs and keys (at the same time), genesis, ports, services; then the chain.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from chainyard.chain.clock import SlotClock
from chainyard.genesis.keys import ValidatorKeys
from chainyard.journal.store import Journal
from chainyard.network.heal.guard import note_ran, vc_services
from chainyard.network.heal.stalled import stalled
from chainyard.network.prepare import (
    allot_ports,
    ensure_genesis,
    ensure_keystores,
    ensure_programs,
    genesis_keys,
)
from chainyard.network.ready import Wait, Waiter
from chainyard.network.resume import Resumption
from chainyard.network.secrets import write_service_secrets
from chainyard.network.status import SLOTS_BEHIND
from chainyard.network.store import append_event
from chainyard.network.views import UpReport
from chainyard.progress import Progress

if TYPE_CHECKING:
    from chainyard.network.state import NetworkState

# Seconds that clients may take from their start to an answering API: 5 to 10 on an idle machine,
# many times that on one that is overloaded. Those that end meanwhile are noticed at once.
CLIENT_START = 180.0


@dataclass
class _Timer:
    """How long the parts took, in seconds."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - began, 3)


def bring_up(
    network: NetworkState,
    *,
    wait: Wait | None,
    timeout: float | None,
    progress: Progress,
    accept_slashing_risk: bool = False,
) -> UpReport:
    """Bring the network up; raises as `Network.up`."""
    timer = _Timer()
    with network.held():
        created = not network.lock.started
        programs = _prepare(network, timer, progress)
        waiter = network.waiter(progress)
        start = _Start(network, waiter, programs, timer, progress, accept_slashing_risk)
        changed = start.run()
    chosen: Wait = wait or ("finalized" if network.spec.wait_for_finalization else "block")
    slots = 10 if chosen == "block" else 6 * waiter.clock.slots_per_epoch
    limit = default_timeout(waiter.clock, slots) if timeout is None else timeout
    with timer.part("wait"):
        slot = _first_slot(waiter.clock, anew=bool(changed))
        anyio.run(partial(waiter.until, chosen, timeout=limit, slot=slot))
    return UpReport(
        network.name, created, changed, timer.seconds, waiter.endpoints, tuple(start.healed)
    )


def _first_slot(clock: SlotClock, *, anew: bool) -> int:
    """The slot from which on a block tells that the chain moves.

    A chain that was just started again has blocks enough, but old ones. One that was left as it
    was need not be waited for: a block of the last slots will do.
    """
    return max(1, clock.slot() if anew else clock.slot() - SLOTS_BEHIND)


def default_timeout(clock: SlotClock, slots: int) -> float:
    """Seconds that a healthy network needs at most for so many slots from now."""
    return CLIENT_START + max(0.0, clock.until(0)) + slots * clock.slot_ms / 1000


def _prepare(network: NetworkState, timer: _Timer, progress: Progress) -> dict[str, Path]:
    """Programs, keys, secrets, genesis and ports; gives the programs."""
    cancelled = threading.Event()
    with ThreadPoolExecutor(max_workers=1) as pool, timer.part("programs and keys"):
        making = pool.submit(_make_keys, network, progress, cancelled)
        try:
            # Here, and the keys in the other thread: Ctrl-C is to end a download at once.
            programs = ensure_programs(network, progress)
            keys = making.result()
        except BaseException:
            cancelled.set()
            raise
    write_service_secrets(network.layout, network.spec, network.identities)
    allot_ports(network, network.plan())
    with timer.part("genesis"):
        # The last moment: the genesis time counts from here.
        ensure_genesis(network, keys, progress)
    return programs


def _make_keys(
    network: NetworkState, progress: Progress, cancelled: threading.Event
) -> list[ValidatorKeys]:
    keys = genesis_keys(network, progress, cancelled)
    ensure_keystores(network, keys[0], progress)
    return keys


@dataclass
class _Start:
    """Makes the services what they should be."""

    network: NetworkState
    waiter: Waiter
    programs: dict[str, Path]
    timer: _Timer
    progress: Progress
    accept_slashing_risk: bool
    healed: list[str] = field(default_factory=list)

    def run(self) -> tuple[str, ...]:
        """The names of the services that were not as they should be."""
        network = self.network
        difference = network.backend.difference(self.waiter.plan, self.programs)
        changed = {name for part in vars(difference).values() for name in part}
        again = network.lock.started
        if not changed and again:
            changed = self._stalled()
        if not changed:
            return ()
        self.progress.started("start")
        network.update_lock(started=True)
        append_event(network.layout.events, "started", **vars(difference))
        if again:
            self._resume(changed)
        else:
            self._first(changed)
        self.progress.finished("start", f"{len(changed)} services")
        return tuple(sorted(changed))

    def _stalled(self) -> set[str]:
        """Execution services of nodes that run and stand still."""
        tip = Journal(self.network.layout.journal).tip()
        waiter = self.waiter
        if tip is None:
            return set()
        nodes = anyio.run(stalled, waiter.endpoints.nodes, waiter.clock, tip.block_number)
        for node in nodes:
            self.progress.note(f"{node.name} stands still: it is healed")
        return {node.execution.service for node in nodes if node.execution}

    def _first(self, changed: set[str]) -> None:
        """Everything at once but for validator clients, which come last.

        One that is started before its beacon node answers finds nobody, and asks again only a slot
        later: the first slots would be empty.
        """
        network, plan = self.network, self.waiter.plan
        validators = vc_services(network.spec.participants)
        with self.timer.part("start"):
            network.backend.apply(plan, self.programs, only=changed - validators)
        if changed & validators:
            with self.timer.part("beacon nodes"):
                anyio.run(partial(self.waiter.apis, timeout=CLIENT_START))
            note_ran(network, validators)
            network.backend.apply(plan, self.programs)

    def _resume(self, changed: set[str]) -> None:
        """As `_first`, for a chain that has a past: it is healed before anybody votes."""
        resumption = Resumption(
            self.network,
            self.waiter,
            self.programs,
            self.progress,
            CLIENT_START,
            self.accept_slashing_risk,
        )
        with self.timer.part("start"):
            self.healed = resumption.run(changed)
