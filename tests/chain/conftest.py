from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from chainyard.chain.beacon import Beacon
from chainyard.chain.engine import Engine
from chainyard.chain.execution import Execution

from .standin import StandIn

SECRET = bytes(range(32))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def node() -> Iterator[StandIn]:
    standin = StandIn()
    yield standin
    standin.close()


@pytest.fixture
async def beacon(node: StandIn) -> AsyncIterator[Beacon]:
    async with Beacon(node.url, timeout=5) as client:
        yield client


@pytest.fixture
async def execution(node: StandIn) -> AsyncIterator[Execution]:
    async with Execution(node.url, timeout=5) as client:
        yield client


@pytest.fixture
async def engine(node: StandIn) -> AsyncIterator[Engine]:
    node.secret = SECRET
    async with Engine(node.url, SECRET, timeout=5) as client:
        yield client


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nothing listens: bound, so that no one else takes it meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"
