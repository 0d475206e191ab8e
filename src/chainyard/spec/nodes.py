"""A document as a tree of values that know their place in the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

LONGEST_SHOWN = 60
"""Characters of a user's value that an error repeats."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file; both count from 1, and are 0 for data that came from no file."""

    line: int = 0
    column: int = 0


NOWHERE = Position()


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A single value: ``value`` is None, bool, int, float or str; ``text`` is as written."""

    value: Any
    text: str
    position: Position


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list; ``size`` counts all nodes in it, aliases expanded."""

    items: tuple[Node, ...]
    position: Position
    size: int


@dataclass(frozen=True, slots=True)
class MapNode:
    """A map without duplicate keys, in the order of the file, merge keys already applied."""

    entries: tuple[tuple[ScalarNode, Node], ...]
    position: Position
    size: int


Node = ScalarNode | ListNode | MapNode


class FrozenMap(dict[str, Any]):
    """A dict that does not change: the maps in a Spec. Prints and serialises as a dict."""

    def _refuse(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise TypeError("a Spec does not change; load another file instead")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self))

    def __copy__(self) -> FrozenMap:
        return self

    def __deepcopy__(self, _memo: object) -> FrozenMap:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return FrozenMap, (dict(self),)


def size_of(node: Node) -> int:
    """How many nodes it is, aliases expanded."""
    return 1 if isinstance(node, ScalarNode) else node.size


def plain(node: Node) -> Any:
    """The node as immutable plain data: FrozenMap, tuple and scalars."""
    if isinstance(node, MapNode):
        return FrozenMap({key.text: plain(value) for key, value in node.entries})
    if isinstance(node, ListNode):
        return tuple(plain(item) for item in node.items)
    return node.value


def describe(node: Node) -> str:
    """What the user wrote, in words: ``the text 'x'``, ``a list``, ``nothing (null)``."""
    if isinstance(node, MapNode):
        return "a map"
    if isinstance(node, ListNode):
        return "a list"
    return describe_value(node.value, node.text)


def describe_value(value: object, text: str) -> str:
    """As :func:`describe`, for a single value."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return f"the boolean {shorten(text)}"
    if isinstance(value, int | float):
        return f"the number {shorten(text)}"
    return f"the text {shorten(text)!r}"


def shorten(text: str) -> str:
    """A value that fits on a line."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
