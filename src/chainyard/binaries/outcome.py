"""What a source answers: a program, or a reason why it has none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chainyard.errors import DownloadError

Source = Literal["spec", "path", "cache", "release", "build"]


class UnavailableError(Exception):
    """A source cannot give the program; the next source is asked.

    Args:
        reason: one sentence, or a sentence and the last lines of a tool's output.
        hint: what would make this source work.
        notable: a person should hear of it even if another source has the program.
    """

    def __init__(self, reason: str, *, hint: str = "", notable: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.notable = notable


class RefusedError(DownloadError):
    """What arrived is not what was recorded, published or signed. No other source is asked."""


@dataclass(frozen=True)
class LockedProgram:
    """What a network's lock records of a program when it is first obtained.

    Args:
        version: as pinned or as the program itself says.
        sha256: of the executable, 64 hex digits. Enforced on the cache and on downloads when
            ``source`` is ``release``, the version is the pinned one and the platform is this one.
        source: where the executable came from at first (never ``cache``).
        platform: ``linux-amd64``; empty means "this one".
        signature: what was said of its signature.
    """

    version: str
    sha256: str
    source: Source
    platform: str = ""
    signature: str = ""


@dataclass(frozen=True)
class Resolved:
    """A program that can be executed now.

    Args:
        name: its key in the catalog.
        path: absolute path of the executable.
        version: as pinned, or as it says itself (``unknown`` if it cannot tell).
        source: where it was found this time.
        sha256: of the executable, 64 hex digits.
        signature: ``good: …``, ``not checked: …`` or ``not applicable: …``.
        origin: where it came from at first; differs from ``source`` for what is in the cache.
        platform: ``linux-amd64`` and the like.
        detail: URL, module or other place it came from.
        notes: sentences that a person should see.
    """

    name: str
    path: Path
    version: str
    source: Source
    sha256: str
    signature: str
    origin: Source
    platform: str
    detail: str = ""
    notes: tuple[str, ...] = ()

    def lock(self) -> LockedProgram:
        """What to record in the network's lock."""
        return LockedProgram(self.version, self.sha256, self.origin, self.platform, self.signature)


@dataclass(frozen=True)
class Whereabouts:
    """Where a program is, or where it would come from. ``path`` is None while it is not here."""

    name: str
    version: str
    source: Source | None
    path: Path | None
    detail: str
