"""The key cache: found again, extended, encrypted, and never trusted."""

import os
import random
import stat
import subprocess
import sys

import pytest

from chainyard.genesis import keys as keys_module
from chainyard.genesis.key_segments import Segment
from chainyard.genesis.keycache import MAGIC, KeyCache
from chainyard.genesis.keys import derive_validators

MNEMONIC = "abandon " * 11 + "about"
OTHER = "legal winner thank year wave sausage worth useful legal winner thank yellow"
SEED, OTHER_SEED = b"s" * 64, b"o" * 64


@pytest.fixture
def notices():
    return []


@pytest.fixture
def cache(tmp_path, notices):
    return KeyCache(tmp_path / "cache" / "keys", notices.append)


@pytest.fixture
def derived(monkeypatch):
    """The ranges that were really derived."""
    ranges = []
    derive = keys_module.derive_ranges

    def recording(ancestor, wanted):
        ranges.extend(wanted)
        return derive(ancestor, wanted)

    monkeypatch.setattr(keys_module, "derive_ranges", recording)
    return ranges


def random_segment(start, count, seed=0):
    rng = random.Random(seed)
    return Segment(*(start, *(rng.randbytes(count * size) for size in (32, 48, 48))))


def only_file(cache):
    (path,) = cache.directory.glob("*.keys")
    return path


def test_a_second_network_derives_nothing(cache, derived, notices):
    first = derive_validators(MNEMONIC, 0, 6, cache=cache)
    assert derived == [(0, 6)]
    assert derive_validators(MNEMONIC, 0, 6, cache=cache) == first
    assert derive_validators(MNEMONIC, 2, 3, cache=cache) == first.part(2, 3)
    assert derived == [(0, 6)]
    assert notices == []


def test_progress_is_not_called_for_cached_keys(cache):
    derive_validators(MNEMONIC, 0, 2, cache=cache)
    derive_validators(MNEMONIC, 0, 2, cache=cache, progress=lambda *_: pytest.fail("called"))


def test_only_missing_keys_are_derived(cache, derived):
    derive_validators(MNEMONIC, 2, 3, cache=cache)
    everything = derive_validators(MNEMONIC, 0, 8, cache=cache)
    assert derived == [(2, 5), (0, 2), (5, 8)]
    assert everything == derive_validators(MNEMONIC, 0, 8, cache=None)


def test_ranges_far_apart_are_kept_apart(cache, derived):
    derive_validators(MNEMONIC, 1000, 2, cache=cache)
    derive_validators(MNEMONIC, 0, 2, cache=cache)
    derive_validators(MNEMONIC, 1000, 2, cache=cache)
    assert derived == [(1000, 1002), (0, 2)]


def test_mnemonics_do_not_mix(cache, derived):
    one = derive_validators(MNEMONIC, 0, 1, cache=cache)
    other = derive_validators(OTHER, 0, 1, cache=cache)
    assert one.pubkeys != other.pubkeys
    assert len(list(cache.directory.glob("*.keys"))) == 2


def test_what_was_derived_before_ctrl_c_is_kept(cache, derived):
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        derive_validators(MNEMONIC, 0, 40, cache=cache, progress=interrupt)
    derive_validators(MNEMONIC, 0, 40, cache=cache)
    assert derived == [(0, 40), (32, 40)]


def test_modes(cache):
    cache.store(SEED, [random_segment(0, 1)])
    assert stat.S_IMODE(cache.directory.stat().st_mode) == 0o700
    for path in cache.directory.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_open_to_others_is_closed(cache):
    cache.directory.mkdir(parents=True)
    cache.directory.chmod(0o755)
    cache.store(SEED, [random_segment(0, 1)])
    assert stat.S_IMODE(cache.directory.stat().st_mode) == 0o700


def test_the_file_reveals_nothing(cache):
    segment = random_segment(0, 4)
    cache.store(SEED, [segment])
    path = only_file(cache)
    data = path.read_bytes()
    for column, size in (
        (segment.secrets, 32),
        (segment.pubkeys, 48),
        (segment.withdrawal_pubkeys, 48),
    ):
        assert all(column[at : at + size] not in data for at in range(0, len(column), size))
    assert SEED not in data
    assert SEED.hex()[:8] not in path.name


def test_the_same_keys_are_never_encrypted_with_the_same_nonce(cache):
    cache.store(SEED, [random_segment(0, 1)])
    first = only_file(cache).read_bytes()
    cache.store(SEED, [random_segment(0, 1)])
    assert only_file(cache).read_bytes()[8:20] != first[8:20]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"something else",
        lambda data: data[:5],
        lambda data: data[:20],
        lambda data: data[:-1],
        lambda data: data + b"\x00",
        lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
        lambda data: b"CYKEYS\x00\x02" + data[8:],
        lambda data: MAGIC + os.urandom(200),
    ],
)
def test_a_damaged_file_is_said_and_made_again(cache, derived, notices, damage):
    expected = derive_validators(MNEMONIC, 0, 2, cache=cache)
    path = only_file(cache)
    path.write_bytes(damage(path.read_bytes()))
    assert derive_validators(MNEMONIC, 0, 2, cache=cache) == expected
    assert derived == [(0, 2), (0, 2)]
    assert str(path) in notices[0]
    assert "derived again" in notices[0]
    notices.clear()
    assert derive_validators(MNEMONIC, 0, 2, cache=cache) == expected
    assert notices == []


def test_another_mnemonics_file_is_not_taken(cache, notices):
    cache.store(SEED, [random_segment(0, 3)])
    only_file(cache).rename(cache._path(OTHER_SEED))
    assert cache.load(OTHER_SEED) == ()
    assert "another mnemonic" in notices[0]


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path, notices):
    (tmp_path / "file").write_text("in the way")
    cache = KeyCache(tmp_path / "file" / "keys", notices.append)
    assert len(derive_validators(MNEMONIC, 0, 1, cache=cache)) == 1
    assert "cannot be written" in notices[-1]


def test_a_folder_in_place_of_the_file_is_no_error(cache, notices):
    cache._path(SEED).mkdir(parents=True)
    assert cache.load(SEED) == ()
    assert "cannot be read" in notices[0]
    cache.store(SEED, [random_segment(0, 1)])
    assert "cannot be written" in notices[-1]
    assert list(cache.directory.glob(".*")) == []  # no half-written files stay


def test_a_failed_write_leaves_the_old_file(cache, notices, monkeypatch):
    cache.store(SEED, [random_segment(0, 1)])
    before = only_file(cache).read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    cache.store(SEED, [random_segment(1, 1)])
    assert only_file(cache).read_bytes() == before
    assert "No space left" in notices[0]
    assert list(cache.directory.glob(".*")) == []


WRITER = """
import sys
from pathlib import Path
from chainyard.genesis.key_segments import Segment
from chainyard.genesis.keycache import KeyCache

def problem(text):
    raise SystemExit(text)

cache = KeyCache(Path(sys.argv[1]), problem)
for index in range(int(sys.argv[2]), 40, 2):
    cache.store(b"s" * 64, [Segment(index, bytes([index]) * 32, bytes(48), bytes(48))])
    cache.load(b"s" * 64)
"""


def test_two_processes_at_once_lose_nothing(cache, notices):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, cache.directory, str(first)])
        for first in (0, 1)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    (segment,) = cache.load(SEED)
    assert segment.secrets == b"".join(bytes([index]) * 32 for index in range(40))
    assert notices == []


def test_a_hundred_thousand_keys_come_back(cache):
    segment = random_segment(7, 100_000)
    cache.store(SEED, [segment])
    assert cache.load(SEED) == (segment,)
