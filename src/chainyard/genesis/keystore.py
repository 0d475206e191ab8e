"""EIP-2335 keystores, version 4: a secret encrypted with a password, as JSON.

Written with PBKDF2, read with PBKDF2 or scrypt.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
import uuid
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from chainyard.errors import RequestError
from chainyard.genesis.randomness import Randomness

VERSION = 4
# Rounds make a weak password expensive to guess. These passwords are 256 random bits, which
# nobody guesses at any speed, so a keystore is made to open fast: 2 rounds instead of 262144 save
# a client 50 ms for each key at every start. Two, because that is what eth2-val-tools --insecure
# writes: every client is known to take it.
ROUNDS = 2

_KEY_LENGTH = 32
_CIPHER_KEY = slice(0, 16)
_CHECKSUM_KEY = slice(16, 32)
_MAX_ROUNDS = 2**24
_MAX_SCRYPT_MEMORY = 2**30
_MAX_BRACKETS = 200  # a keystore has about ten; the parser recurses on the C stack


def encode_password(password: str) -> bytes:
    """The bytes of a password: NFKD, without control codes, UTF-8."""
    text = unicodedata.normalize("NFKD", password)
    return "".join(char for char in text if not _is_control(char)).encode()


def encrypt(secret: bytes, password: str, rng: Randomness) -> dict[str, Any]:
    """The ``crypto`` object of a keystore.

    Args:
        secret: any number of bytes (a wallet of many keys is encrypted the same way).
        rng: gives the salt and the initialisation vector.
    """
    salt, vector = rng.randbytes(32), rng.randbytes(16)
    params = {"dklen": _KEY_LENGTH, "c": ROUNDS, "prf": "hmac-sha256", "salt": salt.hex()}
    key = hashlib.pbkdf2_hmac("sha256", encode_password(password), salt, ROUNDS, _KEY_LENGTH)
    message = _aes_ctr(key, vector, secret)
    return {
        "kdf": {"function": "pbkdf2", "params": params, "message": ""},
        "checksum": {"function": "sha256", "params": {}, "message": _checksum(key, message).hex()},
        "cipher": {
            "function": "aes-128-ctr",
            "params": {"iv": vector.hex()},
            "message": message.hex(),
        },
    }


def keystore(
    secret: bytes, pubkey: bytes, password: str, rng: Randomness, *, path: str = ""
) -> dict[str, Any]:
    """The keystore of one signing key.

    Args:
        secret: 32 bytes, big-endian.
        pubkey: its public key, 48 bytes.
        path: EIP-2334 path, if known.
    """
    return {
        "crypto": encrypt(secret, password, rng),
        "description": "",
        "pubkey": pubkey.hex(),
        "path": path,
        "uuid": random_uuid(rng),
        "version": VERSION,
    }


def decrypt(document: Mapping[str, Any] | str | bytes, password: str) -> bytes:
    """The secret of a keystore.

    Raises:
        RequestError: the password is another one, or this is no keystore that can be read.
    """
    try:
        crypto = _crypto(document)
        key = _decryption_key(crypto["kdf"], password)
        message = bytes.fromhex(crypto["cipher"]["message"])
        expected = bytes.fromhex(crypto["checksum"]["message"])
        vector = bytes.fromhex(crypto["cipher"]["params"]["iv"])
        _expect(crypto["checksum"]["function"], "sha256")
        _expect(crypto["cipher"]["function"], "aes-128-ctr")
        if not compare_digest(_checksum(key, message), expected):
            raise RequestError("the password does not open this keystore")
        return _aes_ctr(key, vector, message)
    except KeyError as error:
        raise RequestError(f"this is not an EIP-2335 keystore: {error} is missing") from None
    except (ValueError, TypeError, RecursionError, OverflowError, MemoryError) as error:
        raise RequestError(f"this is not an EIP-2335 keystore: {error}") from None


def random_uuid(rng: Randomness) -> str:
    """A UUID, version 4."""
    return str(uuid.UUID(bytes=rng.randbytes(16), version=4))


def _is_control(char: str) -> bool:
    code = ord(char)
    return code < 0x20 or 0x7F <= code <= 0x9F


def _crypto(document: Mapping[str, Any] | str | bytes) -> Mapping[str, Any]:
    parsed = document if isinstance(document, Mapping) else _parse(document)
    if parsed["version"] != VERSION:
        raise ValueError(f"its version is {parsed['version']!r}, not {VERSION}")
    crypto: Mapping[str, Any] = parsed["crypto"]
    return crypto


def _parse(document: str | bytes) -> Any:
    text = document.decode() if isinstance(document, bytes) else document
    if text.count("[") + text.count("{") > _MAX_BRACKETS:
        raise ValueError("it is nested too deep")
    return json.loads(text)


def _decryption_key(kdf: Mapping[str, Any], password: str) -> bytes:
    params, encoded = kdf["params"], encode_password(password)
    salt = bytes.fromhex(params["salt"])
    if params["dklen"] != _KEY_LENGTH:
        raise ValueError(f"dklen is {params['dklen']!r}, not {_KEY_LENGTH}")
    if kdf["function"] == "pbkdf2":
        _expect(params["prf"], "hmac-sha256")
        if not 0 < params["c"] <= _MAX_ROUNDS:
            raise ValueError(f"c is not between 1 and {_MAX_ROUNDS}")
        return hashlib.pbkdf2_hmac("sha256", encoded, salt, params["c"], _KEY_LENGTH)
    _expect(kdf["function"], "scrypt")
    n, r, p = (int(params[name]) for name in "nrp")
    if not 0 < 128 * n * r * p <= _MAX_SCRYPT_MEMORY:
        raise ValueError("scrypt would need more than 1 GB of memory")
    return hashlib.scrypt(
        encoded, salt=salt, n=n, r=r, p=p, maxmem=2 * _MAX_SCRYPT_MEMORY - 1, dklen=_KEY_LENGTH
    )


def _expect(function: object, known: str) -> None:
    if function != known:
        raise ValueError(f"the function {function!r} is not {known}")


def _checksum(key: bytes, message: bytes) -> bytes:
    return hashlib.sha256(key[_CHECKSUM_KEY] + message).digest()


def _aes_ctr(key: bytes, vector: bytes, data: bytes) -> bytes:
    context = Cipher(AES(key[_CIPHER_KEY]), CTR(vector)).encryptor()
    return context.update(data) + context.finalize()
