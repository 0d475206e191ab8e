"""State tries: published vectors, and the shapes that a trie can have."""

import pytest

from chainyard.genesis import rlp
from chainyard.genesis.keccak import keccak
from chainyard.genesis.trie import EMPTY_ROOT, secure_root


def test_the_empty_trie():
    assert secure_root({}) == EMPTY_ROOT == keccak(rlp.encode(b""))


# ethereum/tests, TrieTests/trietest_secureTrie.json
VECTORS = {
    "emptyValues": (
        {b"do": b"verb", b"horse": b"stallion", b"doge": b"coin", b"dog": b"puppy"},
        "29b235a58c3c25ab83010c327d5932bcf05324b7d6b1185e650798034783ca9d",
    ),
    "foo": (
        {b"foo": b"bar", b"food": b"bass"},
        "1385f23a33021025d9e87cca5c66c00de06178807b96a9acc92b7d651ccde842",
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_vectors_of_ethereum_tests(name):
    entries, root = VECTORS[name]
    assert secure_root(entries).hex() == root


def test_one_entry_is_one_leaf():
    # An even path: flag 2, then the whole hashed key.
    leaf = [b"\x20" + keccak(b"key"), b"value"]
    assert secure_root({b"key": b"value"}) == keccak(rlp.encode(leaf))


def test_order_does_not_matter_and_every_entry_does():
    entries = {bytes([number]) * 20: bytes([number + 1]) for number in range(200)}
    root = secure_root(entries)
    assert secure_root(dict(reversed(entries.items()))) == root
    for key in (bytes(20), b"\x63" * 20):
        assert secure_root(entries | {key: b"other"}) != root
        assert secure_root({name: item for name, item in entries.items() if name != key}) != root


def test_empty_values_are_refused():
    with pytest.raises(ValueError, match="no empty values"):
        secure_root({b"key": b""})
