"""A stand-in for the release hosts and key servers: HTTP on loopback, with faults on order."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """One file and how the server misbehaves over it.

    ``statuses`` are answered first, one a request. ``cut`` ends the first answers after so many
    bytes. ``gate`` holds the answer after its first half until it is set.
    """

    body: bytes
    etag: str | None = '"v1"'
    ranges: bool = True
    statuses: list[int] = field(default_factory=list)
    cut: list[int] = field(default_factory=list)
    gate: threading.Event | None = None
    half_sent: threading.Event = field(default_factory=threading.Event)
    redirect: str = ""


class ReleaseServer:
    """Serves ``files`` and remembers every request as (path, Range header)."""

    def __init__(self) -> None:
        self.files: dict[str, Served] = {}
        self.requests: list[tuple[str, str | None]] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                owner.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, address: object) -> None:
                pass  # a client that went away is part of the tests

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        for served in self.files.values():
            if served.gate:
                served.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def add(self, path: str, body: bytes, **options: object) -> Served:
        self.files[path] = Served(body, **options)  # type: ignore[arg-type]
        return self.files[path]

    def count(self, path: str) -> int:
        return sum(1 for asked, _ in self.requests if asked == path)

    def ranges(self, path: str) -> list[str | None]:
        return [ranged for asked, ranged in self.requests if asked == path]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path
        self.requests.append((path, handler.headers.get("Range")))
        served = self.files.get(path)
        if served is None:
            return self._status(handler, 404)
        if served.redirect:
            return self._status(handler, 302, Location=served.redirect)
        if served.statuses:
            return self._status(handler, served.statuses.pop(0))
        return self._body(handler, served)

    def _status(self, handler: BaseHTTPRequestHandler, status: int, **headers: str) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def _body(self, handler: BaseHTTPRequestHandler, served: Served) -> None:
        start = _start(handler, served)
        body = served.body[start:]
        handler.send_response(206 if start else 200)
        if start:
            end = len(served.body) - 1
            handler.send_header("Content-Range", f"bytes {start}-{end}/{end + 1}")
        if served.etag:
            handler.send_header("ETag", served.etag)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if served.cut:
            handler.wfile.write(body[: served.cut.pop(0)])
            handler.close_connection = True
            return
        half = len(body) // 2 if served.gate else len(body)
        handler.wfile.write(body[:half])
        if served.gate:
            handler.wfile.flush()
            served.half_sent.set()
            served.gate.wait(20)
            handler.wfile.write(body[half:])


def _start(handler: BaseHTTPRequestHandler, served: Served) -> int:
    ranged, condition = handler.headers.get("Range"), handler.headers.get("If-Range")
    if not ranged or not served.ranges or (condition and condition != served.etag):
        return 0
    return int(ranged.removeprefix("bytes=").removesuffix("-"))
