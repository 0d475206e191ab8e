"""From a service to its `Launch`: where things are on this machine, and symbols filled in."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chainyard.backends.files import private_dir, socket_path, write_private
from chainyard.backends.process.records import Launch
from chainyard.errors import ChainyardError, RequestError
from chainyard.plan.model import Plan, fingerprint
from chainyard.service import Service

LOOPBACK = "127.0.0.1"

_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class ProcessBinding:
    """Loopback, allotted ports and paths of the network's folder, for one service."""

    folder: Path
    service: str
    ports: Mapping[str, int]

    def host(self, service: str) -> str:  # noqa: ARG002 - all are on this machine
        return LOOPBACK

    def ip(self, service: str) -> str:  # noqa: ARG002
        return LOOPBACK

    def listen(self) -> str:
        return LOOPBACK

    def port(self, service: str, port: str) -> int:
        """Number of a port.

        Raises:
            ChainyardError: none was allotted.
        """
        try:
            return self.ports[f"{service}.{port}"]
        except KeyError:
            raise ChainyardError(
                f"no port number was allotted to {service}.{port}",
                cause="the network was recorded before this service was added to it",
                hint="run `chainyard up` again",
            ) from None

    def data(self) -> str:
        return str(self.folder / "data" / self.service)

    def file(self, name: str) -> str:
        return str(self.folder / "config" / self.service / name)

    def shared(self, path: str) -> str:
        return str(self.folder / path)

    def socket(self, name: str) -> str:
        return str(socket_path(self.folder, self.service, name))


@dataclass(frozen=True)
class Settings:
    """What a process backend does the same for all services; see `Launch`."""

    log_bytes: int
    steady_seconds: int
    retries: int


@dataclass(frozen=True)
class Rendered:
    """A service ready to be written to disk and started."""

    launch: Launch
    files: Mapping[str, str]

    def write(self, folder: Path) -> None:
        """Write its files; make its folders."""
        name = self.launch.name
        private_dir(folder / "data" / name)
        private_dir(folder / "logs")
        place = folder / "config" / name
        for file, content in self.files.items():
            write_private(place / file, content)
        if place.is_dir():
            for path in place.iterdir():
                if path.name not in self.files:
                    path.unlink()


def render(
    service: Service, program: Path, binding: ProcessBinding, settings: Settings
) -> Rendered:
    """Fill in a service's symbols.

    Raises:
        RequestError: its texts cannot be handed to a process.
    """
    files = {name: text.render(binding) for name, text in service.files.items()}
    launch = Launch(
        name=service.name,
        program=str(program),
        args=tuple(arg.render(binding) for arg in service.args),
        # A home of its own: what a program leaves at home goes when the network goes.
        env={"HOME": binding.data()}
        | {name: text.render(binding) for name, text in service.env.items()},
        inherited=_inherited(),
        directory=binding.data(),
        log=str(log_path(binding.folder, service.name)),
        log_bytes=settings.log_bytes,
        stop_order=service.stop.order,
        stop_patience=service.stop.patience,
        stop_signal=service.stop.signal.removeprefix("SIG"),
        steady_seconds=settings.steady_seconds,
        retries=settings.retries,
        fingerprint=fingerprint(service),
        files=hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:16],
    )
    for text in (*launch.args, *launch.env, *launch.env.values()):
        if "\0" in text:
            raise RequestError(f"{service.name}: an argument or variable has a NUL character in it")
    return Rendered(launch, files)


def log_path(folder: Path, service: str) -> Path:
    """A service's log."""
    return folder / "logs" / f"{service}.log"


def check_names(plan: Plan) -> None:
    """Names become names of files.

    Raises:
        RequestError: one cannot.
    """
    for service in plan:
        for name in (service.name, *service.files):
            if not _SAFE_NAME.fullmatch(name):
                raise RequestError(f"{name!r} of service {service.name!r} cannot name a file")


def check_program(service: str, program: Path | None) -> Path:
    """The program of a service, absolute.

    Raises:
        RequestError: it is missing, or cannot be executed.
    """
    if program is None:
        raise RequestError(f"{service}: no program is known for it")
    path = absolute(program)
    if not path.is_file():
        raise RequestError(f"{service}: its program {path} does not exist", hint=_INSTALL)
    if not os.access(path, os.X_OK):
        raise RequestError(f"{service}: its program {path} may not be executed", hint=_INSTALL)
    return path


def absolute(program: Path) -> Path:
    """The whole path; links stay, as some programs act by the name they are called."""
    return Path(os.path.abspath(program))  # noqa: PTH100 - resolve() would follow links


_INSTALL = "`chainyard clients install`, or correct the path in the spec"


def _inherited() -> dict[str, str]:
    keep = ("PATH", "TMPDIR")
    found = {name: os.environ[name] for name in keep if name in os.environ}
    return {"PATH": os.defpath, "LANG": "C.UTF-8", **found}
