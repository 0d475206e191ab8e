"""What is known while a document is read: its problems, and the places of its keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from chainyard.errors import Problem, SpecError
from chainyard.spec.nodes import NOWHERE, Node, Position

SUGGESTIONS = 100
"""Nearest names looked up per document: a comparison costs a millisecond, a file may be hostile."""
LONGEST_NAME = 64


class Reading:
    """Collects the problems of one document, so that all are reported at once.

    ``given`` holds the place of every key the user wrote, ``values`` the place of its value, and
    ``bad`` the keys whose value was refused: rules about those stay silent.
    """

    def __init__(self, file: str = "") -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.given: dict[str, Position] = {}
        self.values: dict[str, Position] = {}
        self.bad: set[str] = set()
        self._suggestions = SUGGESTIONS

    def note(self, key: str, at: Position, value: Node) -> None:
        """Remember where a key and its value stand."""
        self.given[key] = at
        self.values[key] = value.position

    def problem(
        self,
        message: str,
        *,
        at: Position = NOWHERE,
        key: str = "",
        expected: str = "",
        suggestion: str = "",
    ) -> None:
        """Record a problem."""
        self.problems.append(
            Problem(
                message,
                file=self.file,
                line=at.line or None,
                column=at.column or None,
                key=key,
                expected=expected,
                suggestion=suggestion,
            )
        )

    def refuse(
        self, key: str, node: Node, message: str, *, expected: str = "", suggestion: str = ""
    ) -> None:
        """Record that the value of a key cannot be used."""
        self.bad.add(key)
        self.problem(message, at=node.position, key=key, expected=expected, suggestion=suggestion)

    def rule(self, keys: Sequence[str], message: str, *, expected: str = "") -> None:
        """Record that values do not fit together.

        Args:
            keys: dotted keys of those values. The problem is placed at the first that the user
                wrote, else at what contains it. Nothing is said if one of them was refused.
            message: what does not fit, naming both.
        """
        if any(key in self.bad for key in keys):
            return
        key = next((key for key in keys if key in self.values), keys[0])
        at = self.values.get(key) or self._nearest(keys)
        self.problem(message, at=at, key=key, expected=expected)

    def refuse_given(
        self, key: str, message: str, *, expected: str = "", suggestion: str = ""
    ) -> None:
        """As :meth:`refuse`, for a key that was read before."""
        at = self.values.get(key, NOWHERE)
        self.bad.add(key)
        self.problem(message, at=at, key=key, expected=expected, suggestion=suggestion)

    def _nearest(self, keys: Iterable[str]) -> Position:
        """The place of the closest container of a key that the user wrote."""
        containers = (above for key in keys for above in ancestors(key))
        return next((self.given[above] for above in containers if above in self.given), NOWHERE)

    def nearest_name(self, name: str, names: Iterable[str]) -> str:
        """The known name that the user may have meant, or nothing."""
        if len(name) > LONGEST_NAME or self._suggestions == 0:
            return ""
        self._suggestions -= 1
        from difflib import get_close_matches  # noqa: PLC0415 - only needed for errors

        known = {candidate.lower(): candidate for candidate in names if candidate}
        close = get_close_matches(name.lower(), known, n=1, cutoff=0.6)
        return known[close[0]] if close else ""

    def finish(self, *, hint: str = "") -> None:
        """Raise what was found, in the order of the file.

        Raises:
            SpecError: there was at least one problem.
        """
        if self.problems:
            ordered = sorted(self.problems, key=lambda p: (p.line or 0, p.column or 0))
            raise SpecError(ordered, hint=hint)


def ancestors(key: str) -> Iterator[str]:
    """``a.b[2].c``, ``a.b[2]``, ``a.b``, ``a``."""
    while key:
        yield key
        key = key[: max(key.rfind("."), key.rfind("["), 0)]
