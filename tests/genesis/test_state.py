"""The beacon state: against remerkleable, and value by value."""

import dataclasses
import hashlib

import pytest

from chainyard.errors import RequestError
from chainyard.genesis.bls import aggregate_public_keys
from chainyard.genesis.containers import containers
from chainyard.genesis.forks import FAR_FUTURE_EPOCH
from chainyard.genesis.make import make_genesis
from chainyard.genesis.presets import MAINNET, MINIMAL, PRESETS
from chainyard.genesis.registry import make_registry
from chainyard.genesis.state import get_seed
from chainyard.genesis.validators import (
    GenesisValidators,
    bls_credentials,
    collect_validators,
    execution_credentials,
    key_sources,
    shuffled_blocks,
)
from tests.genesis.remerkleable_types import types
from tests.genesis.sampling_oracle import accepted, take

FORKS = ["bellatrix", "capella", "deneb", "electra", "fulu"]
ETH = 10**9
TIME = 1_700_000_000


@pytest.fixture(scope="session")
def state_of(keys):
    """Make a genesis and read its state back with remerkleable."""

    def read(spec, overrides=None, fork=None, preset="mainnet"):
        part = keys.part(0, spec.participants[0].validator_count)
        genesis = make_genesis(spec, TIME, part, overrides)
        return genesis, types(fork or genesis.fork, preset).state.decode_bytes(genesis.state_ssz)

    return read


@pytest.mark.parametrize("preset", ["mainnet", "minimal"])
@pytest.mark.parametrize("fork", FORKS)
def test_remerkleable_reads_the_state_and_finds_the_same_root(
    fork, preset, make_spec, forks_from, state_of
):
    spec = make_spec(keys=33, preset=preset, **forks_from(fork))
    genesis, state = state_of(spec, preset=preset)
    assert state.encode_bytes() == genesis.state_ssz
    assert bytes(state.hash_tree_root()) == genesis.state_root
    assert bytes(state.validators.hash_tree_root()) == genesis.validators_root
    assert len(state.validators) == 33
    body = types(fork, preset).body()
    assert state.latest_block_header.body_root == body.hash_tree_root()


@pytest.mark.parametrize("preset", ["mainnet", "minimal"])
@pytest.mark.parametrize("fork", FORKS)
def test_default_containers_have_the_same_roots(fork, preset):
    ours, theirs = containers(fork, PRESETS[preset]), types(fork, preset)
    for name, other in (
        ("beacon_state", theirs.state),
        ("beacon_block_body", theirs.body),
        ("execution_payload_header", theirs.header),
        ("sync_committee", theirs.committee),
    ):
        container = getattr(ours, name)
        assert container.serialize({}) == other().encode_bytes()
        assert container.hash_tree_root({}) == bytes(other().hash_tree_root())


def test_what_a_genesis_state_says(make_spec, forks_from, state_of):
    genesis, state = state_of(
        make_spec(keys=16, preset="minimal", **forks_from("electra")), preset="minimal"
    )
    block_hash = genesis.execution.block_hash
    assert state.genesis_time == TIME
    assert bytes(state.genesis_validators_root) == genesis.validators_root
    assert bytes(state.fork.previous_version).hex() == "50000038"
    assert bytes(state.fork.current_version).hex() == "60000038"
    assert state.fork.epoch == state.slot == state.eth1_deposit_index == 0
    assert bytes(state.eth1_data.deposit_root).hex() == (
        "d70a234731285c6804c2a4f56711ddb8c82c99740f207854891028af34e27e5e"
    )
    assert state.eth1_data.deposit_count == 0
    assert bytes(state.eth1_data.block_hash) == block_hash
    assert {bytes(mix) for mix in state.randao_mixes} == {block_hash}
    header = state.latest_execution_payload_header
    assert bytes(header.block_hash) == block_hash
    assert bytes(header.state_root) == genesis.execution.state_root
    assert (header.timestamp, header.base_fee_per_gas, header.gas_limit) == (TIME, ETH, 60_000_000)
    assert bytes(header.prev_randao) == bytes(32)
    assert state.deposit_requests_start_index == 2**64 - 1
    assert state.earliest_exit_epoch == state.exit_balance_to_consume == 0
    # No legacy deposits are due, so the first proposer can make a block.
    due = min(state.eth1_data.deposit_count, state.deposit_requests_start_index)
    assert state.eth1_deposit_index == due


@pytest.mark.parametrize("fork", ["deneb", "electra", "fulu"])
def test_committees_follow_the_fork(fork, make_spec, forks_from, state_of):
    genesis, state = state_of(
        make_spec(keys=20, preset="minimal", **forks_from(fork)), preset="minimal"
    )
    mix = genesis.execution.block_hash
    seed = hashlib.sha256(bytes.fromhex("07000000") + (1).to_bytes(8, "little") + mix).digest()
    wide = fork != "deneb"
    rules = {"wide": wide, "maximum": (2048 if wide else 32) * ETH, "rounds": 10}
    expected = take(accepted(list(range(20)), [32 * ETH] * 20, seed, **rules), 32)
    committee = [bytes(key) for key in state.current_sync_committee.pubkeys]
    assert committee == [bytes(state.validators[index].pubkey) for index in expected]
    assert state.next_sync_committee == state.current_sync_committee
    aggregate = bytes(state.current_sync_committee.aggregate_pubkey)
    assert aggregate == aggregate_public_keys(committee)


