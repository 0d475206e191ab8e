"""Client of an execution client's Engine API (ethereum/execution-apis, engine)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Self, TypeVar

from chainyard.chain import jwt, shape
from chainyard.chain.beacon_types import SignedBlock
from chainyard.chain.engine_types import (
    ZERO_HASH,
    ForkchoiceResult,
    PayloadAttributes,
    PayloadBody,
    PayloadStatus,
)
from chainyard.chain.http import Http
from chainyard.chain.jsonrpc import JsonRpc
from chainyard.chain.payload import FORKCHOICE_UPDATED, new_payload, version_for
from chainyard.chain.shape import Fields

T = TypeVar("T")

CAPABILITIES = (
    *(f"engine_newPayloadV{version}" for version in (1, 2, 3, 4)),
    *(f"engine_forkchoiceUpdatedV{version}" for version in (1, 2, 3)),
    "engine_getPayloadBodiesByHashV1",
    "engine_getPayloadBodiesByRangeV1",
)
"""Methods that this client uses."""


class Engine:
    """The Engine API of an execution client.

    Methods raise `ApiError` when it does not answer as it should: `JwtError` when it refuses our
    token, `RpcError` when it answers with an error of its own.

    Args:
        url: ``http://host:port``.
        secret: the 32 bytes that we share with it; `jwt.read_secret` reads the file's text.
        timeout: seconds that one request may take.
        now: the clock, Unix time in seconds.

    Raises:
        RequestError: ``url`` is not an HTTP address, or the secret not 32 bytes.
    """

    def __init__(
        self,
        url: str,
        secret: bytes,
        *,
        timeout: float = 10.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._secret = jwt.checked(secret)
        self._now = now
        self._http = Http(url, timeout=timeout)
        self._rpc = JsonRpc(self._http, self._authorization)

    def __repr__(self) -> str:
        return f"Engine({self._http.origin!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def new_payload(self, block: SignedBlock) -> PayloadStatus:
        """``engine_newPayloadV1`` … ``V4``, by the block's fork: execute its payload.

        Raises:
            ShapeError: the block lacks what its fork should have.
            RequestError: its fork has no payload, or one that is not known.
        """
        call = new_payload(block)
        return await self._rpc.call(call.method, call.params, _reader(PayloadStatus.read))

    async def forkchoice_updated(
        self,
        head: str,
        *,
        fork: str,
        safe: str = ZERO_HASH,
        finalized: str = ZERO_HASH,
        attributes: PayloadAttributes | None = None,
    ) -> ForkchoiceResult:
        """``engine_forkchoiceUpdatedV1`` … ``V3``, by the head's fork: set the head.

        Args:
            head, safe, finalized: hashes of execution blocks.
            attributes: build a block with these on top of the head.

        Raises:
            RequestError: ``fork`` is not known.
        """
        version = version_for(fork, FORKCHOICE_UPDATED)
        state = {"headBlockHash": head, "safeBlockHash": safe, "finalizedBlockHash": finalized}
        params = [state, attributes.to_json(version) if attributes else None]
        method = f"engine_forkchoiceUpdatedV{version}"
        return await self._rpc.call(method, params, _reader(ForkchoiceResult.read))

    async def exchange_capabilities(self) -> tuple[str, ...]:
        """``engine_exchangeCapabilities``: the methods that the node has."""
        return await self._rpc.call("engine_exchangeCapabilities", [list(CAPABILITIES)], _names)

    async def payload_bodies_by_hash(self, hashes: Sequence[str]) -> tuple[PayloadBody | None, ...]:
        """``engine_getPayloadBodiesByHashV1``: None for a block that it does not have."""
        return await self._rpc.call("engine_getPayloadBodiesByHashV1", [list(hashes)], _bodies)

    async def payload_bodies_by_range(
        self, start: int, count: int
    ) -> tuple[PayloadBody | None, ...]:
        """``engine_getPayloadBodiesByRangeV1``: of ``count`` blocks from number ``start`` on.

        Shorter than ``count`` where the chain ends before.
        """
        method = "engine_getPayloadBodiesByRangeV1"
        return await self._rpc.call(method, [hex(start), hex(count)], _bodies)

    def _authorization(self) -> dict[str, str]:
        return {"authorization": f"Bearer {jwt.token(self._secret, int(self._now()))}"}


def _reader(read: Callable[[Fields], T]) -> Callable[[object, str], T]:
    return lambda result, where: read(Fields(result, where))


def _names(result: object, where: str) -> tuple[str, ...]:
    return tuple(shape.text(name, where) for name in shape.array(result, where))


def _bodies(result: object, where: str) -> tuple[PayloadBody | None, ...]:
    items = shape.array(result, where)
    return tuple(None if one is None else PayloadBody.read(Fields(one, where)) for one in items)
