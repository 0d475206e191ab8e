"""``ethereum_genesis_generator_params.extra_env``: variables of ethereum-genesis-generator.

That program is not run here, so each variable is either acted upon or refused with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from chainyard.errors import RequestError
from chainyard.genesis.alloc import Alloc, parse_alloc

if TYPE_CHECKING:
    from chainyard.spec import Spec

WHERE = "ethereum_genesis_generator_params.extra_env"
# Settings that exist in extra_env only and name a value of config.yaml.
CONFIG_VARIABLES = frozenset(
    {
        "MIN_PER_EPOCH_CHURN_LIMIT",
        "MIN_PER_EPOCH_CHURN_LIMIT_ELECTRA",
        "MAX_PER_EPOCH_ACTIVATION_EXIT_CHURN_LIMIT",
        "CHURN_LIMIT_QUOTIENT_GLOAS",
        "CONSOLIDATION_CHURN_LIMIT_QUOTIENT",
        "MAX_PER_EPOCH_ACTIVATION_CHURN_LIMIT_GLOAS",
        "SECONDS_PER_ETH1_BLOCK",
        "MIN_EPOCHS_FOR_BLOB_SIDECARS_REQUESTS",
        "MIN_EPOCHS_FOR_BLOCK_REQUESTS",
    }
)
# Acted upon by the premine (chainyard.genesis.accounts).
_PREMINE_VARIABLES = frozenset({"EL_PREMINE_COUNT", "EL_PREMINE_BALANCE"})
_OWN_VARIABLES = frozenset(
    {"EL_PREMINE_ADDRS", "PRELOAD_WELL_KNOWN_CONTRACTS", "DEPOSIT_CONTRACT_GATED"}
)
KNOWN = CONFIG_VARIABLES | _PREMINE_VARIABLES | _OWN_VARIABLES | {"TERMINAL_TOTAL_DIFFICULTY"}
_REFUSED = {
    "CL_ADDITIONAL_VALIDATORS": "it names a file inside the generator's container;"
    " use network_params.additional_mnemonics",
    "BEACON_STATIC_ENR": "nodes find each other by records that are made with the genesis",
    "GENESIS_TIMESTAMP": "use network_params.genesis_time",
    "SHADOW_FORK_RPC": "use network_params.network",
    "SHADOW_FORK_FILE": "use network_params.network",
    "EL_AND_CL_MNEMONIC": "use network_params.preregistered_validator_keys_mnemonic",
    "NUMBER_OF_VALIDATORS": "use network_params.preregistered_validator_count",
    "PRESET_BASE": "use network_params.preset",
    "CHAIN_ID": "use network_params.network_id",
    "ADDITIONAL_VALIDATOR_MNEMONICS": "use network_params.additional_mnemonics",
    "SHUFFLE_VALIDATORS": "use network_params.shuffle_genesis_validators",
}
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class GeneratorSettings:
    """What extra_env asks of the genesis. ``config`` holds values for config.yaml."""

    preload_well_known_contracts: bool = True
    premine: Alloc = field(default_factory=dict)
    config: Mapping[str, int] = field(default_factory=dict)


def generator_settings(spec: Spec) -> GeneratorSettings:
    """Read extra_env.

    Raises:
        RequestError: a variable that is unknown, not acted upon here, or has no sensible value.
    """
    env = spec.ethereum_genesis_generator_params.extra_env
    for name in env:
        _check_known(str(name))
    if _boolean(env, "DEPOSIT_CONTRACT_GATED", default=False):
        raise RequestError(
            f"{WHERE}.DEPOSIT_CONTRACT_GATED: the gated deposit contract is not available here.",
            hint="Remove it: the plain deposit contract is deployed.",
        )
    if _number(env, "TERMINAL_TOTAL_DIFFICULTY", 0) != 0:
        raise RequestError(
            f"{WHERE}.TERMINAL_TOTAL_DIFFICULTY: every network is merged at genesis, so it is 0."
        )
    return GeneratorSettings(
        preload_well_known_contracts=_boolean(env, "PRELOAD_WELL_KNOWN_CONTRACTS", default=True),
        premine=parse_alloc(env.get("EL_PREMINE_ADDRS") or {}, f"{WHERE}.EL_PREMINE_ADDRS"),
        config={name: _number(env, name, 0) for name in sorted(CONFIG_VARIABLES & env.keys())},
    )


def _check_known(name: str) -> None:
    if name in KNOWN:
        return
    if name in _REFUSED:
        raise RequestError(f"{WHERE}.{name} is not acted upon.", cause=_REFUSED[name])
    own = name.lower()
    near = get_close_matches(name, KNOWN, 1)
    hint = f"Did you mean {near[0]!r}?" if near else f"If network_params has {own!r}, set that."
    raise RequestError(f"{WHERE}: {name!r} is not known here.", hint=hint)


def _boolean(env: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = env.get(name)
    if value is None:
        return default
    if str(value).lower() not in _BOOLEANS:
        raise RequestError(f"{WHERE}.{name}: {value!r} is neither true nor false.")
    return _BOOLEANS[str(value).lower()]


def _number(env: Mapping[str, Any], name: str, default: int) -> int:
    value = env.get(name, default)
    try:
        number = int(str(value))
    except ValueError:
        number = -1
    if not 0 <= number < 2**64:
        raise RequestError(f"{WHERE}.{name}: {value!r} is not a whole number.")
    return number
