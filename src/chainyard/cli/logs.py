"""``chainyard logs``: what the services write, of one or of all."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable

from chainyard.cli.options import add_name, add_output, find_network, service_names
from chainyard.cli.output import emit, print_json_line, safe
from chainyard.cli.parser import Parser, lines


def arguments(parser: Parser) -> None:
    """Declare what the verb takes."""
    parser.add_argument(
        "service", nargs="?", metavar="SERVICE", help="for example cl-1-prysm-geth; default: all"
    )
    parser.completers["service"] = service_names
    parser.add_argument(
        "-f", "--follow", action="store_true", help="go on with new lines, until Ctrl-C"
    )
    parser.add_argument(
        "--tail",
        type=lines,
        metavar="LINES",
        help="so many lines of each service; default: all of one service, a few of each of many",
    )
    add_name(parser)
    add_output(parser)


def run(args: Namespace) -> None:
    """Show them; with a prefix where they are of several services."""
    network = find_network(args.name)
    found = network.logs(args.service, follow=args.follow, tail=args.tail)
    try:
        if args.output == "json":
            for service, line in found:
                print_json_line({"service": service, "line": line}, at_once=args.follow)
        else:
            _print(found, prefixed=args.service is None, at_once=args.follow)
    except KeyboardInterrupt:
        # Ctrl-C is how a person ends `-f`: no error.
        if not args.follow:
            raise


def _print(found: Iterable[tuple[str, str]], *, prefixed: bool, at_once: bool) -> None:
    width = 0
    for service, line in found:
        width = max(width, len(service))
        prefix = f"{service:<{width}} | " if prefixed else ""
        # A tabulator does no harm, and logs have many.
        text = "\t".join(safe(part) for part in line.split("\t"))
        emit(f"{prefix}{text}\n", at_once=at_once)
