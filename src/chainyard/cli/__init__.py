"""The command. One file a verb; each imports what it needs when it runs."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of ``chainyard``."""
    from chainyard.cli.run import run

    sys.exit(run(sys.argv[1:]))
