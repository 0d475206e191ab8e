"""``network_params``: 83 keys, their defaults under both presets, and what follows from them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from chainyard.spec import components
from chainyard.spec.accounts import (
    ADDITIONAL_MNEMONICS,
    ALLOCATIONS,
    ALLOCATIONS_OR_URL,
    DEFAULT_MNEMONIC,
    WITHDRAWAL_TYPE,
    AdditionalMnemonic,
    Allocation,
    Mnemonic,
)
from chainyard.spec.kinds import (
    ADDRESS,
    BOOLEAN,
    COUNT,
    EPOCH,
    TEXT,
    Choice,
    Either,
    Integer,
    ListOf,
    Text,
)
from chainyard.spec.nodes import FrozenMap, ScalarNode
from chainyard.spec.participants import MAX_KEYS
from chainyard.spec.table import Record, Table, defaults_of, key, record

FAR_FUTURE_EPOCH = (1 << 64) - 1
"""The epoch of what is never going to happen (consensus specification, FAR_FUTURE_EPOCH)."""

FORKS = ("altair", "bellatrix", "capella", "deneb", "electra", "fulu", "gloas", "heze")
BPOS = (1, 2, 3, 4, 5)
SLOTS_PER_EPOCH = {"mainnet": 32, "minimal": 8}
GLOAS_GAS_LIMIT = 200_000_000
MAX_CHAIN_ID = (1 << 63) - 37
"""EIP-2294: the highest chain id for which clients compute a signature's v in 64 bits."""

MINIMAL_DEFAULTS: Mapping[str, Any] = {
    "seconds_per_slot": 6,
    "slot_duration_ms": 6000,
    "max_per_epoch_activation_churn_limit": 4,
    "churn_limit_quotient": 32,
    "eth1_follow_distance": 16,
    "min_builder_withdrawability_delay": 2,
    "shard_committee_period": 64,
    "preset": "minimal",
}

_BPS = Integer(0, 10_000)
_FRACTION = "How slowly the blob fee moves; 0 computes it from the maximum."
_LATEST = Text('"latest", or a block number', "latest|[0-9]+")
_BLOCK = Either(
    '"latest", or a block number',
    lambda node: COUNT if isinstance(node, ScalarNode) and isinstance(node.value, int) else _LATEST,
)
_FORK = "Epoch of the {} fork; 0 for genesis, 18446744073709551615 for never."


@record
class GasLimitStep(Record):
    """A change of the gas limit that builders and proposers aim at."""

    epoch: int = key(EPOCH, 0, "From this epoch on, not before Gloas.", required=True)
    gas_limit: int = key(COUNT, 0, "Gas limit aimed at.", required=True)


