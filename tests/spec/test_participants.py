"""How entries become nodes."""

from __future__ import annotations

from typing import Any

import pytest

from chainyard.spec import Participant, load_spec

from .helpers import place, problem, spec


def node(**entry: Any) -> Participant:
    """The only node of a file with one entry."""
    (only,) = load_spec({"participants": [entry]}).participants
    return only


def test_the_default_node() -> None:
    (only,) = spec("{}").participants
    assert (only.name, only.index, only.first_key) == ("1-geth-lighthouse", 1, 0)
    assert (only.el_service, only.cl_service, only.vc_service) == (
        "el-1-geth-lighthouse",
        "cl-1-lighthouse-geth",
        "vc-1-geth-lighthouse",
    )
    assert only.validator_count == 128
    assert only.validates
    assert only.el_log_level == only.vc_log_level == "info"
    assert only.prometheus_config.scrape_interval == "15s"


def test_count_names_and_keys() -> None:
    found = spec(
        """\
        participants:
          - {el_type: geth, cl_type: prysm, validator_count: 32, count: 2}
          - {el_type: geth, cl_type: prysm, validator_count: 0}
          - {el_type: besu, count: 0}
          - {el_type: reth, cl_type: teku, count: 9, validator_count: 1}
        network_params: {fulu_fork_epoch: 18446744073709551615}
        """
    )
    assert len(found.participants) == 12
    assert found.participants[0].name == "01-geth-prysm"
    assert [p.first_key for p in found.participants[:5]] == [0, 32, 64, 64, 65]
    assert found.participants[2].vc_service is None
    assert found.participants[11].cl_service == "cl-12-teku-reth"
    assert found.validator_count == 73


@pytest.mark.parametrize(
    ("entry", "separate", "vc_type"),
    [
        ({"cl_type": "teku"}, False, "teku"),
        ({"cl_type": "nimbus"}, False, "nimbus"),
        ({"cl_type": "grandine"}, False, "grandine"),
        ({"cl_type": "grandine", "vc_type": "lodestar"}, True, "lodestar"),
        ({"cl_type": "teku", "vc_type": "teku"}, True, "teku"),
        ({"cl_type": "teku", "use_separate_vc": True}, True, "teku"),
        ({"cl_type": "prysm"}, True, "prysm"),
        ({"cl_type": "caplin"}, True, "lighthouse"),
        ({"cl_type": "consensoor"}, True, "consensoor"),
    ],
)
def test_validator_client(entry: dict[str, Any], separate: bool, vc_type: str) -> None:
    found = node(**entry)
    assert (found.use_separate_vc, found.vc_type) == (separate, vc_type)


def test_consensoor_brings_its_validator() -> None:
    assert node(cl_type="consensoor").vc_service is None


@pytest.mark.parametrize(
    ("entry", "image"),
    [
        ({"cl_type": "prysm"}, "offchainlabs/prysm-validator:stable"),
        ({"cl_type": "prysm", "cl_image": "me/prysm-beacon-chain:1"}, "me/prysm-validator:1"),
        (
            {"cl_type": "nimbus", "cl_image": "me/nimbus-eth2:1"},
            "me/nimbus-validator-client:1",
        ),
        ({"cl_type": "lighthouse", "cl_image": "me/lh:1"}, "me/lh:1"),
        ({"cl_type": "lighthouse", "cl_image": "me/lh:1", "vc_image": "me/vc"}, "me/vc"),
        (
            {"cl_type": "teku", "cl_image": "me/t", "vc_type": "lodestar"},
            "chainsafe/lodestar:latest",
        ),
    ],
)
def test_image_of_the_validator_client(entry: dict[str, Any], image: str) -> None:
    assert node(**entry).vc_image == image


def test_images_of_a_devnet() -> None:
    found = spec(
        """\
        participants: [{cl_type: prysm}, {el_type: besu, cl_type: teku}]
        network_params: {network: fusaka-devnet-3}
        """
    )
    first, second = found.participants
    assert first.el_image == "ethpandaops/geth:fusaka-devnet-3"
    assert first.cl_image == "ethpandaops/prysm-beacon-chain:fusaka-devnet-3"
    assert first.vc_image == "ethpandaops/prysm-validator:fusaka-devnet-3"
    assert (second.el_image, second.cl_image) == (
        "ethpandaops/besu:main",
        "ethpandaops/teku:master",
    )
    assert first.validator_count == 0
    assert found.checkpoint_sync_enabled
    assert found.checkpoint_sync_url == "https://checkpoint-sync.fusaka-devnet-3.ethpandaops.io/"


