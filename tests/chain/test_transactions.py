from __future__ import annotations

import pytest
from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from hexbytes import HexBytes

from chainyard.chain.errors import RpcError
from chainyard.chain.execution import Execution
from chainyard.chain.execution_types import Fees
from chainyard.chain.transactions import sign_transfer, transfer
from chainyard.errors import RequestError

from . import samples
from .standin import Fault, StandIn

KEY = "0x" + "46" * 32
FEES = Fees(base_fee=7, priority=10**9)


def chain(node: StandIn) -> None:
    node.methods |= {
        "eth_chainId": "0x2e9d",
        "eth_getTransactionCount": "0x3",
        "eth_feeHistory": {"baseFeePerGas": ["0x8", "0x7"]},
        "eth_maxPriorityFeePerGas": hex(10**9),
        "eth_sendRawTransaction": samples.root(0x24),
    }


@pytest.mark.anyio
async def test_transfer(node: StandIn, execution: Execution) -> None:
    chain(node)
    assert await transfer(execution, KEY, samples.ADDRESS, 10**18) == samples.root(0x24)
    raw = HexBytes(node.seen[-1].json["params"][0])
    sent = TypedTransaction.from_bytes(raw).as_dict()
    assert (sent["chainId"], sent["nonce"], sent["value"], sent["gas"]) == (11933, 3, 10**18, 21000)
    assert (sent["maxFeePerGas"], sent["maxPriorityFeePerGas"]) == (10**9 + 14, 10**9)
    assert "0x" + sent["to"].hex().removeprefix("0x") == samples.ADDRESS
    assert Account.recover_transaction(raw) == Account.from_key(KEY).address
    asked = [one.json["params"] for one in node.seen if "Count" in one.json["method"]]
    assert asked == [[Account.from_key(KEY).address, "pending"]]


@pytest.mark.anyio
async def test_a_transfer_that_is_refused(node: StandIn, execution: Execution) -> None:
    chain(node)
    node.methods["eth_sendRawTransaction"] = Fault(-32000, "insufficient funds for gas")
    with pytest.raises(RpcError, match="insufficient funds") as caught:
        await transfer(execution, KEY, samples.ADDRESS, 10**30)
    assert "46464646" not in str(caught.value)


def test_signing_is_pure_and_names_the_hash() -> None:
    how = {"to": samples.ADDRESS, "value_wei": 1, "nonce": 0, "chain_id": 1, "fees": FEES}
    signed = sign_transfer(KEY, **how)
    assert signed == sign_transfer(bytes.fromhex(KEY[2:]), **how)
    from eth_utils import keccak

    assert signed.hash == "0x" + keccak(signed.raw).hex()


@pytest.mark.parametrize("key", ["", "0x12", "zz" * 32, "0x" + "00" * 32, b"\xff" * 32, b"\1" * 31])
def test_a_bad_key_is_not_quoted(key: str | bytes) -> None:
    with pytest.raises(RequestError, match="not a secp256k1 private key") as caught:
        sign_transfer(key, to=samples.ADDRESS, value_wei=1, nonce=0, chain_id=1, fees=FEES)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "to",
    [
        "0x12",
        "",
        "nonsense\x1b",
        samples.ADDRESS + "0",
        "0x8943545177806ED17B9F23F0a21ee5948eCaa77E",
    ],
)
def test_what_is_no_address(to: str) -> None:
    with pytest.raises(RequestError, match=r"address") as caught:
        sign_transfer(KEY, to=to, value_wei=1, nonce=0, chain_id=1, fees=FEES)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("value", [-1, 2**256])
def test_what_cannot_be_signed(value: int) -> None:
    with pytest.raises(RequestError, match="cannot be signed") as caught:
        sign_transfer(KEY, to=samples.ADDRESS, value_wei=value, nonce=0, chain_id=1, fees=FEES)
    assert "46464646" not in str(caught.value)
