"""The whole genesis, from a spec as users write it."""

import dataclasses
import json

import pytest

from chainyard.errors import RequestError
from chainyard.genesis.forks import compute_fork_digest
from chainyard.genesis.make import Genesis, check_genesis, derive_genesis_keys, make_genesis
from chainyard.spec import load_spec
from tests.genesis.fork_schedules import forks_from

TIME = 1_700_000_000
FILES = {
    "config.yaml",
    "genesis.json",
    "genesis.ssz",
    "deposit_contract.txt",
    "deposit_contract_block.txt",
    "deposit_contract_block_hash.txt",
    "genesis_validators_root.txt",
}
DEFAULT_NETWORK = {
    "participants": [
        {"el_type": "geth", "cl_type": "prysm", "validator_count": 32, "count": 2},
        {"el_type": "geth", "cl_type": "prysm", "validator_count": 0},
    ],
    "network_params": {"fulu_fork_epoch": 2**64 - 1, "seconds_per_slot": 2},
}


def test_the_default_network(keys):
    genesis = make_genesis(load_spec(DEFAULT_NETWORK), TIME, keys, {"SLOTS_PER_EPOCH": 8})
    files = genesis.files()
    assert files.keys() == FILES
    assert all(isinstance(data, bytes) for data in files.values())
    assert (genesis.fork, genesis.chain_id, genesis.time) == ("electra", 3151908, TIME)
    assert genesis.validator_count == 64
    assert json.loads(files["genesis.json"])["config"]["chainId"] == 3151908
    assert files["deposit_contract_block.txt"] == b"0"
    block_hash = genesis.execution.block_hash
    assert files["deposit_contract_block_hash.txt"].decode() == f"0x{block_hash.hex()}"
    assert b"SLOTS_PER_EPOCH: 8\n" in files["config.yaml"]


def test_the_same_arguments_give_the_same_bytes(keys):
    spec = load_spec(DEFAULT_NETWORK)
    first, second = (make_genesis(spec, TIME, keys).files() for _ in range(2))
    assert first == second
    later = make_genesis(spec, TIME + 1, keys)
    assert later.files()["genesis.ssz"] != first["genesis.ssz"]
    assert later.files()["genesis_validators_root.txt"] == first["genesis_validators_root.txt"]


def test_the_eth2_entry_of_node_records(keys):
    genesis = make_genesis(load_spec(DEFAULT_NETWORK), TIME, keys)
    digest = compute_fork_digest(genesis.config, genesis.validators_root, 0)
    assert genesis.eth2 == digest + bytes.fromhex("60000038") + b"\xff" * 8


def test_additional_mnemonics_and_shuffling():
    extra = {
        "mnemonic": "test test test test test test test test test test test junk",
        "count": 3,
        "status": 2,
    }
    document = {
        "participants": [{"el_type": "geth", "cl_type": "prysm", "validator_count": 118}],
        "network_params": {
            "preset": "minimal",
            "fulu_fork_epoch": 2**64 - 1,
            "additional_mnemonics": [extra],
        },
    }
    spec = load_spec(document)
    keys = derive_genesis_keys(spec, cache=None)
    assert [len(part) for part in keys] == [118, 3]
    plain = make_genesis(spec, TIME, keys)
    document["network_params"]["shuffle_genesis_validators"] = True
    mixed = make_genesis(load_spec(document), TIME, keys)
    assert plain.validator_count == mixed.validator_count == 121
    assert plain.validators_root != mixed.validators_root
    with pytest.raises(ValueError, match="zip"):
        make_genesis(spec, TIME, keys[0])


def test_a_genesis_shows_no_state_when_printed(keys):
    genesis = make_genesis(load_spec(DEFAULT_NETWORK), TIME, keys)
    assert len(repr(genesis)) < 1000
    with pytest.raises(dataclasses.FrozenInstanceError):
        genesis.time = 5
    assert isinstance(genesis, Genesis)


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ({"builder_count": 3}, "builder_count needs Gloas"),
        (forks_from("phase0"), "genesis in phase0"),
        (forks_from("altair"), "genesis in altair"),
        (forks_from("gloas"), "gloas is not possible yet"),
    ],
)
def test_what_cannot_be_a_genesis_is_refused_before_any_key_is_derived(
    params, complaint, make_spec
):
    with pytest.raises(RequestError, match=complaint):
        check_genesis(make_spec(**params))


def test_no_validators_at_all(make_spec, keys):
    with pytest.raises(RequestError, match="No validator is active"):
        make_genesis(make_spec(keys=0), TIME, keys.part(0, 0))
