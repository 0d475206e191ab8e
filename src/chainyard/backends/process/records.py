"""What the process backend and its supervisor tell each other through files.

``backend/launch/SERVICE.json``  how to start a service, written by `ProcessBackend.apply`
``backend/run/SERVICE.json``     which process runs, written by that process just before it execs
``backend/end/SERVICE.json``     how the last one ended, written by the supervisor
``backend/supervisor.json``      which process is the supervisor, written by itself
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chainyard.backends.files import write_private
from chainyard.backends.process.identity import Identity

SOCKET = ("supervisor", "sock")
"""Owner and name of the supervisor's socket."""

LOCK = "supervisor.lock"
"""File in ``backend/`` that a supervisor has locked while it lives, from its first moment."""


@dataclass(frozen=True)
class Launch:
    """All there is to starting a service, symbols filled in.

    Args:
        env: variables of its own.
        inherited: variables that it has from whoever ran the command (``PATH``); when these
            change, nothing is restarted.
        stop_signal: as in `chainyard.service.Stop`, without ``SIG``.
        log_bytes: the most that its log may take on disk.
        steady_seconds: a process that ends sooner has failed to start.
        retries: failed starts in a row after which it is given up.
        fingerprint: `chainyard.plan.model.fingerprint` of the service.
        files: digest of its rendered files.
    """

    name: str
    program: str
    args: tuple[str, ...]
    env: Mapping[str, str]
    inherited: Mapping[str, str]
    directory: str
    log: str
    log_bytes: int
    stop_order: int
    stop_patience: float
    stop_signal: str
    steady_seconds: int
    retries: int
    fingerprint: str
    files: str

    @property
    def digest(self) -> str:
        """Changes when, and only when, it would be started differently."""
        values = {**asdict(self), "inherited": None}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Launch:
        values = json.loads(text)
        return cls(**{**values, "args": tuple(values["args"])})


@dataclass(frozen=True)
class Run:
    """A process that was started for a service."""

    identity: Identity
    digest: str
    fingerprint: str
    restarts: int
    stop_order: int
    stop_patience: float
    stop_signal: str


@dataclass(frozen=True)
class End:
    """How a service's process ended: negative exit codes are signals, as in subprocess."""

    pid: int
    exit_code: int
    asked: bool
    time: float


class Records:
    """The files themselves. What cannot be read counts as not written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.backend = folder / "backend"
        self.launches = self.backend / "launch"
        self.runs = self.backend / "run"
        self.ends = self.backend / "end"

    def names(self) -> list[str]:
        """Services that were applied."""
        return _names_in(self.launches)

    def run_names(self) -> list[str]:
        """Services of which a process was started, even when no longer applied."""
        return _names_in(self.runs)

    def all_launches(self) -> dict[str, Launch]:
        found = ((name, self.launch(name)) for name in self.names())
        return {name: launch for name, launch in found if launch}

    def launch(self, name: str) -> Launch | None:
        try:
            return Launch.from_json((self.launches / f"{name}.json").read_text())
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write_launch(self, launch: Launch) -> None:
        write_private(self.launches / f"{launch.name}.json", launch.to_json())

    def run(self, name: str) -> Run | None:
        values = _read(self.runs / f"{name}.json")
        try:
            return Run(**{**values, "identity": Identity(**values["identity"])})
        except (TypeError, KeyError):
            return None

    def write_run(self, name: str, run: Run) -> None:
        # Of no use after a power loss: not durable.
        write_private(self.runs / f"{name}.json", json.dumps(asdict(run)), durable=False)

    def end(self, name: str) -> End | None:
        try:
            return End(**_read(self.ends / f"{name}.json"))
        except TypeError:
            return None

    def write_end(self, name: str, end: End) -> None:
        path = self.ends / f"{name}.json"
        write_private(path, json.dumps(asdict(end)), durable=False)

    def supervisor(self) -> Identity | None:
        try:
            return Identity(**_read(self.backend / "supervisor.json"))
        except TypeError:
            return None

    def write_supervisor(self, identity: Identity) -> None:
        path = self.backend / "supervisor.json"
        write_private(path, json.dumps(asdict(identity)), durable=False)

    def forget(self, names: Iterable[str]) -> None:
        """Remove all records of these services."""
        for name in names:
            for place in (self.launches, self.runs, self.ends):
                (place / f"{name}.json").unlink(missing_ok=True)


def _names_in(place: Path) -> list[str]:
    return sorted(path.stem for path in place.glob("[!.]*.json"))


def _read(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
