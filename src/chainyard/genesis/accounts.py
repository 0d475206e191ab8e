"""Accounts that own ether from the first block on: BIP-32 keys at BIP-44's path for Ethereum."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from coincurve import PrivateKey

from chainyard.errors import RequestError
from chainyard.genesis.alloc import parse_wei
from chainyard.genesis.generator_env import WHERE
from chainyard.genesis.keccak import keccak
from chainyard.genesis.mnemonics import mnemonic_seed

if TYPE_CHECKING:
    from chainyard.spec import Spec

ACCOUNTS_PATH = "m/44'/60'/0'/0"
DEFAULT_COUNT = 21
DEFAULT_BALANCE = "1000000000ETH"
MAX_COUNT = 100_000
MNEMONIC_KEY = "network_params.preregistered_validator_keys_mnemonic"

_HARDENED = 2**31


@dataclass(frozen=True)
class Account:
    """An account with ether in the genesis block.

    Args:
        address: checksummed (EIP-55).
        balance_wei: what it owns at genesis.
        index: its place in the mnemonic; None for an address that the file names.
        private_key: ``0x`` and 64 digits; None where only the address is known.
        path: BIP-44 path of the key.
    """

    address: str
    balance_wei: int
    index: int | None = None
    private_key: str | None = field(default=None, repr=False)
    path: str | None = None


@dataclass(frozen=True)
class _Node:
    """A node of the BIP-32 tree."""

    secret: bytes = field(repr=False)
    chain_code: bytes = field(repr=False)

    def child(self, index: int) -> _Node:
        """BIP-32 ``CKDpriv``; an index of 2**31 and more is hardened."""
        key = PrivateKey(self.secret)
        data = b"\x00" + self.secret if index >= _HARDENED else key.public_key.format()
        left, right = _split(self.chain_code, data + index.to_bytes(4, "big"))
        return _Node(key.add(left).secret, right)


def prefunded_accounts(spec: Spec) -> list[Account]:
    """The premine of the mnemonic, then the addresses of ``network_params.prefunded_accounts``.

    How many and how much: ``EL_PREMINE_COUNT`` and ``EL_PREMINE_BALANCE`` of
    ``ethereum_genesis_generator_params.extra_env`` (21 accounts of 10**9 ETH). An address of both
    is listed once, with the key of the first and the balance of the second.

    Raises:
        RequestError: a count, balance or mnemonic that makes no sense.
    """
    env = spec.ethereum_genesis_generator_params.extra_env
    params = spec.network_params
    count = _count(env.get("EL_PREMINE_COUNT", DEFAULT_COUNT))
    balance = parse_wei(
        env.get("EL_PREMINE_BALANCE", DEFAULT_BALANCE), f"{WHERE}.EL_PREMINE_BALANCE"
    )
    mnemonic = params.preregistered_validator_keys_mnemonic
    accounts = {
        account.address: account
        for account in derive_accounts(mnemonic, count, balance, key=MNEMONIC_KEY)
    }
    for text, allocation in params.prefunded_accounts.items():
        address = checksummed(bytes.fromhex(text.removeprefix("0x")))
        known = accounts.get(address, Account(address, 0))
        accounts[address] = replace(known, balance_wei=allocation.balance)
    return list(accounts.values())


def derive_accounts(
    mnemonic: str, count: int, balance_wei: int = 0, *, key: str = "mnemonic"
) -> Iterator[Account]:
    """The first accounts of a mnemonic, at ``m/44'/60'/0'/0/i``.

    Args:
        key: where the mnemonic was given; named in errors.

    Raises:
        RequestError: the mnemonic is not one.
    """
    node = _master(mnemonic_seed(mnemonic, key=key))
    for index in (44 + _HARDENED, 60 + _HARDENED, _HARDENED, 0):
        node = node.child(index)
    for index in range(count):
        secret = node.child(index).secret
        yield Account(
            address=address_of(secret),
            balance_wei=balance_wei,
            index=index,
            private_key=f"0x{secret.hex()}",
            path=f"{ACCOUNTS_PATH}/{index}",
        )


def address_of(secret: bytes) -> str:
    """The checksummed address of a secp256k1 secret.

    Raises:
        ValueError: not a secret of that curve.
    """
    public = PrivateKey(secret).public_key.format(compressed=False)[1:]
    return checksummed(keccak(public)[-20:])


def checksummed(address: bytes) -> str:
    """A 20-byte address as text; the case of its letters is a checksum (EIP-55).

    Raises:
        ValueError: not 20 bytes.
    """
    if len(address) != 20:
        raise ValueError(f"an address has 20 bytes, not {len(address)}")
    digits = address.hex()
    marks = keccak(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if int(mark, 16) >= 8 else digit
        for digit, mark in zip(digits, marks, strict=False)
    )


def _master(seed: bytes) -> _Node:
    return _Node(*_split(b"Bitcoin seed", seed))


def _split(key: bytes, data: bytes) -> tuple[bytes, bytes]:
    digest = hmac.digest(key, data, "sha512")
    return digest[:32], digest[32:]


def _count(value: object) -> int:
    text = str(value).strip()
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else -1
    if not 0 <= number <= MAX_COUNT:
        raise RequestError(
            f"{WHERE}.EL_PREMINE_COUNT: {value!r} is not a number of accounts.",
            hint=f"Give a whole number from 0 to {MAX_COUNT}.",
        )
    return number