def test_what_the_root_says_for_all() -> None:
    found = spec(
        """\
        participants:
          - {}
          - {keymanager_enabled: false, snooper_enabled: false, el_log_level: warn,
             xatu_sentry_enabled: false, node_selectors: {a: b}}
        global_log_level: debug
        keymanager_enabled: true
        snooper_enabled: true
        xatu_sentry_enabled: true
        ethereum_metrics_exporter_enabled: true
        global_node_selectors: {disk: fast}
        """
    )
    first, second = found.participants
    for key in ("keymanager_enabled", "snooper_enabled", "xatu_sentry_enabled"):
        assert getattr(first, key) is True
        assert getattr(second, key) is False
    assert second.ethereum_metrics_exporter_enabled
    assert (first.el_log_level, second.el_log_level, second.cl_log_level) == (
        "debug",
        "warn",
        "debug",
    )
    assert (first.node_selectors, second.node_selectors) == ({"disk": "fast"}, {"a": "b"})
    assert found.snooper_params.enabled


def test_log_level_custom_is_left_alone() -> None:
    assert node(el_type="besu", el_log_level="custom").el_log_level == "custom"


@pytest.mark.parametrize(
    ("entry", "message", "key"),
    [
        (
            "cl_type: lighthouse, use_separate_vc: false",
            "cannot validate by itself",
            "use_separate_vc",
        ),
        ("cl_type: grandine, use_separate_vc: true", "has no validator client", "use_separate_vc"),
        ("vc_type: grandine", "has no validator client of its own", "vc_type"),
        ("vc_type: vero", "from a remote signer", "vc_type"),
        ("use_remote_signer: true", "lighthouse cannot use a remote signer", "use_remote_signer"),
        ("cl_type: teku, use_remote_signer: true", "needs a validator client", "use_remote_signer"),
        (
            "cl_type: teku, blobber_enabled: true",
            "blobber does not work with teku",
            "blobber_enabled",
        ),
        ("el_type: ethrex, el_storage_type: archive", "cannot keep an archive", "el_storage_type"),
        (
            "vc_beacon_node_indices: [0, 1]",
            "beacon node 1, and there are 1",
            "vc_beacon_node_indices[1]",
        ),
        ("el_extra_mounts: {/a: nofile}", "which extra_files does not have", "el_extra_mounts./a"),
        ("el_type: None", "no execution client", "el_type"),
    ],
)
def test_what_does_not_fit_together(entry: str, message: str, key: str) -> None:
    found = problem(f"participants:\n  - {{{entry}}}\n")
    assert message in found.message
    assert (found.line, found.key) == (2, f"participants[0].{key}")


@pytest.mark.parametrize("cl_type", ["prysm", "teku", "lodestar", "nimbus"])
def test_remote_signer(cl_type: str) -> None:
    found = node(cl_type=cl_type, use_separate_vc=True, use_remote_signer=True)
    assert found.use_remote_signer
    assert found.remote_signer_image == "consensys/web3signer:latest"


@pytest.mark.parametrize(
    ("preset", "seconds", "fits"),
    [
        ("mainnet", 12, True),
        ("mainnet", 13, True),
        ("mainnet", 11, False),
        ("minimal", 6, True),
        ("minimal", 5, False),
        ("minimal", 7, False),
    ],
)
def test_slots_of_nimbus(preset: str, seconds: int, fits: bool) -> None:
    text = (
        f"{{participants: [{{cl_type: nimbus}}], "
        f"network_params: {{preset: {preset}, seconds_per_slot: {seconds}}}}}"
    )
    if fits:
        assert spec(text).participants
    else:
        assert f"nimbus cannot run slots of {seconds}000 ms" in problem(text).message


