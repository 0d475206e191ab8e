"""Every file of ethereum-package loads, and means what it means there."""

from __future__ import annotations

import pytest

from chainyard.spec import FAR_FUTURE_EPOCH, Spec, load_spec
from chainyard.spec.accounts import Allocation

from .helpers import CONFORMANCE

FILES = sorted(path.name for path in CONFORMANCE.glob("*.y*ml"))


def conforming(name: str) -> Spec:
    return load_spec(CONFORMANCE / name)


def test_all_files_are_here() -> None:
    assert len(FILES) == 32


@pytest.mark.parametrize("name", FILES)
def test_loads(name: str) -> None:
    spec = conforming(name)
    assert spec.participants
    assert [p.index for p in spec.participants] == list(range(1, len(spec.participants) + 1))
    assert len({p.cl_service for p in spec.participants}) == len(spec.participants)
    assert all(position.line > 0 and position.column > 0 for position in spec.given.values())
    assert spec.text == (CONFORMANCE / name).read_text(encoding="utf-8")
    for participant in spec.participants:
        assert participant.cl_image
        assert participant.vc_image
        assert participant.remote_signer_image
        assert participant.validator_count is not None
        assert participant.use_separate_vc in (True, False)
        assert bool(participant.el_image) is bool(participant.el_service)


def test_the_complete_file_has_the_defaults() -> None:
    spec, default = conforming("network_params.yaml"), load_spec({})
    assert spec.network_params == default.network_params
    assert spec.participants[0].vc_image == default.participants[0].vc_image
    assert spec.port_publisher == default.port_publisher
    assert spec.snooper_params.image == default.snooper_params.image  # "" means the default
    assert spec.spamoor_params.max_cpu == 1000


def test_matrix_of_five_by_five() -> None:
    spec = conforming("mainnet.yaml")
    assert len(spec.participants) == 25
    assert spec.participants[0].name == "01-geth-lighthouse"
    assert spec.participants[0].el_image == "ethereum/client-go:v1.15.11"
    last = spec.participants[24]
    assert (last.name, last.vc_service) == ("25-besu-prysm", "vc-25-besu-prysm")
    assert last.vc_image == "offchainlabs/prysm-validator:v6.0.4"
    assert spec.participants[1].use_separate_vc is False  # teku validates by itself
    assert spec.participants[1].vc_service is None
    assert spec.participants[24].first_key == 24 * 128
    assert spec.assertoor_params.tests[0]["config"] == {"slot": 34}  # type: ignore[index, call-overload]


def test_matrix_with_explicit_participants_first() -> None:
    spec = conforming("participants-matrix.yaml")
    assert [p.name for p in spec.participants] == ["1-geth-lighthouse", "2-besu-prysm"]
    assert spec.participants[1].vc_type == "nimbus"
    assert spec.participants[1].vc_service == "vc-2-besu-prysm-nimbus"
    assert spec.participants[1].vc_image == "ethpandaops/nimbus-validator-client:unstable"


def test_matrix_count() -> None:
    spec = conforming("disruptoor.yaml")
    assert [p.cl_type for p in spec.participants] == ["lighthouse"] * 4 + ["prysm"] * 4
    partition = spec.disruptoor_params.partitions[0]
    assert [group.participants for group in partition.groups] == [(1,), (2,)]
    assert spec.disruptoor_params.shaping[0].include_control is True


def test_minimal_preset() -> None:
    spec = conforming("minimal.yaml")
    params = spec.network_params
    assert (params.seconds_per_slot, params.slot_duration_ms) == (6, 6000)
    assert params.slots_per_epoch == 8
    assert params.churn_limit_quotient == 32
    assert params.min_builder_withdrawability_delay == 2
    assert spec.participants[1].cl_image == "ethpandaops/prysm-beacon-chain:develop-minimal"
    assert spec.participants[1].vc_image == "ethpandaops/prysm-validator:develop-minimal"


def test_slots_of_thirty_seconds_and_nodes_without_execution_client() -> None:
    spec = conforming("1gpu_zkvm.yaml")
    assert spec.network_params.slot_duration_ms == 30_000
    lone = spec.participants[2]
    assert (lone.el_type, lone.el_service) == ("None", "")
    assert lone.cl_service == "cl-3-lighthouse-none"
    assert lone.vc_image == "ethpandaops/lighthouse:eth-act-optional-proofs"
    account = spec.network_params.prefunded_accounts["0xb9e79D19f651a941757b35830232E7EFC77E1c79"]
    assert account.balance == 100_000 * 10**18
    assert spec.mev_params.mev_builder_subsidy == 1
    zkvm = spec.zkboost_params.zkvms[0]
    assert zkvm.gpu is not None
    assert zkvm.gpu.device_ids == ("0",)
    assert spec.spamoor_params.spammers[0]["config"]["throughput"] == 1


