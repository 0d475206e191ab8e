from __future__ import annotations

import hashlib
import time

import pytest

from chainyard.chain import jwt
from chainyard.chain.beacon_types import SignedBlock
from chainyard.chain.engine import Engine
from chainyard.chain.engine_types import ZERO_HASH, PayloadAttributes, Status, Withdrawal
from chainyard.chain.errors import ApiError, JwtError, RpcError, ShapeError
from chainyard.chain.payload import new_payload
from chainyard.errors import RequestError

from . import samples
from .conftest import SECRET
from .standin import Fault, StandIn

pytestmark = pytest.mark.anyio

VALID = {"status": "VALID", "latestValidHash": samples.root(0x15), "validationError": None}


def block(version: str = "electra") -> SignedBlock:
    return SignedBlock.from_json(version, samples.signed_block(5))


async def test_new_payload(node: StandIn, engine: Engine) -> None:
    node.methods["engine_newPayloadV4"] = VALID
    status = await engine.new_payload(block())
    assert (status.status, status.latest_valid_hash) == (Status.VALID, samples.root(0x15))
    payload, hashes, parent, requests = node.seen[-1].json["params"]
    assert payload == {
        "parentHash": samples.root(0x11),
        "feeRecipient": samples.ADDRESS,
        "stateRoot": samples.root(0x12),
        "receiptsRoot": samples.root(0x13),
        "logsBloom": "0x" + "00" * 256,
        "prevRandao": samples.root(0x14),
        "blockNumber": "0x9",
        "gasLimit": "0x1c9c380",
        "gasUsed": "0x5208",
        "timestamp": "0x6553f100",
        "extraData": "0xd883",
        "baseFeePerGas": hex(2**70),
        "blockHash": samples.root(0x15),
        "transactions": ["0x02f8"],
        "withdrawals": [
            {
                "index": "0xa",
                "validatorIndex": "0xb",
                "address": samples.ADDRESS,
                "amount": "0xc",
            }
        ],
        "blobGasUsed": "0x20000",
        "excessBlobGas": "0x0",
    }
    digest = hashlib.sha256(bytes.fromhex("c0" * 48)).hexdigest()
    assert hashes == ["0x01" + digest[2:]]
    assert parent == samples.root(2)
    deposit = "a1" * 48 + "a2" * 32 + "0040597307000000" + "a3" * 96 + "0500000000000000"
    consolidation = samples.ADDRESS[2:] + "b1" * 48 + "b2" * 48
    assert requests == ["0x00" + deposit, "0x02" + consolidation]  # no withdrawals: left out


@pytest.mark.parametrize(
    ("fork", "version", "parameters", "missing"),
    [
        ("bellatrix", 1, 1, {"withdrawals", "blobGasUsed", "excessBlobGas"}),
        ("capella", 2, 1, {"blobGasUsed", "excessBlobGas"}),
        ("deneb", 3, 3, set()),
        ("electra", 4, 4, set()),
        ("fulu", 4, 4, set()),
    ],
)
def test_the_version_follows_the_fork(
    fork: str, version: int, parameters: int, missing: set[str]
) -> None:
    call = new_payload(block(fork))
    assert call.method == f"engine_newPayloadV{version}"
    assert len(call.params) == parameters
    later = {"withdrawals", "blobGasUsed", "excessBlobGas"}
    assert later - call.params[0].keys() == missing


@pytest.mark.parametrize("fork", ["phase0", "altair", "gloas"])
def test_a_fork_without_a_known_payload(fork: str) -> None:
    with pytest.raises(RequestError, match=fork):
        new_payload(block(fork))


@pytest.mark.parametrize("missing", ["execution_requests", "blob_kzg_commitments"])
def test_a_block_that_lacks_what_its_fork_has(missing: str) -> None:
    data = samples.signed_block(5)
    del data["message"]["body"][missing]
    with pytest.raises(ShapeError, match=missing):
        new_payload(SignedBlock.from_json("electra", data))


async def test_an_invalid_payload(node: StandIn, engine: Engine) -> None:
    error = {"status": "INVALID", "latestValidHash": None, "validationError": "bad\x1b root"}
    node.methods["engine_newPayloadV4"] = error
    status = await engine.new_payload(block())
    assert status.status is Status.INVALID
    assert (status.latest_valid_hash, status.validation_error) == (None, "bad\\x1b root")


async def test_a_status_that_is_not_known(node: StandIn, engine: Engine) -> None:
    node.methods["engine_newPayloadV4"] = {"status": "FINE"}
    with pytest.raises(ApiError, match="FINE"):
        await engine.new_payload(block())


async def test_forkchoice(node: StandIn, engine: Engine) -> None:
    node.methods["engine_forkchoiceUpdatedV3"] = {"payloadStatus": VALID, "payloadId": None}
    result = await engine.forkchoice_updated(samples.root(1), fork="electra")
    assert result.status.status is Status.VALID
    assert result.payload_id is None
    state = {"headBlockHash": samples.root(1), "safeBlockHash": ZERO_HASH}
    assert node.seen[-1].json["params"] == [{**state, "finalizedBlockHash": ZERO_HASH}, None]


