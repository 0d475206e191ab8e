"""The folder of one network: which path holds what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from chainyard.errors import RequestError
from chainyard.home import networks_dir

NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


@dataclass(frozen=True)
class Layout:
    """Paths below a network's folder. Nothing here touches the disk."""

    root: Path

    @property
    def name(self) -> str:
        """The network's name."""
        return self.root.name

    @property
    def spec(self) -> Path:
        """The spec as the user gave it."""
        return self.root / "network_params.yaml"

    @property
    def settings(self) -> Path:
        """``chainyard.yaml`` as the user gave it; absent if there was none."""
        return self.root / "chainyard.yaml"

    @property
    def lock(self) -> Path:
        """What was decided once: versions, digests, ports, genesis."""
        return self.root / "lock.json"

    @property
    def mutex(self) -> Path:
        """Held by whichever command changes the network."""
        return self.root / ".mutex"

    @property
    def genesis(self) -> Path:
        """What the chain starts from; nothing secret."""
        return self.root / "genesis"

    @property
    def secrets(self) -> Path:
        """JWT, node keys, passwords: 0600 in 0700."""
        return self.root / "secrets"

    @property
    def identities(self) -> Path:
        """Node keys and JWT in one file, from which those of the services are written."""
        return self.secrets / "identities.json"

    @property
    def keys(self) -> Path:
        """Validator keystores, a folder for each node."""
        return self.root / "keys"

    @property
    def journal(self) -> Path:
        """Every signed block that was seen."""
        return self.root / "data" / "journal"

    @property
    def guard(self) -> Path:
        """Names of the validator clients that have ever run."""
        return self.root / "validators-ran.json"

    @property
    def events(self) -> Path:
        """What happened, a JSON object a line."""
        return self.root / "events.jsonl"


def layout_of(name: str) -> Layout:
    """The layout of the network of that name, which need not exist.

    Raises:
        RequestError: the name cannot be a network's.
    """
    if not NAME.fullmatch(name):
        raise RequestError(
            f"{name!r} cannot be a network's name",
            cause="a name is 1 to 40 lower-case letters, digits and dashes, none at the ends",
            hint=f"--name {suggest_name(name)}",
        )
    return Layout(networks_dir() / name)


def suggest_name(text: str) -> str:
    """The nearest valid name to any text."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-")
    return name or "testnet"


def existing() -> list[Layout]:
    """Every network on this machine, by name."""
    root = networks_dir()
    if not root.is_dir():
        return []
    return [Layout(path) for path in sorted(root.iterdir()) if (path / "lock.json").is_file()]
