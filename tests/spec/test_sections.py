"""Services, builders, ports: what the rest of a file says."""

from __future__ import annotations

import pytest

from chainyard.spec import load_spec
from chainyard.spec.components import ADDITIONAL_SERVICES

from .helpers import place, problem, spec


def test_every_additional_service_is_known() -> None:
    assert len(ADDITIONAL_SERVICES) == 28
    for name in ADDITIONAL_SERVICES:
        if name != "mempool_bridge":
            assert load_spec({"additional_services": [name]}).additional_services


def test_deprecated_names() -> None:
    found = spec("{additional_services: [apache, prometheus_grafana, dora, dora], apache_port: 80}")
    assert found.additional_services == ("nginx", "dora", "prometheus", "grafana")
    assert found.nginx_port == 80
    assert spec("{apache_port: 80, nginx_port: 81}").nginx_port == 81


def test_an_unknown_service() -> None:
    found = problem("additional_services:\n  - dora\n  - graphana\n")
    assert place(found) == (3, 5, "additional_services[1]")
    assert found.suggestion == "grafana"
    assert "'graphana' is no additional service" in found.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{additional_services: [prometheus_grafana, grafana]}", "starts grafana as well"),
        ("{additional_services: [mempool_bridge]}", "and this is kurtosis"),
        ("{network_params: {network: hoodi-shadowfork}}", "has to be kept"),
        ("{network_params: {force_snapshot_sync: true}}", "has to be kept"),
        ("{mev_params: {mev_builder_subsidy: 1}}", "prefunded_accounts is empty"),
        ("{checkpoint_sync_enabled: true}", "nothing serves one"),
        ("{participants: [{checkpoint_sync_enabled: true}]}", "nothing serves one"),
        (
            "{disruptoor_params: {config: {a: 1}, shaping: [{name: x}]}}",
            "shaping is given too",
        ),
        (
            "{additional_services: [buildoor], buildoor_params: {instances: [{participant: 2}]}}",
            "participant 2, and there are 1",
        ),
        (
            (
                "{additional_services: [zkboost], "
                "zkboost_params: {instances: [{name: z, el_participant_index: 1}]}}"
            ),
            "participant 1, counted from 0",
        ),
        (
            (
                "{persistent: true, network_params: {network: hoodi-shadowfork}, "
                "participants: [{el_storage_type: archive}]}"
            ),
            "which is no archive",
        ),
        ("{network_params: {preregistered_validator_count: 4294967297}}", "too large"),
        ("{participants: [{validator_count: 4294967296, count: 2}]}", "more than a mnemonic has"),
    ],
)
def test_what_does_not_fit_together(text: str, message: str) -> None:
    found = problem(text)
    assert message in found.message
    assert found.line == 1


def test_checkpoints_of_this_network() -> None:
    found = spec("{checkpoint_sync_enabled: true, additional_services: [checkpointz]}")
    assert found.checkpoint_sync_url == "http://checkpointz:5555"
    assert found.participants[0].checkpoint_sync_enabled
    assert spec("{checkpoint_sync_enabled: true, checkpoint_sync_url: 'http://a'}").participants


@pytest.mark.parametrize(
    ("mev_type", "key", "value"),
    [
        ("flashbots", "mev_relay_image", "ethpandaops/mev-boost-relay:main"),
        ("helix", "mev_relay_image", "ghcr.io/gattaca-com/helix-relay:main"),
        ("commit-boost", "mev_boost_image", "ghcr.io/commit-boost/pbs:latest"),
        ("mev-rs", "mev_builder_image", "ethpandaops/mev-rs:main"),
        ("mock", "mock_mev_image", "ethpandaops/rustic-builder:main"),
        ("buildoor", "mock_mev_image", None),
    ],
)
def test_defaults_by_mev_type(mev_type: str, key: str, value: str | None) -> None:
    assert getattr(load_spec({"mev_type": mev_type}).mev_params, key) == value


def test_mev_defaults_of_the_minimal_preset() -> None:
    found = spec("{mev_type: mev-rs, network_params: {preset: minimal}}").mev_params
    assert found.mev_relay_image == "ethpandaops/mev-rs:main-minimal"
    assert found.mev_builder_cl_image == "ethpandaops/lighthouse:unstable"
    assert (
        spec("{mev_type: helix, mev_params: {mev_relay_image: x}}").mev_params.mev_relay_image
        == "x"
    )


def test_unknown_mev_type() -> None:
    found = problem("mev_type: flashbot")
    assert place(found) == (1, 11, "mev_type")
    assert found.suggestion == "flashbots"


def test_groups_of_ports() -> None:
    found = spec("port_publisher: {el: {enabled: true}, vc: {nat_exit_ip: auto}}").port_publisher
    assert (found.el.enabled, found.el.public_port_start) == (True, 32000)
    assert found.cl.public_port_start == 33000
    assert found.vc.nat_exit_ip == "auto"


def test_one_address_for_all_groups() -> None:
    found = spec("port_publisher: {nat_exit_ip: 1.2.3.4, el: {nat_exit_ip: auto}}").port_publisher
    assert {found.el.nat_exit_ip, found.other.nat_exit_ip} == {"1.2.3.4"}


def test_ports_have_a_range() -> None:
    found = problem("port_publisher: {el: {public_port_start: 70000}}")
    assert found.key == "port_publisher.el.public_port_start"


def test_keys_that_ethereum_package_no_longer_has() -> None:
    assert problem("custom_flood_params: {}").message.startswith("unknown key")


def test_a_seed_may_be_a_number() -> None:
    assert spec("rakoon_params: {seed: 1234}").rakoon_params.seed == "1234"


def test_mounted_files() -> None:
    found = spec(
        "{extra_files: {a.json: '{}'}, participants: [{el_extra_mounts: {/etc/x: a.json}}]}"
    )
    assert found.participants[0].el_extra_mounts == {"/etc/x": "a.json"}
