"""Whatever a node answers, what comes out is a value of the right type or an `ApiError`."""

from __future__ import annotations

import copy
import json
import sys
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainyard.chain import beacon_types, engine_types, execution_types, node_types
from chainyard.chain.beacon_types import SignedBlock
from chainyard.chain.errors import ShapeError
from chainyard.chain.payload import new_payload
from chainyard.chain.shape import Fields, parse_json, quantity, uint
from chainyard.chain.text import safe_bytes, safe_text
from chainyard.errors import RequestError

from . import samples

SETTINGS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=40)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["0x", "0x0", "0xzz", "1", "-1", "\u0661", "1e3", " 1", "1\n", "9" * 80, "\ud800"]
    )
)
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)

READERS: dict[str, tuple[Callable[[Fields], Any], Any]] = {
    "header": (beacon_types.Header.read, samples.header(5)),
    "block": (SignedBlock.read, samples.block_answer(5)),
    "validator": (beacon_types.Validator.read, samples.validator(1)),
    "checkpoints": (
        beacon_types.FinalityCheckpoints.read,
        samples.checkpoints(2, 1)["data"],
    ),
    "spec": (beacon_types.ChainSpec.read, {"data": {"SLOTS_PER_EPOCH": "8", "X": [1]}}),
    "peers": (
        node_types.PeerCount.read,
        dict.fromkeys(["connected", "connecting", "disconnected", "disconnecting"], "1"),
    ),
    "execution block": (execution_types.ExecutionBlock.read, samples.execution_block(1)),
    "full block": (
        lambda fields: execution_types.ExecutionBlock.read(fields, full=True),
        samples.execution_block(1, full=True),
    ),
    "receipt": (execution_types.Receipt.read, samples.receipt()),
    "status": (engine_types.PayloadStatus.read, {"status": "VALID", "latestValidHash": None}),
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all values within a JSON document."""
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(place for key, child in items for place in places(child, (*path, key)))]


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    result = copy.deepcopy(document)
    parent = result
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    return result


@pytest.mark.parametrize("name", READERS)
def test_the_samples_are_right(name: str) -> None:
    read, sample = READERS[name]
    read(Fields(sample))


@pytest.mark.parametrize("name", READERS)
@SETTINGS
@given(data=st.data(), value=json_values)
def test_one_value_is_wrong(name: str, data: st.DataObject, value: Any) -> None:
    read, sample = READERS[name]
    path = data.draw(st.sampled_from(places(sample)))
    try:
        read(Fields(replaced(sample, path, value)))
    except ShapeError as error:
        assert_harmless(str(error))


@SETTINGS
@given(data=st.data(), value=json_values)
def test_a_block_of_a_journal_is_wrong(data: st.DataObject, value: Any) -> None:
    sample = samples.block_answer(5)
    answer = replaced(sample, data.draw(st.sampled_from(places(sample)[1:])), value)
    try:
        new_payload(SignedBlock.from_json(answer["version"], answer["data"]))
    except (ShapeError, RequestError) as error:
        assert_harmless(str(error))


@SETTINGS
@given(body=st.binary(max_size=300))
def test_any_bytes(body: bytes) -> None:
    try:
        parse_json(body)
    except ShapeError as error:
        assert_harmless(str(error))


HOSTILE = [
    b"[" * 10**6,
    b'{"a":' * 10**5,
    b"[" * 10**5 + b"]" * 10**5,
    b'["]]]]",' * 10**5,  # brackets within strings count for nothing
    b'["\\"]]]]",' * 10**5,
    b'["\\\\",' * 10**5,
    b"[" * 65 + b"]" * 65,
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_nesting(body: bytes) -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10**6)  # then Python's own parser would end the process
    try:
        with pytest.raises(ShapeError, match="nested deeper than 64"):
            parse_json(body)
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"[" * 64 + b"]" * 64, None),
        (b'["' + b"[" * 100 + b'"]', ["[" * 100]),
        (b'["\\"' + b"[" * 100 + b'"]', ['"' + "[" * 100]),
        (b'["\\\\", "' + b"{" * 100 + b'"]', ["\\", "{" * 100]),
    ],
)
def test_what_only_looks_nested(body: bytes, value: object) -> None:
    parsed = parse_json(body)
    assert value is None or parsed == value


def test_fragments() -> None:
    with pytest.raises(ShapeError, match="more than 1048576 lists"):
        parse_json(b"[" + b"[]," * (1 << 20) + b"[]]")


@SETTINGS
@given(value=json_values)
def test_json_is_read_as_it_was_written(value: object) -> None:
    text = json.dumps(value)
    if "NaN" in text or "Infinity" in text:
        return
    assert parse_json(text.encode()) == value


@pytest.mark.parametrize("value", ["0", "18446744073709551615", 5])
def test_numbers(value: object) -> None:
    assert uint(value, "x") == int(str(value))


@pytest.mark.parametrize(
    "value",
    ["18446744073709551616", "-1", "0x1", "", "\u0661", "1_0", "+1", 1.0, True, None, -1, "1\n"],
)
def test_what_is_no_number(value: object) -> None:
    with pytest.raises(ShapeError, match="x: expected a uint64"):
        uint(value, "x")


@pytest.mark.parametrize("value", ["1", "0x", "0X1", "0x" + "f" * 65, 1, None, "0x1\n", "0x_1"])
def test_what_is_no_quantity(value: object) -> None:
    with pytest.raises(ShapeError, match="x: expected a 0x quantity"):
        quantity(value, "x")


@given(text=st.text(), limit=st.integers(0, 50))
def test_text_is_safe(text: str, limit: int) -> None:
    safe = safe_text(text, limit)
    assert len(safe) <= limit
    assert_harmless(safe)
    assert safe_text(safe, 1000) == safe


@given(data=st.binary())
def test_bytes_are_safe(data: bytes) -> None:
    assert_harmless(safe_bytes(data))


@pytest.mark.parametrize(
    ("text", "limit", "safe"),
    [
        ("plain ünïcode 日本 🦀", 50, "plain ünïcode 日本 🦀"),
        ("\x1b[31m\x00\x7f\x9b", 50, "\\x1b[31m\\x00\\x7f\\x9b"),
        ("a\u202eb\u2028c", 50, "a\\u202eb\\u2028c"),
        ("\ud800\U000e0041", 50, "\\ud800\\U000e0041"),
        ("0123456789", 10, "0123456789"),
        ("0123456789X", 10, "012345678…"),
        ("abc", 0, ""),
        ("ab", 1, "…"),
    ],
)
def test_safe_text(text: str, limit: int, safe: str) -> None:
    assert safe_text(text, limit) == safe


def assert_harmless(text: str) -> None:
    for char in text:
        assert unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    text.encode()
