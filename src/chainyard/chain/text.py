"""Text from strangers, made safe to print."""

from __future__ import annotations

import unicodedata

# Control, format (bidirectional overrides, zero-width), surrogate, private, unassigned, and the
# two separators that some terminals take for a line end.
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def safe_text(text: str, limit: int = 200) -> str:
    """``text`` on one line, at most ``limit`` characters, with nothing a terminal would obey.

    Harmful characters become visible escapes: ``\\x1b``, ``\\u202e``. What was cut ends in ``…``.
    """
    parts: list[str] = []
    room = limit
    for char in text:
        part = _escape(char) if unicodedata.category(char) in _HARMFUL else char
        room -= len(part)
        if room < 0:
            return "".join(parts)[: max(0, limit - 1)] + "…"[:limit]
        parts.append(part)
    return "".join(parts)


def safe_bytes(data: bytes, limit: int = 200) -> str:
    """As `safe_text`, of bytes that should be UTF-8; trailing zero bytes are dropped."""
    return safe_text(data.rstrip(b"\0").decode(errors="replace"), limit)


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
