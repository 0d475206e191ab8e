from __future__ import annotations

import pytest

from chainyard.chain.errors import ApiError, RpcError
from chainyard.chain.execution import Execution
from chainyard.chain.jsonrpc import BATCH, Call

from . import samples
from .standin import Fault, Reply, StandIn, as_json

pytestmark = pytest.mark.anyio


async def test_numbers(node: StandIn, execution: Execution) -> None:
    node.methods |= {
        "eth_chainId": "0x2e9d",
        "eth_blockNumber": "0x0",
        "eth_gasPrice": "0x3b9aca00",
        "net_peerCount": "0x2",
        "eth_estimateGas": "0x5208",
    }
    assert await execution.chain_id() == 11933
    assert await execution.block_number() == 0
    assert await execution.gas_price() == 10**9
    assert await execution.peer_count() == 2
    assert await execution.estimate_gas({"to": samples.ADDRESS}) == 21000


@pytest.mark.parametrize(
    ("at", "method", "sent"),
    [
        ("latest", "eth_getBlockByNumber", "latest"),
        (9, "eth_getBlockByNumber", "0x9"),
        (samples.root(0x21), "eth_getBlockByHash", samples.root(0x21)),
    ],
)
async def test_block(
    node: StandIn, execution: Execution, at: int | str, method: str, sent: str
) -> None:
    node.methods[method] = samples.execution_block(9)
    block = await execution.block(at)
    assert block is not None
    assert (block.number, block.hash, block.base_fee) == (9, samples.root(0x21), 7)
    assert block.timestamp == 1_700_000_000
    assert block.fee_recipient == samples.ADDRESS
    assert (block.transaction_hashes, block.transactions) == ((samples.root(0x24),), ())
    assert node.seen[-1].json["params"] == [sent, False]


async def test_block_in_full(node: StandIn, execution: Execution) -> None:
    node.methods["eth_getBlockByNumber"] = samples.execution_block(9, full=True)
    block = await execution.block(9, full=True)
    assert block is not None
    (transaction,) = block.transactions
    assert block.transaction_hashes == (transaction.hash,)
    assert (transaction.value, transaction.to, transaction.type) == (10**18, None, 2)
    assert node.seen[-1].json["params"] == ["0x9", True]


async def test_a_block_that_is_not_there(node: StandIn, execution: Execution) -> None:
    node.methods["eth_getBlockByNumber"] = None
    assert await execution.block(10**6) is None
    node.methods["eth_getBlockByNumber"] = Fault(-39001, "Unknown block")
    assert await execution.block("finalized") is None
    node.methods["eth_getBlockByNumber"] = Fault(-32000, "database broken")
    with pytest.raises(RpcError, match="database broken"):
        await execution.block("finalized")


async def test_accounts(node: StandIn, execution: Execution) -> None:
    node.methods |= {
        "eth_getBalance": hex(10**27),
        "eth_getTransactionCount": "0x5",
        "eth_getCode": "0x6001",
    }
    assert await execution.balance(samples.ADDRESS) == 10**27
    assert await execution.nonce(samples.ADDRESS, "pending") == 5
    assert node.seen[-1].json["params"] == [samples.ADDRESS, "pending"]
    assert await execution.code(samples.ADDRESS, 3) == "0x6001"
    assert node.seen[-1].json["params"] == [samples.ADDRESS, "0x3"]


async def test_transactions(node: StandIn, execution: Execution) -> None:
    node.methods |= {
        "eth_sendRawTransaction": samples.root(0x24),
        "eth_getTransactionByHash": samples.transaction(),
        "eth_getTransactionReceipt": samples.receipt(),
        "eth_call": "0xABCD",
    }
    assert await execution.send_raw_transaction(b"\x02\xf8") == samples.root(0x24)
    assert node.seen[-1].json["params"] == ["0x02f8"]
    transaction = await execution.transaction(samples.root(0x24))
    assert transaction is not None
    assert transaction.nonce == 1
    receipt = await execution.receipt(samples.root(0x24))
    assert receipt is not None
    assert (receipt.succeeded, receipt.block_number, receipt.gas_used) == (True, 9, 21000)
    assert await execution.call({"to": samples.ADDRESS, "data": "0x"}) == "0xabcd"


async def test_a_reverted_transaction_did_not_succeed(node: StandIn, execution: Execution) -> None:
    node.methods["eth_getTransactionReceipt"] = samples.receipt(status="0x0")
    receipt = await execution.receipt(samples.root(0x24))
    assert receipt is not None
    assert not receipt.succeeded


async def test_a_transaction_that_is_not_there(node: StandIn, execution: Execution) -> None:
    node.methods |= {"eth_getTransactionReceipt": None, "eth_getTransactionByHash": None}
    assert await execution.receipt(samples.root(1)) is None
    assert await execution.transaction(samples.root(1)) is None


async def test_fees(node: StandIn, execution: Execution) -> None:
    node.methods["eth_feeHistory"] = {"oldestBlock": "0x3", "baseFeePerGas": ["0x9", "0x8"]}
    node.methods["eth_maxPriorityFeePerGas"] = "0x1"
    fees = await execution.fees()
    assert (fees.base_fee, fees.priority, fees.max_fee) == (8, 1, 17)


