"""Why a process of this machine ended or does not come up."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

import psutil

from chainyard.backends.base import ServiceStatus
from chainyard.backends.causes import Facts, probable_cause
from chainyard.backends.logs import read_log
from chainyard.backends.ports import is_free
from chainyard.errors import ServiceFailedError
from chainyard.service import Service

_EXAMINED_LINES = 100
_SHOWN_LINES = 12


def diagnose(
    service: Service, status: ServiceStatus | None, log: Path, ports: Mapping[str, int]
) -> ServiceFailedError:
    """What to tell a person about a service that fails.

    Args:
        ports: numbers by ``SERVICE.PORT``.
    """
    tail = read_log(log, tail=_EXAMINED_LINES)
    ended = status is not None and status.exit_code is not None
    facts = Facts(
        tail=tail,
        exit_code=status.exit_code if status and ended else None,
        asked=status.asked if status else False,
        detail=status.detail if status else "",
        taken=() if status and status.pid else taken_ports(service, ports),
        free_bytes=_free_bytes(log.parent),
    )
    cause, hint = probable_cause(service, facts)
    return ServiceFailedError(
        _what_happened(service.name, status),
        service=service.name,
        log=str(log),
        tail=tail[-_SHOWN_LINES:],
        cause=cause,
        hint=hint,
    )


def _what_happened(name: str, status: ServiceStatus | None) -> str:
    if status is None:
        return f"{name} was never started"
    words = {
        "running": "runs, but does not do its work",
        "starting": "is being started again",
        "backoff": "ended soon after its start and is tried again",
        "stopped": "is stopped",
        "failed": "failed to start again and again, and was given up",
        "missing": "is gone",
    }
    return f"{name} {words[status.state]}{_ending(status.exit_code)}"


def _ending(exit_code: int | None) -> str:
    if exit_code is None:
        return ""
    if exit_code >= 0:
        return f" (exit code {exit_code})"
    try:
        return f" (ended by {signal.Signals(-exit_code).name})"
    except ValueError:
        return f" (ended by signal {-exit_code})"


def taken_ports(service: Service, ports: Mapping[str, int]) -> list[str]:
    """Ports of a service that does not run, which something else uses; says what, if it can."""
    found = []
    for port in service.ports:
        number = ports.get(f"{service.name}.{port.name}")
        if number and not all(is_free(number, transport) for transport in port.transport):
            found.append(f"port {number} ({port.name}) is used by {_user_of(number)}")
    return found


def _user_of(number: int) -> str:
    for process in psutil.process_iter():
        try:
            connections = process.net_connections(kind="inet")
            name = process.name()
        except psutil.Error:
            continue
        for one in connections:
            if one.laddr and one.laddr.port == number and one.status in ("LISTEN", "NONE"):
                return f"{name} (pid {process.pid})"
    return "a program of another user"


def _free_bytes(place: Path) -> int | None:
    try:
        return shutil.disk_usage(place).free
    except OSError:
        return None
