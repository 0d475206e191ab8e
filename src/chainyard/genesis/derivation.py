"""BLS keys from a seed: EIP-2333 (the tree) and EIP-2334 (the paths).

Every step down the tree hashes a whole Lamport key (0.4 ms), so :func:`derive_validator` starts
from the shared ancestor ``m/12381/3600`` and takes the signing key from the withdrawal key above
it: three steps for both, instead of nine.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from chainyard.genesis.bls import CURVE_ORDER

VALIDATORS_PATH = "m/12381/3600"
MAX_INDEX = 2**32 - 1

_K = 32  # digest size
_LAMPORT_LENGTH = 255 * _K
_KEY_LENGTH = 48
_SALT = b"BLS-SIG-KEYGEN-SALT-"
_SHA256 = SHA256()


def derive_master(seed: bytes) -> int:
    """The secret at ``m`` (EIP-2333 ``derive_master_SK``).

    Raises:
        ValueError: a seed of less than 32 bytes.
    """
    if len(seed) < _K:
        raise ValueError(f"a seed has at least {_K} bytes, not {len(seed)}")
    return _hkdf_mod_r(seed)


def derive_child(parent: int, index: int) -> int:
    """The secret of a child (EIP-2333 ``derive_child_SK``).

    Raises:
        ValueError: an index that is not of 32 bits.
    """
    if not 0 <= index <= MAX_INDEX:
        raise ValueError(f"an index is between 0 and {MAX_INDEX}, not {index}")
    salt = index.to_bytes(4, "big")
    secret = parent.to_bytes(_K, "big")
    flipped = bytes(byte ^ 0xFF for byte in secret)
    return _hkdf_mod_r(sha256(_lamport(secret, salt) + _lamport(flipped, salt)).digest())


def derive_path(seed: bytes, path: str) -> int:
    """The secret at an EIP-2334 path, as in ``m/12381/3600/0/0/0``.

    Raises:
        ValueError: not such a path, or a seed too short.
    """
    indices = path_indices(path)
    secret = derive_master(seed)
    for index in indices:
        secret = derive_child(secret, index)
    return secret


def derive_validator(ancestor: int, index: int) -> tuple[int, int]:
    """Signing and withdrawal secret of a validator.

    Args:
        ancestor: the secret at ``m/12381/3600``.
        index: the validator's place in the mnemonic.
    """
    withdrawal = derive_child(derive_child(ancestor, index), 0)
    return derive_child(withdrawal, 0), withdrawal


def path_indices(path: str) -> list[int]:
    """The indices of a path. EIP-2334 has no hardened ones: all are.

    Raises:
        ValueError: not a path.
    """
    root, *parts = path.split("/")
    if root != "m" or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(f"{path!r} is not an EIP-2334 path, as in m/12381/3600/0/0/0")
    return [int(part) for part in parts]


def signing_path(index: int) -> str:
    """EIP-2334 path of a validator's signing key."""
    return f"{VALIDATORS_PATH}/{index}/0/0"


def withdrawal_path(index: int) -> str:
    """EIP-2334 path of a validator's withdrawal key."""
    return f"{VALIDATORS_PATH}/{index}/0"


def _lamport(secret: bytes, salt: bytes) -> bytes:
    """The hashes of the 255 chunks of a Lamport secret, joined."""
    chunks = _expand(_extract(salt, secret), b"", _LAMPORT_LENGTH)
    return b"".join([sha256(chunks[at : at + _K]).digest() for at in range(0, _LAMPORT_LENGTH, _K)])


def _hkdf_mod_r(material: bytes) -> int:
    salt, secret = _SALT, 0
    while not secret:
        salt = sha256(salt).digest()
        key = _extract(salt, material + b"\x00")
        secret = int.from_bytes(_expand(key, _KEY_LENGTH.to_bytes(2, "big"), _KEY_LENGTH), "big")
        secret %= CURVE_ORDER
    return secret


def _extract(salt: bytes, material: bytes) -> bytes:
    return hmac.digest(salt, material, "sha256")


def _expand(key: bytes, info: bytes, length: int) -> bytes:
    return HKDFExpand(_SHA256, length, info).derive(key)
