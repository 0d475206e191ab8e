"""How a plain YAML word becomes a value.

ethereum-package's file goes through Go's YAML 1.1 reader, so ``yes`` is a boolean, ``0x10`` and
``010`` are numbers, and a hexadecimal number of more than 64 bits (an address without quotes) is
text. What Go would read as a float because it exceeds 64 bits stays an integer here: it is going
to be refused, and the error shall repeat it.
"""

from __future__ import annotations

import re

MAX_DIGITS = 100
"""Longer digit strings are no number that a network has use for."""
_UINT64 = 1 << 64

_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"}
_FALSE = {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"}
_INFINITY = re.compile(r"[-+]?\.(inf|Inf|INF)")
_NAN = {".nan", ".NaN", ".NAN"}
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
_OCTAL = re.compile(r"[-+]?0o?[0-7_]+")
_HEX = re.compile(r"[-+]?0x[0-9a-fA-F_]+")
_BINARY = re.compile(r"[-+]?0b[01_]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")

Scalar = str | int | float | bool | None


def resolve(text: str) -> Scalar:
    """The value of an unquoted word."""
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if text[0] not in "+-.0123456789" or len(text) > MAX_DIGITS:
        return text
    return _number(text)


def _number(text: str) -> Scalar:
    if text in _NAN:
        return float("nan")
    if _INFINITY.fullmatch(text):
        return float(text.replace(".", "", 1))
    if (integer := _integer(text)) is not None:
        return integer
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _integer(text: str) -> int | None:
    digits = text.replace("_", "")
    if _DECIMAL.fullmatch(text):
        return int(digits)
    for pattern, base in ((_HEX, 16), (_BINARY, 2), (_OCTAL, 8)):
        if pattern.fullmatch(text) and re.search(r"[0-9a-fA-F]$", digits):
            return _bounded(digits, base)
    return None


def _bounded(digits: str, base: int) -> int | None:
    sign = -1 if digits.startswith("-") else 1
    body = digits.lstrip("+-")
    body = body[2:] if body[1:2] in {"x", "o", "b"} else body
    if not body:
        return None
    value = int(body, base)
    return sign * value if value < _UINT64 else None


def tagged(tag: str, text: str) -> Scalar:
    """The value of a word with a standard tag.

    Raises:
        ValueError: the word is no such thing.
    """
    kind = tag.removeprefix("!!").removeprefix("tag:yaml.org,2002:")
    if kind in {"str", "!"}:
        return text
    value = resolve(text)
    expected: dict[str, type | tuple[type, ...]] = {
        "int": int,
        "float": (int, float),
        "bool": bool,
        "null": type(None),
    }
    if kind not in expected:
        raise ValueError(f"the tag {tag!r} is not understood")
    if not isinstance(value, expected[kind]):
        raise ValueError(f"{text!r} is not of the type that its tag !!{kind} says")
    return value
