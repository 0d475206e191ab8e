"""Bytes of a file → text, with everything that can be wrong with a file."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

from chainyard.errors import Problem, SpecError

MAX_BYTES = 2 * 1024 * 1024
"""The file of a network is a few kB; at this size, reading the worst one takes seconds."""


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a file.

    Raises:
        SpecError: it is missing, a directory, unreadable, larger than ``MAX_BYTES`` or not UTF-8.
    """
    file = os.fspath(path)
    try:
        with Path(file).open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(file, error) from None
    return decode(data, file)


def decode(data: bytes, file: str = "") -> str:
    """Text of a document's bytes: UTF-8, or UTF-16 with a byte order mark as YAML allows.

    Raises:
        SpecError: too large, or not text.
    """
    if len(data) > MAX_BYTES:
        limit = MAX_BYTES // 1024 // 1024
        raise SpecError(
            [Problem("the file is too large", file=file, expected=f"at most {limit} MiB")],
            hint="Give the file of a network; large contents do not belong in it.",
        )
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decoded(data, "utf-16", file)
    return _decoded(data, "utf-8-sig", file)


def _decoded(data: bytes, encoding: str, file: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = error.start - (before.rfind(b"\n") + 1) + 1
        problem = Problem(
            f"byte 0x{data[error.start]:02x} is not {encoding.removesuffix('-sig').upper()} text",
            file=file,
            line=before.count(b"\n") + 1,
            column=column,
            expected="a text file in UTF-8",
        )
        raise SpecError([problem], hint="Save the file as UTF-8.") from None


def _unreadable(file: str, error: OSError | ValueError) -> SpecError:
    if isinstance(error, FileNotFoundError):
        message, hint = "there is no such file", "Check the path, or leave it out for the default."
    elif isinstance(error, IsADirectoryError):
        message, hint = "this is a directory", "Give the network_params.yaml inside it."
    elif isinstance(error, PermissionError):
        message, hint = "this file may not be read", "Check its permissions."
    else:
        reason = getattr(error, "strerror", None) or str(error)
        message, hint = f"this file cannot be read: {reason}", ""
    return SpecError([Problem(message, file=file)], hint=hint)
