"""Transfers: signed here, sent to a node."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from eth_utils.address import (
    is_checksum_address,
    is_checksum_formatted_address,
    is_hex_address,
    to_checksum_address,
)

from chainyard.chain.execution import Execution
from chainyard.chain.execution_types import Fees
from chainyard.chain.text import safe_text
from chainyard.errors import RequestError

if TYPE_CHECKING:
    from eth_account import Account
    from eth_account.signers.local import LocalAccount

TRANSFER_GAS = 21_000
"""Gas of a transfer to an account without code (EIP-2028, yellow paper appendix G)."""


@dataclass(frozen=True)
class SignedTransaction:
    """A transaction, ready to be sent."""

    hash: str
    raw: bytes = field(repr=False)


def sign_transfer(
    private_key: bytes | str,
    *,
    to: str,
    value_wei: int,
    nonce: int,
    chain_id: int,
    fees: Fees,
    gas: int = TRANSFER_GAS,
) -> SignedTransaction:
    """Sign an EIP-1559 transfer. Pure.

    Raises:
        RequestError: the key, the address or an amount is not one. No secret is in the message.
    """
    transaction: dict[str, Any] = {
        "type": 2,
        "chainId": chain_id,
        "nonce": nonce,
        "to": _address(to),
        "value": value_wei,
        "gas": gas,
        "maxFeePerGas": fees.max_fee,
        "maxPriorityFeePerGas": fees.priority,
    }
    for name, amount in transaction.items():
        if isinstance(amount, int) and not 0 <= amount < 1 << (256 if name == "value" else 64):
            raise RequestError(f"this transfer cannot be signed: {name} is out of range: {amount}")
    signed = _account(private_key).sign_transaction(transaction)
    return SignedTransaction("0x" + bytes(signed.hash).hex(), bytes(signed.raw_transaction))


async def transfer(execution: Execution, private_key: bytes | str, to: str, value_wei: int) -> str:
    """Send ``value_wei`` to ``to``: the transaction's hash. It is sent, not yet in a block.

    Raises:
        ApiError: the node does not answer, or refuses it (`RpcError`: no funds, …).
        RequestError: the key or the address is not one.
    """
    signed = sign_transfer(
        private_key,
        to=to,
        value_wei=value_wei,
        nonce=await execution.nonce(_account(private_key).address, "pending"),
        chain_id=await execution.chain_id(),
        fees=await execution.fees(),
    )
    return await execution.send_raw_transaction(signed.raw)


def _address(text: str) -> str:
    """``text`` in the mixed case of EIP-55; an address already in mixed case must have it right."""
    if not is_hex_address(text):
        raise RequestError(f"{safe_text(text, 60)!r} is no address: 0x and 40 hexadecimal digits")
    if is_checksum_formatted_address(text) and not is_checksum_address(text):
        raise RequestError(f"the address {text} is mistyped: its EIP-55 checksum is wrong")
    return to_checksum_address(text)


def _account(private_key: bytes | str) -> LocalAccount:
    try:
        account: LocalAccount = _eth_account().from_key(private_key)
    except Exception:  # eth-keys and the bindings below it raise many kinds, with the key in them
        raise RequestError("not a secp256k1 private key") from None
    return account


@cache
def _eth_account() -> type[Account]:
    """eth-account, without what a library below it does to the whole process.

    It sets the recursion limit to 100,000. With that, the JSON parser of CPython 3.11 runs out of
    stack on a deeply nested document and ends the interpreter, where it should raise an error.
    """
    limit = sys.getrecursionlimit()
    from eth_account import Account  # noqa: PLC0415 - half a second, and the above

    sys.setrecursionlimit(limit)
    return Account
