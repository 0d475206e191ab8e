"""The real Network on the public fake backend, without programs and without a chain.

Everything that the command does with a network's folder, spec, plan and backend is the real thing;
only what would need running clients is scripted here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from chainyard.backends.base import PortRequest
from chainyard.network.inputs import genesis_inputs
from chainyard.network.lock import LockedGenesis
from chainyard.network.network import Network
from chainyard.network.views import NodeStatus, Status, UpReport
from chainyard.progress import NoProgress

SPEC = """\
participants:
  - el_type: geth
    cl_type: prysm
    validator_count: 32
  - el_type: geth
    cl_type: prysm
    validator_count: 0
network_params:
  seconds_per_slot: 2
  electra_fork_epoch: 0
  fulu_fork_epoch: 18446744073709551615
"""

GENESIS = LockedGenesis(
    time=1_700_000_000,
    fork="electra",
    chain_id=3151908,
    block_hash="0x" + "11" * 32,
    state_root="0x" + "22" * 32,
    validators_root="0x" + "33" * 32,
    eth2="0x" + "00" * 16,
    inputs={},
)


class FakeNetwork(Network):
    """A network whose clients and chain are scripted by the class attributes."""

    calls: ClassVar[list[tuple[Any, ...]]] = []
    during_up: ClassVar[Callable[[Any], None] | None] = None
    statuses: ClassVar[list[Status]] = []
    lines: ClassVar[list[tuple[str, str]] | None] = None

    @classmethod
    def reset(cls) -> None:
        cls.calls, cls.statuses = [], []
        cls.during_up = cls.lines = None

    def up(self, *, wait=None, timeout=None, progress=None, accept_slashing_risk=False) -> UpReport:
        told = progress or NoProgress()
        self.calls.append(("up", self.name, wait, timeout))
        created = not self.lock.started
        told.started("genesis")
        if self.lock.genesis is None:
            inputs = genesis_inputs(self.spec, self.settings)
            self.update_lock(genesis=LockedGenesis(**{**vars(GENESIS), "inputs": inputs}))
        told.finished("genesis")
        plan = self.plan()
        request = PortRequest(recorded=self.lock.ports, wanted=self.settings.ports)
        self.update_lock(ports=self.backend.allot_ports(plan, request))
        if FakeNetwork.during_up is not None:
            FakeNetwork.during_up(told)
        plan = self.plan()
        difference = self.backend.apply(plan, dict.fromkeys(plan.names(), Path("/bin/true")))
        self.update_lock(started=True)
        changed = (*difference.added, *difference.changed, *difference.stopped)
        seconds = {"genesis": 0.25, "start": 1.0}
        return UpReport(self.name, created, changed, seconds, self.endpoints())

    def status(self, *, timeout: float = 5.0) -> Status:
        self.calls.append(("status", self.name))
        return self.statuses.pop(0) if self.statuses else status(self.name)

    def logs(self, service=None, *, follow=False, tail=None) -> Iterator[tuple[str, str]]:
        self.calls.append(("logs", service, follow, tail))
        if self.lines is None:
            return super().logs(service, follow=follow, tail=tail)
        return iter(self.lines)


def status(name: str = "devnet", **changes: Any) -> Status:
    """A healthy network's status, with changes."""
    values: dict[str, Any] = {
        "network": name,
        "state": "running",
        "head_slot": 120,
        "wall_slot": 121,
        "justified_epoch": 2,
        "finalized_epoch": 1,
        "nodes": (NodeStatus("1-geth-prysm", 120, 118, 1, 2, synced=True),),
        "services": {"el-1-geth-prysm": "running"},
    }
    return Status(**(values | changes))


def wait_for_ever(_progress: Any) -> None:
    """What ``up`` does when the chain does not come: until it is interrupted."""
    threading.Event().wait()
