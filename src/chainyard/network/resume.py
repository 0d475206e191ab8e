"""Start the services of a network that ran before: heal its chain, then let its validators vote.

The order is the point. A beacon node must not talk to an execution client that has lost its state,
nor a validator client to a beacon node that is behind: it would vote on a stale head, and only its
slashing protection would stop it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from chainyard.errors import NotReadyError
from chainyard.journal.store import Journal
from chainyard.network.heal import guard
from chainyard.network.heal.nodes import Healer
from chainyard.network.ready import Waiter
from chainyard.network.store import append_event
from chainyard.progress import Progress

if TYPE_CHECKING:
    from chainyard.network.state import NetworkState

# Seconds that beacon nodes may take to find each other again. They count a peer that dialled them
# only after ten; without peers the network starts all the same.
PEERS = 30.0


@dataclass
class Resumption:
    """One start of a network that has run before.

    Args:
        start_limit: seconds that clients may take from their start to an answering API.
        accept_risk: start validator clients whose slashing protection is gone, after a wait.
    """

    network: NetworkState
    waiter: Waiter
    programs: dict[str, Path]
    progress: Progress
    start_limit: float
    accept_risk: bool = False
    told: list[str] = field(default_factory=list)

    def run(self, changed: Collection[str]) -> list[str]:
        """Bring everything up; sentences of what was healed.

        Raises:
            ChainyardError: a validator client's slashing protection is gone, and the risk was not
                accepted; the other services run.
            ServiceFailedError: a service does not come up.
        """
        executions, validators = self._services("el"), self._services("vc")
        self._quiet(changed)
        self._apply(executions)
        self._heal_executions()
        self._apply(set(self.waiter.plan.names()) - validators)
        anyio.run(partial(self.waiter.apis, timeout=self.start_limit))
        self._heal_consensus()
        try:
            self._validators(validators)
        finally:
            if self.told:
                append_event(self.network.layout.events, "healed", told=self.told)
        return self.told

    def _services(self, part: str) -> set[str]:
        names = (getattr(node, f"{part}_service") for node in self.network.spec.participants)
        return {name for name in names if name}

    def _quiet(self, changed: Collection[str]) -> None:
        """End what must not run while its node is healed: it may have outlived the others."""
        names: set[str] = set()
        for node in self.network.spec.participants:
            if {node.el_service, node.cl_service} & set(changed) and node.vc_service:
                names.add(node.vc_service)
            if node.el_service in changed:
                names.add(node.cl_service)
        known = self.network.backend.observe()
        if names & known.keys():
            self.network.backend.stop(names & known.keys())

    def _apply(self, only: Collection[str]) -> None:
        self.network.backend.apply(self.waiter.plan, self.programs, only=only)

    def _tell(self, sentence: str) -> None:
        self.told.append(sentence)
        self.progress.note(sentence)

    def _healer(self, journal: Journal) -> Healer:
        secret = self.network.identities.jwt_secret
        return Healer(self.waiter.endpoints.nodes, journal, secret, self._tell)

    def _heal_executions(self) -> None:
        anyio.run(partial(self.waiter.executions, timeout=self.start_limit))
        journal = Journal(self.network.layout.journal)
        for sentence in journal.damage:
            self._tell(f"the journal is damaged: {sentence}")
        healer = self._healer(journal)
        lost = anyio.run(healer.executions)
        if not lost:
            return
        for service in lost:
            self._tell(f"{service} had lost its state (killed before it wrote one): begun anew")
        self.network.backend.stop(lost)
        for service in lost:
            self.network.backend.wipe(service)
        self._apply(self._services("el"))
        anyio.run(partial(self.waiter.executions, timeout=self.start_limit))
        for service in anyio.run(healer.executions):
            self._tell(f"{service} does not take the journal's blocks: its peers must give them")

    def _heal_consensus(self) -> None:
        healer = self._healer(Journal(self.network.layout.journal))
        anyio.run(healer.consensus, self.waiter.clock.slots_per_epoch)

    def _validators(self, validators: set[str]) -> None:
        bare = guard.unprotected(self.network)
        held = {one.service for one in bare}
        self._meet()
        guard.note_ran(self.network, validators - held)
        self.network.backend.apply(
            self.waiter.plan, self.programs, only=set(self.waiter.plan.names()) - held
        )
        if bare and not self.accept_risk:
            raise guard.refusal(self.network.name, bare[0])
        if bare:
            self._wait_out(bare)
            self.network.backend.apply(self.waiter.plan, self.programs)

    def _meet(self) -> None:
        try:
            anyio.run(partial(self.waiter.peers, timeout=PEERS))
        except NotReadyError as error:
            self._tell(f"validators start without peers: {error.message}")

    def _wait_out(self, bare: list[guard.Unprotected]) -> None:
        clock = self.waiter.clock
        epochs = guard.RISK_EPOCHS
        task = f"{epochs} epochs without {', '.join(one.service for one in bare)}"
        self.progress.started(task)
        until = clock.slot() + epochs * clock.slots_per_epoch
        anyio.run(clock.wait_for, until)
        append_event(
            self.network.layout.events,
            "slashing risk accepted",
            services=[one.service for one in bare],
            waited_slots=epochs * clock.slots_per_epoch,
        )
        self.progress.finished(task)
