"""``chainyard start``: start a stopped network again, as it was."""

from __future__ import annotations

from argparse import Namespace

from chainyard.cli.options import add_name, add_output, add_slashing_risk, add_wait, find_network
from chainyard.cli.output import print_json
from chainyard.cli.parser import Parser
from chainyard.cli.progress import show_progress
from chainyard.cli.up import print_report


def arguments(parser: Parser) -> None:
    """Declare what the verb takes."""
    add_name(parser)
    add_wait(parser)
    add_slashing_risk(parser)
    add_output(parser)


def run(args: Namespace) -> None:
    """Start it, and say where it is reached."""
    network = find_network(args.name)
    with show_progress() as progress:
        report = network.start(
            wait=args.wait,
            timeout=args.timeout,
            progress=progress,
            accept_slashing_risk=args.accept_slashing_risk,
        )
    if args.output == "json":
        print_json(report.as_dict())
    else:
        print_report(report)
