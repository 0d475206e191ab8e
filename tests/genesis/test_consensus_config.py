"""config.yaml: keys, values, overrides."""

from io import StringIO

import pytest
from ruamel.yaml import YAML

from chainyard.errors import RequestError
from chainyard.genesis.consensus_config import _SINCE_GLOAS, config_yaml, consensus_config
from chainyard.genesis.presets import MAINNET, MINIMAL, preset_of
from chainyard.spec.network_params import GasLimitStep

TIME = 1_700_000_000
FAR = 2**64 - 1


def config_of(spec, **overrides):
    return consensus_config(spec, TIME, 64, overrides)


def test_values_of_the_spec(make_spec, forks_from):
    config = config_of(make_spec(slot_duration_ms=2000, **forks_from("electra", fulu=9)))
    assert config["PRESET_BASE"] == "mainnet"
    assert config["CONFIG_NAME"] == "testnet"
    assert (config["MIN_GENESIS_TIME"], config["GENESIS_DELAY"]) == (TIME, 0)
    assert config["MIN_GENESIS_ACTIVE_VALIDATOR_COUNT"] == 64
    assert (config["SLOT_DURATION_MS"], config["SECONDS_PER_SLOT"]) == (2000, 2)
    assert (config["GENESIS_FORK_VERSION"], config["FULU_FORK_VERSION"]) == (
        "0x10000038",
        "0x70000038",
    )
    assert (config["ELECTRA_FORK_EPOCH"], config["FULU_FORK_EPOCH"]) == (0, 9)
    assert config["DEPOSIT_CHAIN_ID"] == config["DEPOSIT_NETWORK_ID"] == 3151908
    assert config["MIN_EPOCHS_FOR_BLOCK_REQUESTS"] == 33024


def test_a_slot_without_whole_seconds_has_milliseconds_only(make_spec):
    config = config_of(make_spec(slot_duration_ms=1500))
    assert config["SLOT_DURATION_MS"] == 1500
    assert "SECONDS_PER_SLOT" not in config


def test_minimal_differs_where_the_specification_does(make_spec):
    mainnet, minimal = config_of(make_spec()), config_of(make_spec(preset="minimal"))
    different = {key for key in mainnet if mainnet[key] != minimal[key]}
    assert different == {
        "PRESET_BASE",
        "SLOT_DURATION_MS",
        "SECONDS_PER_SLOT",
        "SHARD_COMMITTEE_PERIOD",
        "ETH1_FOLLOW_DISTANCE",
        "MIN_BUILDER_WITHDRAWABILITY_DELAY",
        "MIN_PER_EPOCH_CHURN_LIMIT",
        "CHURN_LIMIT_QUOTIENT",
        "MAX_PER_EPOCH_ACTIVATION_CHURN_LIMIT",
        "MIN_PER_EPOCH_CHURN_LIMIT_ELECTRA",
        "MAX_PER_EPOCH_ACTIVATION_EXIT_CHURN_LIMIT",
        "CHURN_LIMIT_QUOTIENT_GLOAS",
        "CONSOLIDATION_CHURN_LIMIT_QUOTIENT",
        "MAX_PER_EPOCH_ACTIVATION_CHURN_LIMIT_GLOAS",
        "MIN_EPOCHS_FOR_BLOCK_REQUESTS",
    }
    assert minimal["MIN_EPOCHS_FOR_BLOCK_REQUESTS"] == 272


def test_blob_schedule(make_spec, forks_from):
    # Both at epoch 0: the later one counts.
    assert config_of(make_spec())["BLOB_SCHEDULE"] == [{"EPOCH": 0, "MAX_BLOBS_PER_BLOCK": 21}]
    assert config_of(make_spec(**forks_from("electra")))["BLOB_SCHEDULE"] == []
    staggered = make_spec(bpo_1_epoch=3, bpo_2_epoch=5)
    assert config_of(staggered)["BLOB_SCHEDULE"] == [
        {"EPOCH": 3, "MAX_BLOBS_PER_BLOCK": 15},
        {"EPOCH": 5, "MAX_BLOBS_PER_BLOCK": 21},
    ]


def test_frames_leave_heze_out_of_the_consensus_chain(make_spec):
    spec = make_spec(gloas_fork_epoch=3, heze_fork_epoch=4, frames_enabled=True)
    assert config_of(spec)["HEZE_FORK_EPOCH"] == FAR


def test_what_is_for_heze_and_gloas_only(make_spec):
    config = config_of(
        make_spec(
            gloas_fork_epoch=3,
            heze_fork_epoch=4,
            gas_limit_schedule=(GasLimitStep(epoch=5, gas_limit=7),),
        )
    )
    assert config["VIEW_FREEZE_CUTOFF_BPS"] == 7500
    assert config["GAS_LIMIT_SCHEDULE"] == [{"EPOCH": 5, "GAS_LIMIT": 7}]
    assert "GAS_LIMIT_SCHEDULE" not in config_of(make_spec())


UNSCHEDULED = {
    "GLOAS_FORK_VERSION",
    "GLOAS_FORK_EPOCH",
    "HEZE_FORK_VERSION",
    "HEZE_FORK_EPOCH",
    *_SINCE_GLOAS,
}


