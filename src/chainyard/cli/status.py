"""``chainyard status``: heads, peers and finality, once or as they change."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from chainyard.cli.options import add_name, add_output, find_network
from chainyard.cli.output import emit, print_json, print_json_line, safe, say, table
from chainyard.cli.parser import Parser

if TYPE_CHECKING:
    from chainyard.network.network import Network
    from chainyard.network.views import NodeStatus, Status

SHORTEST_PAUSE = 1.0
"""Seconds between two looks at least, however short the slots are."""

pause = time.sleep


def arguments(parser: Parser) -> None:
    """Declare what the verb takes."""
    add_name(parser)
    parser.add_argument(
        "-w", "--watch", action="store_true", help="go on, once a slot, until Ctrl-C"
    )
    add_output(parser)


def run(args: Namespace) -> None:
    """Show it once, or keep showing it."""
    network = find_network(args.name)
    if args.watch:
        _watch(network, as_json=args.output == "json")
    elif args.output == "json":
        print_json(network.status().as_dict())
    else:
        say("\n".join(status_lines(network.status())))


def _watch(network: Network, *, as_json: bool) -> None:
    # Ctrl-C is how a person ends this: no error.
    try:
        if as_json:
            for status in _looks(network):
                print_json_line(status.as_dict())
        elif sys.stdout.isatty():
            _show_live(network)
        else:
            for status in _looks(network):
                emit(safe("\n".join([*status_lines(status), "", ""])), at_once=True)
    except KeyboardInterrupt:
        return


def _show_live(network: Network) -> None:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(console=Console(highlight=False, markup=False), auto_refresh=False) as live:
        for status in _looks(network):
            text = Text(safe("\n".join(status_lines(status))), no_wrap=True)
            live.update(text, refresh=True)


def _looks(network: Network) -> Iterator[Status]:
    """The status, at most once a slot."""
    slot = network.spec.network_params.slot_duration_ms / 1000
    while True:
        yield network.status()
        pause(max(slot, SHORTEST_PAUSE))


def status_lines(status: Status) -> list[str]:
    """A status for people."""
    lines = [f"{status.network} is {status.state}: {_chain(status)}"]
    if status.overrides:
        values = ", ".join(f"{key}={value}" for key, value in status.overrides.items())
        lines.append(f"consensus config changed by chainyard.yaml: {values}")
    lines += ["", *_nodes(status.nodes)]
    down = {name: state for name, state in status.services.items() if state != "running"}
    if down:
        lines += ["", *table(("service", "state"), down.items())]
    return lines


def _chain(status: Status) -> str:
    if status.wall_slot is None:
        return "no genesis yet"
    if status.wall_slot < 0:
        return f"genesis in {-status.wall_slot} slots"
    head = "no head" if status.head_slot is None else f"head at slot {status.head_slot}"
    return (
        f"{head} of {status.wall_slot}, justified epoch {_known(status.justified_epoch)}, "
        f"finalized epoch {_known(status.finalized_epoch)}"
    )


def _known(value: int | None) -> str:
    return "-" if value is None else str(value)


def _nodes(nodes: tuple[NodeStatus, ...]) -> list[str]:
    columns = ("node", "slot", "block", "el peers", "cl peers", "synced", "problem")
    return table(
        columns,
        [
            (
                node.name,
                node.head_slot,
                node.head_block,
                node.execution_peers,
                node.consensus_peers,
                "yes" if node.synced else "no",
                node.problem,
            )
            for node in nodes
        ],
    )
