"""One bounded HTTP request, and what can go wrong with it.

A node's answer is not trusted: its size and duration are bounded, it is not decompressed,
redirects are not followed, and no proxy of the environment comes between us and loopback.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

import anyio
import httpx

from chainyard.chain.errors import ANSWER_SHOWN, ApiError, ShapeError, UnreachableError
from chainyard.chain.shape import Fields, parse_json
from chainyard.errors import RequestError

T = TypeVar("T")

SMALL = 1 << 20
"""Bytes that an ordinary answer may have."""

LARGE = 64 << 20
"""Bytes that a block, or a list of validators, may have."""

_KEPT_CONNECTIONS = 8
_HEADERS = {"user-agent": "chainyard", "accept-encoding": "identity"}
_FAILURES: tuple[type[Exception], ...] = (httpx.HTTPError, httpx.StreamError, OSError)


@dataclass(frozen=True)
class Answer:
    """A whole answer: HTTP status, headers, and a body within its bound."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def excerpt(self) -> str:
        """The beginning of the body, for an error (which makes it safe)."""
        return self.body[: 4 * ANSWER_SHOWN].decode(errors="replace")


class Http:
    """A node's HTTP address, with connections that are reused.

    Args:
        url: ``http://host:port``, perhaps with a path or credentials; they are never shown.
        timeout: seconds that one request may take from its beginning to the end of its answer.

    Raises:
        RequestError: ``url`` is not an HTTP address.
    """

    def __init__(self, url: str, *, timeout: float = 10.0) -> None:
        parsed = _parse_url(url)
        self.origin = f"{parsed.scheme}://{parsed.netloc.decode()}"
        self.timeout = timeout
        self._url = parsed
        self._client = httpx.AsyncClient(
            headers=_HEADERS,
            timeout=timeout,
            trust_env=False,
            follow_redirects=False,
            verify=_trust(parsed.scheme),
            limits=httpx.Limits(max_keepalive_connections=_KEPT_CONNECTIONS),
        )

    def __repr__(self) -> str:
        return f"Http({self.origin!r})"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def request(
        self,
        method: str,
        path: str,
        *,
        asked: str,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        limit: int = SMALL,
    ) -> Answer:
        """Ask, and read the whole answer, whatever its status (but no redirect).

        Args:
            path: below the address, escaped; empty for the address as it was given.
            asked: the request, as an error names it.
            limit: bytes that the body may have.

        Raises:
            ApiError: no answer, or one that is too large, compressed, or a redirect.
        """
        sent = self._client.build_request(
            method, self._at(path), params=params, content=content, headers=headers
        )
        with _Failures(self.origin, asked, self.timeout), anyio.fail_after(self.timeout):
            async with self._opened(sent, asked) as response:
                body = await self._body(response, asked, limit)
        return Answer(response.status_code, response.headers, body)

    @asynccontextmanager
    async def stream(
        self, path: str, *, asked: str, params: Mapping[str, Sequence[str]], silence: float
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """GET an answer that does not end (server-sent events), as it arrives.

        Args:
            silence: seconds without a byte after which the node counts as gone.

        Raises:
            ApiError: no answer, a status other than 200, or the stream broke.
        """
        sent = self._client.build_request(
            "GET",
            self._at(path),
            params=params,
            headers={"accept": "text/event-stream"},
            timeout=httpx.Timeout(self.timeout, read=silence),
        )
        with _Failures(self.origin, asked, silence):
            async with self._opened(sent, asked) as response:
                if response.status_code != 200:
                    with anyio.fail_after(self.timeout):
                        body = await self._body(response, asked, SMALL)
                    raise self.refused(Answer(response.status_code, response.headers, body), asked)
                yield response.aiter_raw()

    @asynccontextmanager
    async def _opened(self, sent: httpx.Request, asked: str) -> AsyncIterator[httpx.Response]:
        response = await self._client.send(sent, stream=True)
        try:
            if response.is_redirect:
                raise self.error(
                    "it redirects elsewhere, which is not followed",
                    asked,
                    status=response.status_code,
                )
            if response.headers.get("content-encoding", "identity") != "identity":
                raise self.error("a compressed answer, which was not asked for", asked)
            yield response
        finally:
            with anyio.CancelScope(shield=True):
                await response.aclose()

    async def _body(self, response: httpx.Response, asked: str, limit: int) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > limit:
                raise self.error(f"an answer of more than {limit} bytes", asked)
        return bytes(body)

    def _at(self, path: str) -> httpx.URL:
        if not path:
            return self._url
        base = self._url.raw_path.partition(b"?")[0].rstrip(b"/")
        return self._url.copy_with(raw_path=base + path.encode("ascii"))

    def read(self, answer: Answer, asked: str, read: Callable[[Fields], T]) -> T:
        """What ``read`` makes of an answer's JSON object.

        Raises:
            ApiError: not JSON, or not the shape that ``read`` expects.
        """
        try:
            return read(Fields(parse_json(answer.body)))
        except ShapeError as error:
            raise self.misshapen(error, answer, asked) from error

    def misshapen(self, error: ShapeError, answer: Answer, asked: str) -> ApiError:
        """The error of an answer with the wrong shape."""
        return self.error(
            error.message,
            asked,
            status=answer.status,
            answer=answer.excerpt,
            cause="another program answers at this address, or a version that is not known",
        )

    def refused(self, answer: Answer, asked: str) -> ApiError:
        """The error of an answer with an HTTP status that says no."""
        return self.error(
            f"HTTP {answer.status}", asked, status=answer.status, answer=answer.excerpt
        )

    def error(
        self,
        what: str,
        asked: str,
        *,
        status: int | None = None,
        answer: str = "",
        cause: str = "",
    ) -> ApiError:
        """An `ApiError` of this address."""
        return ApiError(
            what, url=self.origin, asked=asked, status=status, answer=answer, cause=cause
        )


class _Failures:
    """Turns what httpx and the system raise into `UnreachableError`."""

    def __init__(self, origin: str, asked: str, timeout: float) -> None:
        self._origin = origin
        self._asked = asked
        self._timeout = timeout

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, _FAILURES):  # TimeoutError is an OSError
            what, cause = self._explain(error)
            raise UnreachableError(
                what, url=self._origin, asked=self._asked, cause=cause
            ) from error

    def _explain(self, error: Exception) -> tuple[str, str]:
        if isinstance(error, (httpx.TimeoutException, TimeoutError)):
            return (
                f"no whole answer within {self._timeout:g} s",
                "the node is overloaded, paused or starting",
            )
        if isinstance(error, httpx.ConnectError):
            return (
                f"cannot connect ({error})",
                "nothing listens there: the service has not started yet, or has ended",
            )
        return (
            f"the connection broke ({type(error).__name__}: {error})",
            "the service ended or was restarted while it answered",
        )


def _parse_url(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError, ValueError):
        parsed = httpx.URL("")
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise RequestError(
            "the address of a node is not an HTTP URL",
            hint="write it as http://HOST:PORT",
        )
    return parsed


def _trust(scheme: str) -> ssl.SSLContext:
    # httpx would read all certificates for http too: 20 ms, for each client.
    if scheme == "http":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return ssl.create_default_context()
