"""SSZ against remerkleable: same bytes and same roots, for random values of every kind of type."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from remerkleable import basic, bitfields, byte_arrays
from remerkleable import complex as composite

from chainyard.genesis import ssz
from chainyard.genesis.merkle import merkleize

LIMIT = 300


def assert_same(ours, value, theirs):
    assert ours.serialize(value) == theirs.encode_bytes()
    assert ours.hash_tree_root(value) == bytes(theirs.hash_tree_root())


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(ssz.uint8, basic.uint8), (ssz.uint64, basic.uint64), (ssz.uint256, basic.uint256)],
)
@given(data=st.data())
def test_numbers(ours, theirs, data):
    value = data.draw(st.integers(0, 2**ours.bits - 1))
    assert_same(ours, value, theirs(value))


@given(st.booleans())
def test_booleans(value):
    assert_same(ssz.boolean, value, basic.boolean(value))


@pytest.mark.parametrize("size", [1, 4, 20, 32, 48, 64, 96, 256])
@given(data=st.data())
def test_byte_vectors(size, data):
    value = data.draw(st.binary(min_size=size, max_size=size))
    assert_same(ssz.ByteVector(size), value, byte_arrays.ByteVector[size](value))


@given(st.binary(max_size=LIMIT))
def test_byte_lists(value):
    assert_same(ssz.ByteList(LIMIT), value, byte_arrays.ByteList[LIMIT](value))


@given(st.lists(st.booleans(), max_size=LIMIT))
def test_bit_lists(bits):
    assert_same(ssz.Bitlist(LIMIT), bits, bitfields.Bitlist[LIMIT](*bits))


@pytest.mark.parametrize("length", [1, 4, 8, 9, 256, 257])
@given(data=st.data())
def test_bit_vectors(length, data):
    bits = data.draw(st.lists(st.booleans(), min_size=length, max_size=length))
    assert_same(ssz.Bitvector(length), bits, bitfields.Bitvector[length](*bits))


@given(st.lists(st.integers(0, 2**64 - 1), max_size=40) | st.just([7] * 37))
def test_lists_of_numbers_also_as_bytes(values):
    ours, theirs = ssz.List(ssz.uint64, 2**40), composite.List[basic.uint64, 2**40](*values)
    assert_same(ours, values, theirs)
    assert_same(ours, ours.serialize(values), theirs)


@given(st.lists(st.integers(0, 255), max_size=70))
def test_lists_of_bytes(values):
    assert_same(
        ssz.List(ssz.uint8, 2**40), bytes(values), composite.List[basic.uint8, 2**40](*values)
    )


@given(st.integers(1, 70), st.binary(min_size=32, max_size=32))
def test_equal_chunks_take_the_short_way_to_the_same_root(count, chunk):
    theirs = composite.Vector[byte_arrays.Bytes32, count](*[chunk] * count)
    assert_same(ssz.Vector(ssz.Bytes32, count), chunk * count, theirs)
    in_list = composite.List[byte_arrays.Bytes32, 100](*[chunk] * count)
    assert_same(ssz.List(ssz.Bytes32, 100), [chunk] * count, in_list)


@given(st.lists(st.binary(max_size=40), max_size=9))
def test_lists_of_lists(values):
    ours = ssz.List(ssz.ByteList(40), 20)
    theirs = composite.List[byte_arrays.ByteList[40], 20]
    assert_same(ours, values, theirs(*map(byte_arrays.ByteList[40], values)))


class Inner(composite.Container):
    number: basic.uint64
    text: byte_arrays.ByteList[9]


class Outer(composite.Container):
    flag: basic.boolean
    inner: Inner
    many: composite.List[Inner, 5]
    key: byte_arrays.Bytes48


INNER = ssz.Container("Inner", {"number": ssz.uint64, "text": ssz.ByteList(9)})
OUTER = ssz.Container(
    "Outer",
    {"flag": ssz.boolean, "inner": INNER, "many": ssz.List(INNER, 5), "key": ssz.Bytes48},
)
inners = st.fixed_dictionaries({"number": st.integers(0, 2**64 - 1), "text": st.binary(max_size=9)})


@given(
    st.fixed_dictionaries(
        {
            "flag": st.booleans(),
            "inner": inners,
            "many": st.lists(inners, max_size=5),
            "key": st.binary(min_size=48, max_size=48),
        }
    )
)
def test_containers(value):
    theirs = Outer(
        flag=value["flag"],
        inner=Inner(**value["inner"]),
        many=composite.List[Inner, 5](*(Inner(**item) for item in value["many"])),
        key=value["key"],
    )
    assert_same(OUTER, value, theirs)


def test_missing_fields_are_defaults():
    assert_same(OUTER, {}, Outer())
    assert_same(OUTER, OUTER.default(), Outer())


def test_encoded_values_are_taken_as_they_are():
    inner = {"number": 5, "text": b"abc"}
    encoded = ssz.Encoded(INNER.serialize(inner), INNER.hash_tree_root(inner))
    for value in ({"inner": inner}, {"inner": encoded}):
        assert_same(OUTER, value, Outer(inner=Inner(**inner)))


def test_merkleize_has_room_for_its_limit_only():
    assert merkleize(b"", 0) == bytes(32)
    assert merkleize(b"\1" * 32, 1) == b"\1" * 32
    assert merkleize(b"\1", 2) == hashlib.sha256(b"\1" + bytes(63)).digest()
    with pytest.raises(ValueError, match="3 chunks do not fit into 2"):
        merkleize(bytes(96), 2)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (ssz.uint64, -1),
        (ssz.uint64, 2**64),
        (ssz.uint8, 256),
        (ssz.Bytes32, bytes(31)),
        (ssz.ByteList(4), bytes(5)),
        (ssz.Bitvector(4), [True] * 5),
        (ssz.Bitlist(4), [True] * 5),
        (ssz.Vector(ssz.uint64, 2), [1]),
        (ssz.Vector(ssz.uint64, 2), bytes(24)),
        (ssz.Vector(ssz.uint64, 2), bytes(15)),
        (ssz.List(ssz.uint64, 2), [1, 2, 3]),
        (ssz.List(ssz.uint64, 2), [2**64]),
        (ssz.List(INNER, 1), [{}, {}]),
        (INNER, {"numbr": 1}),
    ],
)
def test_values_out_of_range_are_refused(type_, value):
    complaint = "fit|due|whole number|no field"
    with pytest.raises(ValueError, match=complaint):
        type_.serialize(value)
    with pytest.raises(ValueError, match=complaint):
        type_.hash_tree_root(value)
