"""Python data → the same nodes that a file becomes, so that both go one way."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any

from chainyard.spec.nodes import NOWHERE, ListNode, MapNode, Node, ScalarNode, plain, size_of
from chainyard.spec.reading import Reading
from chainyard.spec.yaml_reader import MAX_DEPTH, MAX_NODES


def document(source: Mapping[str, Any], reading: Reading) -> tuple[Node, str]:
    """The nodes of a mapping, and JSON text that reads as the same.

    Raises:
        SpecError: it holds what no file can hold, or nests or counts too far.
    """
    node = _Builder(reading).node(source, "", 0)
    reading.finish()
    return node, json.dumps(plain(node), indent=2) + "\n"


class _Builder:
    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.nodes = 0

    def node(self, value: Any, key: str, depth: int) -> Node:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            self.reading.problem(f"{key[:60]} nests or counts too far", key=key[:60])
            self.reading.finish()
        if isinstance(value, Mapping):
            return self._map(value, key, depth)
        if isinstance(value, list | tuple):
            items = [self.node(v, f"{key}[{i}]", depth + 1) for i, v in enumerate(value)]
            return ListNode(tuple(items), NOWHERE, 1 + sum(map(size_of, items)))
        return self._scalar(value, key)

    def _map(self, value: Mapping[Any, Any], key: str, depth: int) -> MapNode:
        entries = []
        for name, item in value.items():
            if not isinstance(name, str):
                self.reading.problem(f"{key or 'the mapping'} has the key {name!r:.60}, no text")
                continue
            place = f"{key}.{name}" if key else name
            entries.append((ScalarNode(name, name, NOWHERE), self.node(item, place, depth + 1)))
        size = 1 + sum(1 + size_of(item) for _, item in entries)
        return MapNode(tuple(entries), NOWHERE, size)

    def _scalar(self, value: Any, key: str) -> ScalarNode:
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        if value is None or isinstance(value, bool | int | str):
            return ScalarNode(value, _written(value), NOWHERE)
        if isinstance(value, float) and math.isfinite(value):
            return ScalarNode(value, repr(value), NOWHERE)
        self.reading.problem(
            f"{key} is {type(value).__name__} {value!r:.60}",
            key=key,
            expected="text, a number, a boolean, None, a list or a map",
        )
        return ScalarNode(None, "", NOWHERE)


def _written(value: bool | int | str | None) -> str:
    """As a file would have it."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
