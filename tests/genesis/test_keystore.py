"""EIP-2335: its two vectors, and what does not open."""

import copy
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainyard.errors import RequestError
from chainyard.genesis import bls
from chainyard.genesis.keystore import decrypt, encode_password, encrypt, keystore

# The EIP writes it in mathematical Fraktur, which NFKD turns into Latin letters.
PASSWORD = "".join(chr(0x1D51E + ord(letter) - ord("a")) for letter in "testpassword") + "🔑"
SECRET = bytes.fromhex("000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f")
PUBKEY = (
    "9612d7a727c9d0a22e185a1c768478dfe919cada9266988cb32359c11f2b7b27"
    "f4ae4040902382ae2910c15e2b420d07"
)
SALT = "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"
SCRYPT = {
    "crypto": {
        "kdf": {
            "function": "scrypt",
            "params": {"dklen": 32, "n": 262144, "p": 1, "r": 8, "salt": SALT},
            "message": "",
        },
        "checksum": {
            "function": "sha256",
            "params": {},
            "message": "d2217fe5f3e9a1e34581ef8a78f7c9928e436d36dacc5e846690a5581e8ea484",
        },
        "cipher": {
            "function": "aes-128-ctr",
            "params": {"iv": "264daa3f303d7259501c93d997d84fe6"},
            "message": "06ae90d55fe0a6e9c5c3bc5b170827b2e5cce3929ed3f116c2811e6366dfe20f",
        },
    },
    "description": "This is a test keystore that uses scrypt to secure the secret.",
    "pubkey": PUBKEY,
    "path": "m/12381/60/3141592653/589793238",
    "uuid": "1d85ae20-35c5-4611-98e8-aa14a633906f",
    "version": 4,
}
PBKDF2 = {
    "crypto": {
        "kdf": {
            "function": "pbkdf2",
            "params": {"dklen": 32, "c": 262144, "prf": "hmac-sha256", "salt": SALT},
            "message": "",
        },
        "checksum": {
            "function": "sha256",
            "params": {},
            "message": "8a9f5d9912ed7e75ea794bc5a89bca5f193721d30868ade6f73043c6ea6febf1",
        },
        "cipher": {
            "function": "aes-128-ctr",
            "params": {"iv": "264daa3f303d7259501c93d997d84fe6"},
            "message": "cee03fde2af33149775b7223e7845e4fb2c8ae1792e5f99fe9ecf474cc8c16ad",
        },
    },
    "description": "This is a test keystore that uses PBKDF2 to secure the secret.",
    "pubkey": PUBKEY,
    "path": "m/12381/60/0/0",
    "uuid": "64625def-3331-4eea-ab6f-782f3ed16a83",
    "version": 4,
}


@pytest.fixture
def cheap():
    """A keystore that takes no time to open, with the password ``right``."""
    return keystore(SECRET, bytes.fromhex(PUBKEY), "right", random.Random(1))


def changed(document, path, value):
    document = copy.deepcopy(document)
    *parents, last = path.split(".")
    place = document
    for name in parents:
        place = place[name]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return document


@pytest.mark.parametrize("document", [SCRYPT, PBKDF2], ids=["scrypt", "pbkdf2"])
def test_eip_2335(document):
    assert decrypt(json.dumps(document), PASSWORD) == SECRET
    assert bls.public_key(SECRET).hex() == document["pubkey"]


def test_a_password_is_the_same_after_nfkd():
    assert decrypt(PBKDF2, "testpassword🔑") == SECRET


def test_a_wrong_password_is_said():
    cheap_scrypt = changed(SCRYPT, "crypto.kdf.params.n", 2)  # another key, as if mistyped
    for document in (PBKDF2, cheap_scrypt):
        with pytest.raises(RequestError, match="the password does not open this keystore"):
            decrypt(document, "testpassword")


def test_password_of_the_eip():
    assert PASSWORD.encode().hex().startswith("f09d94b1f09d94a2f09d94b0f09d94b1")
    assert encode_password(PASSWORD).hex() == "7465737470617373776f7264f09f9491"


def test_control_codes_are_no_part_of_a_password():
    controls = "".join(map(chr, [*range(0x20), 0x7F, *range(0x80, 0xA0)]))
    assert encode_password(f"a{controls}b c") == b"ab c"


def test_what_is_written_can_be_read(cheap):
    assert decrypt(json.dumps(cheap).encode(), "right") == SECRET
    assert cheap["version"] == 4
    assert cheap["pubkey"] == PUBKEY
    with pytest.raises(RequestError, match="password"):
        decrypt(cheap, "wrong")


@given(st.binary(max_size=200), st.text(max_size=30))
@settings(max_examples=50, deadline=None)
def test_any_secret_and_any_password(secret, password):
    rng = random.Random(5)
    document = {"crypto": encrypt(secret, password, rng), "version": 4}
    assert decrypt(document, password) == secret


def test_every_keystore_has_its_own_salt_vector_and_name():
    rng = random.Random(1)
    one, two = (keystore(SECRET, b"", "right", rng) for _ in range(2))
    assert one["uuid"] != two["uuid"]
    for path in (("kdf", "params", "salt"), ("cipher", "params", "iv"), ("cipher", "message")):
        values = []
        for document in (one, two):
            value = document["crypto"]
            for name in path:
                value = value[name]
            values.append(value)
        assert values[0] != values[1]


def test_the_secret_is_not_in_the_document(cheap):
    assert SECRET.hex() not in json.dumps(cheap)
    assert "right" not in json.dumps(cheap)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("version", 3, "version is 3"),
        ("version", None, "'version' is missing"),
        ("crypto", None, "'crypto' is missing"),
        ("crypto", [], "this is not"),
        ("crypto.kdf", None, "'kdf' is missing"),
        ("crypto.kdf.function", "argon2", "argon2"),
        ("crypto.kdf.params.c", 0, "c is not between"),
        ("crypto.kdf.params.c", 10**12, "c is not between"),
        ("crypto.kdf.params.c", "2", "this is not"),
        ("crypto.kdf.params.dklen", 10**9, "dklen"),
        ("crypto.kdf.params.prf", "hmac-md5", "hmac-md5"),
        ("crypto.kdf.params.salt", "zz", "this is not"),
        ("crypto.cipher.function", "rot13", "rot13"),
        ("crypto.cipher.params.iv", "00", "this is not"),
        ("crypto.cipher.message", 5, "this is not"),
        ("crypto.checksum.function", "md5", "md5"),
        ("crypto.checksum.message", "00", "password does not open"),
    ],
)
def test_what_is_wrong_with_a_keystore_is_said(cheap, path, value, said):
    with pytest.raises(RequestError, match=said):
        decrypt(changed(cheap, path, value), "right")


@pytest.mark.parametrize(
    ("n", "r"), [(2**30, 8), (0, 8), (3, 8), (2**14, 10**9), ("many", 8), (-(2**14), -8)]
)
def test_scrypt_that_would_eat_the_machine_is_refused(n, r):
    hostile = changed(changed(SCRYPT, "crypto.kdf.params.n", n), "crypto.kdf.params.r", r)
    with pytest.raises(RequestError, match="not an EIP-2335 keystore"):
        decrypt(hostile, PASSWORD)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "5", b"\xff\xfe\x00", "[" * 100_000])
def test_what_is_no_keystore_is_refused(text):
    with pytest.raises(RequestError, match="not an EIP-2335 keystore"):
        decrypt(text, "right")
