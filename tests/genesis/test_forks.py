"""Fork versions, domains and digests."""

import hashlib

import pytest

from chainyard.genesis import forks

FAR = forks.FAR_FUTURE_EPOCH
# Mainnet: its digests are published (clients log them, the p2p specification's tests list them).
MAINNET_ROOT = bytes.fromhex("4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95")
MAINNET = {
    "GENESIS_FORK_VERSION": "0x00000000",
    "ALTAIR_FORK_VERSION": "0x01000000",
    "ALTAIR_FORK_EPOCH": 74240,
    "BELLATRIX_FORK_VERSION": "0x02000000",
    "BELLATRIX_FORK_EPOCH": 144896,
    "CAPELLA_FORK_VERSION": "0x03000000",
    "CAPELLA_FORK_EPOCH": 194048,
    "DENEB_FORK_VERSION": "0x04000000",
    "DENEB_FORK_EPOCH": 269568,
    "ELECTRA_FORK_VERSION": "0x05000000",
    "ELECTRA_FORK_EPOCH": 364032,
    "FULU_FORK_VERSION": "0x06000000",
    "FULU_FORK_EPOCH": 411392,
    "MAX_BLOBS_PER_BLOCK_ELECTRA": 9,
    "BLOB_SCHEDULE": [
        {"EPOCH": 412672, "MAX_BLOBS_PER_BLOCK": 15},
        {"EPOCH": 419072, "MAX_BLOBS_PER_BLOCK": 21},
    ],
}


@pytest.mark.parametrize(
    ("epoch", "digest"),
    [
        (0, "b5303f2a"),
        (74240, "afcaaba0"),
        (144896, "4a26c58b"),
        (194048, "bba4da96"),
        (269568, "6a95a1a9"),
        (364032, "ad532ceb"),
        (412671, "cc2c5cdb"),
        (412672, "cb0d1acc"),
        (419072, "8c9f62fe"),
    ],
)
def test_mainnet_digests(epoch, digest):
    assert forks.compute_fork_digest(MAINNET, MAINNET_ROOT, epoch).hex() == digest


def test_the_fulu_digest_mixes_in_the_blob_parameters():
    base = forks.compute_fork_data_root(bytes.fromhex("06000000"), MAINNET_ROOT)[:4]
    for epoch, since, blobs in ((411392, 364032, 9), (412672, 412672, 15), (10**6, 419072, 21)):
        mask = hashlib.sha256(since.to_bytes(8, "little") + blobs.to_bytes(8, "little")).digest()
        expected = bytes(a ^ b for a, b in zip(base, mask, strict=False))
        assert forks.compute_fork_digest(MAINNET, MAINNET_ROOT, epoch) == expected


def test_blob_parameters():
    assert forks.blob_parameters(MAINNET, 0) == forks.BlobParameters(364032, 9)
    assert forks.blob_parameters(MAINNET, 419071) == forks.BlobParameters(412672, 15)
    assert forks.blob_parameters(MAINNET, 419072) == forks.BlobParameters(419072, 21)


def test_enr_fork_id_names_the_next_fork():
    entry = forks.enr_fork_id(MAINNET, MAINNET_ROOT, 300000)
    assert entry == bytes.fromhex("6a95a1a905000000") + (364032).to_bytes(8, "little")


def test_enr_fork_id_counts_blob_forks_since_fulu():
    assert forks.enr_fork_id(MAINNET, MAINNET_ROOT, 400000)[8:] == (411392).to_bytes(8, "little")
    at_fulu = forks.enr_fork_id(MAINNET, MAINNET_ROOT, 411392)
    assert at_fulu[4:] == bytes.fromhex("06000000") + (412672).to_bytes(8, "little")


def test_enr_fork_id_with_nothing_ahead():
    last = forks.enr_fork_id(MAINNET, MAINNET_ROOT, 10**6)
    assert last[4:] == bytes.fromhex("06000000") + b"\xff" * 8


def test_the_newest_of_forks_at_one_epoch_counts():
    config = MAINNET | {f"{fork.upper()}_FORK_EPOCH": 0 for fork in forks.FORKS[1:6]}
    assert forks.fork_at(config, 0) == "electra"
    assert forks.fork_at(config, 411392) == "fulu"
    assert forks.fork_epoch(config, "heze") == FAR


def test_domains():
    # A deposit's domain on mainnet: GENESIS_FORK_VERSION, a zero root.
    domain = forks.compute_domain(forks.DOMAIN_DEPOSIT, bytes(4), bytes(32))
    assert domain.hex() == "03000000f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a9"


def test_order_of_forks():
    assert forks.since("fulu", "electra")
    assert forks.since("electra", "electra")
    assert not forks.since("deneb", "electra")
    assert forks.previous_fork("altair") == forks.previous_fork("phase0") == "phase0"
    with pytest.raises(ValueError, match="not in tuple"):
        forks.since("shanghai", "electra")