def test_forks_one_after_the_other() -> None:
    params = conforming("phase0-genesis.yaml").network_params
    assert params.genesis_fork == "phase0"
    assert list(params.fork_epochs.values()) == [0, 1, 2, 3, 4, 5, 6, 8, FAR_FUTURE_EPOCH]
    assert (params.bpo_1_epoch, params.bpo_2_epoch) == (7, 7)  # bpo 2 is pushed behind bpo 1
    assert params.genesis_gaslimit == params.gas_limit == 200_000_000


def test_electra_at_genesis() -> None:
    params = conforming("electra-genesis.yaml").network_params
    assert params.genesis_fork == "electra"
    assert params.bpo_3_epoch == FAR_FUTURE_EPOCH


def test_gas_limit_given_with_gloas_stays() -> None:
    params = conforming("buildoor-instances-matrix.yaml").network_params
    assert (params.gas_limit, params.genesis_gaslimit) == (150_000_000, 200_000_000)


def test_public_network() -> None:
    spec = conforming("sepolia-mix.yaml")
    assert {p.validator_count for p in spec.participants} == {0}
    assert {p.vc_service for p in spec.participants} == {None}
    assert spec.checkpoint_sync_url.startswith("https://checkpoint-sync.sepolia")
    assert all(p.checkpoint_sync_enabled for p in spec.participants)


def test_another_enclave() -> None:
    spec = conforming("remote-enclave-nginx.yaml")
    assert spec.participants[0].validator_count == 0
    assert spec.checkpoint_sync_enabled is False


def test_shadowfork() -> None:
    spec = conforming("hoodi-shadowfork.yaml")
    assert spec.network_params.has_own_genesis
    assert spec.participants[0].validator_count == 128
    assert all(p.snooper_enabled for p in spec.participants)
    assert spec.snooper_params.enabled


def test_account_as_json_text() -> None:
    contracts = conforming("custom-contracts.yaml").network_params.additional_preloaded_contracts
    address = "0x123463a4B065722E99115D6c222f267d9cABb524"
    assert contracts == {address: Allocation(balance=2 * 10**18, code="0x1234")}


def test_additional_mnemonics() -> None:
    mnemonics = conforming("custom-mnemonics.yaml").network_params.additional_mnemonics
    assert [(m.count, m.status) for m in mnemonics] == [(10, 1), (10, 2)]
    assert mnemonics[0].mnemonic.startswith("estate dog")
    assert "estate dog" not in repr(mnemonics)


def test_tolerations_fall_back_to_the_node_and_then_to_all() -> None:
    spec = conforming("tolerations.yaml")
    keys = [
        p.cl_tolerations[0].key.removeprefix("node-role.kubernetes.io/") for p in spec.participants
    ]
    assert keys == ["master1", "master5", "master6"]
    assert len(spec.participants[0].cl_tolerations) == 2
    assert spec.participants[0].remote_signer_tolerations[0].key.endswith("master6")
    assert spec.participants[2].tolerations[0].operator == "Equal"


def test_validator_clients_of_other_makers() -> None:
    spec = conforming("mixed-cl-vc.yml")
    assert [p.vc_service for p in spec.participants] == [
        "vc-1-geth-teku-lodestar",
        "vc-2-besu-nimbus-lighthouse",
    ]
    assert spec.participants[1].vc_image == "sigp/lighthouse:latest"


def test_no_keys_no_validator_client() -> None:
    spec = conforming("split-teku.yaml")
    assert spec.participants[0].vc_service is None
    assert spec.participants[1].vc_service == "vc-2-nethermind-teku"
    assert spec.participants[1].first_key == 0


def test_many_beacon_nodes() -> None:
    spec = conforming("multi-beacon.yaml")
    assert spec.participants[1].vc_beacon_node_indices == ()
    assert spec.participants[2].vc_beacon_node_indices == (0, 1, 2)


def test_published_ports() -> None:
    spec = conforming("mix-public.yaml")
    assert spec.port_publisher.el.public_port_start == 40000
    assert spec.port_publisher.other.enabled
    assert all(p.keymanager_enabled and p.snooper_enabled for p in spec.participants)
    assert spec.checkpoint_sync_url == "http://checkpointz:5555"


def test_more_validators_than_run() -> None:
    assert (
        conforming(
            "preregistered_validator_count.yaml"
        ).network_params.preregistered_validator_count
        == 400
    )
