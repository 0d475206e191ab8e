"""How the Beacon API is asked: JSON or SSZ, and 404 as an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TypeVar

from chainyard.chain.errors import ShapeError
from chainyard.chain.http import SMALL, Answer, Http
from chainyard.chain.shape import Fields, parse_json

T = TypeVar("T")

SSZ = "application/octet-stream"
"""Content type of SSZ."""


class Rest:
    """Requests of one beacon node. All raise `ApiError`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def get(self, path: str, read: Callable[[Fields], T], *, limit: int = SMALL) -> T:
        """What ``read`` makes of the answer."""
        asked = f"GET {path}"
        answer = await self._http.request("GET", path, asked=asked, limit=limit)
        if answer.status != 200:
            raise self._http.refused(answer, asked)
        return self._http.read(answer, asked, read)

    async def find(
        self,
        path: str,
        read: Callable[[Fields], T],
        *,
        limit: int = SMALL,
        params: Mapping[str, str] | None = None,
        body: object = None,
    ) -> T | None:
        """As `get`; None where the node says that there is no such thing."""
        answer = await self.ask(path, limit=limit, params=params, body=body)
        return None if answer is None else self._http.read(answer, f"GET {path}", read)

    async def ask(
        self,
        path: str,
        *,
        accept: str = "application/json",
        limit: int = SMALL,
        params: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Answer | None:
        """The answer, or None for the Beacon API's own 404; a ``body`` is sent by POST."""
        method = "GET" if body is None else "POST"
        asked = f"{method} {path}"
        headers = {"accept": accept}
        if body is not None:
            headers["content-type"] = "application/json"
        answer = await self._http.request(
            method,
            path,
            asked=asked,
            params=params,
            content=None if body is None else json.dumps(body).encode(),
            headers=headers,
            limit=limit,
        )
        if answer.status == 404 and _says_not_found(answer):
            return None
        if answer.status != 200:
            raise self._http.refused(answer, asked)
        return answer


def _says_not_found(answer: Answer) -> bool:
    """Whether a 404 is an error object of the Beacon API, and not some other server's page."""
    try:
        return Fields(parse_json(answer.body)).uint("code") == 404
    except ShapeError:
        return False
