"""Run the command: every way it can end has an exit code and a sentence.

0 done · 1 the network or a check failed · 2 the request was wrong · 3 a bug of ours, with a
report file · 130 interrupted.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from types import FrameType

from chainyard.errors import ChainyardError

EXIT_FAILED, EXIT_BUG, EXIT_INTERRUPTED = 1, 3, 130

# What an interrupted verb leaves behind, and what to do about it.
UNFINISHED = {
    "up": "`chainyard up` finishes what was begun, `chainyard down` removes it.",
    "start": "`chainyard start` finishes what was begun.",
    "stop": "`chainyard stop` finishes what was begun.",
    "down": "`chainyard down` finishes what was begun.",
    "clients": "The next download goes on where this one ended.",
}


def run(arguments: Sequence[str]) -> int:
    """Run the command with these arguments and give its exit code."""
    from chainyard.cli.output import OutputError, emit

    _mend_streams()
    try:
        code = _run(arguments)
        emit("", at_once=True)
    except OutputError as error:
        return _output_failed(error.reason)
    return code


def _run(arguments: Sequence[str]) -> int:
    from chainyard.cli.output import OutputError

    try:
        with _terminated_like_interrupted():
            return _dispatch(arguments)
    except KeyboardInterrupt:
        return _interrupted(arguments)
    except ChainyardError as error:
        return _explain(error, arguments)
    except OutputError:
        raise
    except Exception as error:
        # The last resort: a report file, never a traceback.
        return _report(error, arguments)


def _dispatch(arguments: Sequence[str]) -> int:
    from chainyard.cli.app import dispatch

    try:
        return dispatch(arguments)
    except SystemExit as exit_:  # argparse, after --help
        return exit_.code if isinstance(exit_.code, int) else 0


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """End on SIGTERM as on Ctrl-C: in order, and with the same sentence."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_signal: int, frame: FrameType | None) -> None:
        # An event loop has a handler of its own, which ends its tasks in order.
        handler = signal.getsignal(signal.SIGINT)
        if not callable(handler):
            # Ctrl-C is ignored, as in the background of a script: we end all the same.
            raise KeyboardInterrupt
        handler(signal.SIGINT, frame)

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _mend_streams() -> None:
    """Make both streams writable whatever we were started with."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for good
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for good
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that knows no ✓ shows an escape; the command does not fail.
            stream.reconfigure(errors="backslashreplace")


def _output_failed(error: OSError) -> int:
    # What is still in the buffer must not be tried again when the interpreter ends.
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    if isinstance(error, BrokenPipeError):
        return 0  # the reader (`head`, a pager) has what it wanted
    sys.stderr.write(f"Error: the answer cannot be written: {error.strerror}\n")
    return EXIT_FAILED


def _interrupted(arguments: Sequence[str]) -> int:
    from chainyard.cli.output import print_json, wants_json

    advice = UNFINISHED.get(arguments[0] if arguments else "", "")
    sys.stderr.write(f"\nInterrupted. {advice}".rstrip() + "\n")
    if wants_json(arguments):
        print_json({"error": {"kind": "Interrupted", "message": "interrupted", "hint": advice}})
    return EXIT_INTERRUPTED


def _explain(error: ChainyardError, arguments: Sequence[str]) -> int:
    from chainyard.cli.output import print_error, wants_json

    print_error(error, as_json=wants_json(arguments))
    return error.exit_code


def _report(error: Exception, arguments: Sequence[str]) -> int:
    from chainyard.cli.output import print_json, wants_json
    from chainyard.cli.report import write_report

    path = write_report(error, arguments)
    message = f"This is a bug in Chainyard, not in your network: {type(error).__name__}."
    sys.stderr.write(
        f"{message}\n"
        f"A report is in {path}. It holds no keys or passwords; please attach it to an issue.\n"
    )
    if wants_json(arguments):
        with contextlib.suppress(OSError):
            print_json({"error": {"kind": "Bug", "message": message, "report": str(path)}})
    return EXIT_BUG
