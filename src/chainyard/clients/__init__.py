"""One file per client. Nothing outside this folder names one.

``execution("geth")``, ``consensus("prysm")`` and ``validator("lighthouse")`` give the adapter.
Adapters are imported when asked for, to keep the command's start short.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from chainyard.errors import NotFoundError

if TYPE_CHECKING:
    from chainyard.clients.base import ConsensusClient, ExecutionClient, ValidatorClient

EXECUTION = {"geth": "geth"}
CONSENSUS = {"lighthouse": "lighthouse", "prysm": "prysm"}
VALIDATOR = {"lighthouse": "lighthouse", "prysm": "prysm"}

VERSIONS_FILE = Path(__file__).with_name("versions.toml")
MODULES_DIR = Path(__file__).with_name("modules")


def execution(name: str) -> ExecutionClient:
    """The adapter of an execution client.

    Raises:
        NotFoundError: this version of Chainyard has none of that name.
    """
    return cast("ExecutionClient", _adapter("execution client", EXECUTION, name, "EXECUTION"))


def consensus(name: str) -> ConsensusClient:
    """The adapter of a consensus client (its beacon node).

    Raises:
        NotFoundError: this version of Chainyard has none of that name.
    """
    return cast("ConsensusClient", _adapter("consensus client", CONSENSUS, name, "CONSENSUS"))


def validator(name: str) -> ValidatorClient:
    """The adapter of a validator client.

    Raises:
        NotFoundError: this version of Chainyard has none of that name.
    """
    return cast("ValidatorClient", _adapter("validator client", VALIDATOR, name, "VALIDATOR"))


def _adapter(kind: str, table: dict[str, str], name: str, attribute: str) -> Any:
    if name not in table:
        raise NotFoundError(
            f"no adapter for the {kind} {name!r}",
            hint=f"use one of: {', '.join(sorted(table))}",
        )
    return getattr(import_module(f"chainyard.clients.{table[name]}"), attribute)
