"""``chainyard doctor``: look for what keeps a network from running well."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING

from chainyard.cli.options import add_name, add_output, find_network
from chainyard.cli.output import print_json, print_table
from chainyard.cli.parser import Parser
from chainyard.cli.progress import show_progress
from chainyard.cli.run import EXIT_FAILED
from chainyard.errors import NotFoundError

if TYPE_CHECKING:
    from chainyard.network.layout import Layout


def arguments(parser: Parser) -> None:
    """Declare what the verb takes."""
    add_name(parser, "look at that network, too")
    add_output(parser)


def run(args: Namespace) -> int:
    """List what was looked at; 1 if anything of it is wrong."""
    from chainyard.network.doctor import diagnose_machine

    layout = _layout(args.name)
    with show_progress() as progress:
        progress.started("looking")
        findings = diagnose_machine(layout)
        progress.finished("looking")
    if args.output == "json":
        print_json([asdict(finding) for finding in findings])
    else:
        rows = [
            ("ok" if finding.ok else "WRONG", finding.check, finding.detail, finding.hint)
            for finding in findings
        ]
        print_table(("", "check", "found", "try"), rows)
    return 0 if all(finding.ok for finding in findings) else EXIT_FAILED


def _layout(name: str | None) -> Layout | None:
    """The network that is meant, if there is any: without one only the machine is looked at."""
    try:
        return find_network(name).layout
    except NotFoundError:
        if name:
            raise
        return None
