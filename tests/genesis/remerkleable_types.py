"""The containers of the specification in remerkleable: the oracle for ours.

Written from consensus-specs */beacon-chain.md, apart from chainyard.genesis.containers.
"""

from types import SimpleNamespace

from remerkleable.basic import boolean, uint8, uint64, uint256
from remerkleable.bitfields import Bitlist, Bitvector
from remerkleable.byte_arrays import ByteList, Bytes4, Bytes32, Bytes48, Bytes96, ByteVector
from remerkleable.complex import Container, List, Vector

Bytes20 = ByteVector[20]
MAINNET = SimpleNamespace(
    slots_per_epoch=32,
    voting_epochs=64,
    historical=8192,
    mixes=65536,
    slashings=8192,
    committees=64,
    sync=512,
    withdrawals=16,
    partials=2**27,
    consolidations=2**18,
)
MINIMAL = SimpleNamespace(
    slots_per_epoch=8,
    voting_epochs=4,
    historical=64,
    mixes=64,
    slashings=64,
    committees=4,
    sync=32,
    withdrawals=4,
    partials=64,
    consolidations=64,
)
PRESETS = {"mainnet": MAINNET, "minimal": MINIMAL}
REGISTRY = 2**40


class Fork(Container):
    previous_version: Bytes4
    current_version: Bytes4
    epoch: uint64


class Checkpoint(Container):
    epoch: uint64
    root: Bytes32


class Eth1Data(Container):
    deposit_root: Bytes32
    deposit_count: uint64
    block_hash: Bytes32


class BeaconBlockHeader(Container):
    slot: uint64
    proposer_index: uint64
    parent_root: Bytes32
    state_root: Bytes32
    body_root: Bytes32


class Validator(Container):
    pubkey: Bytes48
    withdrawal_credentials: Bytes32
    effective_balance: uint64
    slashed: boolean
    activation_eligibility_epoch: uint64
    activation_epoch: uint64
    exit_epoch: uint64
    withdrawable_epoch: uint64


class HistoricalSummary(Container):
    block_summary_root: Bytes32
    state_summary_root: Bytes32


class PendingDeposit(Container):
    pubkey: Bytes48
    withdrawal_credentials: Bytes32
    amount: uint64
    signature: Bytes96
    slot: uint64


class PendingPartialWithdrawal(Container):
    validator_index: uint64
    amount: uint64
    withdrawable_epoch: uint64


class PendingConsolidation(Container):
    source_index: uint64
    target_index: uint64


class DepositData(Container):
    pubkey: Bytes48
    withdrawal_credentials: Bytes32
    amount: uint64
    signature: Bytes96


class Withdrawal(Container):
    index: uint64
    validator_index: uint64
    address: Bytes20
    amount: uint64


class DepositRequest(Container):
    pubkey: Bytes48
    withdrawal_credentials: Bytes32
    amount: uint64
    signature: Bytes96
    index: uint64


class WithdrawalRequest(Container):
    source_address: Bytes20
    validator_pubkey: Bytes48
    amount: uint64


class ConsolidationRequest(Container):
    source_address: Bytes20
    source_pubkey: Bytes48
    target_pubkey: Bytes48


class ExecutionRequests(Container):
    deposits: List[DepositRequest, 8192]
    withdrawals: List[WithdrawalRequest, 16]
    consolidations: List[ConsolidationRequest, 2]


def extend(name, base, **fields):
    """A container with more fields behind those of another."""
    annotations = {**base.fields(), **fields}
    return type(name, (Container,), {"__annotations__": annotations})


def types(fork, preset):
    """SyncCommittee, ExecutionPayloadHeader, BeaconBlockBody and BeaconState of a fork."""
    p = PRESETS[preset]
    forks = ["bellatrix", "capella", "deneb", "electra", "fulu"]
    reached = set(forks[: forks.index(fork) + 1])

    class SyncCommittee(Container):
        pubkeys: Vector[Bytes48, p.sync]
        aggregate_pubkey: Bytes48

    class Header(Container):
        parent_hash: Bytes32
        fee_recipient: Bytes20
        state_root: Bytes32
        receipts_root: Bytes32
        logs_bloom: ByteVector[256]
        prev_randao: Bytes32
        block_number: uint64
        gas_limit: uint64
        gas_used: uint64
        timestamp: uint64
        extra_data: ByteList[32]
        base_fee_per_gas: uint256
        block_hash: Bytes32

    payload = extend("Payload", Header, transactions=List[ByteList[2**30], 2**20])
    header = extend("Header", Header, transactions_root=Bytes32)
    if "capella" in reached:
        payload = extend("Payload", payload, withdrawals=List[Withdrawal, p.withdrawals])
        header = extend("Header", header, withdrawals_root=Bytes32)
    if "deneb" in reached:
        payload = extend("Payload", payload, blob_gas_used=uint64, excess_blob_gas=uint64)
        header = extend("Header", header, blob_gas_used=uint64, excess_blob_gas=uint64)
    return SimpleNamespace(
        committee=SyncCommittee,
        header=header,
        body=_body(p, reached, payload),
        state=_state(p, reached, SyncCommittee, header),
    )


