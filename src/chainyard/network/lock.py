"""``lock.json``: what was decided once for a network, and stays."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import UnionType
from typing import Any

from chainyard.binaries.outcome import LockedProgram
from chainyard.errors import ChainyardError
from chainyard.network.store import damaged, read_json, write_json

FORMAT = 1


@dataclass(frozen=True)
class LockedGenesis:
    """The genesis that was made.

    ``time`` in Unix seconds; hashes and roots as 0x-prefixed hex. ``inputs`` has a digest of every
    value that went into it: a spec with other values needs another network.
    """

    time: int
    fork: str
    chain_id: int
    block_hash: str
    state_root: str
    validators_root: str
    eth2: str
    inputs: dict[str, str]


@dataclass(frozen=True)
class Lock:
    """Everything in the lock.

    Args:
        backend: the backend that the network was made for.
        created: Unix seconds.
        source: the file that the spec came from, as an absolute path; empty if none.
        ports: number of every ``SERVICE.PORT``.
        started: whether the services were ever started: from then on the genesis is history.
    """

    backend: str
    created: float
    source: str = ""
    ports: dict[str, int] = field(default_factory=dict)
    programs: dict[str, LockedProgram] = field(default_factory=dict)
    genesis: LockedGenesis | None = None
    started: bool = False

    def with_(self, **changes: Any) -> Lock:
        """A copy with changes."""
        return replace(self, **changes)


def read_lock(path: Path) -> Lock:
    """Read a lock.

    Raises:
        ChainyardError: it is damaged, or of a newer Chainyard.
        FileNotFoundError: there is none.
    """
    value = read_json(path)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        found = value.get("format") if isinstance(value, dict) else None
        raise ChainyardError(
            f"{path} has the format {found!r}, and this Chainyard reads {FORMAT}",
            cause="the network was made by another version of Chainyard, or the file was edited",
            hint=f"use that version, or `chainyard down --name {path.parent.name}`",
        )
    try:
        return _checked(_lock_of(value))
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise damaged(path, str(error)) from error


def _lock_of(value: dict[str, Any]) -> Lock:
    rest = {key: item for key, item in value.items() if key != "format"}
    genesis, programs = rest.pop("genesis"), rest.pop("programs")
    return Lock(
        **rest,
        genesis=LockedGenesis(**genesis) if genesis else None,
        programs={name: LockedProgram(**program) for name, program in programs.items()},
    )


def _checked(lock: Lock) -> Lock:
    """The lock, if its values are of their types: what is read later must not trip over them."""
    kinds: list[tuple[str, object, type | UnionType]] = [
        ("backend", lock.backend, str),
        ("created", lock.created, int | float),
        ("source", lock.source, str),
        ("started", lock.started, bool),
        *((f"port {name}", number, int) for name, number in lock.ports.items()),
    ]
    if genesis := lock.genesis:
        bytes.fromhex(genesis.eth2.removeprefix("0x"))
        kinds += [("genesis time", genesis.time, int), ("genesis inputs", genesis.inputs, dict)]
    for name, found, kind in kinds:
        if not isinstance(found, kind):
            raise TypeError(f"its {name} is {type(found).__name__}")
    return lock


def write_lock(path: Path, lock: Lock) -> None:
    """Write a lock as a whole or not at all."""
    write_json(path, {"format": FORMAT, **asdict(lock)})
