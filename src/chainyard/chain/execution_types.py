"""What an execution client answers, as values.

Numbers are ints: wei, gas, Unix seconds. Hashes and addresses are ``0x`` and lower-case
hexadecimal. Text is safe to print. Each class names the method it is read from
(ethereum/execution-apis).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chainyard.chain.shape import Fields


@dataclass(frozen=True)
class Transaction:
    """``eth_getTransactionByHash``, and of ``eth_getBlockBy…`` when asked for in full.

    ``to``: None where a contract is created. ``value`` in wei. ``data``: the whole object.
    """

    hash: str
    sender: str
    to: str | None
    nonce: int
    value: int
    type: int
    data: Mapping[str, Any] = field(repr=False)

    @classmethod
    def read(cls, fields: Fields) -> Transaction:
        """Read one transaction."""
        return cls(
            hash=fields.root("hash"),
            sender=fields.hex("from", size=20),
            to=fields.optional("to", lambda key: fields.hex(key, size=20)),
            nonce=fields.quantity("nonce"),
            value=fields.quantity("value"),
            type=fields.optional("type", fields.quantity) or 0,
            data=fields.whole(),
        )


@dataclass(frozen=True)
class ExecutionBlock:
    """``eth_getBlockByNumber``, ``eth_getBlockByHash``.

    Args:
        timestamp: Unix time, seconds.
        base_fee: wei per gas; None before London.
        blob_gas_used: None before Cancun.
        transaction_hashes: all of them, in order.
        transactions: the same in full, if that was asked for.
    """

    number: int
    hash: str
    parent_hash: str
    state_root: str
    timestamp: int
    fee_recipient: str
    gas_limit: int
    gas_used: int
    base_fee: int | None
    blob_gas_used: int | None
    transaction_hashes: tuple[str, ...]
    transactions: tuple[Transaction, ...] = ()

    @classmethod
    def read(cls, fields: Fields, *, full: bool = False) -> ExecutionBlock:
        """Read one block; ``full``: with whole transactions."""
        transactions = fields.each("transactions", Transaction.read) if full else ()
        hashes = tuple(one.hash for one in transactions)
        return cls(
            number=fields.quantity("number"),
            hash=fields.root("hash"),
            parent_hash=fields.root("parentHash"),
            state_root=fields.root("stateRoot"),
            timestamp=fields.quantity("timestamp"),
            fee_recipient=fields.hex("miner", size=20),
            gas_limit=fields.quantity("gasLimit"),
            gas_used=fields.quantity("gasUsed"),
            base_fee=fields.optional("baseFeePerGas", fields.quantity),
            blob_gas_used=fields.optional("blobGasUsed", fields.quantity),
            transaction_hashes=hashes if full else fields.hexes("transactions", size=32),
            transactions=transactions,
        )


@dataclass(frozen=True)
class Receipt:
    """``eth_getTransactionReceipt``: what became of an included transaction.

    ``succeeded`` is false for one that was reverted. ``effective_gas_price``: wei per gas.
    """

    transaction_hash: str
    transaction_index: int
    block_hash: str
    block_number: int
    succeeded: bool
    gas_used: int
    effective_gas_price: int
    sender: str
    to: str | None
    contract_address: str | None
    logs: tuple[Mapping[str, Any], ...] = field(repr=False)

    @classmethod
    def read(cls, fields: Fields) -> Receipt:
        """Read one receipt."""

        def address(key: str) -> str:
            return fields.hex(key, size=20)

        return cls(
            transaction_hash=fields.root("transactionHash"),
            transaction_index=fields.quantity("transactionIndex"),
            block_hash=fields.root("blockHash"),
            block_number=fields.quantity("blockNumber"),
            succeeded=fields.quantity("status") == 1,
            gas_used=fields.quantity("gasUsed"),
            effective_gas_price=fields.quantity("effectiveGasPrice"),
            sender=address("from"),
            to=fields.optional("to", address),
            contract_address=fields.optional("contractAddress", address),
            logs=fields.each("logs", Fields.whole),
        )


@dataclass(frozen=True)
class ExecutionSyncing:
    """``eth_syncing`` of a node that is syncing: block numbers."""

    starting_block: int
    current_block: int
    highest_block: int

    @classmethod
    def read(cls, fields: Fields) -> ExecutionSyncing:
        """Read the progress."""
        names = ("startingBlock", "currentBlock", "highestBlock")
        return cls(*(fields.quantity(name) for name in names))


@dataclass(frozen=True)
class Fees:
    """What a transaction costs now: wei per gas (``eth_feeHistory``, EIP-1559).

    ``base_fee``: of the next block. ``priority``: a tip that the node suggests.
    """

    base_fee: int
    priority: int

    @property
    def max_fee(self) -> int:
        """An offer that stays valid for six full blocks: the base fee may grow 1/8 a block."""
        return 2 * self.base_fee + self.priority


@dataclass(frozen=True)
class TxpoolStatus:
    """``txpool_status``: transactions that may be mined (``pending``), or not yet (``queued``)."""

    pending: int
    queued: int

    @classmethod
    def read(cls, fields: Fields) -> TxpoolStatus:
        """Read the status."""
        return cls(fields.quantity("pending"), fields.quantity("queued"))
