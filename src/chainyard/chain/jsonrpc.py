"""JSON-RPC 2.0 over HTTP POST, for the execution client's two APIs."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from chainyard.chain.errors import ApiError, JwtError, RpcError, ShapeError
from chainyard.chain.http import LARGE, Answer, Http
from chainyard.chain.shape import Fields, array, parse_json

T = TypeVar("T")

BATCH = 100
"""Calls in one request; geth takes 1,000 at most, others fewer."""


@dataclass(frozen=True)
class Call:
    """One call of a batch."""

    method: str
    params: tuple[Any, ...] = ()


class JsonRpc:
    """Calls to one address.

    Args:
        http: where.
        headers: made anew for each request (the Engine API's token).
    """

    def __init__(self, http: Http, headers: Callable[[], Mapping[str, str]] = dict) -> None:
        self._http = http
        self._headers = headers
        self._ids = itertools.count(1)

    async def call(self, method: str, params: Sequence[Any], read: Callable[[object, str], T]) -> T:
        """What ``read(result, where)`` makes of the result.

        Raises:
            RpcError: the node answered with an error.
            ApiError: it did not answer, or not as it should.
        """
        request = self._request(Call(method, tuple(params)))
        answer = await self._post(request, method)
        try:
            result = self._result(Fields(self._parsed(answer, method)), request["id"], method)
            return read(result, "result")
        except ShapeError as error:
            raise self._http.misshapen(error, answer, method) from error

    async def batch(self, calls: Sequence[Call]) -> list[object]:
        """Results in the order of ``calls``; an `RpcError` stands for a call that failed.

        Raises:
            ApiError: the node did not answer, or not as it should.
        """
        results: list[object] = []
        for start in range(0, len(calls), BATCH):
            results += await self._batch(calls[start : start + BATCH])
        return results

    async def _batch(self, calls: Sequence[Call]) -> list[object]:
        requests = [self._request(call) for call in calls]
        asked = f"a batch of {len(calls)} calls"
        answer = await self._post(requests, asked)
        try:
            items = array(self._parsed(answer, asked), "answer")
            answers = {one.uint("id"): one for one in map(Fields, items)}
            if len(items) != len(calls) or answers.keys() != {one["id"] for one in requests}:
                raise ShapeError("answers to other calls than those that were made")
            return [self._outcome(answers[one["id"]], one) for one in requests]
        except ShapeError as error:
            raise self._http.misshapen(error, answer, asked) from error

    def _outcome(self, answer: Fields, request: Mapping[str, Any]) -> object:
        try:
            return self._result(answer, request["id"], request["method"])
        except RpcError as error:
            return error

    def _request(self, call: Call) -> dict[str, Any]:
        number = next(self._ids)
        return {"jsonrpc": "2.0", "id": number, "method": call.method, "params": list(call.params)}

    async def _post(self, body: object, asked: str) -> Answer:
        answer = await self._http.request(
            "POST",
            "",
            asked=asked,
            content=json.dumps(body).encode(),
            headers={"content-type": "application/json", **self._headers()},
            limit=LARGE,
        )
        if answer.status == 401:
            raise self._unauthorized(answer, asked)
        return answer

    def _parsed(self, answer: Answer, asked: str) -> object:
        # Some clients send JSON-RPC errors with status 400 or 500: those are read as such.
        try:
            return parse_json(answer.body)
        except ShapeError:
            if answer.status != 200:
                raise self._http.refused(answer, asked) from None
            raise

    def _result(self, answer: Fields, number: int, method: str) -> object:
        if "error" in answer:
            error = answer.object("error")
            raise RpcError(
                error.integer("code"),
                error.text("message", limit=1000),
                url=self._http.origin,
                asked=method,
                data=error.raw("data"),
            )
        if answer.uint("id") != number:
            raise ShapeError("an answer to another call")
        return answer.raw("result")

    def _unauthorized(self, answer: Answer, asked: str) -> ApiError:
        return JwtError(
            "wrong JWT (HTTP 401)",
            url=self._http.origin,
            asked=asked,
            status=answer.status,
            answer=answer.excerpt,
            cause="the node was started with another JWT secret, or the clocks differ by "
            "more than 60 s",
            hint="compare the secret of the network's folder with the one it was started with",
        )
