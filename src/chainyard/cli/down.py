"""``chainyard down``: remove a network. Removing what is not there changes nothing."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from chainyard.cli.options import add_name, add_output, find_network, named, network_names
from chainyard.cli.output import print_json, say
from chainyard.cli.parser import Parser, UsageError, did_you_mean
from chainyard.cli.progress import show_progress
from chainyard.errors import NotFoundError

if TYPE_CHECKING:
    from chainyard.network.network import Network


def arguments(parser: Parser) -> None:
    """Declare what the verb takes."""
    add_name(parser)
    parser.add_argument("--all", action="store_true", help="remove every network of this machine")
    add_output(parser)


def run(args: Namespace) -> None:
    """Remove the network, or all of them; asks nothing."""
    if args.all and args.name is not None:
        raise UsageError("--all and --name exclude each other", hint="chainyard down --help")
    networks, missing = _all() if args.all else _one(args.name, args)
    with show_progress() as progress:
        for network in networks:
            network.down(progress=progress)
    removed = [network.name for network in networks]
    if args.output == "json":
        print_json({"removed": removed})
    else:
        say("\n".join(f"{name} is removed." for name in removed) or missing)


def _all() -> tuple[list[Network], str]:
    from chainyard.home import networks_dir
    from chainyard.network.layout import NAME, existing
    from chainyard.network.network import Network

    names = [path.name for path in networks_dir().glob("[!.]*")] if networks_dir().is_dir() else []
    found = [Network.remains(name) for name in sorted(names) if NAME.fullmatch(name)]
    networks = [Network.open(layout.name) for layout in existing()]
    return [*networks, *filter(None, found)], "Nothing to remove: there is no network."


def _one(name: str | None, args: Namespace) -> tuple[list[Network], str]:
    from chainyard.network.network import Network

    # Never guessed: what is removed does not come back.
    try:
        return [find_network(name, guess=False)], ""
    except NotFoundError as error:
        if (chosen := named(name)) and (rest := Network.remains(chosen)):
            return [rest], ""
        near = did_you_mean(named(name) or "", network_names(args))
        return [], f"Nothing to remove: {error.message}{near}"
