"""A node's stand-in: a real HTTP server on loopback that says what a test tells it to.

It knows nothing of chainyard, and verifies tokens with its own code.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import queue
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Reply:
    """An answer. ``length`` may lie; ``then`` says what becomes of the connection."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    then: str = ""  # "", "close" or "reset"


@dataclass
class Seen:
    """A request that came."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Fault:
    """An error of a JSON-RPC method."""

    code: int
    message: str
    data: Any = None


Answer = Reply | Callable[[Seen], Any] | Any


class StandIn:
    """The server: ``answers`` by path, JSON-RPC ``methods`` by name, events to subscribers."""

    TOPICS = frozenset({"head", "block", "finalized_checkpoint"})

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.methods: dict[str, Any] = {}
        self.secret: bytes | None = None
        self.seen: list[Seen] = []
        self.connections = 0
        self.released = threading.Event()
        self.subscribers: list[queue.Queue[bytes | None]] = []
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Mine", (Handler,), {"standin": self})
        )
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.001,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self.released.set()
        self.hang_up()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def asked(self, path: str) -> list[Seen]:
        return [one for one in self.seen if one.path == path]

    def emit(self, topic: str, data: Any) -> None:
        """Send an event to everyone who listens."""
        self.emit_raw(f"event: {topic}\ndata: {json.dumps(data)}\n\n".encode())

    def emit_raw(self, data: bytes) -> None:
        for one in self.subscribers:
            one.put(data)

    def hang_up(self) -> None:
        """End all event streams."""
        for one in self.subscribers:
            one.put(None)
        self.subscribers.clear()

    def stall(self, _: Seen) -> Reply:
        """An answer that does not come before the test is over."""
        self.released.wait(30)
        return Reply()

    # What it does with a request

    def respond(self, seen: Seen) -> Reply:
        if seen.path == "/" and seen.path not in self.answers:
            return self._rpc(seen)
        answer = self.answers.get(seen.path)
        if callable(answer):
            answer = answer(seen)
        if isinstance(answer, Reply):
            return answer
        if answer is None:
            return as_json({"code": 404, "message": "not found"}, status=404)
        return as_json(answer)

    def _rpc(self, seen: Seen) -> Reply:
        if self.secret is not None and (complaint := self._complaint(seen)):
            return Reply(complaint.encode(), 401, {"content-type": "text/plain"})
        body = seen.json
        if isinstance(body, list):
            return as_json([self._outcome(one) for one in reversed(body)])
        return as_json(self._outcome(body))

    def _outcome(self, request: dict[str, Any]) -> dict[str, Any]:
        missing = Fault(-32601, f"the method {request['method']} does not exist/is not available")
        result = self.methods.get(request["method"], missing)
        if callable(result):
            result = result(*request["params"])
        head = {"jsonrpc": "2.0", "id": request["id"]}
        if isinstance(result, Fault):
            error = {"code": result.code, "message": result.message, "data": result.data}
            return {**head, "error": error}
        return {**head, "result": result}

    def _complaint(self, seen: Seen) -> str:
        """What is wrong with a token, in geth's words (execution-apis, engine/authentication)."""
        token = seen.headers.get("authorization", "").removeprefix("Bearer ")
        if token.count(".") != 2:
            return "missing token"
        head, claims, signature = token.split(".")
        digest = hmac.new(self.secret, f"{head}.{claims}".encode(), hashlib.sha256).digest()
        if unbase64(signature) != digest:
            return "signature is invalid"
        if json.loads(unbase64(head)) != {"alg": "HS256", "typ": "JWT"}:
            return "unexpected signing method"
        age = time.time() - json.loads(unbase64(claims))["iat"]
        return "stale token" if abs(age) > 60 else ""


class Handler(BaseHTTPRequestHandler):
    standin: StandIn
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # header and body are two writes: 40 ms otherwise
    timeout = 30

    def setup(self) -> None:
        self.standin.connections += 1
        super().setup()

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {key.lower(): value for key, value in self.headers.items()}
        seen = Seen(self.command, parts.path, parse_qs(parts.query), headers, body)
        self.standin.seen.append(seen)
        try:
            if parts.path == "/eth/v1/events" and parts.path not in self.standin.answers:
                self._events(seen)
            else:
                self._send(self.standin.respond(seen))
        except OSError:  # the client went away: that is its right
            self.close_connection = True

    def _send(self, reply: Reply) -> None:
        length = len(reply.body) if reply.length is None else reply.length
        self.send_response(reply.status)
        for key, value in {"content-length": str(length), **reply.headers}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(reply.body)
        self.wfile.flush()
        if reply.then:
            self.close_connection = True
        if reply.then == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()

    def _events(self, seen: Seen) -> None:
        # As Prysm: a topic for each parameter, no commas.
        if not set(seen.query.get("topics", [])) <= self.standin.TOPICS:
            self._send(as_json({"code": 400, "message": "invalid topic"}, status=400))
            return
        mine: queue.Queue[bytes | None] = queue.Queue()
        self.standin.subscribers.append(mine)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self._chunk(b":\n\n")
        while (data := mine.get(timeout=30)) is not None:
            self._chunk(data)
        self.close_connection = True

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


def as_json(value: Any, status: int = 200) -> Reply:
    return Reply(json.dumps(value).encode(), status, {"content-type": "application/json"})


def unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
