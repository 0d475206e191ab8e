"""Deriving keys on all cores.

The helpers are plain programs behind pipes and not ``multiprocessing``: they never import the
caller's ``__main__`` (a script without an ``if __name__`` guard, a notebook and pytest all work),
and they end with their input, however this process ends. This process derives too, so that small
jobs do not wait for helpers to start, and whatever a helper fails to do is done here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Thread

from chainyard.genesis.key_segments import RECORD, SECRET, Segment
from chainyard.genesis.key_worker import derive_segment

CHUNK = 32
# Starting a helper takes as long as deriving about 80 keys (measured, 2 cores): below this
# number of keys a second process saves nothing.
POOL_PAYS_FROM = 192
_END_PATIENCE = 5.0

Range = tuple[int, int]


def derive_ranges(ancestor: int, ranges: Iterable[Range]) -> Generator[Segment]:
    """Derive the keys of index ranges; segments come as they are done, in any order.

    Closing the iterator (or Ctrl-C while in it) ends the helpers.

    Args:
        ancestor: the secret at ``m/12381/3600``.
        ranges: (start, stop) pairs, stop exclusive.
    """
    chunks = deque(_chunks(ranges))
    keys = sum(stop - start for start, stop in chunks)
    helpers = min(cores() - 1, len(chunks) // 2) if keys >= POOL_PAYS_FROM else 0
    if not helpers:
        yield from (derive_segment(ancestor, *chunk) for chunk in chunks)
        return
    answers: SimpleQueue[Segment | None] = SimpleQueue()
    left = len(chunks)
    with _helpers(ancestor, helpers, chunks, answers):
        while left:
            segment = _own_chunk(ancestor, chunks) if answers.empty() else None
            # Nothing left to do here: wait for a helper's answer. None says that one gave up and
            # put its chunk back, which is then taken in the next round.
            segment = segment or answers.get()
            if segment is not None:
                left -= 1
                yield segment


def cores() -> int:
    """How many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _chunks(ranges: Iterable[Range]) -> Iterator[Range]:
    for start, stop in ranges:
        for first in range(start, stop, CHUNK):
            yield first, min(first + CHUNK, stop)


def _own_chunk(ancestor: int, chunks: deque[Range]) -> Segment | None:
    try:
        chunk = chunks.popleft()
    except IndexError:
        return None
    return derive_segment(ancestor, *chunk)


@contextmanager
def _helpers(
    ancestor: int, count: int, chunks: deque[Range], answers: SimpleQueue[Segment | None]
) -> Iterator[None]:
    processes: list[subprocess.Popen[bytes]] = []
    threads = []
    try:
        for _ in range(count):
            try:
                process = _start_helper()
            except OSError:
                break  # no more processes allowed here: this one does the work
            processes.append(process)
            thread = Thread(target=_feed, args=(process, ancestor, chunks, answers), daemon=True)
            thread.start()
            threads.append(thread)
        yield
    finally:
        chunks.clear()
        for process in processes:
            process.kill()
        for process, thread in zip(processes, threads, strict=False):
            thread.join(_END_PATIENCE)
            process.wait(_END_PATIENCE)
            _close(process)


def _start_helper() -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "chainyard.genesis.key_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,  # Ctrl-C is for the asking process, which then ends this one
    )


def _feed(
    process: subprocess.Popen[bytes],
    ancestor: int,
    chunks: deque[Range],
    answers: SimpleQueue[Segment | None],
) -> None:
    """Give a helper one chunk after the other; hand back the one that it fails at."""
    if process.stdin is None or process.stdout is None:
        return
    greeting = ancestor.to_bytes(SECRET, "big")
    while chunks:
        try:
            start, stop = chunks.pop()
        except IndexError:
            return
        try:
            process.stdin.write(greeting + start.to_bytes(4, "big") + stop.to_bytes(4, "big"))
            process.stdin.flush()
            data = process.stdout.read((stop - start) * RECORD)
        except (OSError, ValueError):
            data = b""
        greeting = b""
        if len(data) != (stop - start) * RECORD:
            chunks.append((start, stop))
            answers.put(None)
            return
        answers.put(Segment.from_bytes(start, data))


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # what was not yet written has no reader any more
                pipe.close()