def test_a_problem_of_an_entry_is_said_once() -> None:
    found = problem("participants:\n  - {vc_type: grandine, count: 50}\n")
    assert place(found) == (2, 15, "participants[0].vc_type")


@pytest.mark.parametrize("text", ["participants: []", "participants: [{count: 0}]"])
def test_no_node_is_left(text: str) -> None:
    assert "no participant left" in problem(text).message


@pytest.mark.parametrize(
    "text",
    ["participants: [{count: 999999999999}]", "participants_matrix: {el: [{}], count: 99999999}"],
)
def test_too_many_nodes(text: str) -> None:
    assert "more than 10000 participants" in problem(text).message


def test_fulu_needs_a_node_that_keeps_all_columns() -> None:
    text = "{network_params: {num_validator_keys_per_node: 64}, participants: [{%s}]}"
    assert "no node would keep all data columns" in problem(text % "").message
    assert spec(text % "supernode: true").participants
    assert spec(text % "validator_count: 128").participants


def test_perfect_peerdas_takes_sixteen_nodes() -> None:
    text = "{network_params: {perfect_peerdas_enabled: true}, participants: [{count: %d}]}"
    assert "takes 16 participants" in problem(text % 15).message
    assert len(spec(text % 16).participants) == 16


def test_matrix_is_a_product_in_its_order() -> None:
    found = spec(
        """\
        participants_matrix:
          el: [{el_type: geth}, {el_type: reth, el_max_cpu: 7}]
          cl: [{cl_type: prysm, vc_type: teku}, {cl_type: teku, count: 2}]
          vc: [{vc_type: nimbus}]
          remote_signer: [{remote_signer_max_mem: 9}]
        """
    )
    assert [p.name[2:] for p in found.participants] == [
        "geth-prysm",
        "geth-teku",
        "geth-teku",
        "reth-prysm",
        "reth-teku",
        "reth-teku",
    ]
    assert {p.vc_type for p in found.participants} == {"nimbus"}
    assert all(p.use_remote_signer and p.remote_signer_max_mem == 9 for p in found.participants)
    assert found.participants[5].el_max_cpu == 7
    assert found.participants_matrix["vc"] == ({"vc_type": "nimbus"},)


def test_matrix_of_one_side() -> None:
    found = spec("participants_matrix: {cl: [{cl_type: prysm}], count: 3}")
    assert [p.name for p in found.participants] == ["1-geth-prysm", "2-geth-prysm", "3-geth-prysm"]


# A remote signer with the default consensus client is another problem.
CL = {"el": "", "cl": "", "vc": "", "remote_signer": "  cl: [{cl_type: prysm}]\n"}


@pytest.mark.parametrize(
    ("side", "key"),
    [
        ("el", "cl_type"),
        ("el", "validator_count"),
        ("cl", "vc_devices"),
        ("cl", "el_type"),
        ("vc", "vc_beacon_node_indices"),
        ("vc", "use_separate_vc"),
        ("remote_signer", "use_remote_signer"),
        ("cl", "skip_start"),
        ("el", "node_selectors"),
    ],
)
def test_keys_that_a_matrix_does_not_have(side: str, key: str) -> None:
    found = problem(f"participants_matrix:\n  {side}:\n    - {key}: 1\n" + CL[side])
    assert found.message == f"unknown key {key!r} in participants_matrix.{side}[0]"
    assert (found.line, found.column) == (3, 7)


def test_the_place_of_a_rule_broken_in_a_matrix() -> None:
    found = problem(
        """\
        participants_matrix:
          el: [{el_type: geth}]
          cl:
            - cl_type: lighthouse
              use_separate_vc: false
        """
    )
    assert place(found) == (5, 24, "participants_matrix.cl[0].use_separate_vc")


def test_a_node_does_not_change() -> None:
    only = node()
    with pytest.raises(AttributeError):
        only.el_type = "reth"  # type: ignore[misc]
    with pytest.raises(TypeError):
        only.el_extra_env_vars["A"] = "b"  # type: ignore[index]


def test_environment_values_may_be_numbers() -> None:
    assert node(el_extra_env_vars={"A": 1, "B": True, "C": "x"}).el_extra_env_vars == {
        "A": "1",
        "B": "true",
        "C": "x",
    }
