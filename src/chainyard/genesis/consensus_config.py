"""The consensus config: config.yaml as every consensus client reads it.

Values: consensus-specs configs/mainnet.yaml and configs/minimal.yaml where the spec says nothing.
Keys as ethereum-genesis-generator writes them, and three more that clients need or know:
``SECONDS_PER_SLOT`` (Prysm's validator times its slots by it and lighthouse < 8 requires it;
``SLOT_DURATION_MS`` replaced it in the specification), ``MIN_EPOCHS_FOR_BLOCK_REQUESTS`` and
``ATTESTATION_SUBNET_PREFIX_BITS``. Prysm 7.1.2 logs an error for keys that it does not know (the
ones of Gloas and Heze among them) and goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from chainyard.errors import RequestError
from chainyard.genesis.execution import DENEB_MAX_BLOBS, bpo_epochs, bpo_limits
from chainyard.genesis.forks import FAR_FUTURE_EPOCH, FORKS
from chainyard.genesis.generator_env import generator_settings
from chainyard.genesis.presets import ADJUSTABLE, PASSED_ON, SHAPING

if TYPE_CHECKING:
    from chainyard.spec import NetworkParams, Spec

# ethereum-package's versions: far from those of the public networks.
FORK_VERSIONS = {fork: f"0x{index + 1}0000038" for index, fork in enumerate(FORKS)}

_MINIMAL = {
    "MIN_PER_EPOCH_CHURN_LIMIT": 2,
    "MIN_PER_EPOCH_CHURN_LIMIT_ELECTRA": 64 * 10**9,
    "MAX_PER_EPOCH_ACTIVATION_EXIT_CHURN_LIMIT": 128 * 10**9,
    "CHURN_LIMIT_QUOTIENT_GLOAS": 16,
    "CONSOLIDATION_CHURN_LIMIT_QUOTIENT": 32,
    "MAX_PER_EPOCH_ACTIVATION_CHURN_LIMIT_GLOAS": 128 * 10**9,
}
# Values that the genesis or the execution chain takes from elsewhere: key → where to set it.
_FIXED = {
    "PRESET_BASE": "network_params.preset",
    "MIN_GENESIS_TIME": "network_params.genesis_time",
    "GENESIS_DELAY": "network_params.genesis_delay",
    "MIN_GENESIS_ACTIVE_VALIDATOR_COUNT": "network_params.preregistered_validator_count",
    "SLOT_DURATION_MS": "network_params.slot_duration_ms",
    "SECONDS_PER_SLOT": "network_params.seconds_per_slot",
    "DEPOSIT_CHAIN_ID": "network_params.network_id",
    "DEPOSIT_NETWORK_ID": "network_params.network_id",
    "DEPOSIT_CONTRACT_ADDRESS": "network_params.deposit_contract_address",
    "MAX_BLOBS_PER_BLOCK_ELECTRA": "network_params.max_blobs_per_block_electra",
    "BLOB_SCHEDULE": "network_params.bpo_1_epoch and the like",
    **{f"{fork.upper()}_FORK_EPOCH": f"network_params.{fork}_fork_epoch" for fork in FORKS[1:]},
}
_UNCHANGEABLE = {
    "MAX_BLOBS_PER_BLOCK": "the execution chain has EIP-4844's value",
    "TERMINAL_TOTAL_DIFFICULTY": "every network is merged at genesis",
    "TERMINAL_BLOCK_HASH": "every network is merged at genesis",
    "TERMINAL_BLOCK_HASH_ACTIVATION_EPOCH": "every network is merged at genesis",
}


def consensus_config(
    spec: Spec,
    genesis_time: int,
    validators: int,
    overrides: Mapping[str, int | str] | None = None,
) -> dict[str, Any]:
    """The config as a dict, in the order in which it is written.

    Args:
        spec: the spec.
        genesis_time: Unix seconds; written as MIN_GENESIS_TIME, with a GENESIS_DELAY of 0.
        validators: how many validators the genesis state has.
        overrides: values of chainyard.yaml's ``consensus_config``: they win over the spec.

    Returns:
        Numbers as ints, versions, hashes and addresses as 0x-text, BLOB_SCHEDULE as a list.

    Raises:
        RequestError: an override of an unknown key, of one that is set elsewhere, or with a value
            of the wrong kind.
    """
    params = spec.network_params
    config = (
        _genesis(params, genesis_time, validators)
        | _forks(params)
        | _time(params)
        | _validators(params)
        | _network(params)
        | _blobs(params)
        | _heze(params)
    )
    if params.preset == "minimal":
        config |= _MINIMAL
    config |= generator_settings(spec).config
    for key, value in (overrides or {}).items():
        config[key] = _checked(config, key, value)
    return config


# Values that came with Gloas or later. A client that has no Gloas logs an error for each.
_SINCE_GLOAS = frozenset(
    {
        "ATTESTATION_DUE_BPS_GLOAS",
        "AGGREGATE_DUE_BPS_GLOAS",
        "SYNC_MESSAGE_DUE_BPS_GLOAS",
        "CONTRIBUTION_DUE_BPS_GLOAS",
        "PAYLOAD_DUE_BPS",
        "PAYLOAD_ATTESTATION_DUE_BPS",
        "INCLUSION_LIST_DUE_BPS",
        "MIN_BUILDER_WITHDRAWABILITY_DELAY",
        "CHURN_LIMIT_QUOTIENT_GLOAS",
        "CONSOLIDATION_CHURN_LIMIT_QUOTIENT",
        "MAX_PER_EPOCH_ACTIVATION_CHURN_LIMIT_GLOAS",
        "MAX_REQUEST_PAYLOADS",
        "MAX_REQUEST_INCLUSION_LIST",
        "MIN_SLOTS_FOR_INCLUSION_LISTS_REQUESTS",
        "MAX_TRANSACTIONS_BYTES_PER_INCLUSION_LIST",
    }
)

# Values that some clients have under another name or not at all: left out where they are what
# every client that has them takes anyway.
_COMMON_DEFAULTS = {"AGGREGATE_DUE_BPS": 6667, "CONFIRMATION_BYZANTINE_THRESHOLD": 25}


def config_yaml(config: Mapping[str, Any]) -> str:
    """config.yaml. One key a line and hex unquoted: Prysm rewrites such lines before it parses.

    Forks that are not scheduled, and their values, are left out: it means the same to a client
    that knows them, and spares those that do not a page of errors in their logs.
    """
    return "".join(
        f"{key}: {_yaml(value)}\n" for key, value in config.items() if _is_needed(config, key)
    )


def _is_needed(config: Mapping[str, Any], key: str) -> bool:
    if key in _COMMON_DEFAULTS:
        return bool(config[key] != _COMMON_DEFAULTS[key])
    fork = key.partition("_FORK_")[0].lower()
    if key.endswith(("_FORK_VERSION", "_FORK_EPOCH")) and fork in ("gloas", "heze"):
        return bool(config[f"{fork.upper()}_FORK_EPOCH"] != FAR_FUTURE_EPOCH)
    return key not in _SINCE_GLOAS or bool(config["GLOAS_FORK_EPOCH"] != FAR_FUTURE_EPOCH)


def _yaml(value: object) -> str:
    if isinstance(value, list):
        entries = (
            "\n  - " + "\n    ".join(f"{key}: {item}" for key, item in entry.items())
            for entry in value
        )
        return "".join(entries).lstrip(" ") or "[]"
    text = str(value)
    return f"'{text}'" if isinstance(value, str) and not text.startswith("0x") else text


def _genesis(params: NetworkParams, time: int, validators: int) -> dict[str, Any]:
    return {
        "PRESET_BASE": params.preset,
        # Prysm takes a config of another name for a network that it knows.
        "CONFIG_NAME": "testnet",
        "TERMINAL_TOTAL_DIFFICULTY": 0,
        "TERMINAL_BLOCK_HASH": f"0x{bytes(32).hex()}",
        "TERMINAL_BLOCK_HASH_ACTIVATION_EPOCH": FAR_FUTURE_EPOCH,
        "MIN_GENESIS_ACTIVE_VALIDATOR_COUNT": validators,
        "MIN_GENESIS_TIME": time,
        "GENESIS_FORK_VERSION": FORK_VERSIONS["phase0"],
        "GENESIS_DELAY": 0,
    }


def _forks(params: NetworkParams) -> dict[str, Any]:
    config: dict[str, Any] = {}
    for fork in FORKS[1:]:
        config[f"{fork.upper()}_FORK_VERSION"] = FORK_VERSIONS[fork]
        config[f"{fork.upper()}_FORK_EPOCH"] = params.fork_epochs[fork]
    if params.frames_enabled:
        # The execution chain goes on to Bogota, the consensus chain does not.
        config["HEZE_FORK_EPOCH"] = FAR_FUTURE_EPOCH
    return config


def _time(params: NetworkParams) -> dict[str, Any]:
    seconds, rest = divmod(params.slot_duration_ms, 1000)
    return {
        "SLOT_DURATION_MS": params.slot_duration_ms,
        # A slot of 1.5 s has no whole number of seconds: clients that want one must do without.
        **({} if rest else {"SECONDS_PER_SLOT": seconds}),
        "SECONDS_PER_ETH1_BLOCK": 14,
        "MIN_VALIDATOR_WITHDRAWABILITY_DELAY": params.min_validator_withdrawability_delay,
        "SHARD_COMMITTEE_PERIOD": params.shard_committee_period,
        "ETH1_FOLLOW_DISTANCE": params.eth1_follow_distance,
        "PROPOSER_REORG_CUTOFF_BPS": 1667,
        "ATTESTATION_DUE_BPS": 3333,
        "AGGREGATE_DUE_BPS": 6667,
        "SYNC_MESSAGE_DUE_BPS": 3333,
        "CONTRIBUTION_DUE_BPS": 6667,
        "MIN_BUILDER_WITHDRAWABILITY_DELAY": params.min_builder_withdrawability_delay,
        "ATTESTATION_DUE_BPS_GLOAS": params.attestation_due_bps_gloas,
        "AGGREGATE_DUE_BPS_GLOAS": params.aggregate_due_bps_gloas,
        "SYNC_MESSAGE_DUE_BPS_GLOAS": params.sync_message_due_bps_gloas,
        "CONTRIBUTION_DUE_BPS_GLOAS": params.contribution_due_bps_gloas,
        "PAYLOAD_DUE_BPS": params.payload_due_bps,
        "PAYLOAD_ATTESTATION_DUE_BPS": params.payload_attestation_due_bps,
        "INCLUSION_LIST_DUE_BPS": params.inclusion_list_submission_due_bps,
    }


def _validators(params: NetworkParams) -> dict[str, Any]:
    return {
        "INACTIVITY_SCORE_BIAS": 4,
        "INACTIVITY_SCORE_RECOVERY_RATE": 16,
        "EJECTION_BALANCE": params.ejection_balance,
        "MIN_PER_EPOCH_CHURN_LIMIT": 4,
        "CHURN_LIMIT_QUOTIENT": params.churn_limit_quotient,
        "MAX_PER_EPOCH_ACTIVATION_CHURN_LIMIT": params.max_per_epoch_activation_churn_limit,
        "MIN_PER_EPOCH_CHURN_LIMIT_ELECTRA": 128 * 10**9,
        "MAX_PER_EPOCH_ACTIVATION_EXIT_CHURN_LIMIT": 256 * 10**9,
        "CHURN_LIMIT_QUOTIENT_GLOAS": 32768,
        "CONSOLIDATION_CHURN_LIMIT_QUOTIENT": 65536,
        "MAX_PER_EPOCH_ACTIVATION_CHURN_LIMIT_GLOAS": 256 * 10**9,
        "PROPOSER_SCORE_BOOST": 40,
        "REORG_HEAD_WEIGHT_THRESHOLD": 20,
        "REORG_PARENT_WEIGHT_THRESHOLD": 160,
        "REORG_MAX_EPOCHS_SINCE_FINALIZATION": 2,
        "DEPOSIT_CHAIN_ID": params.chain_id,
        "DEPOSIT_NETWORK_ID": params.chain_id,
        "DEPOSIT_CONTRACT_ADDRESS": params.deposit_contract_address,
        "CONFIRMATION_BYZANTINE_THRESHOLD": params.confirmation_byzantine_threshold,
    }


def _network(params: NetworkParams) -> dict[str, Any]:
    return {
        "MAX_PAYLOAD_SIZE": params.max_payload_size,
        "MAX_REQUEST_BLOCKS": 1024,
        "EPOCHS_PER_SUBNET_SUBSCRIPTION": 256,
        # The specification's formula: 33,024 epochs on mainnet.
        "MIN_EPOCHS_FOR_BLOCK_REQUESTS": params.min_validator_withdrawability_delay
        + params.churn_limit_quotient // 2,
        "ATTESTATION_PROPAGATION_SLOT_RANGE": 32,
        "MAXIMUM_GOSSIP_CLOCK_DISPARITY": 500,
        "MESSAGE_DOMAIN_INVALID_SNAPPY": "0x00000000",
        "MESSAGE_DOMAIN_VALID_SNAPPY": "0x01000000",
        "SUBNETS_PER_NODE": 2,
        "ATTESTATION_SUBNET_COUNT": 64,
        "ATTESTATION_SUBNET_EXTRA_BITS": 0,
        "ATTESTATION_SUBNET_PREFIX_BITS": 6,
    }


def _blobs(params: NetworkParams) -> dict[str, Any]:
    columns = params.min_epochs_for_data_column_sidecars_requests
    return {
        "MAX_REQUEST_BLOCKS_DENEB": params.max_request_blocks_deneb,
        "MIN_EPOCHS_FOR_BLOB_SIDECARS_REQUESTS": 4096,
        "BLOB_SIDECAR_SUBNET_COUNT": 6,
        "MAX_BLOBS_PER_BLOCK": DENEB_MAX_BLOBS,
        "BLOB_SIDECAR_SUBNET_COUNT_ELECTRA": params.max_blobs_per_block_electra,
        "MAX_BLOBS_PER_BLOCK_ELECTRA": params.max_blobs_per_block_electra,
        "NUMBER_OF_CUSTODY_GROUPS": 128,
        "DATA_COLUMN_SIDECAR_SUBNET_COUNT": 128,
        "SAMPLES_PER_SLOT": params.samples_per_slot,
        "CUSTODY_REQUIREMENT": params.custody_requirement,
        "VALIDATOR_CUSTODY_REQUIREMENT": 8,
        "BALANCE_PER_ADDITIONAL_CUSTODY_GROUP": 32 * 10**9,
        "MIN_EPOCHS_FOR_DATA_COLUMN_SIDECARS_REQUESTS": columns,
        "BLOB_SCHEDULE": _blob_schedule(params),
    }


def _blob_schedule(params: NetworkParams) -> list[dict[str, int]]:
    """One entry an epoch: of forks at the same epoch the later one counts."""
    limits = {epoch: bpo_limits(params, number).max for number, epoch in bpo_epochs(params)}
    return [{"EPOCH": epoch, "MAX_BLOBS_PER_BLOCK": limits[epoch]} for epoch in sorted(limits)]


def _heze(params: NetworkParams) -> dict[str, Any]:
    config: dict[str, Any] = {
        "MAX_REQUEST_PAYLOADS": 128,
        "MAX_REQUEST_INCLUSION_LIST": 16,
        "MIN_SLOTS_FOR_INCLUSION_LISTS_REQUESTS": 1,
        "MAX_TRANSACTIONS_BYTES_PER_INCLUSION_LIST": 8192,
    }
    if params.fork_epochs["heze"] != FAR_FUTURE_EPOCH:
        config |= {
            "VIEW_FREEZE_CUTOFF_BPS": params.view_freeze_cutoff_bps,
            "PROPOSER_INCLUSION_LIST_CUTOFF_BPS": params.proposer_inclusion_list_cutoff_bps,
        }
    if schedule := params.gas_limit_schedule:
        config["GAS_LIMIT_SCHEDULE"] = [
            {"EPOCH": entry.epoch, "GAS_LIMIT": entry.gas_limit} for entry in schedule
        ]
    return config


def _checked(config: Mapping[str, Any], key: str, value: object) -> int | str:
    """An override, if it may be one."""
    where = f"consensus_config.{key}"
    if key in _FIXED:
        raise RequestError(f"{where} is taken from the spec.", hint=f"Set {_FIXED[key]}.")
    if key in _UNCHANGEABLE:
        raise RequestError(f"{where} cannot be changed: {_UNCHANGEABLE[key]}.")
    if key in SHAPING:
        raise RequestError(
            f"{where} cannot be changed.",
            cause="it is the length of a list in the beacon state or block, which every client has"
            " compiled in",
        )
    known = config.keys() | ADJUSTABLE | PASSED_ON
    if key not in known:
        near = get_close_matches(key, known, 1)
        raise RequestError(
            f"{where}: there is no such value in the consensus config.",
            hint=f"Did you mean {near[0]!r}?" if near else "",
        )
    return _like(config.get(key, 0), value, where)


def _like(present: object, value: object, where: str) -> int | str:
    """The value in the form of the one it replaces."""
    text = str(value).strip()
    if isinstance(present, str) and not present.startswith("0x"):
        return text
    if isinstance(present, str):
        if text.startswith("0x") and len(text) == len(present) and _is_hex(text):
            return text
        expected = f"0x and {len(present) - 2} hex digits"
    else:
        if text.isascii() and text.isdecimal() and int(text) < 2**64:
            return _positive(int(text), where)
        expected = "a whole number below 2**64"
    raise RequestError(f"{where}: {value!r} should be {expected}.")


def _positive(number: int, where: str) -> int:
    """Refuse a zero that would divide by zero or end the chain in every client."""
    if number == 0 and where.removeprefix("consensus_config.") in ADJUSTABLE:
        raise RequestError(f"{where} must be at least 1.")
    return number


def _is_hex(text: str) -> bool:
    try:
        bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        return False
    return True
