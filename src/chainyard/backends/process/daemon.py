"""The supervisor of one network: supervisord, with services read from `Launch` records.

Run as ``python -m chainyard.backends.process.daemon NETWORK_FOLDER``. Compared to supervisord with
a configuration file, this

- gives each process exactly the arguments and environment of its record: supervisord's own syntax
  cannot say every string (quotes, ``%``, newlines, `` ;``), and adds variables of its own;
- has each process record who it is before it becomes the program, so that it can be found, and
  not mistaken for another, when the supervisor was killed;
- keeps how each process ended and how often it was restarted.
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import psutil

# supervisor ships no types.
from supervisor.datatypes import RestartUnconditionally  # type: ignore[import-untyped]
from supervisor.options import (  # type: ignore[import-untyped]
    NoPermission,
    NotExecutable,
    NotFound,
    ProcessConfig,
    ProcessGroupConfig,
    ServerOptions,
)
from supervisor.process import Subprocess  # type: ignore[import-untyped]
from supervisor.states import ProcessStates, SupervisorStates  # type: ignore[import-untyped]
from supervisor.supervisord import go  # type: ignore[import-untyped]

from chainyard.backends.files import socket_path
from chainyard.backends.process.identity import Identity
from chainyard.backends.process.records import LOCK, SOCKET, End, Launch, Records, Run
from chainyard.errors import ChainyardError

_HANDLED = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGHUP,
    signal.SIGUSR2,
    signal.SIGCHLD,
)
"""Signals that supervisord handles."""

LOG_FILES = 5
_READ_BYTES = 2 << 16  # what supervisord reads at once, and may write beyond a log's limit


class _Process(Subprocess):  # type: ignore[misc]
    """A service's process."""

    restarts = 0

    def get_execv_args(self) -> tuple[str, list[str]]:
        launch = self.config.options.launch(self.config.name)
        _check_program(launch.program)
        return launch.program, [launch.program, *launch.args]

    def spawn(self) -> Any:
        by_itself = self.state in (ProcessStates.EXITED, ProcessStates.BACKOFF)
        self.restarts = self.restarts + 1 if by_itself else 0
        self.config.options.restarts[self.config.name] = self.restarts
        return super().spawn()

    def _spawn_as_parent(self, pid: int) -> Any:
        # Before the command that asked for it is answered.
        options = self.config.options
        with contextlib.suppress(ChainyardError, psutil.Error):
            options.record_run(self.config.name, pid)
        return super()._spawn_as_parent(pid)

    def finish(self, pid: int, sts: int) -> None:
        asked = bool(self.killing)
        super().finish(pid, sts)
        if not asked:
            # What it left of its group would hold its ports and files when it is restarted.
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        end = End(pid, os.waitstatus_to_exitcode(sts), asked, time.time())
        try:
            self.config.options.records.write_end(self.config.name, end)
        except ChainyardError as error:
            report = self.config.options.logger.warn  # supervisord's own kind of logger
            report(f"end of {self.config.name} not recorded: {error}")


class _Config(ProcessConfig):  # type: ignore[misc]
    def make_process(self, group: Any = None) -> _Process:
        process = _Process(self)
        process.group = group
        return process


class _Options(ServerOptions):  # type: ignore[misc]
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.records = Records(folder)
        self.restarts: dict[str, int] = {}

    def launch(self, name: str) -> Launch:
        launch = self.records.launch(name)
        if launch is None:
            raise NotFound(f"no record of how to start {name}")
        return launch

    def process_groups_from_parser(self, parser: Any) -> list[Any]:  # noqa: ARG002 - overrides
        return [
            ProcessGroupConfig(self, launch.name, launch.stop_order, [self._config(launch)])
            for launch in self.records.all_launches().values()
        ]

    def server_configs_from_parser(self, parser: Any) -> list[dict[str, Any]]:  # noqa: ARG002
        path = socket_path(self.records.folder, *SOCKET)
        return [
            {
                "name": "unix_http_server",
                "section": "unix_http_server",
                "family": socket.AF_UNIX,
                "file": str(path),
                "chmod": 0o600,
                "chown": (-1, -1),
                # The folder of the socket is ours alone: that is the authentication.
                "username": None,
                "password": None,
            }
        ]

    def write_pidfile(self) -> None:
        super().write_pidfile()
        self.records.write_supervisor(Identity.of(os.getpid()))

    def fork(self) -> int:
        # Between its fork and its exec a child would swallow signals, as it has our handlers, and
        # not be a group of its own yet: told to stop then, it would run on.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
        try:
            pid = os.fork()
            if pid == 0:
                for number in _HANDLED:
                    signal.signal(number, signal.SIG_DFL)
            else:
                with contextlib.suppress(OSError):
                    os.setpgid(pid, pid)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return pid

    def record_run(self, name: str, pid: int) -> None:
        launch = self.launch(name)
        run = Run(
            Identity.of(pid),
            launch.digest,
            launch.fingerprint,
            self.restarts[name],
            launch.stop_order,
            launch.stop_patience,
            launch.stop_signal,
        )
        self.records.write_run(name, run)

    def execve(self, filename: str, argv: list[str], env: dict[str, str]) -> NoReturn:
        """Become a service: called in the child, after the fork."""
        name = env["SUPERVISOR_PROCESS_NAME"]
        launch = self.launch(name)
        # The supervisor records it as well, but might be killed before it does.
        self.record_run(name, os.getpid())
        # Python ignores SIGPIPE, and a program would inherit that.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.execve(filename, argv, {**launch.inherited, **launch.env})  # noqa: S606 - no shell is the point

    def _config(self, launch: Launch) -> _Config:
        unset = {
            f"{channel}_{what}": 0
            for channel in ("stdout", "stderr")
            for what in ("capture_maxbytes", "events_enabled", "syslog")
        }
        per_file = max(launch.log_bytes // LOG_FILES - _READ_BYTES, 1)
        return _Config(
            self,
            name=launch.name,
            command=launch.program,
            uid=None,
            directory=launch.directory,
            umask=0o077,
            priority=launch.stop_order,
            autostart=False,
            autorestart=RestartUnconditionally,
            startsecs=launch.steady_seconds,
            startretries=launch.retries,
            stdout_logfile=launch.log,
            stdout_logfile_maxbytes=per_file,
            stdout_logfile_backups=LOG_FILES - 1,
            stderr_logfile=None,
            stderr_logfile_maxbytes=0,
            stderr_logfile_backups=0,
            redirect_stderr=True,
            stopsignal=signal.Signals[f"SIG{launch.stop_signal}"],
            stopwaitsecs=math.ceil(launch.stop_patience),
            stopasgroup=True,
            killasgroup=True,
            exitcodes=[0],
            environment={},
            **unset,
        )


def _check_program(program: str) -> None:
    if not Path(program).exists():
        raise NotFound(f"{program} does not exist")
    if Path(program).is_dir():
        raise NotExecutable(f"{program} is a folder")
    if not os.access(program, os.X_OK):
        raise NoPermission(f"{program} may not be executed")


def main(folder: Path) -> None:
    """Supervise the network in a folder until told to end; forks into the background."""
    os.chdir(folder / "backend")
    os.umask(0o077)
    first = True
    while True:
        # Held for life. A restart (SIGHUP) closes all files, hence inside the loop.
        lock = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("another supervisor of this network runs or starts")
        options = _Options(folder)
        options.realize(["-c", "supervisord.conf"])
        options.first = first
        options.test = False
        go(options)
        options.close_httpservers()
        options.close_logger()
        first = False
        if options.mood < SupervisorStates.RESTARTING:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
