"""The layout of eth2-val-tools: every file, openable with its password."""

import json
import random
import subprocess
from base64 import b64decode

import pytest

from chainyard.errors import RequestError
from chainyard.genesis.keys import derive_validators
from chainyard.genesis.keystore import decrypt
from chainyard.genesis.keystore_layout import (
    FORMATS,
    WALLET_KEYSTORE,
    WALLET_OPTIONS,
    keystore_files,
    random_password,
)

MNEMONIC = "abandon " * 11 + "about"


@pytest.fixture(scope="module")
def keys():
    return derive_validators(MNEMONIC, 4, 3, cache=None)


def files_of(keys, formats=FORMATS, seed=1, wallet_password="wallet"):
    found = list(
        keystore_files(keys, formats, wallet_password=wallet_password, rng=random.Random(seed))
    )
    assert len(dict(found)) == len(found)
    return dict(found)


def test_every_file_of_the_layout(keys):
    expected = {"pubkeys.json", WALLET_KEYSTORE, WALLET_OPTIONS}
    for pubkey in keys.pubkey_list():
        name = f"0x{pubkey.hex()}"
        expected |= {
            f"keys/{name}/voting-keystore.json",
            f"secrets/{name}",
            f"nimbus-keys/{name}/keystore.json",
            f"teku-keys/{name}.json",
            f"teku-secrets/{name}.txt",
            f"lodestar-secrets/{name}",
        }
    assert set(files_of(keys)) == expected


def test_every_keystore_opens_with_its_own_password(keys):
    files = files_of(keys)
    for index, pubkey in enumerate(keys.pubkey_list()):
        name = f"0x{pubkey.hex()}"
        password = files[f"secrets/{name}"].decode()
        assert files[f"teku-secrets/{name}.txt"].decode() == password
        assert files[f"lodestar-secrets/{name}"].decode() == password
        for path in (
            f"keys/{name}/voting-keystore.json",
            f"nimbus-keys/{name}/keystore.json",
            f"teku-keys/{name}.json",
        ):
            assert decrypt(files[path], password) == keys.secret(index)
        document = json.loads(files[f"keys/{name}/voting-keystore.json"])
        assert document["pubkey"] == pubkey.hex()
        assert document["path"] == f"m/12381/3600/{index + 4}/0/0"


def test_passwords_are_random_and_of_one_key(keys):
    passwords = [
        data for seed in (1, 2) for data in files_of(keys, {"secrets"}, seed=seed).values()
    ]
    assert len(set(passwords)) == 6
    assert all(len(password) == 64 and password.isalnum() for password in passwords)
    assert random_password(random.Random(1)) != random_password(random.Random(2))


def test_the_wallet_holds_all_pairs(keys):
    files = files_of(keys, {"prysm"}, wallet_password="of this network")
    assert set(files) == {WALLET_KEYSTORE, WALLET_OPTIONS}
    assert json.loads(files[WALLET_OPTIONS]) == {"direct_eip_version": "EIP-2335"}
    accounts = json.loads(decrypt(files[WALLET_KEYSTORE], "of this network"))
    assert [b64decode(text) for text in accounts["private_keys"]] == keys.secret_list()
    assert [b64decode(text) for text in accounts["public_keys"]] == keys.pubkey_list()
    document = json.loads(files[WALLET_KEYSTORE])
    assert (document["name"], document["version"]) == ("keystore", 4)
    with pytest.raises(RequestError, match="password"):
        decrypt(files[WALLET_KEYSTORE], "of another")


def test_public_keys_are_listed_in_order(keys):
    files = files_of(keys, {"pubkeys.json"})
    assert json.loads(files["pubkeys.json"]) == [f"0x{key.hex()}" for key in keys.pubkey_list()]


@pytest.mark.parametrize("part", sorted(FORMATS))
def test_one_part_alone(keys, part):
    paths = files_of(keys, {part})
    assert paths
    assert {path.split("/")[0] for path in paths} == {part}


def test_no_parts_are_no_files(keys):
    assert files_of(keys, ()) == {}


def test_a_node_without_keys(keys):
    files = files_of(keys.part(4, 0))
    assert set(files) == {"pubkeys.json", WALLET_KEYSTORE, WALLET_OPTIONS}
    assert json.loads(files["pubkeys.json"]) == []


def test_an_unknown_part_is_refused_at_once(keys):
    with pytest.raises(ValueError, match="no part of the keystore layout: no-such"):
        keystore_files(keys, {"keys", "no-such"}, wallet_password="", rng=random.Random(1))


def test_no_secret_is_in_a_file_or_a_name(keys):
    files = files_of(keys)
    for secret in keys.secret_list():
        assert all(secret.hex() not in path for path in files)
        assert all(
            secret not in data and secret.hex().encode() not in data for data in files.values()
        )


@pytest.mark.live
def test_the_client_lists_the_wallets_keys(keys, programs, tmp_path):
    files = files_of(keys, {"prysm"}) | {"password": b"wallet"}
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
        (tmp_path / path).chmod(0o600)
    done = subprocess.run(
        [
            *(programs["prysm-validator"], "accounts", "list"),
            *("--wallet-dir", tmp_path / "prysm"),
            *("--wallet-password-file", tmp_path / "password", "--accept-terms-of-use"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=True,
    )
    assert all(f"0x{pubkey.hex()}" in done.stdout for pubkey in keys.pubkey_list())