def test_yaml_names_what_came_with_gloas_only_if_it_is_scheduled(make_spec, forks_from):
    quiet = YAML(typ="safe").load(StringIO(config_yaml(config_of(make_spec()))))
    assert not UNSCHEDULED & set(quiet)
    spec = make_spec(gloas_fork_epoch=9, confirmation_byzantine_threshold=30)
    named = YAML(typ="safe").load(StringIO(config_yaml(config_of(spec, AGGREGATE_DUE_BPS=7000))))
    assert named["GLOAS_FORK_EPOCH"] == 9
    assert named["CONFIRMATION_BYZANTINE_THRESHOLD"] == 30
    assert named["AGGREGATE_DUE_BPS"] == 7000
    assert set(named) >= _SINCE_GLOAS
    assert "HEZE_FORK_EPOCH" not in named


def test_yaml(make_spec, forks_from):
    spec = make_spec(bpo_1_epoch=3, bpo_2_epoch=5)
    config = config_of(spec, SLOTS_PER_EPOCH=8)
    text = config_yaml(config)
    read = YAML(typ="safe").load(StringIO(text))
    left_out = set(config) - set(read)
    assert [key for key in config if key not in left_out] == list(read)
    assert left_out == {*UNSCHEDULED, "AGGREGATE_DUE_BPS", "CONFIRMATION_BYZANTINE_THRESHOLD"}
    assert read["BLOB_SCHEDULE"] == config["BLOB_SCHEDULE"]
    assert read["PRESET_BASE"] == "mainnet"
    assert read["SLOTS_PER_EPOCH"] == 8
    # Prysm rewrites hex line by line before it parses: a plain value after the key.
    assert "GENESIS_FORK_VERSION: 0x10000038\n" in text
    assert "DEPOSIT_CONTRACT_ADDRESS: 0x00000000219ab540356cBB839Cbe05303d7705Fa\n" in text
    empty = config_yaml(config_of(make_spec(**forks_from("electra"))))
    assert "BLOB_SCHEDULE: []\n" in empty


def test_overrides(make_spec):
    config = config_of(
        make_spec(),
        SLOTS_PER_EPOCH=8,
        INACTIVITY_SCORE_BIAS="5",
        EPOCHS_PER_SYNC_COMMITTEE_PERIOD=4,
        ELECTRA_FORK_VERSION="0x60000099",
        CONFIG_NAME="mine",
    )
    assert config["SLOTS_PER_EPOCH"] == 8
    assert config["INACTIVITY_SCORE_BIAS"] == 5
    assert config["EPOCHS_PER_SYNC_COMMITTEE_PERIOD"] == 4
    assert config["ELECTRA_FORK_VERSION"] == "0x60000099"
    assert config["CONFIG_NAME"] == "mine"


def test_overrides_win_over_the_generator_settings(make_spec):
    spec = make_spec(preset="minimal", extra_env={"MIN_PER_EPOCH_CHURN_LIMIT": "11"})
    assert config_of(spec)["MIN_PER_EPOCH_CHURN_LIMIT"] == 11
    assert config_of(spec, MIN_PER_EPOCH_CHURN_LIMIT=12)["MIN_PER_EPOCH_CHURN_LIMIT"] == 12


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("SLOTS_PER_EPOC", 8, "Did you mean 'SLOTS_PER_EPOCH'"),
        ("slots_per_epoch", 8, "no such value"),
        ("ELECTRA_FORK_EPOCH", 3, "Set network_params.electra_fork_epoch"),
        ("SECONDS_PER_SLOT", 3, "Set network_params.seconds_per_slot"),
        ("MIN_GENESIS_TIME", 3, "Set network_params.genesis_time"),
        ("BLOB_SCHEDULE", 3, "Set network_params.bpo_1_epoch"),
        ("MAX_BLOBS_PER_BLOCK", 3, "EIP-4844"),
        ("TERMINAL_TOTAL_DIFFICULTY", 3, "merged at genesis"),
        ("SYNC_COMMITTEE_SIZE", 16, "compiled in"),
        ("SLOTS_PER_HISTORICAL_ROOT", 64, "compiled in"),
        ("SLOTS_PER_EPOCH", 0, "at least 1"),
        ("SLOTS_PER_EPOCH", -1, "whole number"),
        ("SLOTS_PER_EPOCH", "eight", "whole number"),
        ("SLOTS_PER_EPOCH", True, "whole number"),
        ("SLOTS_PER_EPOCH", 2**64, "whole number"),
        ("ELECTRA_FORK_VERSION", "0x6000", "0x and 8 hex digits"),
        ("ELECTRA_FORK_VERSION", "0x6000003g", "0x and 8 hex digits"),
        ("ELECTRA_FORK_VERSION", 5, "0x and 8 hex digits"),
    ],
)
def test_overrides_that_cannot_be(key, value, complaint, make_spec):
    with pytest.raises(RequestError, match=f"consensus_config.{key}") as refusal:
        config_of(make_spec(), **{key: value})
    assert complaint in str(refusal.value)


def test_presets_take_the_config_s_own_values(make_spec):
    assert preset_of(config_of(make_spec())) == MAINNET
    assert preset_of(config_of(make_spec(preset="minimal"))) == MINIMAL
    assert preset_of(config_of(make_spec(), SLOTS_PER_EPOCH=8)).SLOTS_PER_EPOCH == 8
    with pytest.raises(RequestError, match="no consensus preset 'gnosis'"):
        preset_of({"PRESET_BASE": "gnosis"})
