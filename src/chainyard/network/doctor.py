"""What a person would look at when a network does not work; looked at for them."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from chainyard import clients
from chainyard.errors import ChainyardError
from chainyard.home import cache_dir, data_dir
from chainyard.network.layout import Layout
from chainyard.network.views import Finding

if TYPE_CHECKING:
    from chainyard.network.network import Network

OLDEST_PYTHON = (3, 11)
# A network of three nodes takes 1.4 GB of memory; a day of 2-second slots some GB of disk.
LEAST_MEMORY_GB, LEAST_DISK_GB = 3.0, 5.0
MEGABYTE, GIGABYTE = 10**6, 10**9


def diagnose_machine(layout: Layout | None = None) -> list[Finding]:
    """Look at this machine, and at a network if one is given. Changes nothing that stays."""
    findings = [check() for check in (_python, _platform, _home, _disk, _memory, _compiler)]
    findings += _programs()
    if layout is not None:
        from chainyard.network.network import Network  # noqa: PLC0415 - start-up time

        findings += _network(Network(layout))
    return findings


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    ok = sys.version_info >= OLDEST_PYTHON
    return Finding("python", ok, version, "" if ok else "install Python 3.11 or newer")


def _platform() -> Finding:
    name = f"{platform.system()} {platform.machine()}"
    ok = platform.system() in ("Linux", "Darwin")
    return Finding("platform", ok, name, "" if ok else "Linux and macOS are supported")


def _home() -> Finding:
    folder = data_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return Finding("data folder", True, str(folder))
    except OSError as error:
        hint = "set CHAINYARD_HOME to a folder that you can write to"
        return Finding("data folder", False, f"{folder}: {error.strerror}", hint)


def _disk() -> Finding:
    folder = data_dir()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free / GIGABYTE
    ok = free >= LEAST_DISK_GB
    hint = "" if ok else f"free {LEAST_DISK_GB:.0f} GB, or set CHAINYARD_HOME to another disk"
    return Finding("disk", ok, f"{free:.0f} GB free", hint)


def _memory() -> Finding:
    import psutil  # noqa: PLC0415 - start-up time

    free = psutil.virtual_memory().available / GIGABYTE
    ok = free >= LEAST_MEMORY_GB
    hint = "" if ok else f"a network of three nodes takes about {LEAST_MEMORY_GB:.0f} GB"
    return Finding("memory", ok, f"{free:.1f} GB available", hint)


def _compiler() -> Finding:
    found = shutil.which(os.environ.get("CC", "cc"))
    # Without one everything runs that need not be built, so this alone is nothing wrong.
    hint = "" if found else "needed only to build a client: install gcc or clang"
    return Finding("C compiler", True, found or "none", hint)


def _programs() -> Iterator[Finding]:
    """Where the programs of the clients are, or would come from. One that is not here is fine."""
    from chainyard.binaries.catalog import Catalog  # noqa: PLC0415 - start-up time
    from chainyard.binaries.resolver import Resolver  # noqa: PLC0415 - start-up time

    try:
        catalog = Catalog.load(clients.VERSIONS_FILE)
        resolver = Resolver(catalog, cache_dir(), clients.MODULES_DIR)
        for name in catalog.programs:
            where = resolver.where(name)
            yield Finding(f"program {name}", True, f"{where.version}: {where.detail}")
    except ChainyardError as error:
        yield Finding("programs", False, error.message, error.hint)


def _network(network: Network) -> Iterator[Finding]:
    for check in (_files, _services, _chain):
        yield from _caught(check, network)


def _caught(check: Callable[[Network], Iterator[Finding]], network: Network) -> Iterator[Finding]:
    """A check that cannot be made is a finding, too."""
    try:
        yield from check(network)
    except ChainyardError as error:
        yield Finding(f"{network.name}: {check.__name__[1:]}", False, error.message, error.hint)
    except OSError as error:
        detail = f"{error.filename}: {error.strerror}"
        yield Finding(f"{network.name}: {check.__name__[1:]}", False, detail)


def _files(network: Network) -> Iterator[Finding]:
    """Secrets that others could read."""
    loose = [path for path in _secret_files(network.layout.root) if path.stat().st_mode & 0o077]
    detail = f"{loose[0]} is readable by others" if loose else "readable by you alone"
    hint = f"chmod -R go= {network.layout.root}" if loose else ""
    yield Finding(f"{network.name}: secrets", not loose, detail, hint)


def _secret_files(root: Path) -> Iterator[Path]:
    for folder in (root / "secrets", root / "keys"):
        yield from (path for path in folder.rglob("*") if path.is_file())


def _services(network: Network) -> Iterator[Finding]:
    plan = network.plan()
    for name, status in network.services().items():
        ok = status.state == "running"
        detail = status.state + (f", restarted {status.restarts} times" if status.restarts else "")
        hint = ""
        if status.state in ("failed", "backoff") and name in plan.names():
            error = network.backend.diagnose(plan[name])
            detail = f"{detail}: {error.cause or error.message}"
            hint = error.hint
        yield Finding(f"{network.name}: {name}", ok, detail, hint)


def _chain(network: Network) -> Iterator[Finding]:
    status = network.status()
    if status.state == "stopped":
        hint = f"chainyard start --name {network.name}"
        yield Finding(f"{network.name}: chain", False, "stopped", hint)
        return
    ok = status.state == "running"
    detail = f"head at slot {status.head_slot}, clock at slot {status.wall_slot}"
    hint = "" if ok else f"chainyard logs --name {network.name}"
    yield Finding(f"{network.name}: chain", ok, detail, hint)
    for node in status.nodes:
        peers = f"{node.consensus_peers} consensus and {node.execution_peers} execution peers"
        detail = node.problem or f"head at slot {node.head_slot}, {peers}"
        yield Finding(f"{network.name}: {node.name}", node.synced and not node.problem, detail)
