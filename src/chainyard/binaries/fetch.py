"""HTTP downloads: resumable, retried, quick to fail where there is no network."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

import httpx

from chainyard.binaries.files import disk_errors, read_json, write_json
from chainyard.binaries.outcome import UnavailableError
from chainyard.binaries.progress import failure_told, megabytes
from chainyard.progress import Progress

_T = TypeVar("_T")

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
RETRIES = 4
BACK_OFF_SECONDS = 0.5  # before the second try; doubled each time
SMALL_FILE_BYTES = 1_000_000
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
_NO_NETWORK = (
    "check the network and the proxy (HTTPS_PROXY), or set CHAINYARD_RELEASE_MIRROR to a mirror"
)


class MissingError(UnavailableError):
    """The server answered that there is no such file."""


class _TransientError(Exception):
    """Worth another try."""


class Fetcher:
    """Downloads files over one pool of connections. Safe to use from several threads.

    Args:
        progress: is told of bytes.
        cancelled: when set, every download ends at its next chunk.
        mirror: base URL in place of the scheme and host of what is downloaded.
    """

    def __init__(
        self,
        progress: Progress,
        cancelled: threading.Event,
        *,
        mirror: str = "",
    ) -> None:
        self._progress = progress
        self._cancelled = cancelled
        self._mirror = mirror.rstrip("/")
        self._unreachable: dict[str, str] = {}
        self._client = httpx.Client(
            follow_redirects=True,
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            # A compressed transfer could be neither resumed nor compared with Content-Length.
            headers={"Accept-Encoding": "identity", "User-Agent": "chainyard"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def mirrored(self, url: str) -> str:
        """The URL, on the mirror if there is one."""
        if not self._mirror:
            return url
        parts = urlsplit(url)
        return self._mirror + parts.path + (f"?{parts.query}" if parts.query else "")

    def small(self, url: str) -> bytes:
        """A small file: a key, a signature, a checksum (at most 1 MB).

        Raises:
            MissingError: there is none.
            UnavailableError: it cannot be had.
        """

        def attempt() -> bytes:
            body = b""
            with self._stream(url, {}) as response:
                for chunk in response.iter_raw():
                    body += chunk
                    if len(body) > SMALL_FILE_BYTES:
                        raise UnavailableError(f"{url} is larger than {SMALL_FILE_BYTES} bytes")
            return body

        return self._retried(url, attempt)

    def download(self, url: str, part: Path, task: str) -> None:
        """Fill ``part`` with the whole file, going on where an earlier try stopped.

        What is resumed is checked by the server (``If-Range``) and by the caller's checksum.

        Raises:
            MissingError: there is no such file.
            UnavailableError: it cannot be had now; what has arrived stays for the next try.
            DownloadError: the disk is full or not writable.
        """
        started = time.monotonic()
        with disk_errors(part.parent, f"cannot store the {task}"):
            part.parent.mkdir(parents=True, exist_ok=True)
        self._progress.started(task, None, "bytes")
        with failure_told(self._progress, task):
            size = self._retried(url, lambda: self._receive(url, part, task))
        seconds = time.monotonic() - started
        self._progress.finished(task, f"{megabytes(size)} in {seconds:.1f} s")

    def _receive(self, url: str, part: Path, task: str) -> int:
        state = part.with_name(part.name + ".json")
        have, headers = _resume_point(url, part, state)
        with self._stream(url, headers) as response:
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                part.unlink(missing_ok=True)
                raise _TransientError("the server does not have the rest of the file")
            if response.status_code != httpx.codes.PARTIAL_CONTENT:
                have = 0
            elif not _continues_at(response, have):
                part.unlink(missing_ok=True)
                raise _TransientError("the server sent another part than was asked for")
            total = _total(response, have)
            with disk_errors(part.parent, f"cannot store the {task}"):
                write_json(state, {"url": url, "validator": _validator(response)})
            self._progress.started(task, total, "bytes")
            size = self._write(response, part, have, task)
        if total is not None and size != total:
            raise _TransientError(f"the connection ended at {size} of {total} bytes")
        state.unlink(missing_ok=True)
        return size

    def _write(self, response: httpx.Response, part: Path, have: int, task: str) -> int:
        size = have
        try:
            with (
                disk_errors(part.parent, f"cannot store the {task}"),
                part.open("ab" if have else "wb") as file,
            ):
                # Chunks as they come: what is collected first is lost when the connection breaks.
                for chunk in response.iter_raw():
                    if self._cancelled.is_set():
                        raise UnavailableError("interrupted")
                    file.write(chunk)
                    size += len(chunk)
                    self._progress.advanced(task, size)
        except (UnavailableError, httpx.HTTPError):
            raise
        except BaseException:
            # A full disk: give the room back. Nothing else gets here.
            part.unlink(missing_ok=True)
            raise
        return size

    @contextmanager
    def _stream(self, url: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        with self._client.stream("GET", url, headers=headers) as response:
            if url.startswith("https:") and response.url.scheme != "https":
                raise UnavailableError(f"{url} leads to {response.url}, which is not encrypted")
            if response.status_code in _TRANSIENT:
                raise _TransientError(f"HTTP {response.status_code}")
            if response.status_code in {404, 410}:
                raise MissingError(f"{url}: no such file (HTTP {response.status_code})")
            accepted = response.is_success or (response.status_code == 416 and "Range" in headers)
            if not accepted:
                raise UnavailableError(f"{url}: HTTP {response.status_code}")
            yield response

    def _retried(self, url: str, attempt: Callable[[], _T]) -> _T:
        host = urlsplit(url).netloc
        if reason := self._unreachable.get(host):
            raise UnavailableError(f"{url}: {reason}", hint=_NO_NETWORK)
        last = ""
        for number in range(RETRIES):
            if number and self._cancelled.wait(BACK_OFF_SECONDS * 2 ** (number - 1)):
                raise UnavailableError("interrupted")
            try:
                return attempt()
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
                # No retry: a machine without network should hear so at once, and once per host.
                self._unreachable[host] = reason = f"cannot reach {host}: {_said(error)}"
                raise UnavailableError(f"{url}: {reason}", hint=_NO_NETWORK) from error
            except (_TransientError, httpx.TransportError) as error:
                last = _said(error)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise UnavailableError(f"{url}: {_said(error)}") from error
        raise UnavailableError(
            f"{url}: gave up after {RETRIES} tries: {last}",
            hint="try again: what has arrived is kept, and the download goes on from there",
        )


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def _resume_point(url: str, part: Path, state: Path) -> tuple[int, dict[str, str]]:
    known = read_json(state)
    have = part.stat().st_size if part.exists() else 0
    if not have or known is None or known.get("url") != url or not known.get("validator"):
        return 0, {}
    return have, {"Range": f"bytes={have}-", "If-Range": str(known["validator"])}


def _validator(response: httpx.Response) -> str:
    """What identifies this very content: a strong ETag, else its date."""
    etag = str(response.headers.get("ETag", ""))
    if etag and not etag.startswith("W/"):
        return etag
    return str(response.headers.get("Last-Modified", ""))


def _continues_at(response: httpx.Response, have: int) -> bool:
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return match is not None and int(match[1]) == have


def _total(response: httpx.Response, have: int) -> int | None:
    length = response.headers.get("Content-Length", "")
    return have + int(length) if length.isdigit() else None
