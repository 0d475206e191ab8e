from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chainyard.journal.store import Journal, Writer
from chainyard.network.heal.nodes import Healer
from chainyard.network.views import ConsensusEndpoints, ExecutionEndpoints, NodeEndpoints
from tests.journal.chains import entry

from .clients import SECRET, FakeBeacon, FakeExecution


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _machine() -> None:
    """No programs are needed here."""


@pytest.fixture(autouse=True)
def asked_apis() -> None:
    """Nothing is replaced here: it is the healing itself that is tested."""


class Pair:
    """A node: an execution client and its beacon node."""

    def __init__(self, execution: FakeExecution, beacon: FakeBeacon, number: int) -> None:
        self.execution, self.beacon = execution, beacon
        self.name = f"{number}-geth-prysm"

    def endpoints(self) -> NodeEndpoints:
        url = self.execution.url
        el = ExecutionEndpoints(f"el-{self.name}", url, "", url, "", "")
        cl = ConsensusEndpoints(f"cl-{self.name}", self.beacon.url, "", "", "")
        return NodeEndpoints(self.name, "rpc", el, cl, None)


@pytest.fixture
def pair() -> Iterator[Callable[..., Pair]]:
    """Make nodes: ``pair(el=7, cl=9, remembered=0, finalized=0)``."""
    made: list[Pair] = []

    def make(el: int, cl: int, *, remembered: int = 0, **beacon: Any) -> Pair:
        found = Pair(FakeExecution(el, remembered), FakeBeacon(cl, **beacon), len(made) + 1)
        made.append(found)
        return found

    yield make
    for one in made:
        one.execution.close()
        one.beacon.close()


class Case:
    """A healer of nodes with a journal of slots, and what it told."""

    def __init__(self, folder: Path, slots: Any, pairs: tuple[Pair, ...]) -> None:
        with Writer(folder) as writer:
            for slot in slots:
                writer.append(entry(slot) if isinstance(slot, int) else slot)
        self.told: list[str] = []
        nodes = [one.endpoints() for one in pairs]
        self.healer = Healer(nodes, Journal(folder), SECRET, self.told.append)


@pytest.fixture
def case(tmp_path: Path) -> Callable[..., Case]:
    """``case(slots, pair, …)``."""
    return lambda slots, *pairs: Case(tmp_path / "journal", slots, pairs)
