"""What a network needs before its services can start."""

from __future__ import annotations

import secrets
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from chainyard import clients
from chainyard.backends.base import PortRequest
from chainyard.binaries.catalog import Catalog
from chainyard.binaries.resolver import Resolver
from chainyard.errors import ChainyardError
from chainyard.genesis.keycache import KeyCache
from chainyard.genesis.keys import ValidatorKeys
from chainyard.genesis.keystore_layout import keystore_files
from chainyard.genesis.make import derive_genesis_keys, make_genesis
from chainyard.home import cache_dir, networks_dir
from chainyard.network.inputs import genesis_inputs
from chainyard.network.layout import Layout, existing
from chainyard.network.lock import LockedGenesis, read_lock
from chainyard.network.secrets import password
from chainyard.network.store import mutex, write_tree
from chainyard.plan.model import Plan
from chainyard.progress import Progress
from chainyard.service import Program
from chainyard.services.journal import PYTHON
from chainyard.spec import Participant

if TYPE_CHECKING:
    from chainyard.network.state import NetworkState

# A genesis that lies so many seconds ahead at least can still be met by the clients.
LEAST_DELAY = 2.0


def ensure_programs(network: NetworkState, progress: Progress) -> dict[str, Path]:
    """The executable of every service, by service name; fetched or built if need be.

    What was found is recorded in the lock, and its digest is insisted upon from then on.

    Raises:
        DownloadError: a program cannot be had; says what was tried.
    """
    if "binaries" not in network.backend.capabilities:
        return {}
    lock = network.lock
    resolver = Resolver(
        Catalog.load(clients.VERSIONS_FILE),
        cache_dir(),
        clients.MODULES_DIR,
        progress=progress,
    )
    programs = {service.name: service.program for service in network.plan()}
    # Modules of ours run with the interpreter that runs this.
    ours = {name: Path(sys.executable) for name, one in programs.items() if one.name == PYTHON}
    wanted = {
        service: _beside_the_file(program, lock.source)
        for service, program in programs.items()
        if service not in ours
    }
    pinned = {program.name: program for program in wanted.values() if not program.path}
    found = resolver.resolve(list(pinned.values()), lock.programs)
    # Two nodes may bring two programs of one name: those are looked at one by one.
    own = {
        program: resolver.resolve([program])[program.name]
        for program in dict.fromkeys(wanted.values())
        if program.path
    }
    for note in [note for program in (*found.values(), *own.values()) for note in program.notes]:
        progress.note(note)
    locked = {name: program.lock() for name, program in found.items()}
    if locked != lock.programs:
        network.update_lock(programs=locked)
    return ours | {
        service: (own.get(program) or found[program.name]).path
        for service, program in wanted.items()
    }


def _beside_the_file(program: Program, source: str) -> Program:
    """The program; a relative path of the spec is relative to the spec's own file."""
    if not program.path or not source:
        return program
    return replace(program, path=str(Path(source).parent / program.path))


class CancelledError(Exception):
    """Somebody else's failure ended this work."""


def genesis_keys(
    network: NetworkState, progress: Progress, cancelled: threading.Event
) -> list[ValidatorKeys]:
    """The keys of all validators of the genesis, the participants' own first.

    From the cache if it has them. Progress is told of what must be derived.

    Raises:
        CancelledError: ``cancelled`` was set; what was derived is in the cache.
    """
    task = "validator keys"
    told: list[int] = []

    def tell(done: int, total: int) -> None:
        if cancelled.is_set():
            raise CancelledError
        if not told:
            progress.started(task, total, "keys")
        told.append(done)
        progress.advanced(task, done)

    cache = KeyCache(cache_dir() / "keys", notice=progress.note)
    keys = derive_genesis_keys(network.spec, cache=cache, progress=tell)
    if told:
        progress.finished(task, f"{told[-1]} derived")
    return keys


