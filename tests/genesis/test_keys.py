"""Deriving validator keys: alone, in helpers, interrupted, and with failing helpers."""

import subprocess
import sys
import threading

import pytest

from chainyard.errors import RequestError
from chainyard.genesis import bls, key_pool, key_worker
from chainyard.genesis.derivation import VALIDATORS_PATH, derive_path
from chainyard.genesis.key_segments import Segment, join, merge, missing, select
from chainyard.genesis.keys import derive_validators
from chainyard.genesis.mnemonics import mnemonic_seed

MNEMONIC = "abandon " * 11 + "about"
ANCESTOR = derive_path(mnemonic_seed(MNEMONIC), VALIDATORS_PATH)


def fake_segment(start, stop):
    def column(size):
        return b"".join(index.to_bytes(size, "big") for index in range(start, stop))

    return Segment(start, column(32), column(48), column(48))


@pytest.fixture
def pool_for_all(monkeypatch):
    """Helpers for any number of keys, two keys at a time."""
    monkeypatch.setattr(key_pool, "POOL_PAYS_FROM", 1)
    monkeypatch.setattr(key_pool, "CHUNK", 2)
    monkeypatch.setattr(key_pool, "cores", lambda: 3)


@pytest.fixture
def helpers(monkeypatch):
    """The helper processes that were started."""
    started = []
    start = key_pool._start_helper

    def recording():
        process = start()
        started.append(process)
        return process

    monkeypatch.setattr(key_pool, "_start_helper", recording)
    return started


def test_keys_are_those_of_the_paths():
    keys = derive_validators(MNEMONIC, 3, 2, cache=None)
    seed = mnemonic_seed(MNEMONIC)
    assert len(keys) == 2
    for index in range(2):
        signing = derive_path(seed, f"m/12381/3600/{index + 3}/0/0")
        withdrawal = derive_path(seed, f"m/12381/3600/{index + 3}/0")
        assert keys.secret(index) == signing.to_bytes(32, "big")
        assert keys.pubkey(index) == bls.public_key(signing)
        assert keys.withdrawal_pubkey(index) == bls.public_key(withdrawal)
    assert keys.pubkey_list() == [keys.pubkey(0), keys.pubkey(1)]
    assert keys.secret_list() == [keys.secret(0), keys.secret(1)]
    assert keys.withdrawal_pubkey_list() == [keys.withdrawal_pubkey(0), keys.withdrawal_pubkey(1)]


def test_withdrawal_credentials_of_the_default_mnemonic():
    from hashlib import sha256

    mnemonic = (
        "giant issue aisle success illegal bike spike question tent bar rely arctic volcano long "
        "crawl hungry vocal artwork sniff fantasy very lucky have athlete"
    )
    keys = derive_validators(mnemonic, 0, 1, cache=None)
    credentials = b"\x00" + sha256(keys.withdrawal_pubkey(0)).digest()[1:]
    assert credentials.hex() == "0048281f02e108ec495e48a25d2adb4732df75bf5750c060ff31c864c053d28d"


def test_no_keys_are_no_keys():
    keys = derive_validators(MNEMONIC, 5, 0, cache=None)
    assert len(keys) == 0
    assert keys.pubkey_list() == []


def test_secrets_are_not_shown():
    keys = derive_validators(MNEMONIC, 0, 1, cache=None)
    assert keys.secret(0).hex() not in repr(keys)
    assert repr(keys.secret(0)) not in repr(keys)


@pytest.mark.parametrize(("start", "count"), [(-1, 2), (0, -1), (2**32, 1), (2**32 - 1, 2)])
def test_indices_out_of_range_are_refused(start, count):
    with pytest.raises(ValueError, match="validator indices"):
        derive_validators(MNEMONIC, start, count, cache=None)


def test_the_last_index_is_taken():
    assert len(derive_validators(MNEMONIC, 2**32 - 1, 1, cache=None)) == 1


def test_a_bad_mnemonic_names_its_key():
    with pytest.raises(RequestError, match=r"additional_mnemonics\[0\].mnemonic: "):
        derive_validators("not one", 0, 1, cache=None, key="additional_mnemonics[0].mnemonic")


@pytest.mark.parametrize("index", [-1, 2])
def test_a_key_that_is_not_there(index):
    keys = derive_validators(MNEMONIC, 0, 2, cache=None)
    with pytest.raises(IndexError):
        keys.pubkey(index)


def test_a_part_is_a_nodes_keys():
    keys = derive_validators(MNEMONIC, 2, 4, cache=None)
    part = keys.part(3, 2)
    assert (part.start, part.pubkey_list()) == (3, keys.pubkey_list()[1:3])
    assert part.secret(0) == keys.secret(1)
    assert len(keys.part(6, 0)) == 0


