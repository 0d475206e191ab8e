"""The rules of ``network_params``."""

from __future__ import annotations

import pytest

from chainyard.spec import FAR_FUTURE_EPOCH, NetworkParams

from .helpers import place, problem, problems, spec


def params(text: str) -> NetworkParams:
    """The chain of ``network_params: {…}``."""
    return spec(f"network_params: {{{text}}}").network_params


def test_defaults() -> None:
    default = params("")
    assert (default.chain_id, default.network_id) == (3151908, "3151908")
    assert default.genesis_fork == "fulu"
    assert default.slots_per_epoch == 32
    assert "giant issue" not in repr(default)
    assert list(default.fork_epochs)[:2] == ["phase0", "altair"]


@pytest.mark.parametrize(
    ("given", "seconds", "millis"),
    [
        ("seconds_per_slot: 2", 2, 2000),
        ("slot_duration_ms: 2500", 2, 2500),
        ("seconds_per_slot: 3, slot_duration_ms: 3000", 3, 3000),
        ("seconds_per_slot: 12, slot_duration_ms: 4000", 4, 4000),
        ("preset: minimal, seconds_per_slot: 12", 12, 12000),
        ("preset: minimal", 6, 6000),
    ],
)
def test_length_of_a_slot(given: str, seconds: int, millis: int) -> None:
    found = params(given)
    assert (found.seconds_per_slot, found.slot_duration_ms) == (seconds, millis)


def test_contradicting_lengths_of_a_slot() -> None:
    found = problem(
        """\
        network_params:
          seconds_per_slot: 4
          slot_duration_ms: 5000
        """
    )
    assert place(found) == (3, 21, "network_params.slot_duration_ms")
    assert "seconds_per_slot (4) and slot_duration_ms (5000)" in found.message


@pytest.mark.parametrize("given", ["slot_duration_ms: 999", "seconds_per_slot: 0"])
def test_slots_are_not_too_short(given: str) -> None:
    assert "too small" in problem(f"network_params: {{{given}}}").message


def test_contradicting_fork_epochs_name_both() -> None:
    found = problem(
        """\
        network_params:
          electra_fork_epoch: 9
          fulu_fork_epoch: 4
        """
    )
    assert place(found) == (3, 20, "network_params.fulu_fork_epoch")
    assert "fulu_fork_epoch (4) is before electra_fork_epoch (9)" in found.message


def test_a_fork_behind_the_default_of_the_next() -> None:
    found = problem("network_params:\n  electra_fork_epoch: 9\n")
    assert place(found) == (2, 23, "network_params.electra_fork_epoch")
    assert "fulu_fork_epoch (0, the default)" in found.message


def test_all_contradictions_of_forks() -> None:
    found = problems(
        "network_params: {altair_fork_epoch: 5, bellatrix_fork_epoch: 4, capella_fork_epoch: 3, "
        "deneb_fork_epoch: 5, electra_fork_epoch: 5, fulu_fork_epoch: 5}"
    )
    assert [p.key.removeprefix("network_params.") for p in found] == [
        "bellatrix_fork_epoch",
        "capella_fork_epoch",
    ]


def test_forks_of_a_public_network_are_its_own() -> None:
    found = params("network: sepolia, electra_fork_epoch: 9")
    assert found.electra_fork_epoch == 9


def test_without_fulu_there_are_no_blob_forks() -> None:
    found = params(f"fulu_fork_epoch: {FAR_FUTURE_EPOCH}, bpo_1_epoch: 0")
    assert found.genesis_fork == "electra"
    assert found.bpo_1_epoch == found.bpo_5_epoch == FAR_FUTURE_EPOCH


def test_blob_forks_in_their_order() -> None:
    found = params("bpo_1_epoch: 7, bpo_3_epoch: 3, bpo_4_epoch: 9")
    epochs = [found.bpo_1_epoch, found.bpo_2_epoch, found.bpo_3_epoch, found.bpo_4_epoch]
    assert epochs == [7, 7, 7, 9]


def test_a_blob_fork_before_fulu() -> None:
    found = problem("network_params: {fulu_fork_epoch: 5, bpo_1_epoch: 3}")
    assert "bpo_1_epoch (3) is before fulu_fork_epoch (5)" in found.message


@pytest.mark.parametrize(
    ("most", "target", "expected"),
    [(20, 0, (20, 13)), (0, 13, (20, 13)), (0, 10, (15, 10)), (1, 0, (1, 1)), (0, 0, (0, 0))],
)
def test_blobs_of_which_one_is_given(most: int, target: int, expected: tuple[int, int]) -> None:
    found = params(f"bpo_3_max_blobs: {most}, bpo_3_target_blobs: {target}")
    assert (found.bpo_3_max_blobs, found.bpo_3_target_blobs) == expected


def test_fraction_of_the_blob_fee() -> None:
    found = params("bpo_1_base_fee_update_fraction: 0, base_fee_update_fraction_electra: 0")
    # The values of mainnet (EIP-7691, EIP-7892), which come of the same formula.
    assert found.bpo_1_base_fee_update_fraction == 8346193
    assert found.base_fee_update_fraction_electra == 5007716
    assert found.bpo_2_base_fee_update_fraction == 11684671
    assert found.bpo_4_base_fee_update_fraction == 26707819


