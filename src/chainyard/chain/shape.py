"""JSON from a node, read with suspicion: every value is checked before it is used.

The Beacon API writes numbers as decimal strings, JSON-RPC as ``0x`` quantities; both become ints
here. Whatever is not as the specification says raises `ShapeError`, naming the place.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from chainyard.chain.errors import ShapeError
from chainyard.chain.text import safe_text

T = TypeVar("T")

MAX_DEPTH = 64
"""Nesting of an answer; a signed beacon block has about 12 levels."""

MAX_CONTAINERS = 1 << 20
"""Lists and objects of an answer; 64 MiB of validators have about 300,000."""

_OTHER_BYTES = bytes(set(range(256)) - set(b"[]{}"))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}

_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DECIMAL = re.compile(r"[0-9]{1,78}")


def parse_json(body: bytes) -> object:
    """The JSON value of ``body``.

    Raises:
        ShapeError: not JSON, or more nested or fragmented than any answer is.
    """
    _check_structure(body)
    try:
        return json.loads(body, parse_constant=_no_constant)
    except ValueError as error:  # bad UTF-8, and numbers longer than Python converts, are too
        raise ShapeError(f"not JSON ({safe_text(str(error), 100)})") from None


def _check_structure(body: bytes) -> None:
    # Python's parser recurses: where something raised the recursion limit, deep input ends the
    # process. And "[],[],…" takes twenty times its size in memory.
    unescaped = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside_of_strings = b"".join(unescaped.split(b'"')[::2])
    brackets = outside_of_strings.translate(None, _OTHER_BYTES)
    if len(brackets) > 2 * MAX_CONTAINERS:
        raise ShapeError(f"JSON of more than {MAX_CONTAINERS} lists and objects")
    depths = itertools.accumulate(map(_STEP.__getitem__, brackets))
    if any(depth > MAX_DEPTH for depth in depths):
        raise ShapeError(f"JSON nested deeper than {MAX_DEPTH} levels")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def wrong(where: str, expected: str, value: object) -> NoReturn:
    """Raise a `ShapeError` that says what was found at ``where`` in place of ``expected``."""
    found = value if isinstance(value, str) else type(value).__name__
    raise ShapeError(f"{where}: expected {expected}, found {safe_text(repr(found), 80)}")


def uint(value: object, where: str, *, bits: int = 64) -> int:
    """A Beacon API number: a decimal string (some clients: a JSON integer) below 2**bits."""
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << bits:
        wrong(where, f"a uint{bits}", value)
    return value


def quantity(value: object, where: str) -> int:
    """A JSON-RPC ``QUANTITY``: ``0x`` and at most 64 hexadecimal digits."""
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        wrong(where, "a 0x quantity", value)
    return int(value, 16)


def hexdata(value: object, where: str, *, size: int | None = None) -> str:
    """``0x`` and hexadecimal, of ``size`` bytes if given, in lower case."""
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        wrong(where, "0x and hexadecimal", value)
    if size is not None and len(value) != 2 + 2 * size:
        wrong(where, f"{size} bytes of hexadecimal", value)
    return value.lower()


def text(value: object, where: str, *, limit: int = 200) -> str:
    """A string, made safe for a terminal."""
    if not isinstance(value, str):
        wrong(where, "text", value)
    return safe_text(value, limit)


def is_word(value: str) -> bool:
    """Whether it is a short name, fit for an HTTP header: ``electra``."""
    return value.isascii() and value.isalnum() and len(value) <= 20


def flag(value: object, where: str) -> bool:
    """A boolean."""
    if not isinstance(value, bool):
        wrong(where, "true or false", value)
    return value


def array(value: object, where: str) -> list[object]:
    """A list."""
    if not isinstance(value, list):
        wrong(where, "a list", value)
    return value


def document(value: object, where: str) -> dict[str, Any]:
    """An object that is kept as it is."""
    if not isinstance(value, dict):
        wrong(where, "an object", value)
    return value


class Fields:
    """A JSON object whose fields are read by type.

    Raises:
        ShapeError: from the constructor and every method, if the value is not what was asked for.
    """

    __slots__ = ("_value", "_where")

    def __init__(self, value: object, where: str = "answer") -> None:
        if not isinstance(value, dict):
            wrong(where, "an object", value)
        self._value = value
        self._where = where

    def __contains__(self, key: str) -> bool:
        return self._value.get(key) is not None

    def _get(self, key: str) -> tuple[object, str]:
        return self._value.get(key), f"{self._where}.{key}"

    def uint(self, key: str, *, bits: int = 64) -> int:
        """See `uint`."""
        return uint(*self._get(key), bits=bits)

    def quantity(self, key: str) -> int:
        """See `quantity`."""
        return quantity(*self._get(key))

    def hex(self, key: str, *, size: int | None = None) -> str:
        """See `hexdata`."""
        return hexdata(*self._get(key), size=size)

    def root(self, key: str) -> str:
        """A 32-byte hash."""
        return hexdata(*self._get(key), size=32)

    def text(self, key: str, *, limit: int = 200) -> str:
        """See `text`."""
        return text(*self._get(key), limit=limit)

    def word(self, key: str) -> str:
        """A short name, as of a fork: letters and digits."""
        value, where = self._get(key)
        if not isinstance(value, str) or not is_word(value):
            wrong(where, "a name", value)
        return value

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """A boolean; ``default`` where the field is absent and older nodes leave it out."""
        return default if default is not None and key not in self else flag(*self._get(key))

    def array(self, key: str) -> list[object]:
        """A list."""
        return array(*self._get(key))

    def document(self, key: str) -> dict[str, Any]:
        """See `document`."""
        return document(*self._get(key))

    def integer(self, key: str) -> int:
        """A JSON integer, of either sign."""
        value, where = self._get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            wrong(where, "an integer", value)
        return value

    def raw(self, key: str) -> object:
        """Whatever is there; None if nothing."""
        return self._value.get(key)

    def whole(self) -> dict[str, Any]:
        """The object itself, as it is; see `document`."""
        return document(self._value, self._where)

    def object(self, key: str) -> Fields:
        """A field that is itself an object."""
        return Fields(*self._get(key))

    def each(self, key: str, read: Callable[[Fields], T]) -> tuple[T, ...]:
        """A list of objects, each read by ``read``."""
        where = f"{self._where}.{key}"
        items = enumerate(self.array(key))
        return tuple(read(Fields(item, f"{where}[{index}]")) for index, item in items)

    def hexes(self, key: str, *, size: int | None = None) -> tuple[str, ...]:
        """A list of hexadecimal strings."""
        where = f"{self._where}.{key}"
        return tuple(hexdata(item, where, size=size) for item in self.array(key))

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings, made safe for a terminal."""
        where = f"{self._where}.{key}"
        return tuple(text(item, where) for item in self.array(key))

    def optional(self, key: str, read: Callable[[str], T]) -> T | None:
        """``read(key)``, or None where the field is absent or null."""
        return read(key) if key in self else None