@record
class NetworkParams(Record):
    """The chain. Attributes are the keys of the file, with the rules between them applied.

    Epochs are ints (FAR_FUTURE_EPOCH for never), ``ejection_balance`` is in gwei,
    ``validator_balance`` and ``builder_balance`` are in ETH, addresses are text. The accounts of
    ``prefunded_accounts`` and ``additional_preloaded_contracts`` are Allocations by address, in
    wei; the latter is text if it is a URL.
    """

    network: str = key(
        TEXT,
        components.OWN_NETWORK,
        "kurtosis for a chain of its own; else a public network, devnet, shadowfork or enclave.",
    )
    network_id: str = key(
        Text("a chain id: a whole number above 0", r"\s*[0-9]{1,19}\s*", numbers=True),
        "3151908",
        "Chain id and network id.",
    )
    deposit_contract_address: str = key(
        ADDRESS, components.DEPOSIT_CONTRACTS["mainnet"], "Where the deposit contract stands."
    )
    seconds_per_slot: int = key(Integer(1), 12, "Length of a slot in seconds.")
    slot_duration_ms: int = key(Integer(1000), 12000, "Length of a slot in milliseconds.")
    num_validator_keys_per_node: int = key(
        Integer(0, MAX_KEYS), 128, "validator_count of participants that name none."
    )
    preregistered_validator_keys_mnemonic: str = key(
        Mnemonic(),
        DEFAULT_MNEMONIC,
        "Mnemonic of the validator keys and of the prefunded accounts.",
        secret=True,
    )
    preregistered_validator_count: int = key(
        Integer(0, MAX_KEYS), 0, "Validators in the genesis; 0 for those of the participants."
    )
    genesis_delay: int = key(COUNT, 20, "Seconds from the start to the genesis.")
    genesis_time: int = key(COUNT, 0, "Unix time of the genesis; 0 goes by genesis_delay.")
    genesis_gaslimit: int = key(
        Integer(5000), 60_000_000, "Gas limit of the genesis block; 200000000 once Gloas is set."
    )
    max_per_epoch_activation_churn_limit: int = key(
        COUNT, 8, "Most validators activated in an epoch."
    )
    churn_limit_quotient: int = key(
        Integer(1), 65536, "One in how many validators may join or leave in an epoch."
    )
    confirmation_byzantine_threshold: int = key(
        Integer(0, 100), 25, "Percent of dishonest stake that fast confirmation withstands."
    )
    ejection_balance: int = key(
        COUNT, 16_000_000_000, "Effective balance in gwei below which a validator is ejected."
    )
    eth1_follow_distance: int = key(COUNT, 2048, "Execution blocks before a deposit is seen.")
    min_validator_withdrawability_delay: int = key(
        COUNT, 256, "Epochs from a validator's exit until it may withdraw."
    )
    min_builder_withdrawability_delay: int = key(
        COUNT, 64, "Epochs from a builder's exit until it may withdraw (Gloas)."
    )
    deploy_eip8282_contracts: bool = key(
        BOOLEAN, True, "Put the builder contracts into the genesis if Gloas is scheduled."
    )
    shard_committee_period: int = key(
        COUNT, 256, "Epochs that a validator stays before it may exit."
    )
    attestation_due_bps_gloas: int = key(
        _BPS, 2500, "When attestations are due, in 1/10000 of a slot."
    )
    aggregate_due_bps_gloas: int = key(_BPS, 5000, "When aggregates are due.")
    sync_message_due_bps_gloas: int = key(_BPS, 2500, "When sync committee messages are due.")
    contribution_due_bps_gloas: int = key(_BPS, 5000, "When sync contributions are due.")
    payload_due_bps: int = key(_BPS, 5000, "When payloads are due.")
    payload_attestation_due_bps: int = key(_BPS, 7500, "When payload attestations are due.")
    view_freeze_cutoff_bps: int = key(_BPS, 7500, "When inclusion lists stop counting (Heze).")
    inclusion_list_submission_due_bps: int = key(_BPS, 6667, "When inclusion lists are due.")
    proposer_inclusion_list_cutoff_bps: int = key(
        _BPS, 9167, "When a proposer stops taking inclusion lists."
    )
    altair_fork_epoch: int = key(EPOCH, 0, _FORK.format("Altair"))
    bellatrix_fork_epoch: int = key(EPOCH, 0, _FORK.format("Bellatrix"))
    capella_fork_epoch: int = key(EPOCH, 0, _FORK.format("Capella"))
    deneb_fork_epoch: int = key(EPOCH, 0, _FORK.format("Deneb"))
    electra_fork_epoch: int = key(EPOCH, 0, _FORK.format("Electra"))
    fulu_fork_epoch: int = key(EPOCH, 0, _FORK.format("Fulu"))
    gloas_fork_epoch: int = key(EPOCH, FAR_FUTURE_EPOCH, _FORK.format("Gloas"))
    heze_fork_epoch: int = key(EPOCH, FAR_FUTURE_EPOCH, _FORK.format("Heze"))
    frames_enabled: bool = key(
        BOOLEAN, False, "Frame transactions: the execution side of Heze without the consensus side."
    )
    network_sync_base_url: str = key(
        TEXT, "https://snapshots.ethpandaops.io/", "Where snapshots of public networks are."
    )
    force_snapshot_sync: bool = key(BOOLEAN, False, "Start execution clients from a snapshot.")
    shadowfork_block_height: str | int = key(_BLOCK, "latest", "Block that a shadowfork leaves at.")
    samples_per_slot: int = key(COUNT, 8, "Data columns that a node samples per slot.")
    custody_requirement: int = key(COUNT, 4, "Column groups that every node keeps.")
    max_blobs_per_block_electra: int = key(COUNT, 9, "Most blobs of a block in Electra.")
    target_blobs_per_block_electra: int = key(COUNT, 6, "Blobs of a block that the fee aims at.")
    max_request_blocks_deneb: int = key(COUNT, 128, "Most blocks that a peer may ask for at once.")
    base_fee_update_fraction_electra: int = key(COUNT, 5_007_716, _FRACTION)
    preset: str = key(
        Choice(("mainnet", "minimal"), meaning="preset"),
        "mainnet",
        "Constants of the consensus specification; minimal has epochs of 8 slots.",
    )
    additional_preloaded_contracts: Mapping[str, Allocation] | str = key(
        ALLOCATIONS_OR_URL, FrozenMap(), "Accounts and contracts in the genesis, by address."
    )
    additional_mnemonics: tuple[AdditionalMnemonic, ...] = key(
        ADDITIONAL_MNEMONICS, (), "Validators in the genesis that no node runs."
    )
    shuffle_genesis_validators: bool = key(
        BOOLEAN, False, "Mix the validators of the nodes in the genesis."
    )
    devnet_repo: str = key(TEXT, "ethpandaops", "GitHub organisation that describes devnets.")
    prefunded_accounts: Mapping[str, Allocation] = key(
        ALLOCATIONS, FrozenMap(), "Accounts with a balance in the genesis, by address."
    )
    max_payload_size: int = key(COUNT, 10_485_760, "Longest gossip message in bytes.")
    perfect_peerdas_enabled: bool = key(
        BOOLEAN, False, "16 fixed node keys that together keep every data column exactly once."
    )
    gas_limit: int = key(
        COUNT, 0, "Gas limit that clients aim at; 0 for their own, 200000000 once Gloas is set."
    )
    gas_limit_schedule: tuple[GasLimitStep, ...] = key(
        ListOf(Table(GasLimitStep)), (), "Gas limits aimed at from given epochs on."
    )
    bpo_1_epoch: int = key(EPOCH, 0, "Epoch of blob-parameter fork 1; never before Fulu.")
    bpo_1_max_blobs: int = key(COUNT, 15, "Most blobs of a block from then on.")
    bpo_1_target_blobs: int = key(COUNT, 10, "Blobs of a block that the fee aims at.")
    bpo_1_base_fee_update_fraction: int = key(COUNT, 8346193, _FRACTION)
    bpo_2_epoch: int = key(EPOCH, 0, "Epoch of blob-parameter fork 2; never before Fulu.")
    bpo_2_max_blobs: int = key(COUNT, 21, "Most blobs of a block from then on.")
    bpo_2_target_blobs: int = key(COUNT, 14, "Blobs of a block that the fee aims at.")
    bpo_2_base_fee_update_fraction: int = key(COUNT, 11684671, _FRACTION)
    bpo_3_epoch: int = key(
        EPOCH, FAR_FUTURE_EPOCH, "Epoch of blob-parameter fork 3; never before Fulu."
    )
    bpo_3_max_blobs: int = key(COUNT, 33, "Most blobs of a block from then on.")
    bpo_3_target_blobs: int = key(COUNT, 22, "Blobs of a block that the fee aims at.")
    bpo_3_base_fee_update_fraction: int = key(COUNT, 0, _FRACTION)
    bpo_4_epoch: int = key(
        EPOCH, FAR_FUTURE_EPOCH, "Epoch of blob-parameter fork 4; never before Fulu."
    )
    bpo_4_max_blobs: int = key(COUNT, 48, "Most blobs of a block from then on.")
    bpo_4_target_blobs: int = key(COUNT, 32, "Blobs of a block that the fee aims at.")
    bpo_4_base_fee_update_fraction: int = key(COUNT, 0, _FRACTION)
    bpo_5_epoch: int = key(
        EPOCH, FAR_FUTURE_EPOCH, "Epoch of blob-parameter fork 5; never before Fulu."
    )
    bpo_5_max_blobs: int = key(COUNT, 72, "Most blobs of a block from then on.")
    bpo_5_target_blobs: int = key(COUNT, 48, "Blobs of a block that the fee aims at.")
    bpo_5_base_fee_update_fraction: int = key(COUNT, 0, _FRACTION)
    withdrawal_type: str = key(
        WITHDRAWAL_TYPE, "0x00", "Credentials: 0x00 BLS, 0x01 execution, 0x02 compounding."
    )
    withdrawal_address: str = key(
        ADDRESS,
        "0x8943545177806ED17B9F23F0a21ee5948eCaa776",
        "Where withdrawals go, for 0x01 and 0x02.",
    )
    validator_balance: int = key(Integer(1, 10**10), 32, "ETH of a validator in the genesis.")
    min_epochs_for_data_column_sidecars_requests: int = key(
        COUNT, 4096, "Epochs for which data columns are served."
    )
    builder_count: int = key(
        Integer(0, MAX_KEYS), 0, "Builders in the genesis; needs Gloas at genesis."
    )
    builder_balance: int = key(Integer(0, 10**10), 100, "ETH of a builder in the genesis.")

    @property
    def slots_per_epoch(self) -> int:
        """SLOTS_PER_EPOCH of the preset: 32 or 8."""
        return SLOTS_PER_EPOCH[self.preset]

    @property
    def chain_id(self) -> int:
        """``network_id`` as a number."""
        return int(self.network_id)

    @property
    def fork_epochs(self) -> dict[str, int]:
        """Epoch of every fork, ``phase0`` (0) to ``heze``, in order."""
        return {"phase0": 0} | {fork: getattr(self, f"{fork}_fork_epoch") for fork in FORKS}

    @property
    def genesis_fork(self) -> str:
        """Name of the newest fork at epoch 0."""
        return [fork for fork, epoch in self.fork_epochs.items() if epoch == 0][-1]

    @property
    def has_own_genesis(self) -> bool:
        """Whether the network starts from a genesis of its own, or of a shadowfork."""
        return has_own_genesis(self.network)


def has_own_genesis(network: str) -> bool:
    """True for ``kurtosis`` and shadowforks, where the participants hold the validators."""
    return network == components.OWN_NETWORK or "shadowfork" in network


def default_params(preset: str) -> dict[str, Any]:
    """Defaults of all keys under a preset."""
    values = defaults_of(NetworkParams)
    return values | dict(MINIMAL_DEFAULTS) if preset == "minimal" else values


def base_fee_update_fraction(max_blobs: int) -> int:
    """The fraction that lets the blob fee move by 12.5 % at most: max * 2^17 / (2 ln 1.125)."""
    return round(max_blobs * 2**17 / (2 * math.log(1.125)))
