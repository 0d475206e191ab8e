"""The execution genesis as a document; test_live_genesis.py compares hashes with a real geth."""

import json

import pytest

from chainyard.errors import RequestError
from chainyard.genesis import execution, rlp
from chainyard.genesis.execution import execution_genesis
from chainyard.genesis.keccak import keccak
from chainyard.spec.accounts import Allocation

TIME = 1_700_000_000
FAR = 2**64 - 1


def config_of(spec, **arguments):
    return execution_genesis(spec, TIME, **arguments).document["config"]


def test_the_document(make_spec, forks_from):
    genesis = execution_genesis(make_spec(**forks_from("electra")), TIME)
    document = json.loads(genesis.json())
    assert document["nonce"] == "0x1234"
    assert document["timestamp"] == str(TIME)
    assert document["difficulty"] == "0x0"
    assert int(document["gasLimit"], 16) == 60_000_000
    config = document["config"]
    assert config["chainId"] == 3151908
    assert config["terminalTotalDifficulty"] == config["mergeNetsplitBlock"] == 0
    assert config["terminalTotalDifficultyPassed"] is True
    assert config["depositContractAddress"] == "0x00000000219ab540356cBB839Cbe05303d7705Fa"
    assert document["alloc"][f"0x{255:040x}"] == {"balance": "0x1"}
    rich = document["alloc"]["0x8943545177806ed17b9f23f0a21ee5948ecaa776"]
    assert int(rich["balance"], 16) == 10**27


def test_forks_at_genesis_are_at_time_zero_and_later_ones_at_their_epoch(make_spec, forks_from):
    config = config_of(
        make_spec(
            slot_duration_ms=2000,
            **forks_from("deneb", electra=3, fulu=5, gloas=7),
            bpo_1_epoch=6,
            bpo_2_epoch=FAR,
        )
    )
    assert config["shanghaiTime"] == config["cancunTime"] == 0
    assert config["pragueTime"] == TIME + 3 * 32 * 2
    assert config["osakaTime"] == TIME + 5 * 32 * 2
    assert config["bpo1Time"] == TIME + 6 * 32 * 2
    assert "bpo2Time" not in config
    assert config["amsterdamTime"] == TIME + 7 * 32 * 2
    assert "bogotaTime" not in config


def test_an_epoch_of_another_length_moves_the_later_forks(make_spec, forks_from):
    spec = make_spec(**forks_from("electra", fulu=3))
    assert config_of(spec, slots_per_epoch=8)["osakaTime"] == TIME + 3 * 8 * 12
    minimal = make_spec(preset="minimal", **forks_from("electra", fulu=3))
    assert config_of(minimal)["osakaTime"] == TIME + 3 * 8 * 6


def test_forks_that_never_happen_are_absent(make_spec, forks_from):
    config = config_of(make_spec(**forks_from("bellatrix")))
    assert not [key for key in config if key.endswith("Time")]
    assert "blobSchedule" not in config
    assert "depositContractAddress" not in config


def test_blob_schedule(make_spec):
    # All defaults: Fulu and two blob forks at genesis.
    schedule = config_of(make_spec(bpo_3_epoch=4))["blobSchedule"]
    assert schedule["cancun"] == {"target": 3, "max": 6, "baseFeeUpdateFraction": 3338477}
    assert schedule["prague"] == {"target": 6, "max": 9, "baseFeeUpdateFraction": 5007716}
    assert schedule["osaka"] == schedule["prague"]  # geth wants one for every fork
    assert schedule["bpo1"] == {"target": 10, "max": 15, "baseFeeUpdateFraction": 8346193}
    assert schedule["bpo2"] == {"target": 14, "max": 21, "baseFeeUpdateFraction": 11684671}
    # No fraction was given: 33 x 2^17 / (2 ln 1.125).
    assert schedule["bpo3"] == {"target": 22, "max": 33, "baseFeeUpdateFraction": 18361626}
    assert "bpo4" not in schedule


def test_amsterdam_takes_over_the_blob_limits_before_it(make_spec):
    schedule = config_of(make_spec(gloas_fork_epoch=5, bpo_3_epoch=4))["blobSchedule"]
    assert schedule["amsterdam"] == schedule["bpo3"]


