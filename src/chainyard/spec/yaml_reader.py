"""YAML text → nodes with places, at a bounded cost.

Works on ruamel.yaml's stream of events instead of its constructors: every key and value keeps its
line and column, duplicate keys are all found, and depth and size are checked as events come, so
neither ``[[[[…`` nor aliases that multiply cost more than the limits below.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from ruamel.yaml.scanner import Scanner, ScannerError

from chainyard.spec import scalars
from chainyard.spec.nodes import ListNode, MapNode, Node, Position, ScalarNode, shorten, size_of
from chainyard.spec.reading import Reading

MAX_DEPTH = 50
MAX_NODES = 100_000
"""Values in a document, aliases expanded."""
MAX_TAG = 100
MERGE = "<<"


class YamlStop(Exception):  # noqa: N818 - not an error of its own: the Reading holds the problem
    """The document cannot be read any further."""


def read_yaml(text: str, reading: Reading) -> Node | None:
    """Read one document.

    Args:
        text: YAML or JSON.
        reading: gets every problem found.

    Returns:
        The root, or None if the document is empty or could not be read (then there is a problem).
    """
    try:
        return _Composer(text, reading).document()
    except YamlStop:
        return None
    except (YAMLError, ValueError, RecursionError) as error:
        _syntax_problem(error, text, reading)
        return None


class _Scanner(Scanner):
    """Refuses long tags: the parser would decode them in quadratic time."""

    def scan_tag_uri(self, name: Any, start_mark: Any) -> Any:
        uri = super().scan_tag_uri(name, start_mark)
        if len(uri) > MAX_TAG:
            raise ScannerError(None, None, f"a {name} of {len(uri)} characters", start_mark)
        return uri


def _parser() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = _Scanner
    return yaml


class _Composer:
    """Builds nodes out of events."""

    def __init__(self, text: str, reading: Reading) -> None:
        self.reading = reading
        self.events: Iterator[Any] = iter(_parser().parse(_without_tabs(text)))
        self.anchors: dict[str, Node] = {}
        self.nodes = 0
        self.depth = 0

    def stop(self, message: str, event: Any, *, expected: str = "") -> YamlStop:
        self.reading.problem(message, at=_position(event), expected=expected)
        return YamlStop()

    def document(self) -> Node | None:
        root: Node | None = None
        started = False
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                if started:
                    raise self.stop("a second document begins here", event, expected="one document")
                started = True
            elif not isinstance(event, StreamStartEvent | StreamEndEvent | DocumentEndEvent):
                root = self.node(event)
        return root

    def node(self, event: Any) -> Node:
        node = self._node(event)
        if not isinstance(event, AliasEvent):
            self.count(1, event)
            if event.anchor is not None:
                self.anchors[event.anchor] = node
        return node

    def _node(self, event: Any) -> Node:
        if isinstance(event, ScalarEvent):
            return self.scalar(event)
        if isinstance(event, AliasEvent):
            return self.alias(event)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.stop(f"nested more than {MAX_DEPTH} levels deep", event)
        self.check_tag(event)
        node = (
            self.sequence(event) if isinstance(event, SequenceStartEvent) else self.mapping(event)
        )
        self.depth -= 1
        return node

    def count(self, nodes: int, event: Any) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise self.stop(f"more than {MAX_NODES:,} values, aliases expanded", event)

    def alias(self, event: Any) -> Node:
        node = self.anchors.get(event.anchor)
        if node is None:
            raise self.stop(
                f"the alias *{shorten(event.anchor)} refers to nothing before it, or to itself",
                event,
                expected=f"an anchor &{shorten(event.anchor)} before it",
            )
        self.count(size_of(node), event)
        return node

    def check_tag(self, event: Any) -> None:
        kind = "seq" if isinstance(event, SequenceStartEvent) else "map"
        if _tag(event) not in {"", "!", f"!!{kind}"}:
            self.reading.problem(
                f"the tag {_tag(event)!r} is not understood here", at=_position(event)
            )

    def scalar(self, event: Any) -> ScalarNode:
        text, at = _joined_surrogates(event.value), _position(event)
        value: scalars.Scalar = text
        if text is None:
            self.reading.problem("text with half of a surrogate pair (\\ud800 to \\udfff)", at=at)
            text = value = ""
        elif tag := _tag(event):
            value = self.tagged(tag, text, at)
        elif event.implicit[0] and not event.style:
            value = scalars.resolve(text)
        if isinstance(value, float) and not math.isfinite(value):
            self.reading.problem(f"{text} is not a number that a network can use", at=at)
            value = 0
        return ScalarNode(value, text, at)

    def tagged(self, tag: str, text: str, at: Position) -> scalars.Scalar:
        try:
            return scalars.tagged(tag, text)
        except ValueError as error:
            self.reading.problem(shorten(str(error)), at=at)
            return text

    def sequence(self, start: Any) -> ListNode:
        items: list[Node] = []
        for event in self.events:
            if isinstance(event, SequenceEndEvent):
                break
            items.append(self.node(event))
        return ListNode(tuple(items), _position(start), 1 + sum(map(size_of, items)))

    def mapping(self, start: Any) -> MapNode:
        entries: dict[str, tuple[ScalarNode, Node]] = {}
        merged: list[tuple[ScalarNode, Node]] = []
        for event in self.events:
            if isinstance(event, MappingEndEvent):
                break
            key = self.key(event)
            value = self.node(next(self.events))
            if key.text == MERGE and isinstance(event, ScalarEvent) and not event.style:
                merged += self.merge(key, value)
            elif key.text in entries:
                self.duplicate(key, entries[key.text][0])
            else:
                entries[key.text] = (key, value)
        for key, value in merged:
            entries.setdefault(key.text, (key, value))
        size = 1 + sum(1 + size_of(value) for _, value in entries.values())
        return MapNode(tuple(entries.values()), _position(start), size)

    def key(self, event: Any) -> ScalarNode:
        node = self.node(event)
        if isinstance(node, ScalarNode):
            return node
        raise self.stop("a list or map is used as a key", event, expected="a name as the key")

    def merge(self, key: ScalarNode, value: Node) -> list[tuple[ScalarNode, Node]]:
        maps = value.items if isinstance(value, ListNode) else (value,)
        entries: list[tuple[ScalarNode, Node]] = []
        for item in maps:
            if isinstance(item, MapNode):
                entries += item.entries
            else:
                self.reading.problem(
                    "<< merges something that is not a map",
                    at=key.position,
                    expected="a map, or a list of maps",
                )
        return entries

    def duplicate(self, key: ScalarNode, first: ScalarNode) -> None:
        self.reading.problem(
            f"the key {shorten(key.text)!r} is given twice; the first is in line "
            f"{first.position.line}",
            at=key.position,
            key=shorten(key.text),
        )


def _position(event: Any) -> Position:
    mark = event.start_mark
    return Position(mark.line + 1, mark.column + 1)


def _tag(event: Any) -> str:
    """The tag as written, or nothing."""
    tag = event.ctag
    return "" if tag is None else shorten(f"{tag.handle or ''}{tag.suffix or ''}")


def _joined_surrogates(text: str) -> str | None:
    """JSON escapes characters beyond 16 bits as two halves; put them together, or None."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return None


def _without_tabs(text: str) -> str:
    """JSON may be indented with tabs, YAML may not; in valid JSON no string holds a bare tab."""
    if "\t" not in text or not text.lstrip().startswith("{"):
        return text
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text.replace("\t", " ")


def _syntax_problem(error: Exception, text: str, reading: Reading) -> None:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    at = Position(mark.line + 1, mark.column + 1) if mark else _reader_position(error, text)
    what = getattr(error, "problem", None) if isinstance(error, MarkedYAMLError) else None
    detail = str(what or getattr(error, "reason", "") or "it nests or counts too far")
    expected = ""
    if "'\\t'" in detail or _line(text, at).startswith("\t"):
        detail, expected = "a tab is used where YAML wants spaces", "spaces for indentation"
    reading.problem(f"this is not YAML: {shorten(detail)}", at=at, expected=expected)


def _reader_position(error: Exception, text: str) -> Position:
    """Place of a character that YAML does not allow."""
    offset = getattr(error, "position", None)
    if not isinstance(offset, int):
        return Position(1, 1)
    before = text[:offset]
    return Position(before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)


def _line(text: str, at: Position) -> str:
    lines = text.split("\n", at.line)
    return lines[at.line - 1] if 0 < at.line <= len(lines) else ""
