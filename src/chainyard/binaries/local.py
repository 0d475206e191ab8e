"""Programs that the user has: a path in the spec, or a name on PATH."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from chainyard.binaries.catalog import Pin
from chainyard.binaries.files import is_executable, sha256_of
from chainyard.binaries.outcome import Resolved, Source, UnavailableError
from chainyard.errors import RequestError

VERSION_SECONDS = 15.0
_OWN = "not applicable: a program of the user's own"


def from_spec(pin: Pin, path: str, platform: str, environ: Mapping[str, str]) -> Resolved:
    """The program that the spec names.

    Raises:
        RequestError: it is not there or cannot be executed.
    """
    program = Path(path).expanduser().absolute()
    if not program.exists():
        raise RequestError(
            f"{pin.name}: the file named in the spec does not exist: {program}",
            hint="correct the path, or leave it out to let the program be found or fetched",
        )
    if not is_executable(program):
        raise RequestError(
            f"{pin.name}: the file named in the spec cannot be executed: {program}",
            hint=f"chmod +x {program}" if program.is_file() else "name a file, not a folder",
        )
    version = reported_version(program, pin, environ)
    return _own(pin, program, version or "unknown", "spec", platform)


def from_path(pin: Pin, platform: str, environ: Mapping[str, str]) -> Resolved:
    """The first program on PATH that is the wanted one by its own word.

    Raises:
        UnavailableError: none is.
    """
    others = []
    for program in _candidates(pin, environ.get("PATH", "")):
        if version := reported_version(program, pin, environ):
            return _own(pin, program, version, "path", platform)
        others.append(str(program))
    names = " or ".join(pin.path_names)
    reason = f"no {names} on PATH"
    if others:
        reason = f"{', '.join(others)} does not say that it is {pin.name}"
    raise UnavailableError(reason, hint=f"put {pin.path_names[0]} {pin.version} on PATH")


def reported_version(program: Path, pin: Pin, environ: Mapping[str, str]) -> str | None:
    """The version that a program reports; None if it does not say that it is this program."""
    try:
        done = subprocess.run(
            [program, *pin.version_command],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=VERSION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(pin.version_pattern, done.stdout.decode(errors="replace"))
    return match["version"].removeprefix("v") if match else None


def _candidates(pin: Pin, path: str) -> Iterator[Path]:
    for name in pin.path_names:
        for folder in path.split(os.pathsep):
            if folder and is_executable(program := Path(folder) / name):
                yield program.absolute()


def _own(pin: Pin, program: Path, version: str, source: Source, platform: str) -> Resolved:
    found = Resolved(
        pin.name, program, version, source, sha256_of(program), _OWN, source, platform, str(program)
    )
    if version == pin.version:
        return found
    says = "does not say its version" if version == "unknown" else f"is version {version}"
    note = f"{pin.name}: {program} {says}; {pin.version} is pinned and was tested. It is used."
    return replace(found, notes=(note,))
