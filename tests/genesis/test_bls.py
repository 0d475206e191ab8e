"""BLS against the consensus layer's own vectors (ethereum/bls12-381-tests) and py_ecc."""

import pytest

from chainyard.genesis import bls

SECRET = 0x263DBD792F5B1BE47ED85F8938C0F29586AF0D3AC7B977F21C278FE1462040E3
PUBLIC = bytes.fromhex(
    "a491d1b0ecd9bb917989f0e74f0dea0422eac4a873e5e2644f368dffb9a6e20f"
    "d6e10c1b77654d067c0618f6e5a7f79a"
)
ZERO_MESSAGE = bytes(32)
SIGNATURE = bytes.fromhex(
    "b6ed936746e01f8ecf281f020953fbf1f01debd5657c4a383940b020b26507f6"
    "076334f91e2366c96e9ab279fb5158090352ea1c5b0c9274504f4f0e7053af24"
    "802e51e4568d164fe986834f41e55c8e850ce1f98458c0cfc9ab380b55285a55"
)
INFINITY = b"\xc0" + bytes(47)


def test_public_key_of_the_official_vector():
    assert bls.public_key(SECRET) == PUBLIC
    assert bls.public_key(SECRET.to_bytes(32, "big")) == PUBLIC


def test_signature_of_the_official_vector():
    assert bls.sign(SECRET, ZERO_MESSAGE) == SIGNATURE
    assert bls.verify(PUBLIC, ZERO_MESSAGE, SIGNATURE)


def test_a_signature_is_of_one_message_and_one_key():
    assert not bls.verify(PUBLIC, b"\x01" * 32, SIGNATURE)
    assert not bls.verify(bls.public_key(SECRET + 1), ZERO_MESSAGE, SIGNATURE)
    assert not bls.verify(PUBLIC, ZERO_MESSAGE, bls.sign(SECRET + 1, ZERO_MESSAGE))


@pytest.mark.parametrize("public", [b"", PUBLIC[:-1], PUBLIC + b"\x00", INFINITY, bytes(48)])
def test_malformed_public_keys_verify_nothing(public):
    assert bls.verify(public, ZERO_MESSAGE, SIGNATURE) is False


@pytest.mark.parametrize("signature", [b"", SIGNATURE[:-1], bytes(96), b"\xff" * 96])
def test_malformed_signatures_are_false(signature):
    assert bls.verify(PUBLIC, ZERO_MESSAGE, signature) is False


@pytest.mark.parametrize("secret", [0, bls.CURVE_ORDER, -1, bytes(32), b"\xff" * 32])
def test_secrets_out_of_range_are_refused(secret):
    with pytest.raises(ValueError, match="between 1 and the order"):
        bls.public_key(secret)


def test_aggregate_is_the_sum_of_the_secrets():
    keys = [bls.public_key(secret) for secret in (3, 5, 3)]
    assert bls.aggregate_public_keys(keys) == bls.public_key(11)


def test_aggregate_agrees_with_py_ecc():
    from py_ecc.bls import G2ProofOfPossession

    keys = [bls.public_key(secret) for secret in (SECRET, 2)]
    assert bls.aggregate_public_keys(keys) == G2ProofOfPossession._AggregatePKs(keys)


@pytest.mark.parametrize("keys", [[], [b""], [INFINITY], [PUBLIC, bytes(48)]])
def test_aggregates_of_nothing_or_of_no_keys_are_refused(keys):
    with pytest.raises(ValueError, match=r"."):
        bls.aggregate_public_keys(keys)
