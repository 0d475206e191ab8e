"""What there is now, from the supervisor's view and the records."""

from __future__ import annotations

from typing import Any

from chainyard.backends.base import ServiceStatus, State
from chainyard.backends.process.records import End, Records, Run
from chainyard.backends.process.supervisor import SILENCE, Supervisor

STARTABLE: tuple[State, ...] = ("stopped", "failed", "missing")
"""States of which a service is brought back by starting it."""

_STATES: dict[str, State] = {
    "RUNNING": "running",
    "STARTING": "running",  # its process lives: supervisord waits for it to be steady
    "STOPPING": "running",
    "EXITED": "starting",  # restarted at once
    "BACKOFF": "backoff",
    "STOPPED": "stopped",
    "FATAL": "failed",
    "UNKNOWN": "failed",
}


def observe(records: Records, supervisor: Supervisor) -> dict[str, ServiceStatus]:
    """States of all applied services."""
    known: dict[str, dict[str, Any]] | None = None
    trouble = "its supervisor does not run"
    if supervisor.running():
        try:
            known = supervisor.processes()
        except SILENCE as error:
            trouble = f"its supervisor does not answer: {error}"
    found = {}
    for name in records.names():
        run, end = records.run(name), records.end(name)
        if known is None:
            found[name] = _unsupervised(name, run, end, trouble)
        elif name in known:
            found[name] = _supervised(name, known[name], run, end)
        else:
            found[name] = ServiceStatus(name, "missing", detail="its supervisor does not know it")
    return found


def _unsupervised(name: str, run: Run | None, end: End | None, trouble: str) -> ServiceStatus:
    alive = run is not None and run.identity.alive()
    return ServiceStatus(
        name,
        "stopped",
        pid=run.identity.pid if run and alive else None,
        since=end.time if end else None,
        exit_code=end.exit_code if end else None,
        asked=end.asked if end else False,
        fingerprint=run.fingerprint if run else "",
        detail=f"{trouble}, but its process still does" if alive else "",
    )


def _supervised(name: str, info: dict[str, Any], run: Run | None, end: End | None) -> ServiceStatus:
    state = _STATES[info["statename"]]
    pid = info["pid"] or None
    since = info["start"] if pid else info["stop"]
    return ServiceStatus(
        name,
        state,
        pid=pid,
        since=float(since) if since else None,
        restarts=run.restarts if run else 0,
        exit_code=end.exit_code if end else None,
        asked=end.asked if end else False,
        fingerprint=run.fingerprint if run else "",
        detail=info["spawnerr"] if state in ("backoff", "failed") else "",
    )