@pytest.mark.parametrize(("first", "count"), [(1, 2), (5, 2), (3, -1), (7, 0)])
def test_a_part_that_is_not_there(first, count):
    keys = derive_validators(MNEMONIC, 2, 4, cache=None)
    with pytest.raises(IndexError):
        keys.part(first, count)


def test_helpers_derive_the_same_keys(pool_for_all, helpers):
    alone = key_worker.derive_segment(ANCESTOR, 0, 40)
    pooled = merge(key_pool.derive_ranges(ANCESTOR, [(0, 15), (15, 40)]))
    assert pooled == (alone,)
    assert len(helpers) == 2
    assert all(process.returncode is not None for process in helpers)


def test_helpers_do_work(pool_for_all, helpers, monkeypatch):
    """This process refuses to derive, so all keys come from helpers."""
    monkeypatch.setattr(key_pool, "_own_chunk", lambda ancestor, chunks: None)
    assert merge(key_pool.derive_ranges(ANCESTOR, [(0, 12)])) == (
        key_worker.derive_segment(ANCESTOR, 0, 12),
    )


@pytest.mark.parametrize("program", ["pass", "import sys; sys.stdin.buffer.read(9)", "1/0"])
def test_helpers_that_end_early_are_made_up_for(pool_for_all, monkeypatch, program):
    def useless():
        return subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    monkeypatch.setattr(key_pool, "_start_helper", useless)
    segments = merge(key_pool.derive_ranges(ANCESTOR, [(0, 12)]))
    assert segments == (key_worker.derive_segment(ANCESTOR, 0, 12),)


def test_no_helpers_can_be_started(pool_for_all, monkeypatch):
    def refused():
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(key_pool, "_start_helper", refused)
    assert len(derive_validators(MNEMONIC, 0, 6, cache=None)) == 6


def test_ctrl_c_ends_the_helpers(pool_for_all, helpers):
    before = threading.active_count()

    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        derive_validators(MNEMONIC, 0, 400, cache=None, progress=interrupt)
    assert len(helpers) == 2
    assert all(process.returncode is not None for process in helpers)
    assert threading.active_count() == before


def test_small_jobs_start_no_helpers(helpers):
    derive_validators(MNEMONIC, 0, 4, cache=None)
    assert helpers == []


def test_a_worker_is_a_program_that_ends_with_its_input():
    task = ANCESTOR.to_bytes(32, "big") + (7).to_bytes(4, "big") + (9).to_bytes(4, "big")
    done = subprocess.run(
        [sys.executable, "-m", "chainyard.genesis.key_worker"],
        input=task + b"half",
        stdout=subprocess.PIPE,
        timeout=60,
        check=True,
    )
    assert Segment.from_bytes(7, done.stdout) == key_worker.derive_segment(ANCESTOR, 7, 9)


def test_progress_counts_up_to_the_total():
    seen = []
    derive_validators(MNEMONIC, 0, 40, cache=None, progress=lambda *step: seen.append(step))
    assert seen == [(32, 40), (40, 40)]


def test_merging_joins_sorts_and_drops_duplicates():
    parts = [fake_segment(10, 12), fake_segment(0, 4), fake_segment(2, 6), fake_segment(6, 7)]
    assert merge([*parts, fake_segment(1, 3), fake_segment(5, 5)]) == (
        fake_segment(0, 7),
        fake_segment(10, 12),
    )


@pytest.mark.parametrize(
    ("wanted", "gaps"),
    [
        ((0, 20), [(0, 2), (5, 8), (9, 20)]),
        ((2, 5), []),
        ((3, 9), [(5, 8)]),
        ((20, 22), [(20, 22)]),
        ((4, 4), []),
    ],
)
def test_missing_ranges(wanted, gaps):
    known = (fake_segment(2, 5), fake_segment(8, 9))
    assert list(missing(known, *wanted)) == gaps


def test_selecting_what_is_not_there_is_refused():
    known = (fake_segment(2, 5), fake_segment(8, 9))
    assert select(known, 3, 5) == fake_segment(3, 5)
    for start, stop in [(0, 3), (4, 6), (4, 9), (10, 11)]:
        with pytest.raises(ValueError, match=r"not all there|without a gap"):
            select(known, start, stop)


def test_segments_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="without a gap"):
        join([fake_segment(0, 2), fake_segment(3, 4)])
    with pytest.raises(ValueError, match="differ in length"):
        Segment(0, bytes(64), bytes(48), bytes(96))
    with pytest.raises(ValueError, match="whole number"):
        Segment.from_bytes(0, bytes(129))
