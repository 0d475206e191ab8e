"""The files of a node's validator keys, in the layout of eth2-val-tools.

::

    keys/0xPUB/voting-keystore.json      secrets/0xPUB
    nimbus-keys/0xPUB/keystore.json
    teku-keys/0xPUB.json                 teku-secrets/0xPUB.txt
                                         lodestar-secrets/0xPUB
    prysm/direct/accounts/all-accounts.keystore.json
    prysm/keymanageropts.json
    pubkeys.json

All of it is six files per key, so a caller names the parts that it needs.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Collection, Iterator

from chainyard.genesis.derivation import signing_path
from chainyard.genesis.keys import ValidatorKeys
from chainyard.genesis.keystore import VERSION, encrypt, keystore, random_uuid
from chainyard.genesis.randomness import Randomness

# Part of the layout → the files that a key has there, by its public key (0x…).
_KEYSTORES = {
    "keys": "keys/{}/voting-keystore.json",
    "nimbus-keys": "nimbus-keys/{}/keystore.json",
    "teku-keys": "teku-keys/{}.json",
}
_PASSWORDS = {
    "secrets": "secrets/{}",
    "teku-secrets": "teku-secrets/{}.txt",
    "lodestar-secrets": "lodestar-secrets/{}",
}
_WALLET = "prysm"
_PUBKEYS = "pubkeys.json"
FORMATS = frozenset({*_KEYSTORES, *_PASSWORDS, _WALLET, _PUBKEYS})
WALLET_KEYSTORE = "prysm/direct/accounts/all-accounts.keystore.json"
WALLET_OPTIONS = "prysm/keymanageropts.json"
_PASSWORD_BYTES = 32

File = tuple[str, bytes]


def random_password(rng: Randomness) -> str:
    """A password of 256 bits, as 64 hexadecimal digits."""
    return rng.randbytes(_PASSWORD_BYTES).hex()


def keystore_files(
    keys: ValidatorKeys,
    formats: Collection[str] = FORMATS,
    *,
    wallet_password: str,
    rng: Randomness,
) -> Iterator[File]:
    """The files of these keys: relative path and content; to be written 0600 in 0700 folders.

    Every key has a random password of its own. It is in the files and nowhere else, so keystores
    and passwords that belong together come from one call.

    Args:
        formats: parts of the layout by their first folder; see :data:`FORMATS`.
        wallet_password: of the one keystore that holds all keys.

    Raises:
        ValueError: an unknown format.
    """
    if unknown := set(formats) - FORMATS:
        raise ValueError(f"no part of the keystore layout: {', '.join(sorted(unknown))}")
    return _files(keys, frozenset(formats), wallet_password, rng)


def _files(
    keys: ValidatorKeys, formats: Collection[str], wallet_password: str, rng: Randomness
) -> Iterator[File]:
    keystores = [path for name, path in _KEYSTORES.items() if name in formats]
    passwords = [path for name, path in _PASSWORDS.items() if name in formats]
    if keystores or passwords:
        for index in range(len(keys)):
            yield from _key_files(keys, index, keystores, passwords, rng)
    if _WALLET in formats:
        yield WALLET_KEYSTORE, _wallet(keys, wallet_password, rng)
        yield WALLET_OPTIONS, b'{"direct_eip_version": "EIP-2335"}'
    if _PUBKEYS in formats:
        yield _PUBKEYS, _json([f"0x{pubkey.hex()}" for pubkey in keys.pubkey_list()])


def _key_files(
    keys: ValidatorKeys, index: int, keystores: list[str], passwords: list[str], rng: Randomness
) -> Iterator[File]:
    pubkey, password = keys.pubkey(index), random_password(rng)
    name = f"0x{pubkey.hex()}"
    if keystores:
        path = signing_path(keys.start + index)
        document = _json(keystore(keys.secret(index), pubkey, password, rng, path=path))
        yield from ((path.format(name), document) for path in keystores)
    yield from ((path.format(name), password.encode()) for path in passwords)


def _wallet(keys: ValidatorKeys, password: str, rng: Randomness) -> bytes:
    """One keystore whose secret is the JSON of all key pairs, in base64.

    ``id`` and ``name`` are what its reader calls ``uuid`` and ``description``; with both it is an
    EIP-2335 keystore, too.
    """
    identifier = random_uuid(rng)
    accounts = {
        "private_keys": [b64encode(secret).decode() for secret in keys.secret_list()],
        "public_keys": [b64encode(pubkey).decode() for pubkey in keys.pubkey_list()],
    }
    document = {
        "crypto": encrypt(_json(accounts), password, rng),
        "id": identifier,
        "uuid": identifier,
        "name": "keystore",
        "path": "",
        "version": VERSION,
    }
    return _json(document)


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
