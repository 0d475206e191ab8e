"""What all tests share: the clients' programs, and homes of their own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from chainyard import clients
from chainyard.binaries.catalog import Catalog
from chainyard.binaries.resolver import Resolver
from chainyard.home import cache_dir
from chainyard.service import Program

# Some tests import eth-account, and a library below it raises the recursion limit of the whole
# process; with that, CPython 3.11 crashes on the deeply nested documents of other tests.
_LIMIT = sys.getrecursionlimit()
import eth_account  # noqa: E402, F401

sys.setrecursionlimit(_LIMIT)

# Taken before any test points CHAINYARD_HOME elsewhere: what took minutes to build is shared.
SHARED_CACHE = cache_dir()
LIVE_PROGRAMS = ("geth", "prysm-beacon-chain", "prysm-validator")


@pytest.fixture(scope="session")
def programs() -> dict[str, Path]:
    """The real clients' programs, by name; fetched or built if they are not here."""
    resolver = Resolver(Catalog.load(clients.VERSIONS_FILE), SHARED_CACHE, clients.MODULES_DIR)
    found = resolver.resolve([Program(name) for name in LIVE_PROGRAMS])
    return {name: program.path for name, program in found.items()}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A CHAINYARD_HOME of this test's own, cache and all."""
    monkeypatch.setenv("CHAINYARD_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CHAINYARD_CACHE", raising=False)
    return tmp_path / "home"


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the name of a network that a developer works on."""
    monkeypatch.delenv("CHAINYARD_NAME", raising=False)


def live_environment(home: Path) -> dict[str, str]:
    """Environment of a command with a home of its own and the shared cache."""
    return {
        **os.environ,
        "CHAINYARD_HOME": str(home),
        "CHAINYARD_CACHE": str(SHARED_CACHE),
    }