@pytest.mark.parametrize(
    ("fork", "version", "keys"),
    [
        ("bellatrix", 1, set()),
        ("capella", 2, {"withdrawals"}),
        ("deneb", 3, {"withdrawals", "parentBeaconBlockRoot"}),
    ],
)
async def test_building_a_block(
    node: StandIn, engine: Engine, fork: str, version: int, keys: set[str]
) -> None:
    answer = {"payloadStatus": VALID, "payloadId": "0x0000000021f32cc1"}
    node.methods[f"engine_forkchoiceUpdatedV{version}"] = answer
    withdrawal = Withdrawal(1, 2, samples.ADDRESS, 3)
    attributes = PayloadAttributes(16, samples.root(7), samples.ADDRESS, (withdrawal,))
    result = await engine.forkchoice_updated(samples.root(1), fork=fork, attributes=attributes)
    assert result.payload_id == "0x0000000021f32cc1"
    sent = node.seen[-1].json["params"][1]
    assert sent["timestamp"] == "0x10"
    assert sent.keys() == {"timestamp", "prevRandao", "suggestedFeeRecipient"} | keys


async def test_an_error_of_the_node(node: StandIn, engine: Engine) -> None:
    node.methods["engine_forkchoiceUpdatedV3"] = Fault(-38002, "Invalid forkchoice state")
    with pytest.raises(RpcError, match="Invalid forkchoice state") as caught:
        await engine.forkchoice_updated(samples.root(1), fork="fulu")
    assert caught.value.code == -38002


async def test_capabilities(node: StandIn, engine: Engine) -> None:
    node.methods["engine_exchangeCapabilities"] = lambda ours: [*ours, "engine_getBlobsV1"]
    found = await engine.exchange_capabilities()
    assert {"engine_newPayloadV4", "engine_getBlobsV1"} <= set(found)


async def test_payload_bodies(node: StandIn, engine: Engine) -> None:
    withdrawal = {"index": "0x1", "validatorIndex": "0x2", "address": samples.ADDRESS}
    body = {"transactions": ["0x02"], "withdrawals": [{**withdrawal, "amount": "0x3"}]}
    early = {"transactions": [], "withdrawals": None}
    node.methods["engine_getPayloadBodiesByHashV1"] = [body, None]
    node.methods["engine_getPayloadBodiesByRangeV1"] = [early]
    first, missing = await engine.payload_bodies_by_hash([samples.root(1), samples.root(2)])
    assert missing is None
    assert first is not None
    assert first.transactions == ("0x02",)
    assert first.withdrawals == (Withdrawal(1, 2, samples.ADDRESS, 3),)
    (found,) = await engine.payload_bodies_by_range(10, 16)
    assert node.seen[-1].json["params"] == ["0xa", "0x10"]
    assert found is not None
    assert found.withdrawals is None


@pytest.mark.parametrize(
    ("secret", "clock", "answer"),
    [
        (bytes(32), time.time, "signature is invalid"),
        (SECRET, lambda: time.time() - 120, "stale token"),
        (SECRET, lambda: time.time() + 120, "stale token"),
    ],
    ids=["other secret", "clock behind", "clock ahead"],
)
async def test_a_token_that_is_refused(node, engine, secret, clock, answer) -> None:
    async with Engine(node.url, secret, now=clock) as mine:
        with pytest.raises(JwtError, match="wrong JWT") as caught:
            await mine.exchange_capabilities()
    error = caught.value
    assert answer in str(error)
    assert "another JWT secret" in str(error)
    assert not error.temporary
    assert secret.hex() not in f"{error}{error!r}"
    assert "Bearer" not in str(error)


async def test_a_token_is_made_for_each_request(node: StandIn) -> None:
    node.secret = SECRET
    node.methods["engine_exchangeCapabilities"] = []
    start = time.time()
    ticks = iter([start, start - 30, start - 120])
    async with Engine(node.url, SECRET, now=lambda: next(ticks)) as engine:
        await engine.exchange_capabilities()
        await engine.exchange_capabilities()
        with pytest.raises(JwtError):
            await engine.exchange_capabilities()


def test_the_secret_is_not_shown() -> None:
    engine = Engine("http://127.0.0.1:1", SECRET)
    assert SECRET.hex() not in repr(engine)
    assert repr(SECRET) not in repr(engine)


@pytest.mark.parametrize("text", ["0x" + SECRET.hex(), SECRET.hex() + "\n", SECRET.hex().upper()])
def test_a_secret_file(text: str) -> None:
    assert jwt.read_secret(text) == SECRET


@pytest.mark.parametrize("text", ["", "0x", "ab" * 31, "ab" * 33, "zz" * 32, "ab" * 31 + "a"])
def test_a_bad_secret_file_is_not_quoted(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        jwt.read_secret(text)
    assert not text or len(text) < 3 or text not in str(caught.value)


def test_a_bad_secret() -> None:
    with pytest.raises(RequestError):
        Engine("http://127.0.0.1:1", b"short")


def test_a_known_token() -> None:
    # RFC 7515 appendix A.1 uses other claims; this one was made with openssl dgst -hmac.
    assert jwt.token(b"\0" * 32, 1_700_000_000).split(".")[:2] == [
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
        "eyJpYXQiOiAxNzAwMDAwMDAwfQ",
    ]