def ensure_keystores(network: NetworkState, keys: ValidatorKeys, progress: Progress) -> None:
    """The keystores of every node with validators, in the layout that its client reads."""
    holders = [node for node in network.spec.participants if node.validator_count]
    for node in holders:
        if node.keymanager_enabled:
            password(network.layout, f"keymanager/{node.name}.txt")
    missing = [node for node in holders if not _has_keystores(network.layout, node)]
    if not missing:
        return
    progress.started("keystores", len(missing), "nodes")
    for done, node in enumerate(missing, start=1):
        wallet = password(network.layout, f"wallets/{node.name}.txt")
        files = keystore_files(
            keys.part(node.first_key, node.validator_count),
            formats=_formats(node),
            wallet_password=wallet,
            rng=secrets.SystemRandom(),
        )
        write_tree(network.layout.keys / node.name, files)
        progress.advanced("keystores", done)
    progress.finished("keystores")


def _has_keystores(layout: Layout, node: Participant) -> bool:
    """A node that was given another validator client needs other files than it has."""
    return all((layout.keys / node.name / part).exists() for part in _formats(node))


def _formats(node: Participant) -> frozenset[str]:
    """The parts of the keystore layout that a node needs."""
    return clients.validator(node.vc_type).keystores | {"pubkeys.json"}


def ensure_genesis(network: NetworkState, keys: list[ValidatorKeys], progress: Progress) -> None:
    """The genesis: made if there is none, and anew if its time came before anything started."""
    lock = network.lock
    params = network.spec.network_params
    if lock.genesis is not None:
        met = lock.genesis.time - time.time() > LEAST_DELAY or bool(params.genesis_time)
        if lock.started or (met and (network.layout.genesis / "genesis.ssz").is_file()):
            return
    progress.started("genesis")
    overrides = network.settings.consensus_config
    at = params.genesis_time or _next_second(params.genesis_delay)
    genesis = make_genesis(network.spec, at, keys, overrides)
    write_tree(network.layout.genesis, genesis.files())
    network.update_lock(
        genesis=LockedGenesis(
            time=genesis.time,
            fork=genesis.fork,
            chain_id=genesis.chain_id,
            block_hash=_hex(genesis.execution.block_hash),
            state_root=_hex(genesis.state_root),
            validators_root=_hex(genesis.validators_root),
            eth2=_hex(genesis.eth2),
            inputs=genesis_inputs(network.spec, network.settings),
        )
    )
    progress.finished("genesis", f"{genesis.fork}, {genesis.validator_count} validators")


def allot_ports(network: NetworkState, plan: Plan) -> None:
    """Numbers for all ports, recorded in the lock; those that were recorded stay.

    Raises:
        RequestError: a number that ``chainyard.yaml`` asks for cannot be had.
    """
    recorded = network.lock.ports
    with mutex(networks_dir() / ".ports"):
        # Looked at in here: another network may be having its ports allotted right now.
        others = [layout for layout in existing() if layout != network.layout]
        request = PortRequest(
            recorded=recorded,
            wanted=network.settings.ports,
            reserved=frozenset(_reserved(others)),
        )
        ports = network.backend.allot_ports(_public_first(network, plan), request)
        if ports != recorded:
            network.update_lock(ports=ports)


def _public_first(network: NetworkState, plan: Plan) -> Plan:
    """The plan with the RPC nodes in front: they get the well-known numbers (8545, 3500 …)."""
    public = {
        name
        for node in network.spec.participants
        if not node.validator_count
        for name in (node.el_service, node.cl_service)
    }
    ordered = sorted(plan.services, key=lambda service: service.name not in public)
    return Plan(plan.network, tuple(ordered))


def _reserved(others: list[Layout]) -> Iterator[int]:
    for layout in others:
        try:
            yield from read_lock(layout.lock).ports.values()
        except (ChainyardError, FileNotFoundError):
            # A network that is damaged or just removed keeps nobody from starting.
            continue


def _next_second(delay: int) -> int:
    """Unix time of ``delay`` seconds from the next full second on."""
    return int(time.time()) + 1 + delay


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
