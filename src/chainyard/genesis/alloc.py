"""What the execution chain starts with: accounts, their balances, code and storage.

Later entries win: precompiles, predeployed contracts, the premine, ``prefunded_accounts``,
``additional_preloaded_contracts`` (the order of ethereum-genesis-generator).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from chainyard.errors import RequestError
from chainyard.genesis import rlp
from chainyard.genesis.keccak import keccak
from chainyard.genesis.trie import secure_root

if TYPE_CHECKING:
    from chainyard.spec.accounts import Allocation

PRECOMPILES = 256
EMPTY_CODE_HASH = bytes.fromhex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")
_UNITS = {"": 0, "wei": 0, "gwei": 9, "eth": 18, "ether": 18}
_AMOUNT = re.compile(r"(0x[0-9a-fA-F]+|[0-9]+(?:\.[0-9]+)?)\s*([a-zA-Z]*)")
_TOP_LEVEL = re.compile(r"^(\w+): ", re.MULTILINE)
_ACCOUNT_KEYS = ("balance", "code", "nonce", "storage")


@dataclass(frozen=True)
class GenesisAccount:
    """One account of the genesis block. ``balance`` is in wei; storage maps 32-byte words."""

    balance: int = 0
    nonce: int = 0
    code: bytes = b""
    storage: Mapping[bytes, bytes] = field(default_factory=dict)

    def rlp(self) -> bytes:
        """The account as the state trie holds it. A slot set to zero is an absent slot."""
        slots = {key: value.lstrip(b"\0") for key, value in self.storage.items()}
        storage_root = secure_root(
            {key: rlp.encode(value) for key, value in slots.items() if value}
        )
        code_hash = keccak(self.code) if self.code else EMPTY_CODE_HASH
        return rlp.encode([self.nonce, self.balance, storage_root, code_hash])

    def document(self) -> dict[str, Any]:
        """The account as genesis.json holds it."""
        document: dict[str, Any] = {"balance": hex(self.balance)}
        if self.nonce:
            document["nonce"] = hex(self.nonce)
        if self.code:
            document["code"] = f"0x{self.code.hex()}"
        if self.storage:
            document["storage"] = {
                f"0x{key.hex()}": f"0x{value.hex()}" for key, value in sorted(self.storage.items())
            }
        return document


Alloc = dict[bytes, GenesisAccount]  # by 20-byte address


def state_root(alloc: Mapping[bytes, GenesisAccount]) -> bytes:
    """The root of the state trie over all accounts, empty ones included (as geth keeps them)."""
    return secure_root({address: account.rlp() for address, account in alloc.items()})


def alloc_document(alloc: Mapping[bytes, GenesisAccount]) -> dict[str, Any]:
    """The ``alloc`` of genesis.json, by address."""
    return {f"0x{address.hex()}": account.document() for address, account in sorted(alloc.items())}


def parse_wei(amount: object, where: str) -> int:
    """An amount in wei: an int, or text as in ``"10ETH"``, ``"1.5 gwei"``, ``"0x10"``, ``"7"``.

    Raises:
        RequestError: not an amount, negative, a fraction of a wei, or 2**256 and more.
    """
    match = _AMOUNT.fullmatch(str(amount).strip())
    unit = match[2].lower() if match else ""
    if match is None or isinstance(amount, bool | float) or unit not in _UNITS:
        raise RequestError(
            f"{where}: {amount!r} is not an amount.",
            hint='Give wei as a whole number, or a text such as "10ETH" or "5 gwei".',
        )
    wei = _scaled(match[1], _UNITS[unit])
    if wei is None or wei >= 2**256:
        raise RequestError(f"{where}: {amount!r} is not a whole number of wei below 2**256.")
    return wei


def _scaled(number: str, decimals: int) -> int | None:
    """The number shifted by so many decimals, exactly; None if a fraction is left."""
    if number.startswith("0x"):
        return int(number, 16) * int(10**decimals)
    whole, _, fraction = number.partition(".")
    digits = int(whole + fraction)
    shift = decimals - len(fraction)
    if shift >= 0:
        return digits * int(10**shift)
    value, rest = divmod(digits, int(10**-shift))
    return None if rest else value


def parse_address(text: object, where: str) -> bytes:
    """A 20-byte address from 0x-text, of any case.

    Raises:
        RequestError: anything else.
    """
    try:
        address = bytes.fromhex(str(text).removeprefix("0x"))
    except ValueError:
        address = b""
    if len(address) != 20:
        raise RequestError(
            f"{where}: {text!r} is not an address.", hint="An address is 0x and 40 hex digits."
        )
    return address


def from_allocations(source: Mapping[str, Allocation] | str, where: str) -> Alloc:
    """The accounts that a spec names, by address.

    Raises:
        RequestError: a URL (which the schema allows), or a nonce that no account can have.
    """
    if isinstance(source, str):
        raise RequestError(
            f"{where} is a URL: {source}.",
            cause="a genesis is made from the file alone, so that it is the same tomorrow",
            hint="Download it and paste its JSON into the file.",
        )
    return {
        parse_address(address, where): _account(
            {"balance": entry.balance, "nonce": entry.nonce, "code": entry.code}
            | {
                "storage": {
                    _hex_word(key): _hex_word(value) for key, value in entry.storage.items()
                }
            },
            f"{where}.{address}",
        )
        for address, entry in source.items()
    }


def _hex_word(text: str) -> str:
    """A storage word is hexadecimal with or without 0x, as in geth's genesis.json."""
    return f"0x{text.removeprefix('0x') or '0'}"


