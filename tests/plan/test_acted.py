"""What is understood but not acted on is listed: all of it, and nothing else."""

from __future__ import annotations

import time
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from chainyard import load_spec
from chainyard.plan.acted import FEATURES, UNSUPPORTED, Unacted, not_acted_on
from chainyard.spec import Spec, parse_spec

CONFORMANCE = sorted((Path(__file__).parents[1] / "spec" / "conformance").glob("*.y*ml"))
EVERYTHING = frozenset(FEATURES)


def listed(text: str, features: frozenset[str] = frozenset()) -> list[str]:
    return [str(item) for item in not_acted_on(parse_spec(text, "f.yaml"), "process", features)]


def keys(text: str, features: frozenset[str] = frozenset()) -> list[str]:
    return [item.key for item in not_acted_on(parse_spec(text, "f.yaml"), "process", features)]


def test_a_file_that_is_acted_on_has_no_list() -> None:
    assert listed("{}") == []
    assert listed("participants: [{el_type: geth, cl_type: prysm, el_extra_params: [--x]}]") == []


# For each feature, a file that asks for it.
ASKS = {
    "binaries": "participants: [{el_binary_path: /bin/geth}]",
    "images": "participants: [{el_image: own/geth}]",
    "resources": "participants: [{cl_max_mem: 512}]",
    "volumes": "participants: [{el_volume_size: 512}]",
    "labels": "participants: [{vc_extra_labels: {a: b}}]",
    "devices": "participants: [{el_devices: [/dev/kvm]}]",
    "mounts": "extra_files: {a: b}",
    "tolerations": "global_tolerations: [{key: a, operator: Exists, effect: NoSchedule}]",
    "node_selectors": "participants: [{node_selectors: {a: b}}]",
    "port_publisher": "port_publisher: {nat_exit_ip: 10.0.0.1}",
    "force_restart": "participants: [{el_force_restart: true}]",
}


def test_every_feature_has_an_example() -> None:
    assert set(ASKS) == set(FEATURES)


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_that_the_backend_lacks_is_listed_with_its_name(feature: str) -> None:
    text = ASKS[feature]
    (line,) = listed(text, EVERYTHING - {feature})
    words = FEATURES[feature][0]
    assert line.startswith("line 1: ")
    assert line.endswith(f": the process backend has no {words}")
    assert listed(text, EVERYTHING) == []


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ("mev_type: flashbots", "mev_type", "block builders"),
        ("snooper_enabled: true", "snooper_enabled", "snooper"),
        ("participants: [{snooper_enabled: true}]", "participants[0].snooper_enabled", "snooper"),
        ("xatu_sentry_enabled: true", "xatu_sentry_enabled", "xatu"),
        (
            "ethereum_metrics_exporter_enabled: true",
            "ethereum_metrics_exporter_enabled",
            "metrics exporter",
        ),
        (
            "network_params: {shadowfork_block_height: 5}",
            "network_params.shadowfork_block_height",
            "shadow forks",
        ),
        ("dora_params: {image: x}", "dora_params", "the service dora is not run yet"),
        (
            "participants_matrix: {el: [{el_type: geth, el_image: x}], cl: [{cl_type: prysm}]}",
            "participants_matrix.el[0].el_image",
            "container images",
        ),
    ],
)
def test_what_no_backend_acts_on(text: str, key: str, reason: str) -> None:
    features = EVERYTHING - {"images"}
    (only,) = not_acted_on(parse_spec(text, "f.yaml"), "process", features)
    assert only.key == key
    assert reason in only.reason
    assert only.line == 1


@pytest.mark.parametrize(
    "text",
    [
        "snooper_enabled: false",
        "participants: [{snooper_enabled: false, el_min_cpu: 0, el_image: ''}]",
        "participants: [{el_devices: [], el_extra_labels: {}, el_force_restart: false}]",
        "participants: [{use_remote_signer: false, xatu_sentry_enabled: null}]",
        "mev_type: null",
        "mev_params: {}",
        "snooper_params: {enabled: false}",
        "port_publisher: {el: {enabled: false}, nat_exit_ip: KURTOSIS_IP_ADDR_PLACEHOLDER}",
        "nginx_port: 9090",
        "additional_services: []",
        "dora_params: {env: {}}",
        "network_params: {perfect_peerdas_enabled: false, shadowfork_block_height: latest}",
        "participants_matrix: {el: [{el_type: geth, el_min_mem: 0}], cl: [{cl_type: prysm}]}",
        "extra_files: {}",
        "global_tolerations: []",
    ],
)
def test_what_holds_anyway_is_not_listed(text: str) -> None:
    assert listed(text) == []


