"""Networks on the fake backend: a tiny spec, a home of their own, programs that tell versions."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chainyard import Network, Settings
from chainyard.backends.fake import FakeBackend
from chainyard.genesis.make import Genesis, make_genesis
from chainyard.network.heal.nodes import Healer
from chainyard.network.ready import Waiter
from chainyard.spec import Spec
from tests.chain.standin import StandIn

# Two nodes with two keys each, and one for JSON-RPC without any.
SPEC = """\
participants:
  - {el_type: geth, cl_type: prysm, validator_count: 2, count: 2}
  - {el_type: geth, cl_type: prysm, validator_count: 0}
network_params:
  seconds_per_slot: 2
  genesis_delay: 60
  electra_fork_epoch: 0
  fulu_fork_epoch: 18446744073709551615
"""

PROGRAMS = {
    "geth": "geth version 1.16.8-stable",
    "beacon-chain": "beacon-chain version Prysm/v7.1.2/standin",
    "validator": "validator version Prysm/v7.1.2/standin",
}

VALIDATORS = ("vc-1-geth-prysm", "vc-2-geth-prysm")
EXECUTION = tuple(f"el-{i}-geth-prysm" for i in (1, 2, 3))
BEACONS = tuple(f"cl-{i}-prysm-geth" for i in (1, 2, 3))
JOURNAL = "journal"
SERVICES = (*EXECUTION, JOURNAL, *BEACONS, *VALIDATORS)


def edited(**changes: str) -> Spec:
    """The tiny spec with ``old=new`` replaced, each of which must be there."""
    text = SPEC
    for old, new in changes.items():
        key = f"{old}: "
        assert key in text, f"{key!r} is not in the spec"
        line = next(line for line in text.splitlines() if key in line)
        text = text.replace(line, f"  {old}: {new}" if new else "", 1)
    return spec_of(text)


def spec_of(text: str) -> Spec:
    from chainyard.spec import parse_spec

    return parse_spec(text, "network_params.yaml")


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file, by its path in the folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(scope="session")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of programs that only tell their versions, and one cache of keys for all tests."""
    folder = tmp_path_factory.mktemp("stand-ins")
    for name, says in PROGRAMS.items():
        (folder / name).write_text(f"#!/bin/sh\necho '{says}'\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture(autouse=True)
def _machine(home: Path, stand_ins: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home of its own, and stand-ins for the clients' programs in front of PATH."""
    monkeypatch.setenv("PATH", f"{stand_ins}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("CHAINYARD_SOURCES", "path")
    monkeypatch.setenv("CHAINYARD_CACHE", str(stand_ins / "cache"))


@pytest.fixture(autouse=True)
def asked_apis(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> list[set[str]]:
    """What ran when the beacon nodes were asked. With ``beacons``, they are asked really."""
    asked: list[set[str]] = []

    async def apis(waiter: Waiter, *, timeout: float) -> None:
        states = waiter.backend.observe()
        asked.append({name for name, status in states.items() if status.state == "running"})

    async def met(waiter: Waiter, *, timeout: float) -> None:
        """As if every node answered, and had a peer."""

    async def nothing_lost(healer: Healer, *_: object) -> list[str]:
        return []

    if "beacons" not in request.fixturenames:
        monkeypatch.setattr(Waiter, "apis", apis)
    monkeypatch.setattr(Waiter, "executions", met)
    monkeypatch.setattr(Waiter, "peers", met)
    monkeypatch.setattr(Healer, "executions", nothing_lost)
    monkeypatch.setattr(Healer, "consensus", nothing_lost)
    if "guarded" not in request.fixturenames:
        # The fake backend's validators write no database.
        monkeypatch.setattr("chainyard.network.heal.guard.unprotected", lambda _network: [])
    return asked


@pytest.fixture
def spec() -> Spec:
    return spec_of(SPEC)


@pytest.fixture
def make(spec: Spec) -> Callable[..., Network]:
    """A network on the fake backend: ``make("one", spec=…, consensus_config=…)``."""

    def create(name: str = "testnet", *, spec: Spec = spec, **settings: Any) -> Network:
        return Network.create(spec, name=name, settings=Settings(backend="fake", **settings))

    return create


@pytest.fixture
def network(make: Callable[..., Network]) -> Network:
    return make()


def machine(network: Network) -> FakeBackend:
    """The fake backend of a network, to script it."""
    return FakeBackend(network.layout.root)


@pytest.fixture
def beacons() -> Iterator[list[StandIn]]:
    """Three nodes, each answering both APIs at one address, with a block and a peer."""
    nodes = [StandIn() for _ in range(3)]
    for node in nodes:
        answer(node)
    yield nodes
    for node in nodes:
        node.close()


def ports_of(nodes: list[StandIn]) -> dict[str, int]:
    """``chainyard.yaml`` ports that put the services where the stand-ins listen.

    A number cannot be given twice, so the execution clients have those of the proxies.
    """
    return {
        f"{service}.http": int(node.url.rpartition(":")[2])
        for service, node in zip(BEACONS, nodes, strict=True)
    }


ROOT = "0x" + "ab" * 32


def header(slot: int, root: str = ROOT) -> dict[str, Any]:
    message = {
        "slot": str(slot),
        "proposer_index": "1",
        "parent_root": ROOT,
        "state_root": ROOT,
        "body_root": ROOT,
    }
    signed = {"message": message, "signature": "0x" + "cd" * 96}
    return {
        "execution_optimistic": False,
        "finalized": False,
        "data": {"root": root, "canonical": True, "header": signed},
    }


def answer(
    node: StandIn,
    *,
    slot: int = 3,
    block: int = 3,
    peers: int = 2,
    syncing: bool = False,
    finalized: int = 0,
) -> None:
    """Have a stand-in answer as a node at that point of the chain."""
    checkpoint = {"epoch": str(finalized), "root": ROOT}
    node.answers |= {
        "/eth/v1/node/version": {"data": {"version": "Stand-in/v1"}},
        "/eth/v1/beacon/headers/head": header(slot),
        f"/eth/v1/beacon/headers/{ROOT}": header(slot),
        "/eth/v1/node/syncing": {
            "data": {
                "head_slot": str(slot),
                "sync_distance": "0",
                "is_syncing": syncing,
                "is_optimistic": False,
                "el_offline": False,
            }
        },
        "/eth/v1/node/peer_count": {
            "data": {
                "connected": str(peers),
                "connecting": "0",
                "disconnected": "0",
                "disconnecting": "0",
            }
        },
        "/eth/v1/beacon/states/head/finality_checkpoints": {
            "execution_optimistic": False,
            "finalized": False,
            "data": {
                "previous_justified": checkpoint,
                "current_justified": checkpoint,
                "finalized": checkpoint,
            },
        },
    }
    node.methods |= {"eth_blockNumber": hex(block), "net_peerCount": hex(peers)}


@pytest.fixture
def quick_genesis(monkeypatch: pytest.MonkeyPatch) -> None:
    """One real genesis for all: of later ones the time differs, and no more than their files show.

    To make a real one takes most of an ``up`` here, and some tests bring up a hundred networks.
    """

    def quick(spec: Spec, at: int, keys: Any, overrides: Any) -> Genesis:
        if not _MADE:
            _MADE.append(make_genesis(spec, at, keys, overrides))
        made = _MADE[0]
        execution = replace(
            made.execution, document={**made.execution.document, "timestamp": str(at)}
        )
        config = {**made.config, "MIN_GENESIS_TIME": at}
        return replace(made, time=at, config=config, execution=execution, state_ssz=b"state")

    monkeypatch.setattr("chainyard.network.prepare.make_genesis", quick)


_MADE: list[Genesis] = []
