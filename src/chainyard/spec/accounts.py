"""Accounts and mnemonics inside ``network_params``: maps and lists, or the same as JSON text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from chainyard.spec.kinds import (
    ADDRESS,
    INVALID,
    UINT64_MAX,
    Choice,
    Integer,
    Kind,
    ListOf,
    Text,
)
from chainyard.spec.nodes import FrozenMap, MapNode, Node, ScalarNode, describe, shorten
from chainyard.spec.reading import Reading
from chainyard.spec.table import Record, Table, key, record
from chainyard.spec.yaml_reader import read_yaml

DEFAULT_MNEMONIC = (
    "giant issue aisle success illegal bike spike question tent bar rely arctic volcano long "
    "crawl hungry vocal artwork sniff fantasy very lucky have athlete"
)
WEI = 10**18
UINT256_MAX = (1 << 256) - 1
_UNITS = {"": 1, "wei": 1, "gwei": 10**9, "eth": WEI, "ether": WEI}
_BALANCE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)")
_MNEMONIC_LENGTHS = (12, 15, 18, 21, 24)


class Balance:
    """An amount of ether: ``"10ETH"``, a number of wei, or hexadecimal wei. Read as wei."""

    label = 'an amount such as "10ETH", or a number of wei'

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        wei = parse_balance(node.text) if isinstance(node, ScalarNode) else None
        if wei is None or wei > UINT256_MAX:
            reading.refuse(key, node, f"{key} is {describe(node)}", expected=self.label)
            return INVALID
        return wei


def parse_balance(text: str) -> int | None:
    """Wei of an amount, None if it is none or has a fraction of a wei."""
    text = text.strip()
    if len(text) > 90:
        return None
    if re.fullmatch(r"0x[0-9a-fA-F]+", text):
        return int(text, 16)
    match = _BALANCE.fullmatch(text)
    if match is None or match[2].lower() not in _UNITS:
        return None
    # Fractions, not decimals: those round beyond 28 digits, and a wei would be lost.
    wei = Fraction(match[1]) * _UNITS[match[2].lower()]
    return int(wei) if wei.denominator == 1 else None


class Quantity:
    """A number, or the same as text, decimal or hexadecimal."""

    label = "a whole number below 2^64, decimal or 0x…"

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        text = node.text.strip() if isinstance(node, ScalarNode) else ""
        if re.fullmatch(r"[0-9]{1,20}|0x[0-9a-fA-F]{1,16}", text):
            value = int(text, 16 if text.startswith("0x") else 10)
            if value <= UINT64_MAX:
                return value
        reading.refuse(key, node, f"{key} is {describe(node)}", expected=self.label)
        return INVALID


_HEX = Text(
    "hexadecimal bytes: 0x and an even number of digits", r"0x([0-9a-fA-F]{2})*", codes=True
)


class StorageWord:
    """A storage slot or value: 0x and up to 64 digits, or a number. Read as 0x and 64 digits."""

    label = "0x and at most 64 hexadecimal digits"

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        word = storage_word(node) if isinstance(node, ScalarNode) else ""
        if not word:
            reading.refuse(key, node, f"{key} is {describe(node)}", expected=self.label)
            return INVALID
        return word


def storage_word(node: ScalarNode) -> str:
    """A 32-byte word, empty if it is none."""
    if re.fullmatch(r"0x[0-9a-fA-F]{0,64}", node.text):
        return f"0x{node.text[2:]:0>64}"
    if re.fullmatch(r"[0-9]{1,78}", node.text) and int(node.text) <= UINT256_MAX:
        return f"0x{int(node.text):064x}"
    return ""


class Storage:
    """Storage of a contract, slot to value."""

    label = "a map of slots to values"

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        if not isinstance(node, MapNode):
            reading.refuse(key, node, f"{key} is {describe(node)}", expected=self.label)
            return INVALID
        words: dict[str, Any] = {}
        for name, value in node.entries:
            slot = storage_word(name)
            if not slot:
                message = f"{key}: {shorten(name.text)!r} is no storage slot"
                reading.refuse(key, name, message, expected=StorageWord.label)
            words[slot] = StorageWord().read(value, f"{key}.{name.text}", reading)
        bad = "" in words or any(word is INVALID for word in words.values())
        return INVALID if bad else FrozenMap(words)


@record
class Allocation(Record):
    """An account of the execution genesis. ``balance`` is in wei, ``storage`` in 32-byte words."""

    balance: int = key(Balance(), 0, 'Amount: "1ETH", or wei.')
    code: str = key(_HEX, "0x", "Contract code.")
    storage: Mapping[str, str] = key(Storage(), FrozenMap(), "Storage, slot to value.")
    nonce: int = key(Quantity(), 0, "Transactions sent.")
    secretKey: str = key(  # noqa: N815 - the file's name
        _HEX, "0x", "Private key; read, and of no effect.", secret=True
    )


class Embedded:
    """What another kind takes, or the same as JSON text; optionally a URL, kept as text."""

    def __init__(self, kind: Kind, *, urls: bool = False) -> None:
        self.kind = kind
        self.urls = urls
        self.label = f"{kind.label}, or the same as JSON text"

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
            return self.kind.read(node, key, reading)
        if self.urls and re.fullmatch(r"https?://\S+", node.value):
            return node.value
        return self._embedded(node, key, reading)

    def _embedded(self, node: ScalarNode, key: str, reading: Reading) -> Any:
        inner = Reading()
        tree = read_yaml(node.value, inner)
        if tree is None and not inner.problems:
            inner.problem(f"{key} is empty text", expected=self.label)
        value = self.kind.read(tree, key, inner) if tree is not None else INVALID
        for problem in inner.problems:
            message = problem.message if key in problem.message else f"{key}: {problem.message}"
            if problem.line and problem.line > 1:
                message += f", in line {problem.line} of the text"
            reading.refuse(
                key,
                node,
                message,
                expected=problem.expected,
                suggestion=problem.suggestion,
            )
        return INVALID if inner.problems else value


class Allocations:
    """Accounts by address; two spellings of one address are one too many."""

    label = "a map of addresses to {balance, code, storage, nonce}"

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        if not isinstance(node, MapNode):
            reading.refuse(key, node, f"{key} is {describe(node)}", expected=self.label)
            return INVALID
        accounts: dict[str, Allocation] = {}
        seen: set[str] = set()
        before = len(reading.problems)
        for name, value in node.entries:
            place = f"{key}.{name.text}"
            reading.note(place, name.position, value)
            address = self._address(name, key, reading, seen)
            account = Table(Allocation).read(value, place, reading)
            if account is not INVALID and address:
                accounts[address] = account
        return FrozenMap(accounts) if len(reading.problems) == before else INVALID

    @staticmethod
    def _address(name: ScalarNode, key: str, reading: Reading, seen: set[str]) -> str:
        address = name.text if name.text.startswith("0x") else f"0x{name.text}"
        if not re.fullmatch(r"0x[0-9a-fA-F]{40}", address):
            message = f"{key}: {shorten(name.text)!r} is no address"
            reading.refuse(key, name, message, expected=ADDRESS.label)
            return ""
        if address.lower() in seen:
            reading.refuse(key, name, f"{key}: the address {address} is given twice")
        seen.add(address.lower())
        return address


class Mnemonic:
    """A BIP-39 mnemonic, checksum included. White space is normalised."""

    label = "a BIP-39 mnemonic of 12, 15, 18, 21 or 24 English words"

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
            reading.refuse(key, node, f"{key} is {describe(node)}", expected=self.label)
            return INVALID
        words = node.value.split()
        if " ".join(words) == DEFAULT_MNEMONIC:
            return DEFAULT_MNEMONIC
        message, suggestion = _mnemonic_fault(words, reading)
        if message:
            reading.refuse(
                key, node, f"{key} {message}", expected=self.label, suggestion=suggestion
            )
            return INVALID
        return " ".join(words)


def _mnemonic_fault(words: list[str], reading: Reading) -> tuple[str, str]:
    """What is wrong with a mnemonic, and the nearest word. Never repeats more than one word."""
    if len(words) not in _MNEMONIC_LENGTHS:
        return f"has {len(words)} words", ""
    from mnemonic import Mnemonic as Bip39  # noqa: PLC0415 - reads its word list from disk

    known = Bip39("english").wordlist
    places = {word: index for index, word in enumerate(known)}
    for number, word in enumerate(words, 1):
        if word not in places:
            return f"has an unknown word, number {number}", reading.nearest_name(word, known)
    bits = "".join(f"{places[word]:011b}" for word in words)
    data_bits = len(bits) * 32 // 33
    data = int(bits[:data_bits], 2).to_bytes(data_bits // 8, "big")
    checksum = f"{hashlib.sha256(data).digest()[0]:08b}"[: len(bits) - data_bits]
    if not bits.endswith(checksum):
        return "has a wrong checksum: a word is mistyped, missing or out of order", ""
    return "", ""


@record
class AdditionalMnemonic(Record):
    """Validators in the genesis whose keys no node holds. ``balance`` is in gwei, 0 for 32 ETH."""

    mnemonic: str = key(Mnemonic(), "", "Mnemonic of their keys.", secret=True, required=True)
    start: int = key(Integer(0, 1 << 32), 0, "Index of the first key.")
    count: int = key(Integer(0, 1 << 32), 0, "How many validators.")
    name: str = key(Text(), "", "Name of the range.")
    balance: int = key(Integer(), 0, "Balance in gwei; 0 for the usual one.")
    wd_address: str = key(
        Text("an address, or nothing", r"(0x[0-9a-fA-F]{40})?", codes=True),
        "",
        "Address that withdrawals go to.",
    )
    wd_prefix: str = key(
        Text("a withdrawal prefix such as 0x01", r"(0x[0-9a-fA-F]{2})?", codes=True),
        "",
        "Type of the withdrawal credentials.",
    )
    wd_key_path: str = key(Text(), "", "Path of one withdrawal key for all of them.")
    status: int = key(Integer(0, 2), 0, "0 active, 1 slashed, 2 exited.")


ALLOCATIONS = Embedded(Allocations())
ALLOCATIONS_OR_URL = Embedded(Allocations(), urls=True)
ADDITIONAL_MNEMONICS = Embedded(ListOf(Table(AdditionalMnemonic)))
WITHDRAWAL_TYPE = Choice(("0x00", "0x01", "0x02"), meaning="withdrawal type", codes=True)
