"""How long a genesis takes, and how much memory: cold (keys derived) and cached.

    python benchmarks/genesis.py [--counts 64,10000,100000] [--fork electra|fulu]

Every case is a process of its own, timed from its start to the last file in hand, imports included.
"cold" has an empty key cache, "cached" finds all keys there. Memory is the peak resident size
(ru_maxrss) of that process and, apart, of key derivation's helper processes; "cpu" counts the
processor seconds of all of them.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
CASES = ("cold", "cached")


def main() -> None:
    """Run every case in a process of its own and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", default="64,10000,100000", help="numbers of validators")
    parser.add_argument("--fork", default="electra", choices=("electra", "fulu"))
    parser.add_argument("--json", action="store_true", help="print JSON lines, no table")
    parser.add_argument("--case", nargs=2, metavar=("COUNT", "CACHE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        count, cache = arguments.case
        print(json.dumps(one_case(int(count), Path(cache), arguments.fork)))
        return
    if not arguments.json:
        print(
            f"{'validators':>10} {'':<7} {'total':>8} {'cpu':>8} {'keys':>8} {'genesis':>8}"
            f" {'memory':>8} {'helpers':>8}"
        )
    with tempfile.TemporaryDirectory() as cache:
        run_case(64, cache, arguments.fork)  # fills the bytecode cache
    for count in map(int, arguments.counts.split(",")):
        with tempfile.TemporaryDirectory() as cache:
            for name in CASES:
                report(count, name, run_case(count, cache, arguments.fork), arguments.json)


def run_case(count: int, cache: str, fork: str) -> dict[str, float]:
    """One case, timed from outside too, with a bytecode cache as every installation has it."""
    environment = {key: value for key, value in os.environ.items() if key != NO_BYTECODE}
    command = [sys.executable, __file__, "--fork", fork, "--case", str(count), cache]
    started = time.perf_counter()
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return {"total": time.perf_counter() - started} | json.loads(done.stdout)


def report(count: int, name: str, case: dict[str, float], as_json: bool) -> None:
    """One line of the table."""
    if as_json:
        print(json.dumps({"validators": count, "keys": name} | case), flush=True)
        return
    times = " ".join(f"{case[part]:>6.2f} s" for part in ("total", "cpu", "keys", "genesis"))
    memory = " ".join(f"{case[part]:>5.0f} MB" for part in ("memory_mb", "helpers_mb"))
    print(f"{count:>10} {name:<7} {times} {memory}", flush=True)


def one_case(count: int, cache: Path, fork: str) -> dict[str, float]:
    """Make a genesis; seconds for its parts, megabytes at its peak."""
    from chainyard.genesis.keycache import KeyCache
    from chainyard.genesis.make import derive_genesis_keys, make_genesis
    from chainyard.spec import load_spec

    # Two validator clients share the keys, as in the default network.
    spec = load_spec(
        {
            "participants": [
                {
                    "el_type": "geth",
                    "cl_type": "prysm",
                    "supernode": True,
                    "validator_count": count // 2,
                    "count": 2,
                }
            ],
            "network_params": {} if fork == "fulu" else {"fulu_fork_epoch": 2**64 - 1},
        }
    )
    started = time.perf_counter()
    keys = derive_genesis_keys(spec, cache=KeyCache(cache))
    derived = time.perf_counter()
    files = make_genesis(spec, 1_700_000_000, keys).files()
    finished = time.perf_counter()
    assert len(files["genesis.ssz"]) > 121 * count
    return {
        "keys": derived - started,
        "genesis": finished - derived,
        "memory_mb": peak_mb(resource.RUSAGE_SELF),
        "helpers_mb": peak_mb(resource.RUSAGE_CHILDREN),
        "cpu": sum(os.times()[:4]),
    }


def peak_mb(who: int) -> float:
    """Peak resident size; the kernel counts in bytes on macOS, in KiB elsewhere."""
    return resource.getrusage(who).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    main()
