"""A real network that is killed in every way: it goes on, and nothing slashable is signed."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.live.conftest import SETTINGS, Yard, make_yard

from chainyard.chain.beacon import Beacon
from chainyard.chain.sync import SyncPortal
from chainyard.chain.waiting import wait_for_finality

pytestmark = [pytest.mark.live, pytest.mark.timeout(1800)]

KILLS = int(os.environ.get("CHAINYARD_KILLS", "20"))
SEED = int(os.environ.get("CI_SEED", "0")) or random.SystemRandom().randrange(2**32)
SLOT = 2.0
SLOTS_PER_EPOCH = 8


@dataclass
class Net:
    """A network of this module's own, and what the tests ask of it."""

    yard: Yard
    programs: dict[str, Path]
    sync: SyncPortal

    @property
    def folder(self) -> Path:
        return self.yard.home / "networks" / self.yard.folder.name

    def beacons(self) -> list[Beacon]:
        nodes = self.yard.json("endpoints")["nodes"]
        return [self.sync.open(Beacon(node["consensus"]["http"])) for node in nodes]

    def events(self, kind: str) -> list[dict[str, Any]]:
        lines = (self.folder / "events.jsonl").read_text().splitlines()
        return [event for line in lines if (event := json.loads(line))["event"] == kind]

    def processes(self) -> dict[str, psutil.Process]:
        """Services' processes by name, and the supervisor's as ``supervisor``."""
        found: dict[str, psutil.Process] = {}
        for process in self.yard.processes():
            words = " ".join(process.cmdline())
            name = (
                words.rpartition("/data/")[2].split("/")[0].split()[0] if "/data/" in words else ""
            )
            found["supervisor" if "process.daemon" in words else name] = process
        return found

    def votes(self) -> dict[str, tuple[int, int, int]]:
        """Per key: the highest slot, source and target epoch it signed (EIP-3076). Stopped only."""
        highest: dict[str, tuple[int, int, int]] = {}
        for data in sorted((self.folder / "data").glob("vc-*")):
            out = self.yard.folder / f"protection-{data.name}"
            shutil.rmtree(out, ignore_errors=True)
            command = [
                str(self.programs["prysm-validator"]),
                *("slashing-protection-history", "export", "--accept-terms-of-use"),
                f"--datadir={data}",
                f"--slashing-protection-export-dir={out}",
            ]
            subprocess.run(command, check=True, capture_output=True, timeout=60)
            value = json.loads(next(out.glob("*.json")).read_text())
            for one in value["data"]:
                votes = one["signed_attestations"] or []
                highest[one["pubkey"]] = (
                    max((int(b["slot"]) for b in one["signed_blocks"] or []), default=0),
                    max((int(v["source_epoch"]) for v in votes), default=0),
                    max((int(v["target_epoch"]) for v in votes), default=0),
                )
        return highest


@pytest.fixture(scope="module")
def net(programs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Net]:
    yard = make_yard(tmp_path_factory.mktemp("survival") / "survival", SETTINGS)
    with SyncPortal() as sync:
        try:
            yard.json("up")
            yield Net(yard, programs, sync)
        finally:
            yard.end()


def until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} s: {what}")


def agree(net: Net, beacons: list[Beacon]) -> None:
    """Every node has the same block at a slot that all are past: no fork."""

    def same() -> bool:
        low = min(net.sync(beacon.head).slot for beacon in beacons) - 1
        roots = {header.root for beacon in beacons if (header := _at(net, beacon, low))}
        return len(roots) == 1

    until(same, 60, "the same block on all nodes")


def _at(net: Net, beacon: Beacon, slot: int) -> Any:
    """The header of its chain at a slot, or of the last block before."""
    for back in range(SLOTS_PER_EPOCH * 4):
        if header := net.sync(beacon.header, slot - back):
            return header
    return None


def finalized(net: Net, beacon: Beacon) -> int:
    found = net.sync(beacon.finality_checkpoints)
    return found.finalized.epoch if found else 0


def no_slashing(net: Net, beacon: Beacon) -> None:
    """No validator is slashed, and no block holds a slashing."""
    validators = net.sync(beacon.validators)
    assert validators
    assert not [validator.index for validator in validators if validator.slashed]
    head = net.sync(beacon.head).slot
    seen = 0
    for slot in range(1, head + 1):
        if block := net.sync(beacon.block, slot):
            body = block.data["message"]["body"]
            assert not body["proposer_slashings"], slot
            assert not body["attester_slashings"], slot
            seen += 1
    assert seen


