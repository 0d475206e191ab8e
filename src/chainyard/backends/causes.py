"""Why a service ended: from its exit code, its last lines and what the machine says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chainyard.service import Service


@dataclass(frozen=True)
class Facts:
    """What is known of a service's end.

    Args:
        tail: the last lines of its log.
        exit_code: negative for signals; None if it did not end.
        asked: it was ended on purpose.
        detail: what the backend says about it.
        taken: its ports that something else listens on, each as a sentence's subject, e.g.
            ``port 8545 (rpc), used by nginx (pid 12)``.
        free_bytes: of the disk with its data; None if not known.
    """

    tail: Sequence[str] = ()
    exit_code: int | None = None
    asked: bool = False
    detail: str = ""
    taken: Sequence[str] = ()
    free_bytes: int | None = None


_DISK_LOW = 50 * 10**6

_GENERIC = (
    (
        r"address already in use|EADDRINUSE",
        "a port that it needs is taken",
        "end the program that uses the port, or set another one in chainyard.yaml",
    ),
    (
        r"no space left on device|ENOSPC|disk quota exceeded|EDQUOT",
        "the disk is full",
        "free some space, then start it again",
    ),
    (
        r"error while loading shared libraries|Library not loaded|GLIBC_[\d.]+.* not found",
        "its program needs a library that this machine does not have",
        "install that library, or use another build of the program",
    ),
    (
        r"exec format error|ENOEXEC|bad CPU type",
        "its program was built for another kind of machine",
        "use a build for this operating system and architecture",
    ),
    (
        r"too many open files|EMFILE",
        "it may not open more files",
        "raise the limit: `ulimit -n 65536` before `chainyard start`",
    ),
    (
        r"out of memory|cannot allocate memory|ENOMEM",
        "the machine has no memory left",
        "end other programs, or run fewer nodes",
    ),
    (
        r"clock (is )?(skew|drift|not|out of)|system time|time is in the future",
        "this machine's clock is wrong",
        "set the clock (`chainyard doctor` compares it), then start it again",
    ),
    (
        r"permission denied|EACCES|operation not permitted|EPERM",
        "it may not use a file or port that it needs",
        "look for files of another user in the network's folder",
    ),
)


def probable_cause(service: Service, facts: Facts) -> tuple[str, str]:
    """The probable cause of a service's end and what to try; both empty when nothing tells.

    What the service's own hints know goes first, then what the machine shows, then words that
    programs have in common.
    """
    for pattern, cause, hint in service.cause_hints:
        if _said(pattern, facts):
            return cause, hint
    return _by_machine(facts) or _by_words(facts) or _by_exit(facts) or ("", "")


def _by_machine(facts: Facts) -> tuple[str, str] | None:
    if facts.taken:
        return (
            f"{facts.taken[0]}",
            "end that program, or set another port in chainyard.yaml",
        )
    if facts.free_bytes is not None and facts.free_bytes < _DISK_LOW:
        return (
            f"the disk is full: {facts.free_bytes / 10**6:.0f} MB left",
            "free some space, then start it again",
        )
    return None


def _by_words(facts: Facts) -> tuple[str, str] | None:
    for pattern, cause, hint in _GENERIC:
        if line := _said(pattern, facts):
            return f"{cause}: {line.strip()[:200]}", hint
    return None


def _by_exit(facts: Facts) -> tuple[str, str] | None:
    if facts.exit_code == -9 and not facts.asked:
        return (
            "it was killed from outside; when nobody did, by the system, which had no memory left",
            'see `dmesg` for "Out of memory"; run fewer nodes, or end other programs',
        )
    if facts.exit_code in (-4, -11, -6, -7, -8):
        return "its program crashed", "look for a known bug of this version; try another"
    return None


def _said(pattern: str, facts: Facts) -> str:
    """The last line that matches."""
    expression = re.compile(pattern, re.IGNORECASE)
    lines = (*facts.tail, facts.detail)
    return next((line for line in reversed(lines) if expression.search(line)), "")
