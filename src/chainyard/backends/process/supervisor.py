"""Control of a network's supervisor from outside: start it, talk to it, end it."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import socket
import subprocess
import sys
import xmlrpc.client
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from chainyard.backends.files import make_socket_dir, private_dir, socket_path, write_private
from chainyard.backends.process import identity
from chainyard.backends.process.records import LOCK, SOCKET, Records
from chainyard.errors import ChainyardError

TIMEOUT = 20.0
"""Seconds within which the supervisor starts, answers or ends: none of that waits for a service."""

# Paths are set in code, not here: supervisord's syntax cannot say all of them.
CONFIG = """\
[supervisord]
logfile = supervisord.log
pidfile = supervisord.pid
logfile_maxbytes = 1MB
logfile_backups = 1
umask = 077
minfds = 256
minprocs = 1
nocleanup = true

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""

SILENCE = (OSError, http.client.HTTPException, xmlrpc.client.Error)
"""What is raised when it does not answer."""

# Fault codes of supervisor.xmlrpc.Faults.
_BAD_NAME, _SPAWN_ERROR, _ALREADY_STARTED, _NOT_RUNNING = 10, 50, 60, 70


class Supervisor:
    """The supervisor of one network folder, running or not."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._socket = socket_path(records.folder, *SOCKET)

    def running(self) -> bool:
        """Whether it lives: true also when it does not answer."""
        recorded = self._records.supervisor()
        return recorded is not None and recorded.alive()

    def settle(self) -> None:
        """Wait for one that an interrupted command has started a moment ago."""
        identity.await_that(lambda: self.running() or not self._locked(), TIMEOUT)

    def answers_or_ends(self) -> None:
        """`settle`, and end one that lives but does not answer; its children live on."""
        self.settle()
        if self.running():
            try:
                self.processes()
            except SILENCE:
                self.kill(children=False)

    def _locked(self) -> bool:
        try:
            descriptor = os.open(self._records.backend / LOCK, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def launch(self) -> None:
        """Start it, with all services stopped. It outlives this command.

        Raises:
            ChainyardError: it did not start.
        """
        backend = private_dir(self._records.backend)
        private_dir(self._records.runs)
        make_socket_dir(self._records.folder)
        self._socket.unlink(missing_ok=True)
        write_private(backend / "supervisord.conf", CONFIG)
        said = self._run_daemon()
        if said is None and identity.await_that(self.running, TIMEOUT):
            return
        raise ChainyardError(
            f"the supervisor did not start: {said or 'it said nothing'}",
            hint=f"see {backend / 'supervisord.log'}",
        )

    def _run_daemon(self) -> str | None:
        """Its last words if it failed. When this returns it answers, in the background."""
        folder = str(self._records.folder)
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-m", "chainyard.backends.process.daemon", folder],
                env=_environment(),
                cwd=self._records.backend,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"it took more than {TIMEOUT:.0f} seconds"
        if done.returncode == 0:
            return None
        lines = done.stdout.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""

    @contextmanager
    def _proxy(self) -> Iterator[xmlrpc.client.ServerProxy]:
        transport = _UnixTransport(self._socket)
        with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as proxy:
            yield proxy

    def processes(self) -> dict[str, dict[str, Any]]:
        """Its view of all services, as of ``supervisor.getAllProcessInfo``."""
        with self._proxy() as proxy:
            found: Any = proxy.supervisor.getAllProcessInfo()
        return {info["name"]: info for info in found}

    def reload(self) -> tuple[list[str], list[str], list[str]]:
        """Read the records again: names of services added, changed and removed by that."""
        with self._proxy() as proxy:
            result: Any = proxy.supervisor.reloadConfig()
        added, changed, removed = result[0]
        return added, changed, removed

    def remove(self, names: Collection[str]) -> None:
        """Forget services; they are stopped."""
        self._each("removeProcessGroup", names, tolerated=(_BAD_NAME,))

    def add(self, names: Collection[str]) -> None:
        """Know services as of the last `reload`."""
        self._each("addProcessGroup", names)

    def start(self, names: Collection[str]) -> dict[str, str]:
        """Start services at the same time. Returns why, of each that cannot be started at all."""
        return self._each("startProcess", names, False, tolerated=(_ALREADY_STARTED, _SPAWN_ERROR))

    def signal_stop(self, names: Collection[str]) -> None:
        """Begin to stop services: their own signal now, SIGKILL after their patience."""
        self._each("stopProcess", names, False, tolerated=(_NOT_RUNNING, _BAD_NAME))

    def _each(
        self, method: str, names: Collection[str], *args: object, tolerated: tuple[int, ...] = ()
    ) -> dict[str, str]:
        if not names:
            return {}
        calls = [{"methodName": f"supervisor.{method}", "params": [n, *args]} for n in names]
        with self._proxy() as proxy:
            results: Any = proxy.system.multicall(calls)
        return {
            name: result["faultString"]
            for name, result in zip(names, results, strict=True)
            if isinstance(result, dict) and result.get("faultCode") not in tolerated
        }

    def shut_down(self) -> None:
        """End it; all services are stopped by now."""
        with contextlib.suppress(*SILENCE):
            with self._proxy() as proxy:
                proxy.supervisor.shutdown()
            if identity.await_that(lambda: not self.running(), TIMEOUT):
                return
        self.kill()

    def kill(self, *, children: bool = True) -> None:
        """End it, and its children if asked to, with SIGKILL, whatever state they are in."""
        recorded = self._records.supervisor()
        process = recorded.process() if recorded else None
        if process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            # Frozen first, so that it cannot start another child while we look.
            process.suspend()
            started = process.children(recursive=True) if children else []
            identity.kill_and_wait([process])
            identity.kill_and_wait(started)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(str(self._path))


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._open: _UnixConnection | None = None

    def make_connection(self, host: object) -> _UnixConnection:  # noqa: ARG002 - overrides
        if self._open is None:
            self._open = _UnixConnection(self._path)
        return self._open

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def _environment() -> dict[str, str]:
    """Of the supervisor itself; services get their own, see `Launch`."""
    keep = ("PATH", "HOME", "TMPDIR", "PYTHONPATH")
    found = {key: os.environ[key] for key in keep if key in os.environ}
    return {**found, "LANG": "C.UTF-8", "PYTHONUTF8": "1"}