def test_what_is_switched_off_in_one_place_is_not_listed_there() -> None:
    text = "snooper_enabled: true\nparticipants:\n- {snooper_enabled: false}\n- {}\n"
    assert keys(text) == ["snooper_enabled"]


def test_of_a_map_the_map_alone_is_listed() -> None:
    text = "mev_params:\n  mev_relay_image: a\n  mev_builder_image: b\n"
    text += "port_publisher:\n  el: {enabled: true}\n"
    assert keys(text) == ["mev_params", "port_publisher"]
    assert keys("extra_files:\n  a: b\n  c.d[0]: e\n") == ["extra_files"]


def test_names_with_dots_are_no_traceback() -> None:
    text = "participants:\n- el_extra_labels: {a.b/c: d}\n- cl_extra_mounts: {}\n"
    assert keys(text) == ["participants[0].el_extra_labels"]


def test_every_additional_service_is_listed_where_it_is_written() -> None:
    text = "additional_services:\n  - dora\n  - prometheus_grafana\n  - apache\n"
    assert listed(text) == [
        "line 2: additional_services[0]: the service dora is not run yet",
        "line 3: additional_services[1]: the service prometheus_grafana is not run yet",
        "line 4: additional_services[2]: the service apache is not run yet",
    ]


def test_the_order_is_that_of_the_file() -> None:
    text = """\
snooper_enabled: true
participants:
  - el_image: a
    cl_max_cpu: 5
  - vc_devices: [x]
additional_services: [dora]
mev_type: flashbots
"""
    found = not_acted_on(parse_spec(text, "f.yaml"), "process", frozenset())
    assert [item.line for item in found] == [1, 3, 4, 5, 6, 7]


def test_data_from_python_has_no_lines() -> None:
    spec = load_spec(
        {"mev_type": "flashbots", "participants": [{"el_min_cpu": 0, "el_image": "x"}]}
    )
    found = [str(item) for item in not_acted_on(spec, "process", frozenset())]
    assert found == [
        "mev_type: block builders and relays are not run",
        "participants[0].el_image: the process backend has no container images",
    ]


def test_how_it_is_said() -> None:
    assert str(Unacted("a.b", 3, "no")) == "line 3: a.b: no"
    assert str(Unacted("a.b", None, "no")) == "a.b: no"


@pytest.mark.parametrize("path", CONFORMANCE, ids=lambda path: path.name)
@pytest.mark.parametrize("features", [frozenset(), EVERYTHING], ids=["none", "all"])
def test_every_file_of_ethereum_package(path: Path, features: frozenset[str]) -> None:
    spec = load_spec(path)
    found = not_acted_on(spec, "process", features)
    places = [item.key for item in found]
    assert set(places) <= set(spec.given)
    assert len(set(places)) == len(places)
    assert all(item.line == spec.given[item.key].line for item in found)
    assert all(item.reason for item in found)
    lines = [item.line or 0 for item in found]
    assert lines == sorted(lines)


def test_the_patterns_name_keys_that_there_are() -> None:
    """A typo in the table would let a key pass in silence."""
    from chainyard.spec import NetworkParams, Participant
    from chainyard.spec.mev import MevParams
    from chainyard.spec.table import Table, keys_of

    tables = {"": Spec, "participants": Participant, "network_params": NetworkParams}
    known = {f"{name}.{key}".lstrip(".") for name, cls in tables.items() for key in keys_of(cls)}
    known |= {f"mev_params.{key}" for key in keys_of(MevParams)}
    for name, key in keys_of(Spec).items():
        if isinstance(key.kind, Table):
            known |= {f"{name}.{below}" for below in keys_of(key.kind.cls)}
    patterns = [pattern for pattern, _ in UNSUPPORTED]
    patterns += [pattern for _, group in FEATURES.values() for pattern in group]
    unused = [p for p in patterns if not any(fnmatchcase(key, p) for key in known)]
    assert len(known) > 300
    assert unused == []


def test_a_huge_file_is_listed_in_a_moment() -> None:
    entry = (
        "- {el_image: x, cl_image: y, el_min_cpu: 1, cl_devices: [a, b], el_extra_labels: {a: b}}\n"
    )
    spec = parse_spec("participants:\n" + entry * 1000, "f.yaml")
    began = time.process_time()
    assert len(not_acted_on(spec, "process", frozenset())) == 5000
    assert time.process_time() - began < 10