def test_blob_forks_need_fulu_and_wait_for_it(make_spec, forks_from):
    assert "bpo1Time" not in config_of(make_spec(**forks_from("electra")))
    late = config_of(make_spec(**forks_from("electra", fulu=4)))
    assert late["bpo1Time"] == late["osakaTime"]


@pytest.mark.parametrize(
    ("fork", "fields"),
    [("bellatrix", 16), ("capella", 17), ("deneb", 20), ("electra", 21), ("fulu", 21)],
)
def test_header_fields_per_fork(fork, fields):
    assert len(execution._header(fork, bytes(32), 1, 1)) == fields


def test_constants_are_the_hashes_that_they_say():
    assert keccak(rlp.encode([])) == execution.EMPTY_UNCLES_HASH
    assert execution.EMPTY_REQUESTS_HASH.hex().startswith("e3b0c44298fc1c149afbf4c8996fb924")


def test_later_entries_win(make_spec):
    deposit = "0x00000000219ab540356cBB839Cbe05303d7705Fa"
    spec = make_spec(
        prefunded_accounts={
            deposit: Allocation(balance=5),
            f"0x{1:040x}": Allocation(balance=6),
        },
        additional_preloaded_contracts={f"0x{1:040x}": Allocation(balance=7, code="0x00")},
        extra_env={"EL_PREMINE_ADDRS": f'{{"0x{2:040x}": "3ETH", "0x{1:040x}": "1ETH"}}'},
    )
    alloc = execution_genesis(spec, TIME).document["alloc"]
    assert alloc[deposit.lower()] == {"balance": "0x5"}
    assert alloc[f"0x{1:040x}"] == {"balance": "0x7", "code": "0x00"}
    assert int(alloc[f"0x{2:040x}"]["balance"], 16) == 3 * 10**18


def test_settings_of_the_generator(make_spec):
    proxy = "0x4e59b44847b379578588920ca78fbf26c0b4956c"
    assert proxy in execution_genesis(make_spec(), TIME).document["alloc"]
    without = make_spec(extra_env={"PRELOAD_WELL_KNOWN_CONTRACTS": "false"})
    assert proxy not in execution_genesis(without, TIME).document["alloc"]


@pytest.mark.parametrize(
    ("env", "complaint"),
    [
        ({"PRELOAD_WELL_KNOWN_CONTRACT": "false"}, "Did you mean 'PRELOAD_WELL_KNOWN_CONTRACTS'"),
        ({"GENESIS_GASLIMIT": "5"}, "network_params has 'genesis_gaslimit'"),
        ({"CL_ADDITIONAL_VALIDATORS": "/x"}, "additional_mnemonics"),
        ({"DEPOSIT_CONTRACT_GATED": "true"}, "gated deposit contract is not available"),
        ({"TERMINAL_TOTAL_DIFFICULTY": "5"}, "merged at genesis"),
        ({"PRELOAD_WELL_KNOWN_CONTRACTS": "maybe"}, "neither true nor false"),
        ({"EL_PREMINE_ADDRS": "{"}, "not JSON"),
    ],
)
def test_settings_that_are_not_acted_upon_are_refused(env, complaint, make_spec):
    with pytest.raises(RequestError, match="extra_env") as refusal:
        execution_genesis(make_spec(extra_env=env), TIME)
    assert complaint in str(refusal.value)


def test_the_block_depends_on_what_is_in_it(make_spec):
    hashes = {
        execution_genesis(spec, time).block_hash
        for spec, time in (
            (make_spec(), TIME),
            (make_spec(), TIME + 1),
            (make_spec(genesis_gaslimit=30_000_000), TIME),
            (make_spec(prefunded_accounts={f"0x{1:040x}": Allocation(balance=6)}), TIME),
            (make_spec(fulu_fork_epoch=FAR, electra_fork_epoch=FAR), TIME),
        )
    }
    assert len(hashes) == 5
    # The chain id is not in the header.
    assert execution_genesis(make_spec(network_id="7"), TIME).block_hash in hashes


def test_before_the_merge_is_refused(make_spec, forks_from):
    with pytest.raises(RequestError, match="genesis in altair is not possible"):
        execution_genesis(make_spec(**forks_from("altair")), TIME)
