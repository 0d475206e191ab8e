"""Forks: names, versions, domains and digests.

Sources: consensus-specs phase0/beacon-chain.md (compute_domain, compute_fork_data_root),
fulu/beacon-chain.md (EIP-7892: get_blob_parameters, compute_fork_digest), phase0/p2p-interface.md
(ENRForkID).

``config`` is always the consensus config as in config.yaml: upper-case keys, epochs as ints,
versions as 0x-strings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeAlias

Config: TypeAlias = Mapping[str, Any]

FORKS = (
    "phase0",
    "altair",
    "bellatrix",
    "capella",
    "deneb",
    "electra",
    "fulu",
    "gloas",
    "heze",
)
FAR_FUTURE_EPOCH = 2**64 - 1

DOMAIN_BEACON_PROPOSER = bytes.fromhex("00000000")
DOMAIN_DEPOSIT = bytes.fromhex("03000000")
DOMAIN_SYNC_COMMITTEE = bytes.fromhex("07000000")


@dataclass(frozen=True)
class BlobParameters:
    """What bounds blobs since ``epoch`` (EIP-7892)."""

    epoch: int
    max_blobs_per_block: int


def fork_index(fork: str) -> int:
    """The position of a fork: later forks compare greater."""
    return FORKS.index(fork)


def since(fork: str, first: str) -> bool:
    """Whether ``fork`` is ``first`` or a later one."""
    return fork_index(fork) >= fork_index(first)


def previous_fork(fork: str) -> str:
    """The fork before; phase0 comes before itself."""
    return FORKS[max(fork_index(fork) - 1, 0)]


def fork_version(config: Config, fork: str) -> bytes:
    """The four bytes that a config gives a fork."""
    key = "GENESIS_FORK_VERSION" if fork == "phase0" else f"{fork.upper()}_FORK_VERSION"
    return bytes.fromhex(str(config[key]).removeprefix("0x"))


def fork_epoch(config: Config, fork: str) -> int:
    """The epoch at which a fork begins; 2**64 - 1 if it is not scheduled."""
    if fork == "phase0":
        return 0
    return int(config.get(f"{fork.upper()}_FORK_EPOCH", FAR_FUTURE_EPOCH))


def fork_at(config: Config, epoch: int) -> str:
    """The newest fork that has begun at ``epoch``."""
    return next(fork for fork in reversed(FORKS) if fork_epoch(config, fork) <= epoch)


def compute_fork_data_root(version: bytes, validators_root: bytes) -> bytes:
    """hash_tree_root(ForkData(current_version, genesis_validators_root))."""
    return sha256(version.ljust(32, b"\0") + validators_root).digest()


def compute_domain(domain_type: bytes, version: bytes, validators_root: bytes) -> bytes:
    """The 32 bytes that a signature of this type is bound to."""
    return domain_type + compute_fork_data_root(version, validators_root)[:28]


def blob_parameters(config: Config, epoch: int) -> BlobParameters:
    """get_blob_parameters: the newest entry of BLOB_SCHEDULE, or what Electra set."""
    entries = [
        BlobParameters(int(entry["EPOCH"]), int(entry["MAX_BLOBS_PER_BLOCK"]))
        for entry in config.get("BLOB_SCHEDULE", ())
        if int(entry["EPOCH"]) <= epoch
    ]
    electra = BlobParameters(
        fork_epoch(config, "electra"), int(config["MAX_BLOBS_PER_BLOCK_ELECTRA"])
    )
    return max(entries, key=lambda entry: entry.epoch, default=electra)


def compute_fork_digest(config: Config, validators_root: bytes, epoch: int) -> bytes:
    """The four bytes that tell networks and forks apart on the p2p layer.

    From Fulu on, the blob parameters are mixed in, so a blob-parameter-only fork has a digest of
    its own (EIP-7892).
    """
    fork = fork_at(config, epoch)
    digest = compute_fork_data_root(fork_version(config, fork), validators_root)[:4]
    if not since(fork, "fulu"):
        return digest
    blobs = blob_parameters(config, epoch)
    mask = sha256(_uint64(blobs.epoch) + _uint64(blobs.max_blobs_per_block)).digest()
    return bytes(left ^ right for left, right in zip(digest, mask[:4], strict=True))


def enr_fork_id(config: Config, validators_root: bytes, epoch: int = 0) -> bytes:
    """The 16 bytes of the ``eth2`` entry of a node record: digest, next version, next epoch.

    Before Fulu the next epoch is that of the next fork; from Fulu on, a blob-parameter-only fork
    counts too (fulu/p2p-interface.md). Nothing scheduled: the current version, FAR_FUTURE_EPOCH.
    """
    coming = [fork_epoch(config, fork) for fork in FORKS]
    if since(fork_at(config, epoch), "fulu"):
        coming += [int(entry["EPOCH"]) for entry in config.get("BLOB_SCHEDULE", ())]
    following = min((at for at in coming if at > epoch), default=FAR_FUTURE_EPOCH)
    version = fork_version(
        config, fork_at(config, epoch if following == FAR_FUTURE_EPOCH else following)
    )
    return compute_fork_digest(config, validators_root, epoch) + version + _uint64(following)


def _uint64(value: int) -> bytes:
    return value.to_bytes(8, "little")
