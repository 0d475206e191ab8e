"""What can come back in place of an answer."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator

import pytest

from chainyard.chain.beacon import Beacon
from chainyard.chain.errors import ApiError, UnreachableError
from chainyard.chain.execution import Execution
from chainyard.chain.http import SMALL
from chainyard.errors import ChainyardError

from .standin import Reply, StandIn, as_json

pytestmark = pytest.mark.anyio

VERSION = "/eth/v1/node/version"
GOOD = json.dumps({"data": {"version": "v1"}}).encode()


@pytest.fixture
async def hasty(node: StandIn) -> AsyncIterator[Beacon]:
    async with Beacon(node.url, timeout=0.2) as client:
        yield client


async def failure(beacon: Beacon) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await beacon.version()
    return caught.value


async def test_nobody_listens(nobody: str) -> None:
    async with Beacon(nobody) as beacon:
        error = await failure(beacon)
    assert isinstance(error, UnreachableError)
    assert isinstance(error, ChainyardError)
    assert error.temporary
    assert nobody in str(error)
    assert VERSION in str(error)
    assert "nothing listens there" in error.cause
    assert error.__cause__ is not None


async def test_no_answer_in_time(node: StandIn, hasty: Beacon) -> None:
    node.answers[VERSION] = node.stall
    error = await failure(hasty)
    assert isinstance(error, UnreachableError)
    assert "within 0.2 s" in str(error)


async def test_an_answer_that_trickles_is_not_waited_for(nobody: str) -> None:
    import anyio

    async def trickle(stream: anyio.abc.ByteStream) -> None:
        async with stream:
            await stream.receive()
            await stream.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
            while True:
                await stream.send(b" ")
                await anyio.sleep(0.02)

    # No single read takes long; only the whole is late.
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        async with (
            anyio.create_task_group() as group,
            Beacon(f"http://127.0.0.1:{port}", timeout=0.3) as beacon,
        ):
            group.start_soon(listener.serve, trickle)
            error = await failure(beacon)
            group.cancel_scope.cancel()
    assert isinstance(error, UnreachableError)
    assert "no whole answer" in str(error)


@pytest.mark.parametrize("then", ["close", "reset"])
async def test_a_truncated_answer(node: StandIn, beacon: Beacon, then: str) -> None:
    node.answers[VERSION] = Reply(GOOD[:10], length=len(GOOD), then=then)
    error = await failure(beacon)
    assert isinstance(error, UnreachableError)
    assert "the connection broke" in str(error)


@pytest.mark.parametrize("status", [500, 502, 503, 429])
async def test_a_server_in_trouble_is_temporary(node: StandIn, beacon: Beacon, status: int) -> None:
    node.answers[VERSION] = Reply(b"the sky falls", status)
    error = await failure(beacon)
    assert (error.status, error.temporary) == (status, True)
    assert "the sky falls" in str(error)


@pytest.mark.parametrize("status", [400, 401, 403, 405])
async def test_a_refusal_is_not(node: StandIn, beacon: Beacon, status: int) -> None:
    node.answers[VERSION] = Reply(b"no", status)
    error = await failure(beacon)
    assert (error.status, error.temporary) == (status, False)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(node: StandIn, beacon: Beacon, status: int) -> None:
    node.answers[VERSION] = Reply(status=status, headers={"location": node.url + "/elsewhere"})
    error = await failure(beacon)
    assert "redirects" in str(error)
    assert not node.asked("/elsewhere")


async def test_too_large_by_what_it_says(node: StandIn, beacon: Beacon) -> None:
    node.answers[VERSION] = as_json({"data": {"version": "x" * SMALL}})
    error = await failure(beacon)
    assert "more than 1048576 bytes" in str(error)
    assert len(str(error)) < 1000


async def test_too_large_without_end(node: StandIn, beacon: Beacon) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    headers = {"transfer-encoding": "chunked", "x-length": "none"}
    reply = Reply(chunk * 40, headers=headers, then="close")
    node.answers[VERSION] = reply
    assert isinstance(await failure(beacon), ApiError)


async def test_a_decompression_bomb_is_not_opened(node: StandIn, beacon: Beacon) -> None:
    bomb = gzip.compress(b" " * (64 << 20), 1)
    node.answers[VERSION] = Reply(bomb, headers={"content-encoding": "gzip"})
    assert "compressed" in str(await failure(beacon))
    assert node.seen[-1].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b'{"data"',
        b'{"data": null}',
        b'{"data": []}',
        b'{"data": {"version": 7}}',
        b'{"data": {"version": null}}',
        b'{"data": {"version": NaN}}',
        b"\xff\xfe\xfd",
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b"9" * 10_000,
    ],
    ids=lambda body: body[:12].decode(errors="replace"),
)
async def test_what_is_not_an_answer(node: StandIn, beacon: Beacon, body: bytes) -> None:
    node.answers[VERSION] = Reply(body)
    error = await failure(beacon)
    assert not error.temporary
    assert len(str(error)) < 1500


async def test_an_answer_cannot_talk_to_the_terminal(node: StandIn, beacon: Beacon) -> None:
    node.answers[VERSION] = Reply("\x1b[2J\x07\r\n\u202eevil".encode(), 500)
    text = str(await failure(beacon))
    assert "\\x1b[2J\\x07\\x0d\\x0a\\u202eevil" in text
    assert not any(char in text for char in "\x1b\x07\r\u202e")


async def test_credentials_are_sent_and_never_shown(node: StandIn) -> None:
    node.answers["/secretpath" + VERSION] = Reply(b"no", 403)
    url = node.url.replace("http://", "http://user:hunter2@") + "/secretpath?key=hunter3"
    async with Beacon(url) as beacon:
        error = await failure(beacon)
        shown = f"{error} {error!r} {beacon!r} {error.url}"
    assert node.seen[-1].headers["authorization"].startswith("Basic ")
    assert not any(secret in shown for secret in ("hunter2", "user", "secretpath", "hunter3"))


async def test_an_address_is_used_to_the_letter_by_json_rpc(node: StandIn) -> None:
    node.answers["/v3/key"] = {"jsonrpc": "2.0", "id": 1, "result": "0x1"}
    async with Execution(node.url + "/v3/key?x=1") as execution:
        assert await execution.chain_id() == 1
    assert (node.seen[-1].path, node.seen[-1].query) == ("/v3/key", {"x": ["1"]})


async def test_a_proxy_of_the_environment_is_not_used(
    node: StandIn, nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, nobody)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    node.answers[VERSION] = Reply(GOOD)
    async with Beacon(node.url) as beacon:
        assert await beacon.version() == "v1"


async def test_a_connection_is_reused(node: StandIn, beacon: Beacon) -> None:
    node.answers[VERSION] = Reply(GOOD)
    for _ in range(5):
        await beacon.version()
    assert node.connections == 1


async def test_after_a_failure_the_client_goes_on(node: StandIn, beacon: Beacon) -> None:
    node.answers[VERSION] = Reply(GOOD[:10], length=len(GOOD), then="close")
    await failure(beacon)
    node.answers[VERSION] = Reply(GOOD)
    assert await beacon.version() == "v1"
