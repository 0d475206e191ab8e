"""Client of an execution client's JSON-RPC API (ethereum/execution-apis)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from chainyard.chain import shape
from chainyard.chain.errors import RpcError
from chainyard.chain.execution_types import (
    ExecutionBlock,
    ExecutionSyncing,
    Fees,
    Receipt,
    Transaction,
    TxpoolStatus,
)
from chainyard.chain.http import Http
from chainyard.chain.jsonrpc import Call, JsonRpc
from chainyard.chain.shape import Fields

Tag = Literal["latest", "earliest", "safe", "finalized", "pending"]
BlockAt = int | str
"""A block's number, its hash, or a `Tag`."""

_UNKNOWN_BLOCK = -39001
_METHOD_NOT_FOUND = -32601


class Execution:
    """An execution client. Every method raises `ApiError` when it does not answer as it should,
    and `RpcError`, one of them, when it answers with an error of its own.

    Args:
        url: ``http://host:port`` of its JSON-RPC.
        timeout: seconds that one request may take.

    Raises:
        RequestError: ``url`` is not an HTTP address.
    """

    def __init__(self, url: str, *, timeout: float = 10.0) -> None:
        self._http = Http(url, timeout=timeout)
        self._rpc = JsonRpc(self._http)

    def __repr__(self) -> str:
        return f"Execution({self._http.origin!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    # The chain

    async def chain_id(self) -> int:
        """``eth_chainId`` (EIP-155)."""
        return await self._rpc.call("eth_chainId", [], shape.quantity)

    async def block_number(self) -> int:
        """``eth_blockNumber``: number of the head."""
        return await self._rpc.call("eth_blockNumber", [], shape.quantity)

    async def block(self, at: BlockAt = "latest", *, full: bool = False) -> ExecutionBlock | None:
        """``eth_getBlockByNumber`` or ``…ByHash``; None if there is no such block.

        Args:
            at: number, hash or tag (not ``pending``: that one has no hash).
            full: with whole transactions, not only their hashes.
        """
        by_hash = isinstance(at, str) and len(at) == 66
        method = "eth_getBlockByHash" if by_hash else "eth_getBlockByNumber"

        def read(result: object, where: str) -> ExecutionBlock | None:
            return None if result is None else ExecutionBlock.read(Fields(result, where), full=full)

        try:
            return await self._rpc.call(method, [_at(at), full], read)
        except RpcError as error:
            if error.code == _UNKNOWN_BLOCK:  # "finalized" before anything is finalized
                return None
            raise

    async def transaction(self, transaction_hash: str) -> Transaction | None:
        """``eth_getTransactionByHash``, pending ones too; None if it is not known."""

        def read(result: object, where: str) -> Transaction | None:
            return None if result is None else Transaction.read(Fields(result, where))

        return await self._rpc.call("eth_getTransactionByHash", [transaction_hash], read)

    async def receipt(self, transaction_hash: str) -> Receipt | None:
        """``eth_getTransactionReceipt``; None as long as it is in no block."""

        def read(result: object, where: str) -> Receipt | None:
            return None if result is None else Receipt.read(Fields(result, where))

        return await self._rpc.call("eth_getTransactionReceipt", [transaction_hash], read)

    # Accounts

    async def balance(self, address: str, at: BlockAt = "latest") -> int:
        """``eth_getBalance``: wei."""
        return await self._rpc.call("eth_getBalance", [address, _at(at)], shape.quantity)

    async def nonce(self, address: str, at: BlockAt = "latest") -> int:
        """``eth_getTransactionCount``: transactions sent; at ``pending``, the next nonce."""
        return await self._rpc.call("eth_getTransactionCount", [address, _at(at)], shape.quantity)

    async def code(self, address: str, at: BlockAt = "latest") -> str:
        """``eth_getCode``: ``0x`` where there is no contract."""
        return await self._rpc.call("eth_getCode", [address, _at(at)], shape.hexdata)

    # Transactions

    async def send_raw_transaction(self, signed: bytes) -> str:
        """``eth_sendRawTransaction``: hash of the transaction."""
        return await self._rpc.call("eth_sendRawTransaction", ["0x" + signed.hex()], _hash)

    async def call(self, transaction: Mapping[str, Any], at: BlockAt = "latest") -> str:
        """``eth_call``: what a call would return, ``0x`` hexadecimal.

        Args:
            transaction: as the API has it: ``{"to": "0x…", "data": "0x…"}``.
        """
        return await self._rpc.call("eth_call", [transaction, _at(at)], shape.hexdata)

    async def estimate_gas(self, transaction: Mapping[str, Any]) -> int:
        """``eth_estimateGas``: gas that a transaction would need."""
        return await self._rpc.call("eth_estimateGas", [transaction], shape.quantity)

    async def gas_price(self) -> int:
        """``eth_gasPrice``: wei per gas, for transactions before EIP-1559."""
        return await self._rpc.call("eth_gasPrice", [], shape.quantity)

    async def fees(self) -> Fees:
        """The next block's base fee (``eth_feeHistory``) and a suggested tip."""
        base_fee = await self._rpc.call("eth_feeHistory", ["0x1", "latest", []], _next_base_fee)
        priority = await self._rpc.call("eth_maxPriorityFeePerGas", [], shape.quantity)
        return Fees(base_fee, priority)

    # The node

    async def syncing(self) -> ExecutionSyncing | None:
        """``eth_syncing``: the progress; None when the node is not syncing."""

        def read(result: object, where: str) -> ExecutionSyncing | None:
            return None if result is False else ExecutionSyncing.read(Fields(result, where))

        return await self._rpc.call("eth_syncing", [], read)

    async def peer_count(self) -> int:
        """``net_peerCount``: connected peers."""
        return await self._rpc.call("net_peerCount", [], shape.quantity)

    async def version(self) -> str:
        """``web3_clientVersion``: e.g. ``Geth/v1.16.8-stable/linux-amd64/go1.25``."""
        return await self._rpc.call("web3_clientVersion", [], shape.text)

    async def modules(self) -> dict[str, str] | None:
        """``rpc_modules``: namespaces that are open, with versions; None if it is not served."""

        def read(result: object, where: str) -> dict[str, str]:
            items = shape.document(result, where).items()
            return {shape.text(key, where): shape.text(value, where) for key, value in items}

        try:
            return await self._rpc.call("rpc_modules", [], read)
        except RpcError as error:
            if error.code == _METHOD_NOT_FOUND:
                return None
            raise

    async def txpool_status(self) -> TxpoolStatus:
        """``txpool_status``: how many transactions wait."""
        return await self._rpc.call(
            "txpool_status", [], lambda result, where: TxpoolStatus.read(Fields(result, where))
        )

    async def request(self, method: str, *params: object) -> object:
        """Any method; its result is JSON that nobody has checked."""
        return await self._rpc.call(method, params, lambda result, _: result)

    async def batch(self, calls: Sequence[Call]) -> list[object]:
        """Many calls in few requests: unchecked results in order, an `RpcError` for a failure."""
        return await self._rpc.batch(calls)


def _at(at: BlockAt) -> str:
    return hex(at) if isinstance(at, int) else at


def _hash(result: object, where: str) -> str:
    return shape.hexdata(result, where, size=32)


def _next_base_fee(result: object, where: str) -> int:
    fees = Fields(result, where).array("baseFeePerGas")
    return shape.quantity(fees[-1] if fees else None, f"{where}.baseFeePerGas")
