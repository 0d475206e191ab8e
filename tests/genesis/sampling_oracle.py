"""The sampling functions of the specification, slow and plain: the oracle for ours."""

import hashlib


def sha(data):
    return hashlib.sha256(data).digest()


def compute_shuffled_index(index, index_count, seed, rounds):
    """phase0/beacon-chain.md, word for word in meaning."""
    for current_round in range(rounds):
        pivot = int.from_bytes(sha(seed + bytes([current_round]))[:8], "little") % index_count
        flip = (pivot + index_count - index) % index_count
        position = max(index, flip)
        source = sha(seed + bytes([current_round]) + (position // 256).to_bytes(4, "little"))
        byte = source[(position % 256) // 8]
        index = flip if (byte >> (position % 8)) % 2 else index
    return index


def accepted(active, balances, seed, *, wide, maximum, rounds):
    """The common loop of compute_proposer_index and get_next_sync_committee_indices."""
    i = 0
    while True:
        total = len(active)
        candidate = active[compute_shuffled_index(i % total, total, seed, rounds)]
        if wide:
            drawn = sha(seed + (i // 16).to_bytes(8, "little"))
            value = int.from_bytes(drawn[i % 16 * 2 : i % 16 * 2 + 2], "little")
            top = 2**16 - 1
        else:
            value, top = sha(seed + (i // 32).to_bytes(8, "little"))[i % 32], 2**8 - 1
        if balances[candidate] * top >= maximum * value:
            yield candidate
        i += 1


def take(iterator, count):
    return [next(iterator) for _ in range(count)]
