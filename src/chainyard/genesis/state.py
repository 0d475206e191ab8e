"""The genesis beacon state of every fork from Bellatrix to Fulu.

What the specification says. Up to v1.5.0-alpha each fork's beacon-chain.md had, under "Testing",
its own ``initialize_beacon_state_from_eth1``; since then there is only phase0's, and the reference
tests build the others in ``create_genesis_state``. Where both speak they agree, and this follows
them:

- fork: current_version is the fork's, epoch 0. previous_version is that of the fork before, as
  ``create_genesis_state`` and a chain of ``upgrade_to_*`` have it (the old "Testing" sections
  repeated current_version, "for testing only"). Nothing ever reads it: there is no earlier epoch.
- latest_block_header: the fork's empty body. Clients compute the genesis block's root from it.
- both sync committees are ``get_next_sync_committee`` of the fork: the seed of epoch 1, and since
  Electra 16-bit randomness against MAX_EFFECTIVE_BALANCE_ELECTRA.
- Electra: deposit_requests_start_index is UNSET_DEPOSIT_REQUESTS_START_INDEX. The five churn
  fields are zero. ``upgrade_to_electra`` would set earliest_exit_epoch to 6 and fill
  exit_balance_to_consume and consolidation_balance_to_consume; zero behaves the same, since
  ``compute_exit_epoch_and_update_churn`` starts over whenever earliest_exit_epoch is below the
  earliest possible one (and its twin for consolidations likewise).
- Fulu: proposer_lookahead is ``initialize_proposer_lookahead``: epochs 0 to MIN_SEED_LOOKAHEAD.

Deposits. Validators are put into the registry, not deposited: eth1_data has the root of an empty
deposit list, a count of 0, and eth1_deposit_index is 0. Blocks may be produced at once: Electra's
``process_operations`` wants legacy deposits only while eth1_deposit_index is below
min(eth1_data.deposit_count, deposit_requests_start_index), and here both are 0. The first deposit
request sets the start index to its own index, 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from chainyard.errors import RequestError
from chainyard.genesis.bls import aggregate_public_keys
from chainyard.genesis.containers import (
    DEPOSIT_CONTRACT_TREE_DEPTH,
    Containers,
    DepositData,
    containers,
)
from chainyard.genesis.execution import ExecutionGenesis, refuse_pre_merge
from chainyard.genesis.forks import (
    DOMAIN_BEACON_PROPOSER,
    DOMAIN_SYNC_COMMITTEE,
    Config,
    fork_at,
    fork_version,
    previous_fork,
    since,
)
from chainyard.genesis.presets import Preset, preset_of
from chainyard.genesis.registry import Registry, make_registry
from chainyard.genesis.shuffling import Sampler
from chainyard.genesis.ssz import List
from chainyard.genesis.validators import GenesisValidators

GENESIS_EPOCH = 0
UNSET_DEPOSIT_REQUESTS_START_INDEX = 2**64 - 1


class GenesisState(NamedTuple):
    """The state as clients read it, its hash tree root, and the root of its validators."""

    ssz: bytes
    state_root: bytes
    validators_root: bytes


def genesis_state(
    config: Config, execution: ExecutionGenesis, validators: GenesisValidators
) -> GenesisState:
    """The beacon state of the newest fork at epoch 0.

    Args:
        config: the consensus config, overrides included.
        execution: the execution genesis that the state names.
        validators: in the order of the registry.

    Raises:
        RequestError: a fork that cannot be a genesis, or no active validator.
    """
    fork = fork_at(config, GENESIS_EPOCH)
    refuse_genesis_fork(fork)
    preset = preset_of(config)
    types = containers(fork, preset)
    registry = make_registry(validators, fork, preset)
    state = _common(config, fork, types, execution, registry)
    state |= _history(types, preset, execution, len(validators))
    state |= _sampled(fork, preset, execution.block_hash, registry)
    if since(fork, "electra"):
        state["deposit_requests_start_index"] = UNSET_DEPOSIT_REQUESTS_START_INDEX
    return GenesisState(
        ssz=types.beacon_state.serialize(state),
        state_root=types.beacon_state.hash_tree_root(state),
        validators_root=registry.validators.root,
    )


def refuse_genesis_fork(fork: str) -> None:
    """Refuse a genesis before Bellatrix or after Fulu.

    Raises:
        RequestError: such a genesis.
    """
    refuse_pre_merge(fork)
    if since(fork, "gloas"):
        raise RequestError(
            f"A genesis in {fork} is not possible yet.",
            cause=f"the specification of {fork} is not final and the pinned clients do not have it",
            hint=f"Schedule {fork} at a later epoch, for clients that know it: {fork}_fork_epoch.",
        )


def _common(
    config: Config, fork: str, types: Containers, execution: ExecutionGenesis, registry: Registry
) -> dict[str, Any]:
    deposits = List(DepositData, 2**DEPOSIT_CONTRACT_TREE_DEPTH)
    body = types.beacon_block_body
    return {
        "genesis_time": int(config["MIN_GENESIS_TIME"]) + int(config["GENESIS_DELAY"]),
        "genesis_validators_root": registry.validators.root,
        "fork": {
            "previous_version": fork_version(config, previous_fork(fork)),
            "current_version": fork_version(config, fork),
            "epoch": GENESIS_EPOCH,
        },
        "latest_block_header": {"body_root": body.hash_tree_root(body.default())},
        "eth1_data": {
            "deposit_root": deposits.hash_tree_root(()),
            "deposit_count": 0,
            "block_hash": execution.block_hash,
        },
        "validators": registry.validators,
        "balances": registry.balances,
    }


def _history(
    types: Containers, preset: Preset, execution: ExecutionGenesis, count: int
) -> dict[str, Any]:
    mixes = execution.block_hash * preset.EPOCHS_PER_HISTORICAL_VECTOR
    return {
        "randao_mixes": mixes,
        "previous_epoch_participation": bytes(count),
        "current_epoch_participation": bytes(count),
        "inactivity_scores": bytes(8 * count),
        "latest_execution_payload_header": _payload_header(types, execution),
    }


def _payload_header(types: Containers, execution: ExecutionGenesis) -> dict[str, Any]:
    """The header of the execution genesis block. Its prev_randao (mixHash) is zero."""
    payload = types.execution_payload.fields
    header: dict[str, Any] = {
        "state_root": execution.state_root,
        "receipts_root": execution.receipts_root,
        "gas_limit": execution.gas_limit,
        "timestamp": execution.timestamp,
        "base_fee_per_gas": execution.base_fee_per_gas,
        "block_hash": execution.block_hash,
        "transactions_root": payload["transactions"].hash_tree_root(()),
    }
    if "withdrawals" in payload:
        header["withdrawals_root"] = payload["withdrawals"].hash_tree_root(())
    return header


def _sampled(fork: str, preset: Preset, mix: bytes, registry: Registry) -> dict[str, Any]:
    electra = since(fork, "electra")
    sampler = Sampler(
        registry.active,
        registry.effective_balances,
        max_effective_balance=preset.MAX_EFFECTIVE_BALANCE_ELECTRA
        if electra
        else preset.MAX_EFFECTIVE_BALANCE,
        wide=electra,
        rounds=preset.SHUFFLE_ROUND_COUNT,
    )
    committee = _sync_committee(sampler, preset, mix, registry.pubkeys)
    fields: dict[str, Any] = {
        "current_sync_committee": committee,
        "next_sync_committee": committee,
    }
    if since(fork, "fulu"):
        fields["proposer_lookahead"] = _proposer_lookahead(sampler, preset, mix)
    return fields


def get_seed(mix: bytes, epoch: int, domain_type: bytes) -> bytes:
    """get_seed at genesis, where every randao mix is the same."""
    return sha256(domain_type + epoch.to_bytes(8, "little") + mix).digest()


def _sync_committee(
    sampler: Sampler, preset: Preset, mix: bytes, pubkeys: Sequence[bytes]
) -> dict[str, Any]:
    seed = get_seed(mix, GENESIS_EPOCH + 1, DOMAIN_SYNC_COMMITTEE)
    members = [pubkeys[index] for index in sampler.sync_committee(seed, preset.SYNC_COMMITTEE_SIZE)]
    return {"pubkeys": members, "aggregate_pubkey": aggregate_public_keys(members)}


def _proposer_lookahead(sampler: Sampler, preset: Preset, mix: bytes) -> list[int]:
    proposers: list[int] = []
    for epoch in range(GENESIS_EPOCH, GENESIS_EPOCH + preset.MIN_SEED_LOOKAHEAD + 1):
        seed = get_seed(mix, epoch, DOMAIN_BEACON_PROPOSER)
        first = epoch * preset.SLOTS_PER_EPOCH
        proposers += (
            sampler.proposer(sha256(seed + slot.to_bytes(8, "little")).digest())
            for slot in range(first, first + preset.SLOTS_PER_EPOCH)
        )
    return proposers