def test_fulu_names_the_proposers_of_two_epochs(make_spec, forks_from, state_of):
    genesis, state = state_of(
        make_spec(keys=20, preset="minimal", **forks_from("fulu")), preset="minimal"
    )
    rules = {"wide": True, "maximum": 2048 * ETH, "rounds": 10}
    for slot, proposer in enumerate(state.proposer_lookahead):
        seed = get_seed(genesis.execution.block_hash, slot // 8, bytes(4))
        of_slot = hashlib.sha256(seed + slot.to_bytes(8, "little")).digest()
        assert proposer == next(accepted(list(range(20)), [32 * ETH] * 20, of_slot, **rules))


def test_an_epoch_of_eight_slots_is_honoured_in_the_state(make_spec, forks_from, keys):
    spec = make_spec(keys=64, **forks_from("fulu"))
    usual, short = (
        make_genesis(spec, TIME, keys, overrides) for overrides in ({}, {"SLOTS_PER_EPOCH": 8})
    )
    # proposer_lookahead has 16 entries in place of 64.
    assert len(usual.state_ssz) - len(short.state_ssz) == 48 * 8
    preset = dataclasses.replace(MAINNET, SLOTS_PER_EPOCH=8)
    types_ = containers("fulu", preset).beacon_state.fields
    assert types_["eth1_data_votes"].capacity == 64 * 8
    assert usual.validators_root == short.validators_root
    assert usual.state_root != short.state_root


@pytest.mark.parametrize("fork", ["phase0", "altair"])
def test_a_genesis_before_the_merge_is_refused(fork, make_spec, forks_from, keys):
    with pytest.raises(RequestError, match=f"genesis in {fork} is not possible") as refusal:
        make_genesis(make_spec(keys=64, **forks_from(fork)), TIME, keys)
    assert "proof of work" in str(refusal.value)


@pytest.mark.parametrize("fork", ["gloas", "heze"])
def test_a_genesis_after_fulu_is_refused(fork, make_spec, forks_from, keys):
    with pytest.raises(RequestError, match=f"{fork} is not possible yet"):
        make_genesis(make_spec(keys=64, **forks_from(fork)), TIME, keys)


def validators(*kinds):
    """(credentials prefix, gwei, status) each."""
    return GenesisValidators(
        [bytes([number]) * 48 for number, _ in enumerate(kinds)],
        [bytes([prefix]) + bytes(31) for prefix, _, _ in kinds],
        [balance for _, balance, _ in kinds],
        [status for _, _, status in kinds],
    )


@pytest.mark.parametrize(
    ("fork", "prefix", "balance", "effective"),
    [
        ("deneb", 0, 32 * ETH, 32 * ETH),
        ("deneb", 2, 100 * ETH, 32 * ETH),
        ("electra", 0, 100 * ETH, 32 * ETH),
        ("electra", 1, 100 * ETH, 32 * ETH),
        ("electra", 2, 100 * ETH + 5, 100 * ETH),
        ("electra", 2, 3000 * ETH, 2048 * ETH),
        ("electra", 2, 33 * ETH - 1, 32 * ETH),
    ],
)
def test_effective_balances(fork, prefix, balance, effective):
    registry = make_registry(validators((prefix, balance, 0)), fork, MAINNET)
    assert registry.effective_balances == [effective]
    assert registry.active == [0]
    theirs = types("electra", "mainnet").state.fields()["validators"]
    assert theirs.decode_bytes(registry.validators.data)[0].effective_balance == effective


def test_statuses_and_activation():
    kinds = [(0, 32 * ETH, 0), (0, 31 * ETH, 0), (1, 32 * ETH, 1), (1, 32 * ETH, 2)]
    registry = make_registry(validators(*kinds), "electra", MAINNET)
    list_type = types("electra", "mainnet").state.fields()["validators"]
    rows = list_type.decode_bytes(registry.validators.data)
    assert bytes(rows.hash_tree_root()) == registry.validators.root
    assert registry.active == [0]
    far = FAR_FUTURE_EPOCH
    epochs = [
        (
            row.activation_eligibility_epoch,
            row.activation_epoch,
            row.exit_epoch,
            row.withdrawable_epoch,
            bool(row.slashed),
        )
        for row in rows
    ]
    assert epochs == [
        (0, 0, far, far, False),
        (far, far, far, far, False),
        (0, 0, 0, 0, True),
        (0, 0, 0, 0, False),
    ]


def test_nobody_active_is_refused():
    with pytest.raises(RequestError, match="No validator is active"):
        make_registry(validators((0, 31 * ETH, 0)), "electra", MINIMAL)


def test_columns_must_match():
    with pytest.raises(ValueError, match="differ in length"):
        GenesisValidators([b"1" * 48], [], [1], [0])


def test_credentials():
    key = b"\7" * 48
    assert bls_credentials(key) == b"\0" + hashlib.sha256(key).digest()[1:]
    assert execution_credentials(2, b"\xaa" * 20).hex() == "02" + "00" * 11 + "aa" * 20


@pytest.mark.parametrize("withdrawal_type", ["0x00", "0x01", "0x02"])
def test_withdrawal_types_of_a_spec(withdrawal_type, make_spec, keys):
    spec = make_spec(keys=64, withdrawal_type=withdrawal_type)
    collected = collect_validators(key_sources(spec), [keys])
    expected = {"0x00": bls_credentials(keys.withdrawal_pubkey(3))}.get(
        withdrawal_type,
        execution_credentials(
            int(withdrawal_type, 16), bytes.fromhex("8943545177806ED17B9F23F0a21ee5948eCaa776")
        ),
    )
    assert collected.credentials[3] == expected


def additional(**values):
    from chainyard.spec.accounts import AdditionalMnemonic

    return AdditionalMnemonic(
        mnemonic="test test test test test test test test test test test junk", **values
    )


def test_additional_mnemonics(make_spec, keys):
    spec = make_spec(
        keys=60,
        additional_mnemonics=(
            additional(count=2, status=1, wd_prefix="0x01", wd_address="0x" + "bb" * 20),
            additional(
                start=2, count=1, status=2, balance=40 * ETH, wd_key_path="m/12381/3600/0/0"
            ),
        ),
    )
    sources = key_sources(spec)
    assert [source.count for source in sources] == [60, 2, 1]
    parts = [keys.part(0, 60), dataclasses.replace(keys.part(60, 2), start=0)]
    parts.append(dataclasses.replace(keys.part(62, 1), start=2))
    collected = collect_validators(sources, parts)
    assert len(collected) == 63
    assert collected.credentials[60] == execution_credentials(1, b"\xbb" * 20)
    assert collected.credentials[62][0] == 0
    assert collected.credentials[62] != bls_credentials(keys.withdrawal_pubkey(62))
    assert collected.balances[59:] == [32 * ETH, 32 * ETH, 32 * ETH, 40 * ETH]
    assert collected.statuses[59:] == [0, 1, 1, 2]
    assert "junk" not in repr(sources)


def test_builder_credentials_are_refused(make_spec):
    entry = additional(count=1, wd_prefix="0xb0", wd_address="0x" + "bb" * 20)
    with pytest.raises(RequestError, match="wd_prefix 0xb0 is not possible"):
        key_sources(make_spec(additional_mnemonics=(entry,)))


def test_a_key_twice_is_refused(make_spec, keys):
    spec = make_spec(keys=64, additional_mnemonics=(additional(count=4),))
    with pytest.raises(RequestError, match="in the genesis twice"):
        collect_validators(key_sources(spec), [keys, keys.part(0, 4)])


def test_keys_of_another_range_are_a_bug_of_ours(make_spec, keys):
    with pytest.raises(ValueError, match="came with 63 keys"):
        collect_validators(key_sources(make_spec(keys=64)), [keys.part(0, 63)])


def test_more_validators_than_the_participants_have(make_spec):
    spec = make_spec(keys=10, preregistered_validator_count=400)
    assert key_sources(spec)[0].count == 400


def test_shuffling_moves_blocks_and_keeps_validators_together():
    many = validators(*[(0, 32 * ETH + number, 0) for number in range(250)])
    mixed = shuffled_blocks(many, b"\x10\0\0\x38")
    assert sorted(mixed.balances) == list(many.balances)
    assert mixed.balances != list(many.balances)
    by_balance = dict(zip(many.balances, many.pubkeys, strict=True))
    assert [by_balance[balance] for balance in mixed.balances] == mixed.pubkeys
    steps = zip(mixed.balances, mixed.balances[1:], strict=False)
    assert sum(after != before + 1 for before, after in steps) <= 12  # 13 blocks of 20
    assert shuffled_blocks(many, b"\x10\0\0\x38") == mixed
    assert shuffled_blocks(many, b"\x20\0\0\x38") != mixed


def test_the_registry_is_hashed_the_same_at_any_size():
    """The shared-node shortcut of a validator against the plain container."""
    many = validators(*[(number % 3, (32 + number) * ETH, number % 3) for number in range(70)])
    registry = make_registry(many, "electra", MAINNET)
    list_type = types("electra", "mainnet").state.fields()["validators"]
    theirs = list_type.decode_bytes(registry.validators.data)
    assert bytes(theirs.hash_tree_root()) == registry.validators.root
