"""RLP: the examples of the Yellow Paper's appendix, and an independent implementation."""

import pytest
import rlp as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from chainyard.genesis.rlp import encode

NESTED = st.recursive(
    st.binary(max_size=60) | st.integers(min_value=0, max_value=2**256),
    lambda inner: st.lists(inner, max_size=20),
    max_leaves=30,
)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (b"", "80"),
        (b"\x00", "00"),
        (b"\x7f", "7f"),
        (b"\x80", "8180"),
        (b"dog", "83646f67"),
        (0, "80"),
        (15, "0f"),
        (1024, "820400"),
        ([], "c0"),
        ([b"cat", b"dog"], "c88363617483646f67"),
        ([[], [[]], [[], [[]]]], "c7c0c1c0c3c0c1c0"),
        (b"a" * 55, "b7" + "61" * 55),
        (b"a" * 56, "b838" + "61" * 56),
        ([b"a"] * 56, "f838" + "61" * 56),
    ],
)
def test_known_encodings(item, expected):
    assert encode(item).hex() == expected


@given(NESTED)
@settings(max_examples=50, deadline=None)
def test_agrees_with_another_implementation(item):
    assert encode(item) == reference.encode(item)


def test_negative_integers_are_refused():
    with pytest.raises(ValueError, match="negative"):
        encode([1, -1])


@pytest.mark.parametrize("item", ["text", 1.5, None, {1: 2}, ["text"]])
def test_other_types_are_refused(item):
    with pytest.raises(TypeError, match="RLP takes"):
        encode(item)
