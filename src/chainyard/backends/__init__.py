"""Backends make a plan real. None of them knows what Ethereum is.

`make_backend` is the way to get one; `chainyard.backends.base` says what each of them does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chainyard.errors import RequestError

if TYPE_CHECKING:
    from chainyard.backends.base import Backend

BACKENDS = ("process", "fake")
DEFAULT_BACKEND = BACKENDS[0]


def make_backend(name: str, folder: Path, *, log_limit_mb: int = 50) -> Backend:
    """The backend of that name for one network.

    Args:
        folder: the network's folder; it need not exist yet.
        log_limit_mb: the most that the logs of one service may take on disk, in MB (10^6 bytes).

    Raises:
        RequestError: there is no such backend.
    """
    if name == "process":
        from chainyard.backends.process.backend import ProcessBackend  # noqa: PLC0415 - start-up

        return ProcessBackend(folder, log_limit_mb=log_limit_mb)
    if name == "fake":
        from chainyard.backends.fake import FakeBackend  # noqa: PLC0415 - start-up time

        return FakeBackend(folder)
    raise RequestError(f"there is no backend {name!r}", hint=f"one of these: {', '.join(BACKENDS)}")
