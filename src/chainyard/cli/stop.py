"""``chainyard stop``: end a network's services in order; its chain is kept."""

from __future__ import annotations

from argparse import Namespace

from chainyard.cli.options import add_name, add_output, find_network, name_flag
from chainyard.cli.output import note, print_json, say
from chainyard.cli.parser import Parser
from chainyard.cli.progress import show_progress


def arguments(parser: Parser) -> None:
    """Declare what the verb takes."""
    add_name(parser)
    add_output(parser)


def run(args: Namespace) -> None:
    """Stop it; the second time there is nothing to stop."""
    network = find_network(args.name)
    with show_progress() as progress:
        killed = network.stop(progress=progress)
    if args.output == "json":
        print_json({"network": network.name, "state": "stopped", "killed": list(killed)})
        return
    for name in killed:
        note(f"{name} did not end in its time and was killed.")
    say(f"{network.name} is stopped. Go on with: chainyard start{name_flag(network.name)}")
