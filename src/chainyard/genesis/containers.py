"""The SSZ containers of a genesis state, per fork and preset.

Source: consensus-specs, specs/*/beacon-chain.md, "Containers".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from chainyard.genesis.forks import since
from chainyard.genesis.presets import Preset
from chainyard.genesis.ssz import (
    Bitlist,
    Bitvector,
    ByteList,
    Bytes4,
    Bytes20,
    Bytes32,
    Bytes48,
    Bytes96,
    ByteVector,
    Container,
    List,
    Type,
    Vector,
    boolean,
    uint8,
    uint64,
    uint256,
)

DEPOSIT_CONTRACT_TREE_DEPTH = 32
JUSTIFICATION_BITS_LENGTH = 4

Fork = Container("Fork", {"previous_version": Bytes4, "current_version": Bytes4, "epoch": uint64})
Checkpoint = Container("Checkpoint", {"epoch": uint64, "root": Bytes32})
Eth1Data = Container(
    "Eth1Data", {"deposit_root": Bytes32, "deposit_count": uint64, "block_hash": Bytes32}
)
BeaconBlockHeader = Container(
    "BeaconBlockHeader",
    {
        "slot": uint64,
        "proposer_index": uint64,
        "parent_root": Bytes32,
        "state_root": Bytes32,
        "body_root": Bytes32,
    },
)
SignedBeaconBlockHeader = Container(
    "SignedBeaconBlockHeader", {"message": BeaconBlockHeader, "signature": Bytes96}
)
Validator = Container(
    "Validator",
    {
        "pubkey": Bytes48,
        "withdrawal_credentials": Bytes32,
        "effective_balance": uint64,
        "slashed": boolean,
        "activation_eligibility_epoch": uint64,
        "activation_epoch": uint64,
        "exit_epoch": uint64,
        "withdrawable_epoch": uint64,
    },
)
AttestationData = Container(
    "AttestationData",
    {
        "slot": uint64,
        "index": uint64,
        "beacon_block_root": Bytes32,
        "source": Checkpoint,
        "target": Checkpoint,
    },
)
ProposerSlashing = Container(
    "ProposerSlashing",
    {"signed_header_1": SignedBeaconBlockHeader, "signed_header_2": SignedBeaconBlockHeader},
)
DepositData = Container(
    "DepositData",
    {
        "pubkey": Bytes48,
        "withdrawal_credentials": Bytes32,
        "amount": uint64,
        "signature": Bytes96,
    },
)
Deposit = Container(
    "Deposit", {"proof": Vector(Bytes32, DEPOSIT_CONTRACT_TREE_DEPTH + 1), "data": DepositData}
)
SignedVoluntaryExit = Container(
    "SignedVoluntaryExit",
    {
        "message": Container("VoluntaryExit", {"epoch": uint64, "validator_index": uint64}),
        "signature": Bytes96,
    },
)
Withdrawal = Container(
    "Withdrawal",
    {"index": uint64, "validator_index": uint64, "address": Bytes20, "amount": uint64},
)
SignedBLSToExecutionChange = Container(
    "SignedBLSToExecutionChange",
    {
        "message": Container(
            "BLSToExecutionChange",
            {
                "validator_index": uint64,
                "from_bls_pubkey": Bytes48,
                "to_execution_address": Bytes20,
            },
        ),
        "signature": Bytes96,
    },
)
HistoricalSummary = Container(
    "HistoricalSummary", {"block_summary_root": Bytes32, "state_summary_root": Bytes32}
)
DepositRequest = Container(
    "DepositRequest",
    {
        "pubkey": Bytes48,
        "withdrawal_credentials": Bytes32,
        "amount": uint64,
        "signature": Bytes96,
        "index": uint64,
    },
)
WithdrawalRequest = Container(
    "WithdrawalRequest",
    {"source_address": Bytes20, "validator_pubkey": Bytes48, "amount": uint64},
)
ConsolidationRequest = Container(
    "ConsolidationRequest",
    {"source_address": Bytes20, "source_pubkey": Bytes48, "target_pubkey": Bytes48},
)
PendingDeposit = Container(
    "PendingDeposit",
    {
        "pubkey": Bytes48,
        "withdrawal_credentials": Bytes32,
        "amount": uint64,
        "signature": Bytes96,
        "slot": uint64,
    },
)
PendingPartialWithdrawal = Container(
    "PendingPartialWithdrawal",
    {"validator_index": uint64, "amount": uint64, "withdrawable_epoch": uint64},
)
PendingConsolidation = Container(
    "PendingConsolidation", {"source_index": uint64, "target_index": uint64}
)


@dataclass(frozen=True)
class Containers:
    """The containers that differ between forks or presets."""

    sync_committee: Container
    execution_payload: Container
    execution_payload_header: Container
    beacon_block_body: Container
    beacon_state: Container


@cache
def containers(fork: str, preset: Preset) -> Containers:
    """The containers of a fork, Bellatrix to Fulu.

    Raises:
        ValueError: a fork whose containers are not known here.
    """
    if not since(fork, "bellatrix") or since(fork, "gloas"):
        raise ValueError(f"no containers for a genesis in {fork}")
    payload = _payload(fork, preset)
    header = _payload_header(fork, preset)
    committee = Container(
        "SyncCommittee",
        {"pubkeys": Vector(Bytes48, preset.SYNC_COMMITTEE_SIZE), "aggregate_pubkey": Bytes48},
    )
    return Containers(
        sync_committee=committee,
        execution_payload=payload,
        execution_payload_header=header,
        beacon_block_body=_body(fork, preset, payload),
        beacon_state=_state(fork, preset, committee, header),
    )


def _payload_fields(preset: Preset) -> dict[str, Type]:
    return {
        "parent_hash": Bytes32,
        "fee_recipient": Bytes20,
        "state_root": Bytes32,
        "receipts_root": Bytes32,
        "logs_bloom": ByteVector(preset.BYTES_PER_LOGS_BLOOM),
        "prev_randao": Bytes32,
        "block_number": uint64,
        "gas_limit": uint64,
        "gas_used": uint64,
        "timestamp": uint64,
        "extra_data": ByteList(preset.MAX_EXTRA_DATA_BYTES),
        "base_fee_per_gas": uint256,
        "block_hash": Bytes32,
    }


def _blob_gas(fork: str) -> dict[str, Type]:
    if not since(fork, "deneb"):
        return {}
    return {"blob_gas_used": uint64, "excess_blob_gas": uint64}


def _payload(fork: str, preset: Preset) -> Container:
    fields = _payload_fields(preset)
    transaction = ByteList(preset.MAX_BYTES_PER_TRANSACTION)
    fields["transactions"] = List(transaction, preset.MAX_TRANSACTIONS_PER_PAYLOAD)
    if since(fork, "capella"):
        fields["withdrawals"] = List(Withdrawal, preset.MAX_WITHDRAWALS_PER_PAYLOAD)
    return Container("ExecutionPayload", fields | _blob_gas(fork))


def _payload_header(fork: str, preset: Preset) -> Container:
    fields = _payload_fields(preset)
    fields["transactions_root"] = Bytes32
    if since(fork, "capella"):
        fields["withdrawals_root"] = Bytes32
    return Container("ExecutionPayloadHeader", fields | _blob_gas(fork))


def _body(fork: str, preset: Preset, payload: Container) -> Container:
    electra = since(fork, "electra")
    committees = preset.MAX_COMMITTEES_PER_SLOT if electra else 1
    attesters = preset.MAX_VALIDATORS_PER_COMMITTEE * committees
    indexed = Container(
        "IndexedAttestation",
        {
            "attesting_indices": List(uint64, attesters),
            "data": AttestationData,
            "signature": Bytes96,
        },
    )
    slashing = Container("AttesterSlashing", {"attestation_1": indexed, "attestation_2": indexed})
    attestation = Container(
        "Attestation",
        {"aggregation_bits": Bitlist(attesters), "data": AttestationData, "signature": Bytes96}
        | ({"committee_bits": Bitvector(preset.MAX_COMMITTEES_PER_SLOT)} if electra else {}),
    )
    slashings = preset.MAX_ATTESTER_SLASHINGS_ELECTRA if electra else preset.MAX_ATTESTER_SLASHINGS
    attestations = preset.MAX_ATTESTATIONS_ELECTRA if electra else preset.MAX_ATTESTATIONS
    fields: dict[str, Type] = {
        "randao_reveal": Bytes96,
        "eth1_data": Eth1Data,
        "graffiti": Bytes32,
        "proposer_slashings": List(ProposerSlashing, preset.MAX_PROPOSER_SLASHINGS),
        "attester_slashings": List(slashing, slashings),
        "attestations": List(attestation, attestations),
        "deposits": List(Deposit, preset.MAX_DEPOSITS),
        "voluntary_exits": List(SignedVoluntaryExit, preset.MAX_VOLUNTARY_EXITS),
        "sync_aggregate": Container(
            "SyncAggregate",
            {
                "sync_committee_bits": Bitvector(preset.SYNC_COMMITTEE_SIZE),
                "sync_committee_signature": Bytes96,
            },
        ),
        "execution_payload": payload,
    }
    return Container("BeaconBlockBody", fields | _later_operations(fork, preset))


def _later_operations(fork: str, preset: Preset) -> dict[str, Type]:
    fields: dict[str, Type] = {}
    if since(fork, "capella"):
        changes = preset.MAX_BLS_TO_EXECUTION_CHANGES
        fields["bls_to_execution_changes"] = List(SignedBLSToExecutionChange, changes)
    if since(fork, "deneb"):
        fields["blob_kzg_commitments"] = List(Bytes48, preset.MAX_BLOB_COMMITMENTS_PER_BLOCK)
    if since(fork, "electra"):
        fields["execution_requests"] = Container(
            "ExecutionRequests",
            {
                "deposits": List(DepositRequest, preset.MAX_DEPOSIT_REQUESTS_PER_PAYLOAD),
                "withdrawals": List(WithdrawalRequest, preset.MAX_WITHDRAWAL_REQUESTS_PER_PAYLOAD),
                "consolidations": List(
                    ConsolidationRequest, preset.MAX_CONSOLIDATION_REQUESTS_PER_PAYLOAD
                ),
            },
        )
    return fields


def _state(fork: str, preset: Preset, committee: Container, header: Container) -> Container:
    registry = preset.VALIDATOR_REGISTRY_LIMIT
    votes = preset.EPOCHS_PER_ETH1_VOTING_PERIOD * preset.SLOTS_PER_EPOCH
    fields: dict[str, Type] = {
        "genesis_time": uint64,
        "genesis_validators_root": Bytes32,
        "slot": uint64,
        "fork": Fork,
        "latest_block_header": BeaconBlockHeader,
        "block_roots": Vector(Bytes32, preset.SLOTS_PER_HISTORICAL_ROOT),
        "state_roots": Vector(Bytes32, preset.SLOTS_PER_HISTORICAL_ROOT),
        "historical_roots": List(Bytes32, preset.HISTORICAL_ROOTS_LIMIT),
        "eth1_data": Eth1Data,
        "eth1_data_votes": List(Eth1Data, votes),
        "eth1_deposit_index": uint64,
        "validators": List(Validator, registry),
        "balances": List(uint64, registry),
        "randao_mixes": Vector(Bytes32, preset.EPOCHS_PER_HISTORICAL_VECTOR),
        "slashings": Vector(uint64, preset.EPOCHS_PER_SLASHINGS_VECTOR),
        "previous_epoch_participation": List(uint8, registry),
        "current_epoch_participation": List(uint8, registry),
        "justification_bits": Bitvector(JUSTIFICATION_BITS_LENGTH),
        "previous_justified_checkpoint": Checkpoint,
        "current_justified_checkpoint": Checkpoint,
        "finalized_checkpoint": Checkpoint,
        "inactivity_scores": List(uint64, registry),
        "current_sync_committee": committee,
        "next_sync_committee": committee,
        "latest_execution_payload_header": header,
    }
    return Container("BeaconState", fields | _later_state(fork, preset))


def _later_state(fork: str, preset: Preset) -> dict[str, Type]:
    fields: dict[str, Type] = {}
    if since(fork, "capella"):
        fields |= {
            "next_withdrawal_index": uint64,
            "next_withdrawal_validator_index": uint64,
            "historical_summaries": List(HistoricalSummary, preset.HISTORICAL_ROOTS_LIMIT),
        }
    if since(fork, "electra"):
        partials = preset.PENDING_PARTIAL_WITHDRAWALS_LIMIT
        fields |= {
            "deposit_requests_start_index": uint64,
            "deposit_balance_to_consume": uint64,
            "exit_balance_to_consume": uint64,
            "earliest_exit_epoch": uint64,
            "consolidation_balance_to_consume": uint64,
            "earliest_consolidation_epoch": uint64,
            "pending_deposits": List(PendingDeposit, preset.PENDING_DEPOSITS_LIMIT),
            "pending_partial_withdrawals": List(PendingPartialWithdrawal, partials),
            "pending_consolidations": List(
                PendingConsolidation, preset.PENDING_CONSOLIDATIONS_LIMIT
            ),
        }
    if since(fork, "fulu"):
        fields["proposer_lookahead"] = Vector(uint64, preset.proposer_lookahead_length)
    return fields
