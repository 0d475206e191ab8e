from __future__ import annotations

import anyio
import pytest

from chainyard.chain.beacon import Beacon
from chainyard.chain.engine import Engine
from chainyard.chain.errors import ApiError, JwtError, RpcError
from chainyard.chain.execution import Execution
from chainyard.chain.waiting import (
    NotYet,
    wait_for,
    wait_for_api,
    wait_for_block,
    wait_for_execution_block,
    wait_for_finality,
    wait_for_receipt,
)
from chainyard.errors import NotReadyError

from . import samples
from .standin import Fault, Reply, StandIn

pytestmark = pytest.mark.anyio

HEAD = "/eth/v1/beacon/headers/head"
FINALITY = "/eth/v1/beacon/states/head/finality_checkpoints"
VERSION = "/eth/v1/node/version"
NEVER = 60.0  # seconds between looks: within a test, only an announcement makes it look again


async def until(condition: object) -> None:
    with anyio.fail_after(5):
        while not condition():
            await anyio.sleep(0.002)


async def test_the_first_result_that_holds() -> None:
    results = iter([NotYet("one"), NotYet("two"), 3])

    async def condition() -> int | NotYet:
        return next(results)

    assert await wait_for(condition, timeout=5, every=0.001, what="three") == 3


async def test_what_was_last_seen() -> None:
    async def condition() -> int | NotYet:
        return NotYet("the head at slot 4")

    with pytest.raises(NotReadyError, match=r"a block did not come within 0\.05 s") as caught:
        await wait_for(condition, timeout=0.05, every=0.01, what="a block")
    assert "last seen: the head at slot 4" in str(caught.value)


async def test_a_condition_that_hangs_is_cancelled() -> None:
    async def condition() -> int | NotYet:
        await anyio.sleep_forever()
        raise AssertionError

    with anyio.fail_after(5):
        with pytest.raises(NotReadyError, match="no answer yet"):
            await wait_for(condition, timeout=0.05, every=0.01, what="x")


async def test_a_falsy_result_is_a_result() -> None:
    async def condition() -> int | NotYet:
        return 0

    assert await wait_for(condition, timeout=1, every=1, what="zero") == 0


async def test_an_api_that_starts(node: StandIn, beacon: Beacon) -> None:
    def starting(_: object) -> object:
        if len(node.seen) < 3:
            return Reply(b"starting", 503)
        return {"data": {"version": "v1"}}

    node.answers[VERSION] = starting
    assert await wait_for_api(beacon, timeout=5, every=0.01) == "v1"
    assert len(node.seen) == 3


async def test_an_api_that_is_not_there(nobody: str) -> None:
    async with Execution(nobody) as execution:
        with pytest.raises(NotReadyError, match="cannot connect"):
            await wait_for_api(execution, timeout=0.5, every=0.1)


async def test_another_program_at_that_port(node: StandIn, beacon: Beacon) -> None:
    node.answers[VERSION] = Reply(b"<html>hello</html>")
    with pytest.raises(ApiError, match="not JSON"):
        await wait_for_api(beacon, timeout=60)
    assert len(node.seen) == 1


async def test_a_wrong_jwt_is_not_waited_for(node: StandIn, engine: Engine) -> None:
    async with Engine(node.url, bytes(32)) as wrong:
        with pytest.raises(JwtError):
            await wait_for(wrong.exchange_capabilities, timeout=60, every=1, what="the engine")


async def test_a_block_that_is_there(node: StandIn, beacon: Beacon) -> None:
    node.answers[HEAD] = samples.header(5)
    assert (await wait_for_block(beacon, slot=5, timeout=5, every=NEVER)).slot == 5


async def test_an_announced_block_wakes_the_waiter(node: StandIn, beacon: Beacon) -> None:
    node.answers[HEAD] = samples.header(0)
    async with anyio.create_task_group() as group:

        async def chain() -> None:
            # The first look, and one for the connection.
            await until(lambda: len(node.asked(HEAD)) >= 2)
            node.answers[HEAD] = samples.header(1)
            node.emit("head", {"slot": "1"})

        group.start_soon(chain)
        with anyio.fail_after(5):
            assert (await wait_for_block(beacon, timeout=30, every=NEVER)).slot == 1
    assert len(node.asked(HEAD)) <= 4


