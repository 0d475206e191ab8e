"""``chainyard ls``: the networks on this machine."""

from __future__ import annotations

import time
from argparse import Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING

from chainyard.cli.options import add_name, add_output
from chainyard.cli.output import note, print_json, print_table
from chainyard.cli.parser import Parser
from chainyard.errors import NotFoundError

if TYPE_CHECKING:
    from chainyard.network.views import Summary


def arguments(parser: Parser) -> None:
    """Declare what the verb takes."""
    add_name(parser, "only the network of that name")
    add_output(parser)


def run(args: Namespace) -> None:
    """List them, by name."""
    networks = [summary for summary in _summaries() if args.name in (None, summary.name)]
    if args.name is not None and not networks:
        raise NotFoundError(f"there is no network {args.name!r}", hint="chainyard ls")
    if args.output == "json":
        print_json([asdict(network) for network in networks])
        return
    if not networks:
        note("There is no network yet. Make one: chainyard up")
        return
    now = time.time()
    print_table(
        ("name", "state", "nodes", "backend", "age", "file"),
        [
            (item.name, item.state, item.nodes, item.backend, age(now - item.created), item.source)
            for item in networks
        ],
    )


def _summaries() -> list[Summary]:
    from chainyard.network.layout import existing

    if not existing():
        return []  # without the rest of the program, which takes longer to load than to ask
    from chainyard.network.network import Network

    return Network.ls()


def age(seconds: float) -> str:
    """``12 s``, ``5 min``, ``3 h``, ``2 d``."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"