async def test_no_fees(node: StandIn, execution: Execution) -> None:
    node.methods["eth_feeHistory"] = {"baseFeePerGas": []}
    with pytest.raises(ApiError, match="baseFeePerGas"):
        await execution.fees()


async def test_the_node(node: StandIn, execution: Execution) -> None:
    node.methods |= {
        "web3_clientVersion": "Geth/v1.16.8",
        "rpc_modules": {"eth": "1.0", "net": "1.0"},
        "txpool_status": {"pending": "0x3", "queued": "0x1"},
        "eth_syncing": False,
    }
    assert await execution.version() == "Geth/v1.16.8"
    assert await execution.modules() == {"eth": "1.0", "net": "1.0"}
    status = await execution.txpool_status()
    assert (status.pending, status.queued) == (3, 1)
    assert await execution.syncing() is None


async def test_syncing(node: StandIn, execution: Execution) -> None:
    progress = {"startingBlock": "0x1", "currentBlock": "0x2", "highestBlock": "0x3"}
    node.methods["eth_syncing"] = {**progress, "syncedAccounts": "0x0"}
    syncing = await execution.syncing()
    assert syncing is not None
    assert (syncing.starting_block, syncing.current_block, syncing.highest_block) == (1, 2, 3)


async def test_modules_that_are_not_told(execution: Execution) -> None:
    assert await execution.modules() is None


async def test_an_error_of_the_node(node: StandIn, execution: Execution) -> None:
    node.methods["eth_call"] = Fault(3, "execution reverted\x1b[0m", "0x08c3")
    with pytest.raises(RpcError) as caught:
        await execution.call({})
    error = caught.value
    assert (error.code, error.reason, error.data) == (3, "execution reverted\\x1b[0m", "0x08c3")
    assert "eth_call" in str(error)
    assert "\x1b" not in str(error)
    assert not error.temporary


async def test_an_error_with_an_http_status(node: StandIn, execution: Execution) -> None:
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": -32602, "message": "bad params"}}
    node.answers["/"] = as_json(error, status=400)
    with pytest.raises(RpcError, match="bad params"):
        await execution.chain_id()
    node.answers["/"] = Reply(b"Bad Gateway", 502)
    with pytest.raises(ApiError, match="HTTP 502: Bad Gateway") as caught:
        await execution.chain_id()
    assert caught.value.temporary


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"id": 1, "error": {"code": "x", "message": "y"}},
        {"id": 1, "error": "boom"},
        {"id": 99, "result": "0x1"},
        {"id": 1, "result": "1"},
        {"id": 1, "result": 1},
        {"id": 1, "result": None},
        {"id": 1, "result": "0x"},
        {"id": 1, "result": "0x" + "f" * 65},
        {"id": 1, "result": "-0x1"},
        {"id": 1, "result": "0x1\n"},
        [],
    ],
)
async def test_what_is_not_an_answer(node: StandIn, execution: Execution, answer: object) -> None:
    node.answers["/"] = as_json(answer)
    with pytest.raises(ApiError) as caught:
        await execution.chain_id()
    assert not isinstance(caught.value, RpcError)


async def test_batch(node: StandIn, execution: Execution) -> None:
    node.methods["eth_chainId"] = "0x1"
    node.methods["eth_getBalance"] = lambda address, at: address  # the stand-in turns the order
    calls = [Call("eth_getBalance", (hex(n), "latest")) for n in range(BATCH + 5)]
    assert await execution.batch(calls) == [hex(n) for n in range(BATCH + 5)]
    assert len(node.seen) == 2


async def test_a_batch_in_which_one_fails(node: StandIn, execution: Execution) -> None:
    node.methods["eth_chainId"] = "0x1"
    first, second = await execution.batch([Call("eth_chainId"), Call("admin_peers")])
    assert first == "0x1"
    assert isinstance(second, RpcError)
    assert second.code == -32601


@pytest.mark.parametrize(
    "answer",
    [
        {"id": 1, "error": {"code": -32600, "message": "batch too large"}},
        [],
        [{"id": 1, "result": 1}],
        [{"id": 1, "result": 1}, {"id": 1, "result": 2}],
        [{"id": 1, "result": 1}, {"id": 7, "result": 2}],
        [1, 2],
    ],
)
async def test_a_batch_that_is_not_answered(
    node: StandIn, execution: Execution, answer: object
) -> None:
    node.answers["/"] = as_json(answer)
    with pytest.raises(ApiError, match="batch"):
        await execution.batch([Call("eth_chainId"), Call("eth_chainId")])


async def test_an_empty_batch_asks_nothing(node: StandIn, execution: Execution) -> None:
    assert await execution.batch([]) == []
    assert not node.seen


async def test_any_method(node: StandIn, execution: Execution) -> None:
    node.methods["debug_something"] = lambda *params: list(params)
    assert await execution.request("debug_something", 1, "x") == [1, "x"]
