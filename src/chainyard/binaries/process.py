"""Running a tool to its end, line by line; nothing of it is left when we are interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

TERM_SECONDS = 3.0
TAIL_LINES = 15


class ToolFailedError(Exception):
    """A tool ended with an error; carries its last lines."""

    def __init__(self, command: str, code: int, tail: Sequence[str]) -> None:
        super().__init__(f"{command} failed with exit code {code}")
        self.tail = tuple(tail)


def run_tool(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    on_line: Callable[[str], None],
) -> None:
    """Run a command in its own process group and hand on every line of its output.

    If anything is raised meanwhile (Ctrl-C above all), the whole group is ended first.

    Raises:
        ToolFailedError: it ended with another exit code than 0.
        OSError: it could not be started.
    """
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        if process.stdout is None:
            raise RuntimeError("a pipe was asked for")
        with process.stdout:
            for line in process.stdout:
                tail.append(line.rstrip())
                on_line(line.rstrip())
        code = process.wait()
    except BaseException:
        _end_group(process)
        raise
    if code != 0:
        raise ToolFailedError(Path(command[0]).name, code, tail)


def _end_group(process: subprocess.Popen[str]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        except PermissionError:
            # macOS answers so when only a zombie is left.
            break
        try:
            process.wait(TERM_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