def _body(p, reached, payload):
    electra = "electra" in reached

    class SyncAggregate(Container):
        sync_committee_bits: Bitvector[p.sync]
        sync_committee_signature: Bytes96

    class AttestationData(Container):
        slot: uint64
        index: uint64
        beacon_block_root: Bytes32
        source: Checkpoint
        target: Checkpoint

    attesters = 2048 * (p.committees if electra else 1)

    class AttestationBefore(Container):
        aggregation_bits: Bitlist[attesters]
        data: AttestationData
        signature: Bytes96

    bits = {"committee_bits": Bitvector[p.committees]} if electra else {}
    attestation = extend("Attestation", AttestationBefore, **bits)

    class IndexedAttestation(Container):
        attesting_indices: List[uint64, attesters]
        data: AttestationData
        signature: Bytes96

    class AttesterSlashing(Container):
        attestation_1: IndexedAttestation
        attestation_2: IndexedAttestation

    class SignedBeaconBlockHeader(Container):
        message: BeaconBlockHeader
        signature: Bytes96

    class ProposerSlashing(Container):
        signed_header_1: SignedBeaconBlockHeader
        signed_header_2: SignedBeaconBlockHeader

    class Deposit(Container):
        proof: Vector[Bytes32, 33]
        data: DepositData

    class VoluntaryExit(Container):
        epoch: uint64
        validator_index: uint64

    class SignedVoluntaryExit(Container):
        message: VoluntaryExit
        signature: Bytes96

    class BLSToExecutionChange(Container):
        validator_index: uint64
        from_bls_pubkey: Bytes48
        to_execution_address: Bytes20

    class SignedBLSToExecutionChange(Container):
        message: BLSToExecutionChange
        signature: Bytes96

    class Body(Container):
        randao_reveal: Bytes96
        eth1_data: Eth1Data
        graffiti: Bytes32
        proposer_slashings: List[ProposerSlashing, 16]
        attester_slashings: List[AttesterSlashing, 1 if electra else 2]
        attestations: List[attestation, 8 if electra else 128]
        deposits: List[Deposit, 16]
        voluntary_exits: List[SignedVoluntaryExit, 16]
        sync_aggregate: SyncAggregate
        execution_payload: payload

    body = Body
    if "capella" in reached:
        changes = List[SignedBLSToExecutionChange, 16]
        body = extend("Body", body, bls_to_execution_changes=changes)
    if "deneb" in reached:
        body = extend("Body", body, blob_kzg_commitments=List[Bytes48, 4096])
    if electra:
        body = extend("Body", body, execution_requests=ExecutionRequests)
    return body


def _state(p, reached, committee, header):
    class State(Container):
        genesis_time: uint64
        genesis_validators_root: Bytes32
        slot: uint64
        fork: Fork
        latest_block_header: BeaconBlockHeader
        block_roots: Vector[Bytes32, p.historical]
        state_roots: Vector[Bytes32, p.historical]
        historical_roots: List[Bytes32, 2**24]
        eth1_data: Eth1Data
        eth1_data_votes: List[Eth1Data, p.voting_epochs * p.slots_per_epoch]
        eth1_deposit_index: uint64
        validators: List[Validator, REGISTRY]
        balances: List[uint64, REGISTRY]
        randao_mixes: Vector[Bytes32, p.mixes]
        slashings: Vector[uint64, p.slashings]
        previous_epoch_participation: List[uint8, REGISTRY]
        current_epoch_participation: List[uint8, REGISTRY]
        justification_bits: Bitvector[4]
        previous_justified_checkpoint: Checkpoint
        current_justified_checkpoint: Checkpoint
        finalized_checkpoint: Checkpoint
        inactivity_scores: List[uint64, REGISTRY]
        current_sync_committee: committee
        next_sync_committee: committee
        latest_execution_payload_header: header

    state = State
    if "capella" in reached:
        state = extend(
            "State",
            state,
            next_withdrawal_index=uint64,
            next_withdrawal_validator_index=uint64,
            historical_summaries=List[HistoricalSummary, 2**24],
        )
    if "electra" in reached:
        state = extend(
            "State",
            state,
            deposit_requests_start_index=uint64,
            deposit_balance_to_consume=uint64,
            exit_balance_to_consume=uint64,
            earliest_exit_epoch=uint64,
            consolidation_balance_to_consume=uint64,
            earliest_consolidation_epoch=uint64,
            pending_deposits=List[PendingDeposit, 2**27],
            pending_partial_withdrawals=List[PendingPartialWithdrawal, p.partials],
            pending_consolidations=List[PendingConsolidation, p.consolidations],
        )
    if "fulu" in reached:
        state = extend("State", state, proposer_lookahead=Vector[uint64, 2 * p.slots_per_epoch])
    return state
