"""How long from ``up`` to blocks and finality, in parts: ``python benchmarks/startup.py``.

Programs must be on hand (``make setup``): fetching or building them is not a start. It brings the
default network up in a home of its own, watches the first epochs, and takes it down. Times are
seconds since the command was entered, except where a line says otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from chainyard.chain.beacon import Beacon  # noqa: E402
from chainyard.chain.clock import SlotClock  # noqa: E402
from chainyard.chain.execution import Execution  # noqa: E402
from chainyard.chain.sync import SyncPortal  # noqa: E402
from chainyard.chain.waiting import wait_for_execution_block, wait_for_finality  # noqa: E402
from chainyard.home import cache_dir  # noqa: E402

# What is promised, on two idle cores: epochs without an empty slot, and seconds.
EPOCHS_WITHOUT_A_GAP = 4
OWN_PART, FIRST_BLOCK = 3.0, 12.0


def main() -> int:
    """Measure, print, and give 1 if a promise was not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--finality", action="store_true", help="wait for finality, too")
    parser.add_argument("--epochs", type=int, default=EPOCHS_WITHOUT_A_GAP, help="to be watched")
    options = parser.parse_args()
    environment = dict(os.environ, CHAINYARD_CACHE=str(cache_dir()))
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # every installation has a bytecode cache
    with tempfile.TemporaryDirectory(prefix="chainyard-startup-") as folder:
        environment["CHAINYARD_HOME"] = folder
        try:
            return measure(environment, options)
        finally:
            command(environment, "down", "--name", "startup")


def measure(environment: dict[str, str], options: argparse.Namespace) -> int:
    """One start, from the command to the last epoch that is watched."""
    began = time.time()
    file = str(ROOT / "network_params.yaml")
    arguments = ("--name", "startup", "--wait", "none", "--output", "json")
    report = command(environment, "up", file, *arguments)
    nodes = report["endpoints"]["nodes"]
    rpc = next(node for node in nodes if node["role"] == "rpc")
    with SyncPortal() as sync:
        beacon = sync.open(Beacon(rpc["consensus"]["http"]))
        execution = sync.open(Execution(rpc["execution"]["rpc"]))
        spec, genesis = sync(beacon.spec), sync(beacon.genesis)
        assert genesis is not None
        sync(wait_for_execution_block, execution, number=1, timeout=120, every=0.05)
        first = time.time() - began
        block = sync(execution.block, 1)
        assert block is not None
        clock = SlotClock(genesis.time, spec.slot_ms, spec.slots_per_epoch)
        own = sum(report["seconds"][part] for part in ("programs and keys", "genesis", "start"))
        line("our own part (programs, keys, genesis, start)", own)
        for part, seconds in report["seconds"].items():
            line(f"  {part}", seconds)
        line("genesis time", genesis.time - began)
        line("slot of the first block", block.timestamp - began)
        line("first block on the RPC node", first)
        slots = options.epochs * spec.slots_per_epoch
        sync(clock.wait_for, slots + 1)
        empty = [slot for slot in range(1, slots + 1) if sync(beacon.header, slot) is None]
        print(f"slots without a block in the first {options.epochs} epochs: {empty or 'none'}")
        if options.finality:
            found = sync(wait_for_finality, beacon, epoch=1, timeout=slots * spec.slot_ms / 250)
            line(f"epoch {found.finalized.epoch} finalized", time.time() - began)
    return 1 if empty or own > OWN_PART or first > FIRST_BLOCK else 0


def command(environment: dict[str, str], *arguments: str) -> Any:
    """Run ``chainyard``; what it says as JSON, if it does."""
    done = subprocess.run(
        [sys.executable, "-m", "chainyard", *arguments],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
    )
    return json.loads(done.stdout) if "json" in arguments else None


def line(what: str, seconds: float) -> None:
    """A line of the table."""
    print(f"{what:<52} {seconds:8.2f} s")


if __name__ == "__main__":
    sys.exit(main())