class TestStopAndStart:
    def test_the_next_block_comes_within_two_slots_of_the_last_start(self, net: Net) -> None:
        beacons = net.beacons()
        net.sync(wait_for_finality, beacons[0], epoch=1, timeout=240)
        net.yard.run("stop")
        heads = net.events("stopped")[-1]["heads"]
        assert set(heads) == {"1-geth-prysm", "2-geth-prysm", "3-geth-prysm"}
        report = net.yard.json("start")
        # `wait` begins when the last validator client was started; a slot may just have begun.
        assert report["seconds"]["wait"] <= 3 * SLOT, report["seconds"]
        agree(net, beacons)

    def test_a_gap_of_many_epochs(self, net: Net) -> None:
        beacons = net.beacons()
        net.yard.run("stop")
        time.sleep(10 * SLOTS_PER_EPOCH * SLOT)  # the gap itself is what is tested
        net.yard.run("start")
        before = finalized(net, beacons[0])
        net.sync(wait_for_finality, beacons[0], epoch=before + 10, timeout=240)
        agree(net, beacons)


class TestLoss:
    def test_execution_data_that_was_deleted_comes_back(self, net: Net) -> None:
        net.yard.run("stop")
        shutil.rmtree(net.folder / "data" / "el-1-geth-prysm" / "geth")
        report = net.yard.json("start")
        assert any("el-1-geth-prysm" in sentence for sentence in report["healed"])
        agree(net, net.beacons())

    def test_consensus_data_that_was_deleted_comes_back(self, net: Net) -> None:
        net.yard.run("stop")
        shutil.rmtree(net.folder / "data" / "cl-2-prysm-geth")
        net.yard.run("start")
        agree(net, net.beacons())

    def test_without_its_slashing_protection_a_validator_is_not_started(self, net: Net) -> None:
        net.yard.run("stop")
        database = net.folder / "data" / "vc-2-geth-prysm" / "validator.db"
        aside = database.with_suffix(".aside")
        database.rename(aside)
        done = net.yard.run("start", check=1)
        assert "slashing protection is gone" in done.stderr
        assert "vc-2-geth-prysm" not in net.processes()
        assert "vc-1-geth-prysm" in net.processes()
        aside.rename(database)
        net.yard.run("start")
        assert "vc-2-geth-prysm" in net.processes()


def choose(rng: random.Random, names: list[str]) -> list[str]:
    """Which processes are killed: all, a pair, a kind, or any."""
    services = [name for name in names if name != "supervisor"]
    pair = rng.choice(("-1-", "-2-", "-3-"))
    kind = rng.choice(("el-", "cl-", "vc-"))
    chosen = rng.choice(
        [
            services,
            [name for name in services if pair in name],
            [name for name in services if name.startswith(kind)],
            rng.sample(services, rng.randint(1, len(services))),
        ]
    )
    # Power loss takes the supervisor along; a crash of clients does not.
    return ["supervisor", *chosen] if rng.random() < 0.7 else chosen


def test_a_network_that_is_killed_again_and_again_goes_on(net: Net) -> None:
    print(f"seed {SEED}, {KILLS} kills")
    rng = random.Random(SEED)
    beacons = net.beacons()
    net.yard.run("stop")
    before = net.votes()
    net.yard.run("start")
    for count in range(KILLS):
        processes = net.processes()
        chosen = choose(rng, sorted(processes))
        delay = rng.uniform(0, 3 * SLOT)
        time.sleep(delay)  # when it happens is part of what is random
        print(f"kill {count + 1} after {delay:.1f} s: {', '.join(chosen)}")
        for name in chosen:
            if process := processes.get(name):
                process.kill()
        began = time.monotonic()
        report = net.yard.json("start")
        print(f"  up in {time.monotonic() - began:.1f} s", *report["healed"], sep="\n    ")
        agree(net, beacons)
    reached = finalized(net, beacons[0])
    net.sync(wait_for_finality, beacons[0], epoch=reached + 2, timeout=300)
    agree(net, beacons)
    no_slashing(net, beacons[2])
    net.yard.run("stop")
    after = net.votes()
    assert before.keys() == after.keys()
    for key, highest in before.items():
        assert all(now >= then for now, then in zip(after[key], highest, strict=True)), key
    net.yard.run("start")