def parse_alloc(source: object, where: str) -> Alloc:
    """Accounts as JSON text or a map: address to a balance, or to {balance, code, nonce, storage}.

    Raises:
        RequestError: not JSON, not a map, an unknown key, or a value that makes no sense.
    """
    if isinstance(source, str):
        try:
            source = json.loads(source)
        except ValueError as error:
            raise RequestError(f"{where} is not JSON: {error}.") from error
    if not isinstance(source, Mapping):
        raise RequestError(f"{where} is {type(source).__name__}, not a map of addresses.")
    return {
        parse_address(address, where): _account(
            body if isinstance(body, Mapping) else {"balance": body}, f"{where}.{address}"
        )
        for address, body in source.items()
    }


def _account(body: Mapping[str, Any], where: str) -> GenesisAccount:
    for key in body:
        if key not in _ACCOUNT_KEYS:
            near = get_close_matches(str(key), _ACCOUNT_KEYS, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(_ACCOUNT_KEYS)}."
            raise RequestError(f"{where}: unknown key {key!r}.", hint=hint)
    nonce = _number(body.get("nonce") or 0, f"{where}.nonce")
    if nonce >= 2**64 - 1:
        raise RequestError(f"{where}.nonce: {nonce} is too large for a nonce (EIP-2681).")
    return GenesisAccount(
        balance=parse_wei(body.get("balance") or 0, f"{where}.balance"),
        nonce=nonce,
        code=_hex(body.get("code") or "", f"{where}.code"),
        storage=_storage(body.get("storage") or {}, f"{where}.storage"),
    )


def _storage(slots: object, where: str) -> dict[bytes, bytes]:
    if not isinstance(slots, Mapping):
        raise RequestError(f"{where} is {type(slots).__name__}, not a map of slots.")
    return {_word(key, where): _word(value, f"{where}.{key}") for key, value in slots.items()}


def _word(value: object, where: str) -> bytes:
    number = _number(value, where)
    if number >= 2**256:
        raise RequestError(f"{where}: {value!r} does not fit into 32 bytes.")
    return number.to_bytes(32, "big")


def _number(value: object, where: str) -> int:
    text = str(value).strip()
    try:
        number = int(text, 16) if text.startswith(("0x", "0X")) else int(text)
    except ValueError:
        number = -1
    if number < 0 or isinstance(value, bool):
        raise RequestError(f"{where}: {value!r} is not a whole number.", hint="Use 7 or 0x07.")
    return number


def _hex(value: object, where: str) -> bytes:
    try:
        return bytes.fromhex(str(value).removeprefix("0x"))
    except ValueError as error:
        raise RequestError(f"{where}: {str(value)[:40]!r} is not hex: {error}.") from error


@cache
def _contracts(name: str) -> dict[str, Any]:
    """A data file: top-level keys whose values are JSON.

    Read without a YAML parser, which would take longer than all the rest of an execution genesis.
    """
    text = files("chainyard.genesis").joinpath("data", name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    names_and_values = _TOP_LEVEL.split("\n".join(lines))[1:]
    pairs = zip(names_and_values[::2], names_and_values[1::2], strict=True)
    return {key: json.loads(re.sub(r",(\s*})", r"\1", value)) for key, value in pairs}


def system_contract(name: str) -> GenesisAccount:
    """A predeployed system contract by its name in data/system-contracts.yaml."""
    return _account(_contracts("system-contracts.yaml")[name], name)


def system_address(name: str) -> bytes:
    """Where that contract lives."""
    return parse_address(_contracts("system-contracts.yaml")[f"{name}_address"], name)


def well_known_contracts() -> Alloc:
    """Contracts that tools expect at the same address on every chain."""
    alloc = {}
    for name, body in _contracts("well-known-contracts.yaml").items():
        account = {key: value for key, value in body.items() if key != "address"}
        alloc[parse_address(body["address"], name)] = _account(account, name)
    return alloc


def precompile_balances() -> Alloc:
    """One wei at 0x00…00 to 0x00…ff, so that touching a precompile never deletes it."""
    return {index.to_bytes(20, "big"): GenesisAccount(balance=1) for index in range(PRECOMPILES)}


def predeploys(deposit_contract: bytes, scheduled: Iterable[str], *, builders: bool) -> Alloc:
    """The deposit contract, and the system contracts of every fork that is scheduled.

    Args:
        deposit_contract: the address of the deposit contract.
        scheduled: names of the consensus forks that will ever happen.
        builders: whether the builder contracts (EIP-8282) come with Gloas.
    """
    names = {
        "deneb": ["eip4788"],
        "electra": ["eip2935", "eip7002", "eip7251"],
        "gloas": ["eip8282_deposit", "eip8282_exit"] if builders else [],
    }
    alloc = {deposit_contract: system_contract("deposit")}
    for fork in scheduled:
        for name in names.get(fork, ()):
            alloc[system_address(name)] = system_contract(name)
    return alloc
