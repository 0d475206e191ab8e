"""BLS signatures as the consensus layer uses them: public keys in G1, signatures in G2.

Consensus specification, phase0 "BLS signatures": the proof-of-possession ciphersuite of
draft-irtf-cfrg-bls-signature-04. Secrets are integers, points are compressed bytes.
"""

from __future__ import annotations

from collections.abc import Iterable

from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar

CURVE_ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
PUBLIC_KEY_LENGTH = 48
SIGNATURE_LENGTH = 96

_DST = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"


def public_key(secret: int | bytes) -> bytes:
    """The 48-byte public key of a secret (an integer, or 32 bytes big-endian).

    Raises:
        ValueError: the secret is not between 1 and the order of the curve.
    """
    return (G1Point() * _scalar(secret)).to_compressed_bytes()


def aggregate_public_keys(public_keys: Iterable[bytes]) -> bytes:
    """The sum of public keys (``eth_aggregate_pubkeys``, Altair), as in a sync committee.

    Raises:
        ValueError: there are none, or one is not a point of the group or is the identity.
    """
    known: dict[bytes, G1Point] = {}  # a committee of a small network repeats its members
    total = G1Point.identity()
    for key in public_keys:
        if key not in known:
            known[key] = _public_point(key)
        total += known[key]
    if not known:
        raise ValueError("no public keys to aggregate")
    return total.to_compressed_bytes()


def sign(secret: int | bytes, message: bytes) -> bytes:
    """The 96-byte signature of a message (in Ethereum: of a 32-byte signing root)."""
    return (_message_point(message) * _scalar(secret)).to_compressed_bytes()


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is the key's over the message. Malformed input is False."""
    try:
        key = _public_point(public_key)
        if len(signature) != SIGNATURE_LENGTH:
            return False
        point = G2Point.from_compressed_bytes(signature)
    except ValueError:
        return False
    # e(pk, H(m)) == e(g1, sig), as one check: e(pk, H(m)) * e(-g1, sig) == 1
    return GT.pairing_check([key, -G1Point()], [_message_point(message), point])


def _message_point(message: bytes) -> G2Point:
    return G2Point.hash_to_curve(message, _DST)


def _scalar(secret: int | bytes) -> Scalar:
    value = int.from_bytes(secret, "big") if isinstance(secret, bytes) else secret
    if not 0 < value < CURVE_ORDER:
        raise ValueError("a BLS secret is between 1 and the order of the curve")
    return Scalar.from_be_bytes(value.to_bytes(32, "big"))


def _public_point(key: bytes) -> G1Point:
    """The point of a public key, checked as ``KeyValidate`` does."""
    if len(key) != PUBLIC_KEY_LENGTH:
        raise ValueError(f"a BLS public key has {PUBLIC_KEY_LENGTH} bytes, not {len(key)}")
    point = G1Point.from_compressed_bytes(key)
    if point == G1Point.identity():
        raise ValueError("a BLS public key cannot be the identity")
    return point
