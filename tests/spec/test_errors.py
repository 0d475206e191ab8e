"""Every kind of broken file: what is wrong, where, and what was expected."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chainyard.errors import SpecError
from chainyard.spec import load_spec, parse_spec
from chainyard.spec.source import MAX_BYTES

from .helpers import place, problem, problems, spec


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# only a comment\n", "---\n", "null", "~", "---\n...\n"]
)
def test_empty(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(text, "params.yaml")
    assert caught.value.problems[0].message == "the file is empty"
    assert "{}" in caught.value.hint


def test_an_empty_map_is_the_default_network() -> None:
    assert len(spec("{}").participants) == 1


@pytest.mark.parametrize(
    ("text", "what"),
    [("- a\n- b\n", "a list"), ("hello", "the text 'hello'"), ("5", "the number 5")],
)
def test_no_map_at_the_root(text: str, what: str) -> None:
    found = problem(text)
    assert found.message == f"the file is {what}"
    assert (found.line, found.column) == (1, 1)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("participants: [", 1),
        ("a: b: c", 1),
        ('a: "open', 1),
        ("participants:\n - a: 1\n   b\n", 4),
        ("%TAG ! x\n", 1),
        ("@a", 1),
        ("a: \x01", 1),
    ],
)
def test_not_yaml(text: str, line: int) -> None:
    found = problem(text)
    assert found.message.startswith("this is not YAML")
    assert found.line in {line, line + 1}


def test_tabs() -> None:
    found = problem("network_params:\n\tpreset: minimal\n")
    assert (found.line, found.expected) == (2, "spaces for indentation")


@pytest.mark.parametrize(
    ("text", "line", "column", "key", "suggestion"),
    [
        ("participantz: []", 1, 1, "participantz", "participants"),
        ("participants:\n  - el_typ: geth\n", 2, 5, "participants[0].el_typ", "el_type"),
        ("network_params:\n  presett: minimal\n", 2, 3, "network_params.presett", "preset"),
        ("dora_params:\n  imgae: x\n", 2, 3, "dora_params.imgae", "image"),
        (
            "mev_params:\n  mev_bost_image: x\n",
            2,
            3,
            "mev_params.mev_bost_image",
            "mev_boost_image",
        ),
        ("port_publisher:\n  els: {}\n", 2, 3, "port_publisher.els", "el"),
        ("port_publisher:\n  el:\n    enable: true\n", 3, 5, "port_publisher.el.enable", "enabled"),
        ("participants_matrix:\n  elx: []\n", 2, 3, "participants_matrix.elx", "el"),
        (
            "participants_matrix:\n  el:\n    - el_typ: geth\n",
            3,
            7,
            "participants_matrix.el[0].el_typ",
            "el_type",
        ),
        (
            "participants:\n  - tolerations:\n      - kee: a\n",
            3,
            9,
            "participants[0].tolerations[0].kee",
            "key",
        ),
        (
            "participants:\n  - prometheus_config:\n      scrape_intervall: 1s\n",
            3,
            7,
            "participants[0].prometheus_config.scrape_intervall",
            "scrape_interval",
        ),
        (
            (
                "disruptoor_params:\n  partitions:\n    - name: a\n      groups:\n"
                "        - participant: [1]\n"
            ),
            5,
            11,
            "disruptoor_params.partitions[0].groups[0].participant",
            "participants",
        ),
        ("zkboost_params:\n  zkvm: []\n", 2, 3, "zkboost_params.zkvm", "zkvms"),
        ("seconds_per_slot: 2", 1, 1, "seconds_per_slot", "network_params.seconds_per_slot"),
        ("el_type: geth", 1, 1, "el_type", "participants[].el_type"),
        (
            "participants:\n  - preset: minimal\n",
            2,
            5,
            "participants[0].preset",
            "network_params.preset",
        ),
    ],
)
def test_unknown_keys_at_every_level(
    text: str, line: int, column: int, key: str, suggestion: str
) -> None:
    found = problem(text)
    assert place(found) == (line, column, key)
    assert found.message.startswith("unknown key")
    assert found.suggestion == suggestion


@pytest.mark.parametrize(
    ("text", "column", "key", "expected"),
    [
        ("participants: 5", 15, "participants", "a list of maps"),
        ("participants: {}", 15, "participants", "a list of maps"),
        ("participants: null", 15, "participants", "a list of maps"),
        ("participants: [5]", 16, "participants[0]", "a map"),
        ("participants_matrix: []", 22, "participants_matrix", "a map"),
        ("participants_matrix: {el: 5}", 27, "participants_matrix.el", "a list of maps"),
        ("participants_matrix: {count: x}", 30, "participants_matrix.count", "a whole number"),
        ("network_params: []", 17, "network_params", "a map"),
        ("network_params:", 16, "network_params", "a map"),
        (
            "network_params: {genesis_delay: '5'}",
            33,
            "network_params.genesis_delay",
            "without quotes",
        ),
        (
            "network_params: {genesis_delay: 1.5}",
            33,
            "network_params.genesis_delay",
            "a whole number",
        ),
        (
            "network_params: {genesis_delay: true}",
            33,
            "network_params.genesis_delay",
            "a whole number",
        ),
        (
            "network_params: {genesis_delay: [1]}",
            33,
            "network_params.genesis_delay",
            "a whole number",
        ),
        (
            "network_params: {genesis_delay: null}",
            33,
            "network_params.genesis_delay",
            "leave the key out",
        ),
        ("network_params: {preset: 5}", 26, "network_params.preset", "one of mainnet, minimal"),
        ("persistent: 'true'", 13, "persistent", "without quotes"),
        ("persistent: 1", 13, "persistent", "true or false"),
        ("global_log_level: loud", 19, "global_log_level", "one of error"),
        ("additional_services: dora", 22, "additional_services", "a list"),
        ("additional_services: [5]", 23, "additional_services[0]", "one of assertoor"),
        ("extra_files: [a]", 14, "extra_files", "a map of names"),
        ("extra_files: {a: 5}", 18, "extra_files.a", "write it in quotes"),
        ("dora_params: {image: 5}", 22, "dora_params.image", "write it in quotes"),
        ("dora_params: {env: {A: [1]}}", 24, "dora_params.env.A", "text, a number or a boolean"),
        (
            "participants: [{el_extra_params: '--a'}]",
            34,
            "participants[0].el_extra_params",
            "a list",
        ),
        (
            "participants: [{el_extra_params: [5]}]",
            35,
            "participants[0].el_extra_params[0]",
            "text",
        ),
        (
            "mev_params: {mev_builder_subsidy: -1}",
            35,
            "mev_params.mev_builder_subsidy",
            "not negative",
        ),
    ],
)
def test_wrong_types(text: str, column: int, key: str, expected: str) -> None:
    found = problem(text)
    assert (found.line, found.key) == (1, key)
    assert found.column in {column, column - 1}
    assert expected in found.expected


@pytest.mark.parametrize(
    ("number", "what"),
    [
        ("-1", "too small"),
        ("18446744073709551616", "too large"),
        ("9" * 99, "too large"),
        ("9" * 5000, "the text"),
        ("0x" + "f" * 17, "the text"),
        ("1e30", "the number 1e30"),
        ("1e999", "not a number that a network can use"),
        (".inf", "not a number that a network can use"),
        ("-.inf", "not a number that a network can use"),
        (".nan", "not a number that a network can use"),
    ],
)
def test_negative_and_huge_numbers(number: str, what: str) -> None:
    found = problems(f"network_params: {{genesis_time: {number}}}")[0]
    assert what in found.message
    assert (found.line, found.column) == (1, 32)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("6e7", 60_000_000),
        ("0x10", 16),
        ("010", 8),
        ("0o10", 8),
        ("0b11", 3),
        ("1_000", 1000),
        ("12.0", 12),
    ],
)
def test_numbers_as_gos_yaml_reads_them(written: str, value: int) -> None:
    assert spec(f"network_params: {{genesis_time: {written}}}").network_params.genesis_time == value


@pytest.mark.parametrize(("written", "value"), [("yes", True), ("Off", False), ("on", True)])
def test_booleans_as_gos_yaml_reads_them(written: str, value: bool) -> None:
    assert spec(f"persistent: {written}").persistent is value


def test_duplicate_keys() -> None:
    found = problems(
        """\
        network_params:
          preset: minimal
          preset: mainnet
        participants:
          - el_type: geth
            el_type: geth
        network_params: {}
        """
    )
    assert [place(p) for p in found] == [
        (3, 3, "preset"),
        (6, 5, "el_type"),
        (7, 1, "network_params"),
    ]
    assert "the first is in line 2" in found[0].message


def test_all_problems_at_once_in_the_order_of_the_file() -> None:
    found = problems(
        """\
        participants:
          - el_type: gth
            cl_typ: prysm
            count: -1
            tolerations: [{operator: Exist}]
          - vc_type: vero
        network_params:
          electra_fork_epoch: 7
          fulu_fork_epoch: 3
          preset: minimum
          preset: minimal
        aditional_services: [dora]
        mev_type: 5
        """
    )
    assert [(p.line, p.column) for p in found] == [
        (2, 14),
        (3, 5),
        (4, 12),
        (5, 30),
        (6, 14),
        (9, 20),
        (10, 11),
        (11, 3),
        (12, 1),
        (13, 11),
    ]
    assert [p.suggestion for p in found if p.suggestion] == [
        "geth",
        "cl_type",
        "Exists",
        "minimal",
        "additional_services",
    ]


def test_a_refused_value_makes_no_second_problem() -> None:
    found = problem("network_params: {fulu_fork_epoch: x, electra_fork_epoch: 4}")
    assert found.key == "network_params.fulu_fork_epoch"


def test_how_a_problem_reads() -> None:
    assert str(problem("participants:\n  - el_typ: geth\n")) == (
        "params.yaml:2:5: unknown key 'el_typ' in participants[0]; did you mean 'el_type'?"
    )


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="there is no such file") as caught:
        load_spec(tmp_path / "none.yaml")
    assert caught.value.problems[0].file.endswith("none.yaml")


def test_directory(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="this is a directory"):
        load_spec(str(tmp_path))


def test_a_name_that_no_file_can_have() -> None:
    with pytest.raises(SpecError, match="cannot be read"):
        load_spec("a\0b")


def test_a_file_that_loops(tmp_path: Path) -> None:
    link = tmp_path / "loop.yaml"
    link.symlink_to(link)
    with pytest.raises(SpecError, match="cannot be read"):
        load_spec(link)


def test_not_utf8() -> None:
    found = problem(b"a: 1\nb: \xff\n")
    assert (found.line, found.column) == (2, 4)
    assert found.message == "byte 0xff is not UTF-8 text"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks(encoding: str) -> None:
    assert parse_spec("{persistent: true}".encode(encoding)).persistent


def test_half_a_utf16_file() -> None:
    assert "is not UTF-16 text" in problem("{a}".encode("utf-16")[:-1]).message


def test_huge_file(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    path.write_bytes(b"[" * (10 << 20))
    with pytest.raises(SpecError, match="too large") as caught:
        load_spec(path)
    assert caught.value.problems[0].expected == "at most 2 MiB"


@pytest.mark.parametrize("unit", ["[", "{a: ", "- ", "? ", '{"a":['])
def test_nesting(unit: str) -> None:
    found = problem(unit * (MAX_BYTES // len(unit)))
    assert found.message == "nested more than 50 levels deep"
    assert found.line == 1


def test_deep_blocks() -> None:
    text = "".join(f"{' ' * depth}a:\n" for depth in range(500))
    assert problem(text).line == 51


def test_aliases_that_explode() -> None:
    lines = ["a0: &a0 [x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    found = problem("\n".join(lines))
    assert "more than 100,000 values" in found.message
    assert found.line == 6


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: *b", "a: &a {b: *a}", "a: &a {<<: *a}"])
def test_aliases_of_nothing_and_of_themselves(text: str) -> None:
    assert "refers to nothing before it, or to itself" in problem(text).message


def test_aliases_and_merge_keys() -> None:
    found = spec(
        """\
        participants:
          - &one {el_type: geth, cl_type: prysm, validator_count: 1, supernode: true}
          - <<: *one
            el_type: reth
          - <<: [{cl_type: teku}, *one]
          - *one
        """
    )
    assert [p.name for p in found.participants] == [
        "1-geth-prysm",
        "2-reth-prysm",
        "3-geth-teku",
        "4-geth-prysm",
    ]
    assert found.given["participants[1].cl_type"].line == 2


def test_a_merge_of_no_map() -> None:
    assert "not a map" in problem("participants: [{<<: 5}]").message


def test_documents() -> None:
    found = problem("persistent: true\n---\nmev_type: mock\n")
    assert (found.line, found.message) == (2, "a second document begins here")


@pytest.mark.parametrize("text", ["? [a]\n: b\n", "{a: 1}: b", "? {a: 1}\n: c\n"])
def test_keys_that_are_no_names(text: str) -> None:
    assert problem(text).message == "a list or map is used as a key"


@pytest.mark.parametrize(
    "value",
    ["!!python/object/apply:os.system [ls]", "!foo x", "!!set {}", "!!binary eA==", "!!int x"],
)
def test_tags(value: str) -> None:
    assert any("tag" in p.message for p in problems(f"extra_files: {{a: {value}}}"))


def test_tags_that_are_harmless() -> None:
    assert spec("extra_files: !!map {a: !!str 5, b: ! 6}").extra_files == {"a": "5", "b": "6"}
    assert spec("persistent: !!bool true").persistent


def test_long_tags_take_no_time() -> None:
    assert problems("extra_files: {a: " + "!" * 500_000 + " x}")


def test_json(tmp_path: Path) -> None:
    document = {"participants": [{"el_type": "reth", "count": 2}], "extra_files": {"a": "\t/é😀"}}
    path = tmp_path / "params.json"
    for text in (json.dumps(document), json.dumps(document, indent="\t")):
        path.write_text(text, encoding="utf-8")
        found = load_spec(path)
        assert [p.el_type for p in found.participants] == ["reth", "reth"]
        assert found.extra_files == {"a": "\t/é😀"}
    assert found.given["participants[0].el_type"].line == 4


def test_half_a_character() -> None:
    assert "surrogate" in problem(r'extra_files: {a: "\ud800"}').message


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"persistent": object()}, "persistent is object"),
        ({5: 1}, "has the key 5"),
        ({"a": {"b": float("nan")}}, "a.b is float"),
        ({"persistent": "x"}, "persistent is the text 'x'"),
        ({"participants": [{"el_typ": "geth"}]}, "unknown key 'el_typ'"),
    ],
)
def test_mappings(source: dict[Any, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        load_spec(source)
    assert caught.value.problems[0].line is None


def test_mappings_that_contain_themselves() -> None:
    source: dict[str, Any] = {}
    source["extra_files"] = source
    with pytest.raises(SpecError, match="nests or counts too far"):
        load_spec(source)


def test_a_mapping_has_a_text_that_reads_as_the_same() -> None:
    source = {"participants": [{"cl_type": "prysm", "count": 2}], "persistent": True}
    found = load_spec(source)
    assert parse_spec(found.text) == found
    assert found.path == ""


def test_places_of_what_was_given() -> None:
    found = spec("participants:\n  - el_type: geth\nnetwork_params:\n  genesis_delay: 5\n")
    assert {key: (at.line, at.column) for key, at in found.given.items()} == {
        "participants": (1, 1),
        "participants[0]": (2, 5),
        "participants[0].el_type": (2, 5),
        "network_params": (3, 1),
        "network_params.genesis_delay": (4, 3),
    }
