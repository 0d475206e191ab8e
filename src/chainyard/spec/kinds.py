"""Kinds of values: each reads a node, or says what was expected of it.

A kind returns immutable data, or ``INVALID`` after it has recorded a problem. Which values are
taken follows ethereum-package: numbers in quotes are refused as its Starlark refuses them, whole
numbers written as ``6e7`` are taken as its JSON conversion takes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from chainyard.spec.nodes import (
    FrozenMap,
    ListNode,
    MapNode,
    Node,
    ScalarNode,
    describe,
    plain,
    shorten,
)
from chainyard.spec.reading import Reading

UINT64_MAX = (1 << 64) - 1


class Invalid:
    """The type of ``INVALID``."""

    def __repr__(self) -> str:
        return "INVALID"


INVALID: Final = Invalid()


class Kind(Protocol):
    """One kind of value. ``label`` says in words what is expected."""

    label: str

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        """The value, or ``INVALID`` after recording why not."""
        ...


def _refused(kind: Kind, node: Node, key: str, reading: Reading, advice: str = "") -> Invalid:
    if isinstance(node, ScalarNode) and node.value is None:
        advice = "leave the key out for its default"
    expected = f"{kind.label}; {advice}" if advice else kind.label
    reading.refuse(key, node, f"{key} is {describe(node)}", expected=expected)
    return INVALID


class Text:
    """Text.

    Args:
        pattern: what all of it must match, described by ``label``.
        numbers: whether a number is taken as it is written.
        codes: whether ``0x…`` without quotes is taken as it is written.
    """

    def __init__(
        self, label: str = "text", pattern: str = "", *, numbers: bool = False, codes: bool = False
    ) -> None:
        self.label = label
        self.pattern = pattern
        self.numbers = numbers
        self.codes = codes

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        if not isinstance(node, ScalarNode) or isinstance(node.value, bool | None):
            return _refused(self, node, key, reading, self._advice(node))
        if not isinstance(node.value, str) and not self._takes_number(node):
            return _refused(self, node, key, reading, self._advice(node))
        if self.pattern and not re.fullmatch(self.pattern, node.text, re.DOTALL):
            return _refused(self, node, key, reading)
        return node.text

    def _takes_number(self, node: ScalarNode) -> bool:
        return self.numbers or (self.codes and node.text.startswith("0x"))

    @staticmethod
    def _advice(node: Node) -> str:
        return "write it in quotes" if isinstance(node, ScalarNode) else ""


class Choice:
    """One of a few names.

    Args:
        names: the names.
        empty: whether ``""`` is one of them, meaning "the default".
        meaning: what they are names of, for the error.
        codes: whether ``0x…`` without quotes is taken as it is written.
    """

    def __init__(
        self,
        names: Sequence[str],
        *,
        empty: bool = False,
        meaning: str = "",
        codes: bool = False,
    ) -> None:
        self.names = tuple(names)
        self.empty = empty
        self.codes = codes
        self.meaning = meaning
        self.label = "one of " + ", ".join(self.names)

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        if not isinstance(node, ScalarNode) or not self._is_name(node):
            return _refused(self, node, key, reading)
        if node.text in self.names or (self.empty and not node.text):
            return node.text
        what = f" is no {self.meaning}" if self.meaning else " is not known"
        reading.refuse(
            key,
            node,
            f"{key}: {shorten(node.text)!r}{what}",
            expected=self.label,
            suggestion=reading.nearest_name(node.text, self.names),
        )
        return INVALID

    def _is_name(self, node: ScalarNode) -> bool:
        return isinstance(node.value, str) or (self.codes and node.text.startswith("0x"))


class Integer:
    """A whole number in a range."""

    def __init__(self, lowest: int = 0, highest: int = UINT64_MAX) -> None:
        self.lowest = lowest
        self.highest = highest
        self.label = f"a whole number from {lowest} to {_power(highest)}"

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        value = _whole(node)
        if value is None:
            return _refused(self, node, key, reading, self._advice(node))
        if not self.lowest <= value <= self.highest:
            assert isinstance(node, ScalarNode)  # noqa: S101 - _whole gave a number
            size = "too small" if value < self.lowest else "too large"
            reading.refuse(key, node, f"{key} is {shorten(node.text)}: {size}", expected=self.label)
            return INVALID
        return value

    @staticmethod
    def _advice(node: Node) -> str:
        text = node.value if isinstance(node, ScalarNode) else None
        if isinstance(text, str) and re.fullmatch(r"\s*[-+]?[0-9_]+\s*", text):
            return "write the number without quotes"
        return ""


def _whole(node: Node) -> int | None:
    value = node.value if isinstance(node, ScalarNode) else None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _power(number: int) -> str:
    for bits in (63, 64):
        if number == (1 << bits) - 1:
            return f"2^{bits}-1"
    return str(number)


class Number:
    """A number, whole or not, that is not negative."""

    label = "a number that is not negative"

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        value = node.value if isinstance(node, ScalarNode) else None
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            return _refused(self, node, key, reading)
        return value


class Boolean:
    """``true`` or ``false``."""

    label = "true or false"

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        if isinstance(node, ScalarNode) and isinstance(node.value, bool):
            return node.value
        text = node.value if isinstance(node, ScalarNode) else None
        quoted = isinstance(text, str) and text.lower() in {"true", "false"}
        return _refused(self, node, key, reading, "without quotes" if quoted else "")


class Nullable:
    """What another kind takes, or ``null``."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.label = f"{kind.label}, or null"

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        if isinstance(node, ScalarNode) and node.value is None:
            return None
        return self.kind.read(node, key, reading)


class Either:
    """What one of several kinds takes; the test says which kind is to read a node."""

    def __init__(self, label: str, choose: Callable[[Node], Kind]) -> None:
        self.label = label
        self.choose = choose

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        return self.choose(node).read(node, key, reading)


class ListOf:
    """A list of one kind of value; read as a tuple."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.label = f"a list, each item {kind.label}"

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        if not isinstance(node, ListNode):
            return _refused(self, node, key, reading)
        items = []
        for index, item in enumerate(node.items):
            place = f"{key}[{index}]"
            reading.note(place, item.position, item)
            items.append(self.kind.read(item, place, reading))
        return INVALID if any(item is INVALID for item in items) else tuple(items)


class MapOf:
    """A map of names to one kind of value."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.label = f"a map of names, each to {kind.label}"

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        if not isinstance(node, MapNode):
            return _refused(self, node, key, reading)
        values: dict[str, Any] = {}
        for name, value in node.entries:
            place = f"{key}.{name.text}"
            reading.note(place, name.position, value)
            values[name.text] = self.kind.read(value, place, reading)
        if any(value is INVALID for value in values.values()):
            return INVALID
        return FrozenMap(values)


class Word:
    """Text, number or boolean, read as it is written: values of environment variables."""

    label = "text, a number or a boolean"

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        if not isinstance(node, ScalarNode) or node.value is None:
            return _refused(self, node, key, reading)
        return node.text


class Settings:
    """A map that another program understands."""

    label = "a map"

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        return plain(node) if isinstance(node, MapNode) else _refused(self, node, key, reading)


TEXT = Text()
TEXTS = ListOf(TEXT)
ENVIRONMENT = MapOf(Word())
LABELS = MapOf(TEXT)
BOOLEAN = Boolean()
FLAG = Nullable(BOOLEAN)
COUNT = Integer()
ADDRESS = Text("an address: 0x and 40 hexadecimal digits", r"0x[0-9a-fA-F]{40}", codes=True)
EPOCH = Integer()
PORT = Integer(1, 65535)

Defaults = Mapping[str, Any]
