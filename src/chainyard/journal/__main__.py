"""``python -m chainyard.journal FOLDER URL…``: keep a journal until told to end."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

import anyio

from chainyard.errors import ChainyardError
from chainyard.journal.follow import Agent
from chainyard.journal.store import Writer

MEGABYTE = 10**6


def main(arguments: list[str] | None = None) -> int:
    """Run the agent; the exit code."""
    parser = argparse.ArgumentParser(prog="chainyard.journal")
    parser.add_argument("folder", type=Path)
    parser.add_argument("urls", nargs="+", metavar="URL")
    parser.add_argument("--keep-mb", type=int, default=4096)
    parser.add_argument("--slots-per-epoch", type=int, default=32)
    args = parser.parse_args(arguments)
    try:
        with Writer(args.folder) as writer:
            _log(f"{len(writer)} blocks, {writer.size() / MEGABYTE:.1f} MB")
            for sentence in writer.damage:
                _log(f"damaged: {sentence}")
            agent = Agent(
                writer,
                args.urls,
                keep_bytes=args.keep_mb * MEGABYTE,
                slots_per_epoch=args.slots_per_epoch,
                log=_log,
            )
            anyio.run(_until_told, agent)
    except ChainyardError as error:
        _log(error.message)
        return 1
    return 0


async def _until_told(agent: Agent) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with anyio.create_task_group() as group:
            group.start_soon(agent.run)
            async for _ in signals:
                break
            group.cancel_scope.cancel()


def _log(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
