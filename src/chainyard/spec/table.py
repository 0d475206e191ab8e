"""Maps with known keys: a frozen record each, whose fields carry kind, default and meaning.

Records are dataclasses without generated methods, rather than pydantic models: a place in the file
belongs to every error, nulls resolve by rules that look at other maps, and a file has to be read
in 150 ms, of which importing pydantic would take two thirds and generating the methods of forty
large dataclasses a third.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, NoReturn, TypeVar, dataclass_transform

from chainyard.spec.kinds import INVALID, Kind
from chainyard.spec.nodes import MapNode, Node, ScalarNode, describe, shorten
from chainyard.spec.reading import Reading

MANY = 12
"""Longer lists of known keys are not repeated in an error."""


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of one key of a map."""

    kind: Kind
    default: Any
    meaning: str
    required: bool = False


def key(
    kind: Kind, default: Any, meaning: str, *, secret: bool = False, required: bool = False
) -> Any:
    """Declare a key of a map, as the default of a record's field.

    Args:
        kind: what values it takes.
        default: its value when the key is left out.
        meaning: one line for the reference page.
        secret: kept out of ``repr()``.
        required: there is no default.
    """
    return field(
        default=default,
        repr=not secret,
        metadata={"key": Key(kind, default, meaning, required)},
    )


class Record:
    """Construction by keyword, equality, ``repr()`` and immutability of all records."""

    def __init__(self, **values: Any) -> None:
        for f in fields(self):  # type: ignore[arg-type]
            if f.name in values:
                self.__dict__[f.name] = values.pop(f.name)
            elif f.default is not MISSING:
                self.__dict__[f.name] = f.default
            elif f.default_factory is not MISSING:
                self.__dict__[f.name] = f.default_factory()
            else:
                raise TypeError(f"{type(self).__name__} needs {f.name!r}")
        if values:
            raise TypeError(f"{type(self).__name__} has no {', '.join(values)}")

    def _refuse(self, name: str, *_value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} does not change")

    __setattr__ = _refuse
    __delattr__ = _refuse

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._compared() == other._compared()

    def __hash__(self) -> int:
        return hash(self._compared())

    def _compared(self) -> tuple[Any, ...]:
        return tuple(getattr(self, f.name) for f in fields(self) if f.compare)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        shown = (f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)  # type: ignore[arg-type]
        return f"{type(self).__name__}({', '.join(shown)})"


_Record = TypeVar("_Record")


@dataclass_transform(kw_only_default=True, frozen_default=True)
def record(cls: type[_Record]) -> type[_Record]:
    """Make a subclass of :class:`Record` a dataclass, so that ``dataclasses.replace`` works."""
    return dataclass(init=False, repr=False, eq=False)(cls)


_KEYS: dict[type[Any], Mapping[str, Key]] = {}


def keys_of(cls: type[Any]) -> Mapping[str, Key]:
    """The keys of a map's record, in order."""
    if cls not in _KEYS:
        _KEYS[cls] = {f.name: f.metadata["key"] for f in fields(cls) if "key" in f.metadata}
    return _KEYS[cls]


def defaults_of(cls: type[Any]) -> dict[str, Any]:
    """The defaults of a map's record."""
    return {name: known.default for name, known in keys_of(cls).items()}


class Table:
    """Reads a map into its record."""

    def __init__(self, cls: type[Any]) -> None:
        self.cls = cls
        self.label = "a map"

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        values = read_keys(keys_of(self.cls), node, key, reading)
        if values is None or key in reading.bad:
            return INVALID
        return self.cls(**values)


def read_keys(
    known: Mapping[str, Key],
    node: Node,
    key: str,
    reading: Reading,
    *,
    elsewhere: Mapping[str, str] | None = None,
) -> dict[str, Any] | None:
    """Read the values that a map gives; what is invalid or unknown is left out, and recorded.

    Args:
        known: the keys it may have.
        node: the map.
        key: its dotted key, ``""`` for the root.
        reading: collects problems.
        elsewhere: keys that belong to another map, by name: where they go.

    Returns:
        The values, or None if the node is no map.
    """
    if not isinstance(node, MapNode):
        reading.refuse(key, node, f"{key or 'the file'} is {describe(node)}", expected="a map")
        return None
    values: dict[str, Any] = {}
    for name, value in node.entries:
        place = f"{key}.{name.text}" if key else name.text
        if name.text not in known:
            _unknown(name, key, known, reading, elsewhere or {})
            continue
        reading.note(place, name.position, value)
        read = known[name.text].kind.read(value, place, reading)
        if read is not INVALID:
            values[name.text] = read
    _missing(values, known, node, key, reading)
    return values


def _missing(
    values: Mapping[str, Any], known: Mapping[str, Key], node: MapNode, key: str, reading: Reading
) -> None:
    given = {name.text for name, _ in node.entries}
    for name, definition in known.items():
        if definition.required and name not in given:
            reading.refuse(key, node, f"{key} has no {name!r}", expected=definition.kind.label)
        elif definition.required and name not in values:
            reading.bad.add(key)


def _unknown(
    name: ScalarNode,
    key: str,
    known: Mapping[str, Key],
    reading: Reading,
    elsewhere: Mapping[str, str],
) -> None:
    where = f"in {key}" if key else "at the root of the file"
    suggestion = elsewhere.get(name.text) or reading.nearest_name(name.text, known)
    reading.problem(
        f"unknown key {shorten(name.text)!r} {where}",
        at=name.position,
        key=shorten(f"{key}.{name.text}" if key else name.text),
        expected="" if suggestion or len(known) > MANY else f"one of {', '.join(known)}",
        suggestion=suggestion,
    )
