"""Prefunded accounts: BIP-32 and EIP-55 vectors, and ethereum-package's known accounts."""

import pytest
from eth_account import Account as Reference

from chainyard.errors import RequestError, SpecError
from chainyard.genesis.accounts import (
    _master,
    address_of,
    checksummed,
    derive_accounts,
    prefunded_accounts,
)
from chainyard.spec import load_spec

MNEMONIC = "abandon " * 11 + "about"
FIRST = "0x8943545177806ED17B9F23F0a21ee5948eCaa776"
ETH = 10**18
OTHER = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"


def spec_with(prefunded=None, **extra_env):
    document = {"ethereum_genesis_generator_params": {"extra_env": extra_env}}
    if prefunded is not None:
        document["network_params"] = {"prefunded_accounts": prefunded}
    return load_spec(document)


def test_the_default_premine():
    accounts = prefunded_accounts(spec_with())
    assert [account.index for account in accounts] == list(range(21))
    assert {account.balance_wei for account in accounts} == {10**9 * ETH}
    first = accounts[0]
    assert first.address == FIRST
    assert first.private_key == (
        "0xbcdf20249abf0ed6d944c0288fad489e33f66b3960d9e6229c1cd214ed3bbe31"
    )
    assert first.path == "m/44'/60'/0'/0/0"


def test_agrees_with_another_implementation():
    Reference.enable_unaudited_hdwallet_features()
    for account in derive_accounts(MNEMONIC, 3):
        reference = Reference.from_mnemonic(MNEMONIC, account_path=account.path)
        assert account.address == reference.address
        assert account.private_key == "0x" + bytes(reference.key).hex()


def test_bip_32_vector_1():
    node = _master(bytes.fromhex("000102030405060708090a0b0c0d0e0f"))
    assert node.secret.hex() == "e8f32e723decf4051aefac8e2c93c9c5b214313817cdb01a1494b917c8436b35"
    node = node.child(2**31)
    assert node.secret.hex() == "edb2e14f9ee77d26dd93b4ecede8d16ed408ce149b6cd80b0715a2d911a0afea"
    node = node.child(1)
    assert node.secret.hex() == "3c6cb8d0f6a264c91ea8b5030fadaa8e538b020f0a387421a12de9319dc93368"


@pytest.mark.parametrize(
    "address",
    [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0xde709f2102306220921060314715629080e2fb77",
    ],
)
def test_eip_55(address):
    assert checksummed(bytes.fromhex(address[2:])) == address


def test_what_is_no_address_is_refused():
    with pytest.raises(ValueError, match="20 bytes"):
        checksummed(bytes(19))


@pytest.mark.parametrize("secret", [bytes(32), b"\xff" * 32])
def test_what_is_no_secret_is_refused(secret):
    with pytest.raises(ValueError, match=r"."):
        address_of(secret)


@pytest.mark.parametrize(
    ("text", "wei"),
    [("10ETH", 10 * ETH), ("1gwei", 10**9), ("5wei", 5), ("7", 7), ("0x10", 16), ("0", 0)],
)
def test_balances(text, wei):
    accounts = prefunded_accounts(spec_with(EL_PREMINE_COUNT="2", EL_PREMINE_BALANCE=text))
    assert [account.balance_wei for account in accounts] == [wei, wei]


@pytest.mark.parametrize("text", ["ten ETH", "-1", "1 GETH", "0.1wei", "", "0x", str(2**256)])
def test_balances_that_make_no_sense(text):
    with pytest.raises(RequestError, match="EL_PREMINE_BALANCE"):
        prefunded_accounts(spec_with(EL_PREMINE_BALANCE=text))


@pytest.mark.parametrize("text", ["many", "-1", "1.5", "", "100001", "9" * 5000, "٣"])
def test_counts_that_make_no_sense(text):
    with pytest.raises(RequestError, match="EL_PREMINE_COUNT"):
        prefunded_accounts(spec_with(EL_PREMINE_COUNT=text))


def test_no_premine():
    assert prefunded_accounts(spec_with(EL_PREMINE_COUNT="0")) == []


def test_named_addresses_come_after_without_keys():
    accounts = prefunded_accounts(
        spec_with({OTHER.lower(): {"balance": "10ETH"}}, EL_PREMINE_COUNT="1")
    )
    assert [account.address for account in accounts] == [FIRST, OTHER]
    named = accounts[1]
    assert (named.balance_wei, named.index, named.private_key, named.path) == (
        10 * ETH, None, None, None,
    )  # fmt: skip


def test_an_address_of_both_is_listed_once():
    (account,) = prefunded_accounts(
        spec_with({FIRST.lower(): {"balance": "1gwei"}}, EL_PREMINE_COUNT="1")
    )
    assert (account.balance_wei, account.index) == (10**9, 0)
    assert account.private_key is not None


def test_private_keys_are_not_shown():
    (account,) = derive_accounts(MNEMONIC, 1)
    assert account.private_key[2:] not in repr(account)


def test_a_bad_mnemonic_names_its_key():
    with pytest.raises(RequestError, match=r"^somewhere\.mnemonic: "):
        list(derive_accounts("nonsense", 1, key="somewhere.mnemonic"))


def test_a_spec_with_a_bad_mnemonic_does_not_come_here():
    with pytest.raises(SpecError, match="preregistered_validator_keys_mnemonic"):
        load_spec({"network_params": {"preregistered_validator_keys_mnemonic": "nonsense"}})
