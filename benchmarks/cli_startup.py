"""How long the command takes to answer when it has nothing to do: least, median, processor.

    .venv/bin/python benchmarks/cli_startup.py [RUNS]

The charter's bound is 0.2 s. Each run is a new process; the home is empty. The least is what the
program costs, the median what a busy machine makes of it; the processor time is the least of the
runs and hardly depends on what else the machine does.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMANDS = (["--help"], ["--version"], ["ls"], ["status", "--help"], ["__complete", "st"])
BOUND = 0.2  # seconds


def measure(command: list[str], home: str, runs: int) -> tuple[list[float], float]:
    """Seconds of each run, and the least processor time of one."""
    program = [str(Path(sys.executable).with_name("chainyard")), *command]
    environment = {**os.environ, "CHAINYARD_HOME": home}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # every installation has a bytecode cache
    times, processor = [], []
    for _ in range(runs + 1):
        began, used = time.perf_counter(), processor_seconds()
        subprocess.run(program, env=environment, capture_output=True, check=True)
        times.append(time.perf_counter() - began)
        processor.append(processor_seconds() - used)
    return times[1:], min(processor)  # the first run fills the disk cache


def processor_seconds() -> float:
    """Processor time of all processes that we started and that ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> int:
    """Print a line a command; 1 if the least of any is over the bound."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    slow = False
    print(f"{'command':<26} {'least':>8} {'median':>8} {'processor':>10}   of {runs} runs")
    with tempfile.TemporaryDirectory(prefix="chainyard-bench-") as home:
        for command in COMMANDS:
            times, cpu = measure(command, home, runs)
            slow |= min(times) > BOUND
            name = " ".join(["chainyard", *command])
            middle = statistics.median(times)
            print(f"{name:<26} {min(times):>6.3f} s {middle:>6.3f} s {cpu:>8.3f} s")
    print(f"bound: {BOUND} s" + (": MISSED" if slow else ""))
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