async def test_without_announcements_it_looks_every_so_often(node: StandIn, beacon: Beacon) -> None:
    node.answers["/eth/v1/events"] = Reply(b"{}", 400)
    node.answers[HEAD] = lambda _: samples.header(len(node.asked(HEAD)))
    head = await wait_for_block(beacon, slot=4, timeout=5, every=0.01)
    assert head.slot == 4
    assert len(node.asked(HEAD)) == 4
    assert len(node.asked("/eth/v1/events")) == 1


async def test_a_chain_that_stands(node: StandIn, beacon: Beacon) -> None:
    node.answers[HEAD] = samples.header(3)
    with pytest.raises(NotReadyError, match="last seen: the head at slot 3"):
        await wait_for_block(beacon, slot=4, timeout=0.5, every=NEVER)
    assert len(node.asked(HEAD)) <= 3  # it did not spin


async def test_a_stream_that_breaks_at_once_does_not_make_it_spin(
    node: StandIn, beacon: Beacon
) -> None:
    node.answers["/eth/v1/events"] = Reply(b":\n\n", then="close")
    node.answers[HEAD] = samples.header(3)
    with pytest.raises(NotReadyError):
        await wait_for_block(beacon, slot=4, timeout=1, every=NEVER)
    assert len(node.asked("/eth/v1/events")) <= 4  # after 0, 0.25, 0.75, 1.75 s


async def test_finality(node: StandIn, beacon: Beacon) -> None:
    node.answers[FINALITY] = samples.checkpoints(2, 1)
    async with anyio.create_task_group() as group:

        async def chain() -> None:
            await until(lambda: len(node.asked(FINALITY)) >= 2)
            node.answers[FINALITY] = samples.checkpoints(3, 2)
            node.emit("finalized_checkpoint", {"epoch": "2"})

        group.start_soon(chain)
        with anyio.fail_after(5):
            found = await wait_for_finality(beacon, epoch=2, timeout=30, every=NEVER)
    assert found.finalized.epoch == 2


async def test_no_finality(node: StandIn, beacon: Beacon) -> None:
    node.answers[FINALITY] = samples.checkpoints(1, 0)
    with pytest.raises(NotReadyError, match="epoch 1 justified, epoch 0 finalized"):
        await wait_for_finality(beacon, timeout=0.5)


async def test_an_execution_block(node: StandIn, execution: Execution) -> None:
    node.methods["eth_getBlockByNumber"] = lambda *_: samples.execution_block(len(node.seen))
    block = await wait_for_execution_block(execution, number=3, timeout=5, every=0.01)
    assert block.number == 3
    with pytest.raises(NotReadyError, match="last seen: block"):
        await wait_for_execution_block(execution, number=10**6, timeout=0.5, every=0.1)


async def test_a_receipt(node: StandIn, execution: Execution) -> None:
    indexing = Fault(-32000, "transaction indexing is in progress")
    answers = iter([indexing, None, samples.receipt()])
    node.methods["eth_getTransactionReceipt"] = lambda _: next(answers)
    receipt = await wait_for_receipt(execution, samples.root(0x24), timeout=5, every=0.01)
    assert receipt.block_number == 9


async def test_a_receipt_that_does_not_come(node: StandIn, execution: Execution) -> None:
    node.methods["eth_getTransactionReceipt"] = None
    with pytest.raises(NotReadyError, match="in no block yet"):
        await wait_for_receipt(execution, samples.root(0x24), timeout=0.5, every=0.1)
    node.methods["eth_getTransactionReceipt"] = Fault(-32602, "invalid argument")
    with pytest.raises(RpcError, match="invalid argument"):
        await wait_for_receipt(execution, "nonsense", timeout=60)
