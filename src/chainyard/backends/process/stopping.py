"""Ending services of one stop order: all at once, each with its own signal and patience."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Collection

from chainyard.backends.base import Progress
from chainyard.backends.process.identity import await_that, family, send
from chainyard.backends.process.records import Records
from chainyard.backends.process.supervisor import SILENCE, Supervisor

_AFTER_KILL = 10.0
"""Seconds that the system may take to end a process that was killed."""

_AGAIN = 0.3
"""Seconds between two signals to what outlives its parent."""

_ENDED = ("STOPPED", "FATAL")
_ENDING = (*_ENDED, "STOPPING")


def stop_group(
    names: Collection[str],
    records: Records,
    supervisor: Supervisor | None,
    progress: Progress | None = None,
) -> list[str]:
    """End services and wait until they are gone.

    Args:
        supervisor: the one that runs them; None ends their processes directly.

    Returns:
        Those that had to be killed.
    """
    return _Group(names, records, supervisor, progress or (lambda *_: None)).stop()


class _Group:
    def __init__(
        self,
        names: Collection[str],
        records: Records,
        supervisor: Supervisor | None,
        progress: Progress,
    ) -> None:
        self._records = records
        self._home = str(records.folder)
        self._supervisor = supervisor
        self._progress = progress
        self._began = time.monotonic()
        self._killed: list[str] = []
        self._signalled: dict[str, float] = {}
        self._left: list[str] = []
        self._left = [name for name in names if not self._is_gone(name, self._states())]

    def stop(self) -> list[str]:
        for name in self._left:
            self._progress(name, "stopping")
            if self._supervisor is None:
                self._signal(name)
        runs = [run for name in self._left if (run := self._records.run(name))]
        patience = max((run.stop_patience for run in runs), default=0.0)
        await_that(self._all_gone, patience + _AFTER_KILL)
        return self._killed

    def _all_gone(self) -> bool:
        states = self._states()
        self._tell([name for name in self._left if states.get(name, "STOPPED") not in _ENDING])
        for name in list(self._left):
            if self._is_gone(name, states):
                self._left.remove(name)
                self._note_end(name)
            else:
                self._signal_orphans(name)
                self._kill_when_due(name)
        return not self._left

    def _states(self) -> dict[str, str]:
        """Names of the supervisor's states; none when there is no supervisor to restart them."""
        if self._supervisor is not None:
            try:
                found = self._supervisor.processes()
                return {name: info["statename"] for name, info in found.items()}
            except SILENCE:
                self._supervisor.kill(children=False)
                self._supervisor = None
                for name in self._left:
                    self._signal(name)
        return {}

    def _tell(self, names: Collection[str]) -> None:
        """Have the supervisor stop them. Asked again while one is between two lives."""
        if self._supervisor is not None:
            with contextlib.suppress(*SILENCE):
                self._supervisor.signal_stop(names)

    def _is_gone(self, name: str, states: dict[str, str]) -> bool:
        if states.get(name, "STOPPED") not in _ENDED:
            return False
        run = self._records.run(name)
        return run is None or not (run.identity.alive() or family(run.identity, self._home))

    def _signal(self, name: str) -> None:
        if run := self._records.run(name):
            send(family(run.identity, self._home), signal.Signals[f"SIG{run.stop_signal}"])

    def _signal_orphans(self, name: str) -> None:
        """Signal again what its parent left behind: just forked, it may have missed the first."""
        run = self._records.run(name)
        if run is None or run.identity.alive():
            return
        if time.monotonic() - self._signalled.get(name, 0.0) > _AGAIN:
            self._signalled[name] = time.monotonic()
            self._signal(name)

    def _kill_when_due(self, name: str) -> None:
        run = self._records.run(name)
        if run and time.monotonic() - self._began > run.stop_patience:
            send(family(run.identity, self._home), signal.SIGKILL)
            self._note_kill(name)

    def _note_end(self, name: str) -> None:
        end = self._records.end(name)
        if self._supervisor and end and end.asked and end.exit_code == -signal.SIGKILL:
            self._note_kill(name)
        self._progress(name, "stopped")

    def _note_kill(self, name: str) -> None:
        if name not in self._killed:
            self._killed.append(name)
            self._progress(name, "killed")
