"""Which process is ours: a pid alone does not tell, the system gives it to others later."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

import psutil

_SAME_START = 1.5
"""Seconds by which the start of one process may seem to move: Linux counts it from a boot time
that is rounded to seconds and follows small corrections of the clock."""

_SAME_SINCE_BOOT = 0.05
_POLL = 0.02


@dataclass(frozen=True)
class Identity:
    """A process as it was when recorded.

    Args:
        started: seconds since the epoch.
        since_boot: seconds from boot to its start; unlike ``started``, no step of the clock
            changes it.
    """

    pid: int
    started: float
    since_boot: float

    @classmethod
    def of(cls, pid: int) -> Identity:
        """Of a living process.

        Raises:
            psutil.NoSuchProcess: there is none.
        """
        started = psutil.Process(pid).create_time()
        return cls(pid, started, started - psutil.boot_time())

    def process(self) -> psutil.Process | None:
        """The process if it still lives; None if it ended or its pid is another's by now."""
        found = self.remains()
        with contextlib.suppress(psutil.NoSuchProcess):
            if found and found.status() != psutil.STATUS_ZOMBIE:
                return found
        return None

    def remains(self) -> psutil.Process | None:
        """The process, living or ended and not yet collected by its parent (a zombie)."""
        try:
            process = psutil.Process(self.pid)
            started = process.create_time()
        except psutil.NoSuchProcess:
            return None
        if abs(started - self.started) <= _SAME_START:
            return process
        since_boot = started - psutil.boot_time()
        return process if abs(since_boot - self.since_boot) <= _SAME_SINCE_BOOT else None

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process() is not None


def family(identity: Identity, home: str) -> list[psutil.Process]:
    """A service's living processes: the recorded one and those of its process group.

    When the recorded one is gone, its group counts only as far as it works below ``home`` (the
    network's folder): a group of that number might be another's by now.
    """
    ours = identity.remains() is not None
    if not ours and psutil.pid_exists(identity.pid):
        return []
    leader = identity.process()
    members = [leader] if leader else []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid == identity.pid or os.getpgid(process.pid) != identity.pid:
                continue
            if process.status() != psutil.STATUS_ZOMBIE and (ours or _works_in(process, home)):
                members.append(process)
    return members


def _works_in(process: psutil.Process, home: str) -> bool:
    where = process.cwd()
    return where == home or where.startswith(home + os.sep)


def send(processes: Collection[psutil.Process], number: signal.Signals) -> None:
    """Send a signal; psutil checks once more that the pid is still the same process."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def kill_and_wait(processes: Collection[psutil.Process], patience: float = 10.0) -> None:
    """SIGKILL, and wait until they are gone."""
    send(processes, signal.SIGKILL)
    await_that(lambda: not any(map(_lives, processes)), patience)


def _lives(process: psutil.Process) -> bool:
    try:
        # A zombie is gone for us, even where nothing collects it (a container without init).
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def await_that(condition: Callable[[], bool], timeout: float) -> bool:
    """Whether a condition came to hold within so many seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True
