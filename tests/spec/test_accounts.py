"""Accounts and mnemonics that may be maps, lists or JSON text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chainyard.spec import load_spec
from chainyard.spec.accounts import Allocation, parse_balance

from .helpers import place, problem, problems

A = "0x25941dC771bB64514Fc8abBce970307Fb9d477e9"
B = "0x4107be99052d895e3ee461C685b042Aa975ab5c0"


def prefunded(accounts: Any) -> Any:
    return load_spec(
        {"network_params": {"prefunded_accounts": accounts}}
    ).network_params.prefunded_accounts


@pytest.mark.parametrize("form", [dict, json.dumps])
def test_map_or_json_text(form: Any) -> None:
    accounts = prefunded(form({A: {"balance": "10ETH"}, B: {"balance": "1ETH"}}))
    assert {address: body.balance for address, body in accounts.items()} == {
        A: 10 * 10**18,
        B: 10**18,
    }


def test_text_with_names_that_are_not_quoted() -> None:
    text = f'{{ "{A}": {{ balance: "1ETH", nonce: 3, secretKey: "0x", }} }}'
    assert prefunded(text)[A] == Allocation(balance=10**18, nonce=3)


def test_storage_becomes_words() -> None:
    body = {"code": "0x00", "storage": {"0x01": "0xff", "2": 3}}
    storage = prefunded({A: body})[A].storage
    assert storage == {f"0x{1:064x}": f"0x{255:064x}", f"0x{2:064x}": f"0x{3:064x}"}


@pytest.mark.parametrize(
    ("text", "wei"),
    [
        ("10ETH", 10**19),
        ("1.5 ETH", 15 * 10**17),
        ("7", 7),
        ("0x10", 16),
        ("3 gwei", 3 * 10**9),
        ("0", 0),
        ("-1ETH", None),
        ("1.5", None),
        ("0.0000000000000000001ETH", None),
        ("ETH", None),
        ("9" * 100, None),
        ("1e18", None),
    ],
)
def test_balances(text: str, wei: int | None) -> None:
    assert parse_balance(text) == wei


@pytest.mark.parametrize(
    ("accounts", "message"),
    [
        ({"0x12": {}}, "'0x12' is no address"),
        ({A: {}, A.lower(): {}}, "is given twice"),
        ({A: {"ballance": 1}}, "unknown key 'ballance'"),
        ({A: {"balance": "many"}}, "the text 'many'"),
        ({A: {"balance": "9" * 80}}, "is the text"),
        ({A: 5}, "is the number 5"),
        ({A: {"nonce": -1}}, "the number -1"),
        ({A: {"code": "0x123"}}, "the text '0x123'"),
        ({A: {"storage": {"key": 1}}}, "'key' is no storage slot"),
        ({A: {"storage": []}}, "is a list"),
        ([], "is a list"),
        ("{", "this is not YAML"),
        ("", "empty text"),
        ("https://example.org/alloc.json", "the text"),
        (None, "nothing (null)"),
    ],
)
def test_bad_accounts(accounts: Any, message: str) -> None:
    text = json.dumps({"network_params": {"prefunded_accounts": accounts}})
    found = problem(text)
    assert message in found.message
    assert found.line == 1


def test_place_of_an_error_inside_text() -> None:
    found = problem(
        """\
        network_params:
          prefunded_accounts: |
            {
              "0x12": {}
            }
        """
    )
    assert place(found) == (2, 23, "network_params.prefunded_accounts")
    assert "in line 2 of the text" in found.message


def test_a_url_of_contracts_stays_text() -> None:
    url = "https://example.org/contracts.json"
    spec = load_spec({"network_params": {"additional_preloaded_contracts": url}})
    assert spec.network_params.additional_preloaded_contracts == url


def test_private_keys_are_not_kept() -> None:
    accounts = prefunded({A: {"secretKey": "0xabcd"}})
    assert "abcd" not in repr(accounts)


def test_bad_additional_mnemonics() -> None:
    found = problems(
        """\
        network_params:
          additional_mnemonics:
            - count: 1
            - {mnemonic: "a b", status: 3, wd_prefix: 0x01}
            - 5
        """
    )
    assert [(p.line, p.message.split(" ", 1)[1][:12]) for p in found] == [
        (3, "has no 'mnem"),
        (4, "has 2 words"),
        (4, "is 3: too la"),
        (5, "is the numbe"),
    ]
