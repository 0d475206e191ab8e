"""The platform that programs are obtained for, named as Go names it: ``linux-amd64``."""

from __future__ import annotations

import platform

_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def this_platform() -> str:
    """``linux-amd64``, ``darwin-arm64`` …; an unknown machine keeps its own name."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}-{_MACHINES.get(machine, machine)}"
