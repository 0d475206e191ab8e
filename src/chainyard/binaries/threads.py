"""Work in threads that an interrupted command need not wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue

_INTERRUPT_SECONDS = 2.0


def in_threads(tasks: Sequence[Callable[[], None]], cancelled: threading.Event) -> None:
    """Run tasks at once. The first error, or Ctrl-C, makes the others stop where they are."""
    ended: SimpleQueue[BaseException | None] = SimpleQueue()

    def run(task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as error:
            ended.put(error)
        else:
            ended.put(None)

    # Daemons: a connection that hangs must not keep an interrupted command from ending.
    threads = [threading.Thread(target=run, args=(task,), daemon=True) for task in tasks]
    for thread in threads:
        thread.start()
    try:
        for _ in threads:
            if error := ended.get():
                raise error
    finally:
        cancelled.set()
        for thread in threads:
            thread.join(_INTERRUPT_SECONDS)
