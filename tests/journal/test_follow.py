"""The agent against nodes that answer, lie and vanish."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from chainyard.journal.follow import Agent
from chainyard.journal.store import Journal, Writer
from tests.chain import samples
from tests.chain.standin import StandIn

from .chains import entry, root, signed

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def nodes() -> Iterator[list[StandIn]]:
    made = [StandIn() for _ in range(2)]
    yield made
    for node in made:
        node.close()


def add(node: StandIn, *slots: int, blobs: bool = False) -> None:
    """Have a node know blocks, the last as its head."""
    for slot in slots:
        header = samples.header(slot)
        header["data"]["root"] = root(slot)
        header["data"]["header"]["message"]["parent_root"] = root(slot - 1)
        node.answers[f"/eth/v1/beacon/headers/{root(slot)}"] = header
        node.answers["/eth/v1/beacon/headers/head"] = header
        block = {"version": "electra", "data": signed(slot, slot - 1, blobs=blobs)}
        node.answers[f"/eth/v2/beacon/blocks/{root(slot)}"] = block


class Followed:
    """An agent that runs, and what it said."""

    def __init__(self, folder: Path, nodes: list[StandIn], keep: int = 10**9) -> None:
        self.said: list[str] = []
        self.writer = Writer(folder, segment_bytes=1)
        urls = [node.url for node in nodes]
        self.agent = Agent(
            self.writer, urls, keep_bytes=keep, slots_per_epoch=8, log=self.said.append
        )

    async def run(self, test: Callable[[], Awaitable[None]]) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self.agent.run)
            with anyio.fail_after(20):
                await test()
            group.cancel_scope.cancel()
        self.writer.close()

    async def until(self, condition: Callable[[], Any]) -> None:
        while not condition():
            await anyio.sleep(0.01)

    def slots(self) -> list[int]:
        return [row.slot for row in self.writer.rows()]


async def listening(followed: Followed, *nodes: StandIn) -> None:
    await followed.until(lambda: all(node.subscribers for node in nodes))


async def test_announced_blocks_are_appended_once(tmp_path: Path, nodes: list[StandIn]) -> None:
    followed = Followed(tmp_path, nodes)
    add(nodes[0], 1)
    add(nodes[1], 1)

    async def test() -> None:
        await followed.until(lambda: followed.slots() == [1])
        await listening(followed, *nodes)
        for slot in (2, 3):
            for node in nodes:
                add(node, slot)
                node.emit("block", {"slot": str(slot), "block": root(slot)})
            await followed.until(lambda slot=slot: slot in followed.slots())

    await followed.run(test)
    assert followed.slots() == [1, 2, 3]
    asked = sum(len(node.asked(f"/eth/v2/beacon/blocks/{root(2)}")) for node in nodes)
    assert asked == 1
    assert Journal(tmp_path).read(followed.writer.rows()[1]) == entry(2)


async def test_what_came_before_is_fetched_oldest_first(
    tmp_path: Path, nodes: list[StandIn]
) -> None:
    followed = Followed(tmp_path, nodes[:1])
    followed.writer.append(entry(1))
    add(nodes[0], 1, 2, 3, 4)

    async def test() -> None:
        await followed.until(lambda: followed.slots() == [1, 2, 3, 4])

    await followed.run(test)
    assert not nodes[0].asked(f"/eth/v2/beacon/blocks/{root(1)}")
    fetched = [one.path for one in nodes[0].seen if "/v2/beacon/blocks/" in one.path]
    assert fetched == [f"/eth/v2/beacon/blocks/{root(slot)}" for slot in (2, 3, 4)]


async def test_a_node_that_does_not_have_its_own_block_is_asked_again(
    tmp_path: Path, nodes: list[StandIn]
) -> None:
    followed = Followed(tmp_path, nodes[:1])
    add(nodes[0], 1)

    async def test() -> None:
        await listening(followed, nodes[0])
        nodes[0].emit("block", {"slot": "2", "block": root(2)})
        await followed.until(lambda: len(nodes[0].asked(f"/eth/v2/beacon/blocks/{root(2)}")) > 1)
        add(nodes[0], 2)
        await followed.until(lambda: 2 in followed.slots())

    await followed.run(test)


async def test_nonsense_ends_nothing(tmp_path: Path, nodes: list[StandIn]) -> None:
    followed = Followed(tmp_path, nodes[:1])
    add(nodes[0], 1)

    async def test() -> None:
        await listening(followed, nodes[0])
        nodes[0].answers[f"/eth/v2/beacon/blocks/{root(2)}"] = {"version": "electra", "data": []}
        nodes[0].emit("block", {"slot": "2", "block": root(2)})
        await followed.until(lambda: followed.said)
        add(nodes[0], 3)
        nodes[0].emit("block", {"slot": "3", "block": root(3)})
        await followed.until(lambda: 3 in followed.slots())

    await followed.run(test)
    assert 2 not in followed.slots()


async def test_an_event_without_a_root_is_said_and_the_stream_opened_again(
    tmp_path: Path, nodes: list[StandIn]
) -> None:
    followed = Followed(tmp_path, nodes[:1])
    add(nodes[0], 1)

    async def test() -> None:
        await listening(followed, nodes[0])
        nodes[0].emit("block", {"slot": "2"})
        await followed.until(lambda: followed.said)
        add(nodes[0], 2)  # found when it is met again
        await followed.until(lambda: 2 in followed.slots())

    await followed.run(test)


async def test_blobs_are_kept_with_their_block(tmp_path: Path, nodes: list[StandIn]) -> None:
    followed = Followed(tmp_path, nodes[:1])
    sidecars = [
        {
            "index": str(index),
            "kzg_commitment": "0x" + "c0" * 48,
            "kzg_proof": "0x" + f"{index:02x}" * 48,
            "blob": "0x" + f"{index:02x}" * 131072,
        }
        for index in (1, 0)
    ]
    nodes[0].answers[f"/eth/v1/beacon/blob_sidecars/{root(1)}"] = {"data": sidecars}
    add(nodes[0], 1, blobs=True)

    async def test() -> None:
        await followed.until(lambda: followed.slots() == [1])

    await followed.run(test)
    kept = Journal(tmp_path).read(followed.writer.rows()[0])
    assert [blob[:4] for blob in kept.blobs] == ["0x00", "0x01"]
    assert [proof[:4] for proof in kept.proofs] == ["0x00", "0x01"]


async def test_a_block_whose_blobs_cannot_be_had_is_kept_and_said(
    tmp_path: Path, nodes: list[StandIn]
) -> None:
    followed = Followed(tmp_path, nodes[:1])
    nodes[0].answers[f"/eth/v1/beacon/blob_sidecars/{root(1)}"] = {"data": "none"}
    add(nodes[0], 1, blobs=True)

    async def test() -> None:
        await followed.until(lambda: followed.slots() == [1])

    await followed.run(test)
    assert any("without its blobs" in sentence for sentence in followed.said)


async def test_a_node_that_is_away_keeps_nobody(tmp_path: Path, nodes: list[StandIn]) -> None:
    followed = Followed(tmp_path, nodes)
    nodes[1].close()
    add(nodes[0], 1)

    async def test() -> None:
        await followed.until(lambda: followed.slots() == [1])

    await followed.run(test)


async def test_above_its_size_finalized_segments_go(
    tmp_path: Path, nodes: list[StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chainyard.journal.follow.TRIM_EVERY", 1)
    followed = Followed(tmp_path, nodes[:1], keep=1)
    path = "/eth/v1/beacon/states/head/finality_checkpoints"
    nodes[0].answers[path] = samples.checkpoints(2, 1)
    add(nodes[0], *range(1, 12))

    async def test() -> None:
        await followed.until(lambda: followed.slots() == [8, 9, 10, 11])

    await followed.run(test)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_ends_when_it_is_told(
    tmp_path: Path, nodes: list[StandIn], number: signal.Signals
) -> None:
    add(nodes[0], 1, 2)
    command = [sys.executable, "-m", "chainyard.journal", str(tmp_path), nodes[0].url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 20
    while len(Journal(tmp_path)) < 2:
        assert time.monotonic() < deadline
    process.send_signal(number)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out.startswith("0 blocks, 0.0 MB\n")


def test_a_second_agent_is_refused(tmp_path: Path) -> None:
    with Writer(tmp_path):
        command = [sys.executable, "-m", "chainyard.journal", str(tmp_path), "http://127.0.0.1:1"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert "another process writes" in done.stdout
