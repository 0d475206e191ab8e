"""Accounts of the genesis block."""

from io import StringIO
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from chainyard.errors import RequestError
from chainyard.genesis import alloc, rlp
from chainyard.genesis.alloc import (
    GenesisAccount,
    from_allocations,
    parse_address,
    parse_alloc,
    parse_wei,
    predeploys,
    state_root,
    system_address,
    system_contract,
    well_known_contracts,
)
from chainyard.genesis.keccak import keccak
from chainyard.genesis.trie import EMPTY_ROOT
from chainyard.spec.accounts import Allocation

DATA = Path(alloc.__file__).parent / "data"
DEPOSIT = bytes.fromhex("00000000219ab540356cbb839cbe05303d7705fa")
ADDRESS = "0x123463a4B065722E99115D6c222f267d9cABb524"


@pytest.mark.parametrize(
    ("text", "wei"),
    [
        ("10ETH", 10**19),
        ("1.5 eth", 15 * 10**17),
        ("1000000000ETH", 10**27),
        ("5 gwei", 5 * 10**9),
        ("7wei", 7),
        ("7", 7),
        (7, 7),
        ("0x10", 16),
        ("0", 0),
        (str(2**256 - 1), 2**256 - 1),
        ("0.000000000000000001ETH", 1),
        (
            "123456789012345678901234567890.123456789012345678 ETH",
            123456789012345678901234567890123456789012345678,
        ),
    ],
)
def test_amounts(text, wei):
    assert parse_wei(text, "balance") == wei


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ETH",
        "-1",
        "1 BTC",
        "1e18",
        "0.5",
        "0.0000000000000000001ETH",
        "1,5ETH",
        "0xzz",
        None,
        True,
        1.5,
        [],
        str(2**256),
        "1" * 80 + "ETH",
    ],
)
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(RequestError, match=r"^here: .*(not an amount|whole number of wei)"):
        parse_wei(text, "here")


@pytest.mark.parametrize("text", ["0x12", "", "0x" + "zz" * 20, None, ADDRESS + "00"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(RequestError, match="not an address"):
        parse_address(text, "here")


def test_json_text_and_maps_are_the_same():
    text = f'{{"{ADDRESS}": {{"balance": "2ETH", "code": "0x1234", "storage": {{"0x0": "0x7"}}}}}}'
    body = {"balance": "2ETH", "code": "0x1234", "storage": {"0x0": "0x7"}}
    account = parse_alloc(text, "here")[bytes.fromhex(ADDRESS[2:])]
    assert parse_alloc({ADDRESS: body}, "here") == {bytes.fromhex(ADDRESS[2:]): account}
    assert (account.balance, account.code) == (2 * 10**18, b"\x12\x34")
    assert account.storage == {bytes(32): (7).to_bytes(32, "big")}
    assert parse_alloc({ADDRESS: "1ETH"}, "here")[bytes.fromhex(ADDRESS[2:])].balance == 10**18


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("{", "not JSON"),
        ("[1]", "not a map"),
        (7, "not a map"),
        ({ADDRESS: {"balanse": 1}}, "Did you mean 'balance'"),
        ({ADDRESS: {"zzz": 1}}, "unknown key 'zzz'"),
        ({ADDRESS: {"code": "0x123"}}, "not hex"),
        ({ADDRESS: {"nonce": -1}}, "not a whole number"),
        ({ADDRESS: {"nonce": 2**64}}, "too large for a nonce"),
        ({ADDRESS: {"storage": 7}}, "not a map of slots"),
        ({ADDRESS: {"storage": {"0x0": hex(2**256)}}}, "does not fit into 32 bytes"),
        ({"0x12": {}}, "not an address"),
    ],
)
def test_what_is_no_alloc_is_refused(source, complaint):
    with pytest.raises(RequestError, match=complaint):
        parse_alloc(source, "here")


def test_accounts_of_a_spec():
    entry = Allocation(balance=5, code="0x6001", nonce=3, storage={"01": "ff", "0x2": ""})
    account = from_allocations({ADDRESS: entry}, "here")[bytes.fromhex(ADDRESS[2:])]
    assert (account.balance, account.nonce, account.code) == (5, 3, b"\x60\x01")
    one, two = ((number).to_bytes(32, "big") for number in (1, 2))
    assert account.storage == {one: (255).to_bytes(32, "big"), two: bytes(32)}


def test_a_url_is_refused_with_the_reason():
    with pytest.raises(RequestError, match="is a URL") as refusal:
        from_allocations("https://example.org/contracts.json", "here")
    assert "Download it" in str(refusal.value)


def test_an_account_in_the_trie():
    empty = rlp.encode([0, 0, EMPTY_ROOT, keccak(b"")])
    assert GenesisAccount().rlp() == empty
    # A slot that holds zero is no slot.
    assert GenesisAccount(storage={bytes(32): bytes(32)}).rlp() == empty
    coded = GenesisAccount(balance=1, nonce=2, code=b"\x60")
    assert coded.rlp() == rlp.encode([2, 1, EMPTY_ROOT, keccak(b"\x60")])
    assert GenesisAccount(storage={bytes(32): b"\1".rjust(32, b"\0")}).rlp() != empty


def test_the_state_root_of_nothing():
    assert state_root({}) == EMPTY_ROOT


@pytest.mark.parametrize("name", ["system-contracts.yaml", "well-known-contracts.yaml"])
def test_data_files_are_read_as_yaml_reads_them(name):
    theirs = YAML(typ="safe").load(StringIO((DATA / name).read_text()))
    assert alloc._contracts(name) == theirs


def test_the_data_files_say_where_they_are_from():
    notice = (DATA / "NOTICE").read_text()
    assert "ethereum-genesis-generator" in notice
    assert "Copyright (c) 2021 Rafael Matias" in notice


def test_predeploys_come_with_their_forks():
    def deployed(*forks, builders=True):
        return set(predeploys(DEPOSIT, forks, builders=builders)) - {DEPOSIT}

    prague = {system_address(name) for name in ("eip2935", "eip7002", "eip7251")}
    assert deployed("bellatrix", "capella") == set()
    assert deployed("deneb") == {system_address("eip4788")}
    assert deployed("deneb", "electra", "fulu") == prague | {system_address("eip4788")}
    gloas = {system_address(name) for name in ("eip8282_deposit", "eip8282_exit")}
    assert deployed("gloas") == gloas
    assert deployed("gloas", builders=False) == set()


def test_system_contracts_are_ready_for_their_fork():
    deposit = system_contract("deposit")
    assert len(deposit.storage) == 31  # the zero hashes of levels 1 to 31
    assert deposit.storage[(0x22).to_bytes(32, "big")].hex().startswith("f5a5fd42")
    for name in ("eip7002", "eip7251"):
        assert system_contract(name).storage == {bytes(32): b"\xff" * 32}
        assert system_contract(name).nonce == 1


def test_well_known_contracts():
    (address,) = well_known_contracts()
    assert address.hex() == "4e59b44847b379578588920ca78fbf26c0b4956c"
