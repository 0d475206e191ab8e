"""Specs, keys and clients for the tests of the genesis room."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings

from chainyard.genesis.keys import ValidatorKeys, derive_validators
from chainyard.spec import NetworkParams
from chainyard.spec.network_params import default_params
from tests.genesis.fork_schedules import forks_from

# Shared machines are too uneven for deadlines; a failure prints how to repeat it.
settings.register_profile("genesis", deadline=None, max_examples=40, print_blob=True)
settings.load_profile("genesis")


@pytest.fixture(name="forks_from")
def _forks_from() -> Callable[..., dict[str, int]]:
    return forks_from


@pytest.fixture
def make_spec() -> Callable[..., Any]:
    """A spec from values of network_params: ``make_spec(keys=64, preset="minimal", …)``."""

    def make(*, keys: int = 32, extra_env: dict[str, str] | None = None, **params: Any) -> Any:
        values = default_params(params.get("preset", "mainnet"))
        return SimpleNamespace(
            network_params=NetworkParams(**values | params),
            participants=(SimpleNamespace(validator_count=keys),),
            ethereum_genesis_generator_params=SimpleNamespace(extra_env=extra_env or {}),
        )

    return make


@pytest.fixture(scope="session")
def keys() -> ValidatorKeys:
    """The first 64 keys of the default mnemonic."""
    mnemonic = str(default_params("mainnet")["preregistered_validator_keys_mnemonic"])
    return derive_validators(mnemonic, 0, 64, cache=None)


@pytest.fixture(scope="session")
def geth_binary(programs: dict[str, Path]) -> Path:
    """The real geth."""
    return programs["geth"]


@pytest.fixture(scope="session")
def beacon_chain_binary(programs: dict[str, Path]) -> Path:
    """The real beacon-chain of Prysm."""
    return programs["prysm-beacon-chain"]
