"""Server-sent events of a beacon node (``/eth/v1/events``; format: WHATWG HTML, section 9.2)."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence

import anyio

from chainyard.chain.errors import ApiError, ShapeError
from chainyard.chain.http import SMALL, Http
from chainyard.chain.node_types import CONNECTED, Event
from chainyard.chain.shape import document, parse_json
from chainyard.chain.text import safe_text

SILENCE = 60.0
"""Seconds without a byte after which a stream counts as dead: nodes send comments between."""

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0
"""Seconds before connecting again; doubled after each attempt that failed."""

_LINE_END = re.compile(rb"\r\n|\n|\r")


class EventParser:
    """Bytes in, events out; bytes may be cut anywhere.

    Raises:
        ShapeError: from `feed`: an event larger than ``limit``, or whose data is no JSON object.
    """

    def __init__(self, *, limit: int = SMALL) -> None:
        self._limit = limit
        self._rest = b""
        self._topic = ""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that ``chunk`` completes."""
        # A \r at the end may be half of a \r\n: it waits for what follows.
        text = self._rest + chunk
        held = b"\r" if text.endswith(b"\r") else b""
        *lines, rest = _LINE_END.split(text[: len(text) - len(held)])
        self._rest = rest + held
        events = [event for line in lines if (event := self._line(line)) is not None]
        if self._size + len(self._rest) > self._limit:
            raise ShapeError(f"an event of more than {self._limit} bytes")
        return events

    def _line(self, line: bytes) -> Event | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            self._topic = safe_text(value.decode(errors="replace"), 60)
        elif name == b"data":
            self._data.append(value)
            self._size += len(value)
        return None

    def _dispatch(self) -> Event | None:
        topic, data = self._topic, b"\n".join(self._data)
        self._topic, self._data, self._size = "", [], 0
        return Event(topic, document(parse_json(data), f"event {topic}")) if data else None


async def follow(
    http: Http, topics: Sequence[str], *, silence: float = SILENCE
) -> AsyncGenerator[Event, None]:
    """Events of ``topics``, for ever: connects again whenever the stream ends or breaks.

    Raises:
        ApiError: the node refuses the subscription, or sends what is no event.
    """
    pause = FIRST_PAUSE
    while True:
        try:
            async for event in _connection(http, topics, silence):
                if event.topic != CONNECTED:
                    pause = FIRST_PAUSE
                yield event
        except ApiError as error:
            if not error.temporary:
                raise
        await anyio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


async def _connection(
    http: Http, topics: Sequence[str], silence: float
) -> AsyncGenerator[Event, None]:
    path, asked = "/eth/v1/events", f"GET /eth/v1/events ({', '.join(topics)})"
    params = {"topics": list(topics)}  # repeated: Prysm does not split at commas
    parser = EventParser()
    async with http.stream(path, asked=asked, params=params, silence=silence) as chunks:
        yield Event(CONNECTED)
        async for chunk in chunks:
            try:
                events = parser.feed(chunk)
            except ShapeError as error:
                raise http.error(error.message, asked) from error
            for event in events:
                yield event
