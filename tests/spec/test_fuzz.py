"""Whatever comes: a Spec, or an error for people. Never a traceback, never a hang."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chainyard.errors import SpecError
from chainyard.spec import Spec, load_spec, parse_spec
from chainyard.spec.model import Spec as Model
from chainyard.spec.network_params import NetworkParams
from chainyard.spec.participants import Participant
from chainyard.spec.settings import Settings, parse_settings
from chainyard.spec.table import keys_of

from .helpers import CONFORMANCE

# Every run looks at other inputs; a failure prints its example, the seed (--hypothesis-seed) and a
# @reproduce_failure line.
FUZZ = settings(
    max_examples=120,
    deadline=None,  # other programs may keep the machine busy; pytest-timeout ends a hang
    print_blob=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
DOCUMENTS = [path.read_text(encoding="utf-8") for path in sorted(CONFORMANCE.glob("*.y*ml"))]
TOKENS = st.sampled_from(
    [
        "a",
        "participants",
        "el_type",
        ":",
        ": ",
        "- ",
        "\n",
        "  ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&a ",
        "*a",
        "<<: ",
        "? ",
        "| \n",
        "> \n",
        "'",
        '"',
        "#",
        "!!str ",
        "!x ",
        "%",
        "---\n",
        "...\n",
        "\t",
        "~",
        "0x1",
        "-1",
        "1e400",
        ".nan",
        "true",
        "\\ud800",
        "\x00",
        "\x85",
        "\u2028",
        "\ufeff",
        "é",
        "\r",
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=2**62, max_value=2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["geth", "prysm", "minimal", "archive", "vero", "0x01", "dora", "latest"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


def spec_or_error(document: str | bytes) -> None:
    """The property."""
    try:
        spec = parse_spec(document, "fuzz.yaml")
    except SpecError as error:
        for_people(error)
    else:
        assert isinstance(spec, Spec)
        assert spec.participants


def for_people(error: SpecError) -> None:
    """Every problem says something, and has a place that can be."""
    assert error.problems
    assert str(error).encode("utf-8", "backslashreplace")
    for problem in error.problems:
        assert problem.message
        assert problem.line is None or problem.line > 0


@FUZZ
@given(st.text())
def test_text(text: str) -> None:
    spec_or_error(text)


@FUZZ
@given(st.binary())
def test_bytes(data: bytes) -> None:
    spec_or_error(data)


@FUZZ
@given(st.lists(TOKENS, max_size=40).map("".join))
@example("a: !!float .nan")
@example("{? a: 1}")
@example("%YAML 1.1\n--- a")
@example("%YAML 9.9\n--- a")
@example("a: !<tag:yaml.org,2002:int> 08")
@example('"\\ud83d\\ude00": 1')
@example("0x_: 1")
@example("participants: [{count: 0x_}]")
def test_pieces_of_yaml(text: str) -> None:
    spec_or_error(text)


@FUZZ
@given(st.data())
def test_files_with_damage(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(DOCUMENTS))
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 30))
    piece = data.draw(st.text(max_size=5) | TOKENS)
    spec_or_error(text[:start] + piece + text[start + length :])


def mutated(document: Any, data: st.DataObject) -> Any:
    """The document with one value somewhere replaced, removed or added."""
    if isinstance(document, dict) and document and data.draw(st.booleans()):
        name = data.draw(st.sampled_from(sorted(document)))
        return document | {name: mutated(document[name], data)}
    if isinstance(document, list) and document and data.draw(st.booleans()):
        index = data.draw(st.integers(0, len(document) - 1))
        return [*document[:index], mutated(document[index], data), *document[index + 1 :]]
    if isinstance(document, dict) and data.draw(st.booleans()):
        names = [*keys_of(Participant), *keys_of(NetworkParams), *keys_of(Model)]
        return document | {data.draw(st.sampled_from(names)): data.draw(VALUES)}
    return data.draw(VALUES)


@FUZZ
@given(st.data())
def test_structured_mutations(data: st.DataObject) -> None:
    document: Any = {
        "participants": [{"el_type": "geth", "cl_type": "prysm", "tolerations": [{"key": "a"}]}],
        "participants_matrix": {"el": [{"el_type": "reth"}], "cl": [{"cl_type": "teku"}]},
        "network_params": {"preset": "minimal", "prefunded_accounts": {"0x" + "1" * 40: {}}},
        "mev_params": {"mev_boost_args": ["a"]},
        "zkboost_params": {"zkvms": [{"kind": "mock", "proof_type": "reth-sp1", "gpu": {}}]},
        "disruptoor_params": {"partitions": [{"name": "a", "groups": [{"participants": [1]}]}]},
        "port_publisher": {"el": {"enabled": True}},
        "additional_services": ["dora"],
    }
    for _ in range(data.draw(st.integers(1, 3))):
        document = mutated(document, data)
    spec_or_error(json.dumps(document))
    if isinstance(document, dict):
        try:
            assert load_spec(document).participants
        except SpecError as error:
            for_people(error)


@FUZZ
@given(st.dictionaries(st.sampled_from([*keys_of(Settings), "x"]), VALUES, max_size=4))
def test_settings(document: dict[str, Any]) -> None:
    try:
        assert isinstance(parse_settings(json.dumps(document)), Settings)
    except SpecError as error:
        for_people(error)


ODD_VALUES: list[Any] = [-1, 2**64 - 1, "x", [5], {"a": [1]}, {"image": 5}, None]
PLACES = [
    (Participant, lambda entry: {"participants": [entry]}),
    (NetworkParams, lambda entry: {"network_params": entry}),
    (Model, lambda entry: entry),
]


@pytest.mark.parametrize(("cls", "document"), PLACES, ids=["participants", "network", "root"])
def test_every_key_takes_any_value(cls: Any, document: Any) -> None:
    for name in keys_of(cls):
        for value in ODD_VALUES:
            spec_or_error(json.dumps(document({name: value})))
