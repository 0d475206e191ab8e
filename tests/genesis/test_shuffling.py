"""Shuffling and sampling against the specification's own, slow functions."""

import random

import pytest

from chainyard.genesis import shuffling
from chainyard.genesis.shuffling import Sampler, compute_shuffled_permutation, shuffled_indices
from tests.genesis.sampling_oracle import accepted, compute_shuffled_index, sha, take

MAX_ELECTRA = 2048 * 10**9
ETH = 10**9


@pytest.mark.parametrize("rounds", [0, 1, 10, 90])
@pytest.mark.parametrize("count", [1, 2, 3, 7, 64, 255, 256, 257, 600])
def test_permutations(count, rounds):
    seed = sha(bytes([count % 256, rounds]))
    expected = [compute_shuffled_index(i, count, seed, rounds) for i in range(count)]
    assert list(compute_shuffled_permutation(count, seed, rounds)) == expected
    assert list(shuffling._permutation_numpy(count, seed, rounds)) == expected
    assert list(map(shuffled_indices(count, seed, rounds), range(count))) == expected


def test_a_large_permutation_is_one():
    count = shuffling._NUMPY_FROM + 1
    order = compute_shuffled_permutation(count, sha(b"large"), 90)
    assert sorted(order) == list(range(count))
    lookup = shuffled_indices(count, sha(b"large"), 90)
    for index in (0, 1, count // 2, count - 1):
        assert order[index] == lookup(index)


@pytest.mark.parametrize("count", [5, 64, 300])
@pytest.mark.parametrize(("wide", "maximum"), [(False, 32 * ETH), (True, MAX_ELECTRA)])
def test_committees_and_proposers(wide, maximum, count):
    drawn = random.Random(count)
    balances = [drawn.choice([16, 31, 32, 64, 2048]) * ETH for _ in range(count)]
    active = [index for index in range(count) if drawn.random() < 0.8]
    sampler = Sampler(active, balances, max_effective_balance=maximum, wide=wide, rounds=10)
    seed = sha(b"committee")
    rules = {"wide": wide, "maximum": maximum, "rounds": 10}
    assert sampler.sync_committee(seed, 32) == take(accepted(active, balances, seed, **rules), 32)
    for slot in range(8):
        seed = sha(bytes([slot]))
        assert sampler.proposer(seed) == next(accepted(active, balances, seed, **rules))


def test_nobody_to_draw_from_is_refused():
    with pytest.raises(ValueError, match="no active validators"):
        Sampler([], [], max_effective_balance=1, wide=True, rounds=90)