def test_more_blobs_aimed_at_than_allowed() -> None:
    found = problem("network_params: {target_blobs_per_block_electra: 10}")
    assert "max_blobs_per_block_electra (9, the default)" in found.message


def test_gloas_raises_gas_limits_that_are_not_given() -> None:
    found = params("gloas_fork_epoch: 3, genesis_gaslimit: 30000000")
    assert (found.gas_limit, found.genesis_gaslimit) == (200_000_000, 30_000_000)
    assert params("").gas_limit == 0


def test_gas_limit_schedule() -> None:
    found = params("gloas_fork_epoch: 3, gas_limit_schedule: [{epoch: 4, gas_limit: 7}]")
    assert [(s.epoch, s.gas_limit) for s in found.gas_limit_schedule] == [(4, 7)]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{epoch: 2, gas_limit: 7}", "before gloas_fork_epoch (3)"),
        ("{epoch: 4}", "has no 'gas_limit'"),
        ("{epoch: 4, gas_limit: 7, extra: 1}", "unknown key 'extra'"),
        ("7", "is the number 7"),
    ],
)
def test_gas_limit_schedule_of_another_shape(step: str, message: str) -> None:
    found = problem(f"network_params: {{gloas_fork_epoch: 3, gas_limit_schedule: [{step}]}}")
    assert message in found.message


def test_builders_need_gloas_at_genesis() -> None:
    assert (
        "gloas_fork_epoch (never, the default)"
        in problem("network_params: {builder_count: 3}").message
    )
    assert params("builder_count: 3, gloas_fork_epoch: 0").builder_count == 3


@pytest.mark.parametrize("given", ["7", '"7"', "' 7 '"])
def test_network_id_as_number_or_text(given: str) -> None:
    assert params(f"network_id: {given}").chain_id == 7


@pytest.mark.parametrize("given", ['""', "0", "-1", "abc", "0x10", "true", "9223372036854775807"])
def test_no_network_id(given: str) -> None:
    assert problem(f"network_params: {{network_id: {given}}}").key == "network_params.network_id"


@pytest.mark.parametrize("given", ["0x01", '"0x01"'])
def test_withdrawal_type_with_and_without_quotes(given: str) -> None:
    assert params(f"withdrawal_type: {given}").withdrawal_type == "0x01"


def test_address_without_quotes() -> None:
    address = "0x8943545177806ED17B9F23F0a21ee5948eCaa776"
    assert params(f"withdrawal_address: {address}").withdrawal_address == address


@pytest.mark.parametrize("address", ["0x12", '""', "8943545177806ED17B9F23F0a21ee5948eCaa776"])
def test_no_address(address: str) -> None:
    found = problem(f"network_params: {{deposit_contract_address: {address}}}")
    assert found.expected.startswith("an address")


@pytest.mark.parametrize(
    "network", ["kurtosis", "mainnet", "hoodi", "ephemery", "fusaka-devnet-3", "kt-10.0.0.1:9090"]
)
def test_networks(network: str) -> None:
    assert params(f"network: {network}").network == network


@pytest.mark.parametrize(("network", "near"), [("holeski", ""), ("sepolja", "sepolia"), ('""', "")])
def test_no_network(network: str, near: str) -> None:
    found = problem(f"network_params: {{network: {network}}}")
    assert (found.key, found.suggestion) == ("network_params.network", near)


def test_deposit_contract_of_a_shadowfork() -> None:
    found = spec("{persistent: true, network_params: {network: sepolia-shadowfork}}")
    address = found.network_params.deposit_contract_address
    assert address == "0x7f02C3E3c98b133055B8B348B2Ac625669Ed295D"


def test_frames_by_the_name_of_an_image() -> None:
    found = spec("participants: [{el_image: 'ethpandaops/geth:frames-1'}]")
    assert found.network_params.frames_enabled
    assert not spec("{}").network_params.frames_enabled


def test_mnemonic_over_two_lines() -> None:
    found = spec(
        """\
        network_params:
          preregistered_validator_keys_mnemonic:
            "test test test test test test
            test test test test test junk"
        """
    )
    words = found.network_params.preregistered_validator_keys_mnemonic
    assert words == "test " * 11 + "junk"
    assert "junk" not in repr(found)


@pytest.mark.parametrize(
    ("words", "message", "near"),
    [
        ("test test", "has 2 words", ""),
        ("", "has 0 words", ""),
        ("junkk " + "test " * 10 + "junk", "unknown word, number 1", "junk"),
        ("test " * 12, "wrong checksum", ""),
    ],
)
def test_bad_mnemonic(words: str, message: str, near: str) -> None:
    found = problem(f"network_params: {{preregistered_validator_keys_mnemonic: '{words}'}}")
    assert message in found.message
    assert found.suggestion == near


def test_block_height_of_a_shadowfork() -> None:
    assert params("shadowfork_block_height: 340000").shadowfork_block_height == 340000
    assert params("shadowfork_block_height: latest").shadowfork_block_height == "latest"
    assert problem("network_params: {shadowfork_block_height: soon}").line == 1
