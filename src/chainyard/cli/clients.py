"""``chainyard clients``: list, install or find the programs that networks are made of."""

from __future__ import annotations

import time
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from chainyard.cli.options import add_name, add_output, named
from chainyard.cli.output import note, print_json, print_table, say
from chainyard.cli.parser import OneOf, Parser, UsageError
from chainyard.cli.progress import show_progress
from chainyard.cli.request import read_request

if TYPE_CHECKING:
    from chainyard.binaries.catalog import Catalog, Pin
    from chainyard.binaries.outcome import Resolved, Whereabouts
    from chainyard.binaries.resolver import Resolver
    from chainyard.progress import Progress
    from chainyard.service import Program


def arguments(parser: Parser) -> None:
    """Declare what the verb takes."""
    parser.add_argument(
        "action", type=OneOf("list", "install", "where"), metavar="list|install|where"
    )
    parser.add_argument(
        "names",
        nargs="*",
        default=[],  # without it argparse calls the names required
        metavar="NAME",
        help="programs; default for install: those of --name, or of this folder's network",
    )
    parser.completers["names"] = lambda _args: _catalog().names()
    add_name(parser, "install the programs of that network")
    add_output(parser)


def run(args: Namespace) -> int:
    """Do what is asked with the programs."""
    if args.action == "install":
        return _install(args)
    return _where(args) if args.action == "where" else _list(args)


def _list(args: Namespace) -> int:
    catalog, resolver = _catalog(), _resolver()
    found = [(catalog.pin(name), resolver.where(name)) for name in args.names or catalog.names()]
    if args.output == "json":
        print_json([_where_as_dict(item) | _pin_as_dict(pin) for pin, item in found])
    else:
        rows = [
            (pin.name, pin.version, ", ".join(_sources(pin)), _installed(pin, item))
            for pin, item in found
        ]
        print_table(("program", "pinned", "from", "installed"), rows)
    return 0


def _installed(pin: Pin, found: Whereabouts) -> str | None:
    if found.path is None:
        return None
    return f"{found.path}" + (f" ({found.version})" if found.version != pin.version else "")


def _pin_as_dict(pin: Pin) -> dict[str, Any]:
    return {"pinned": pin.version, "sources": _sources(pin)}


def _where_as_dict(found: Whereabouts) -> dict[str, Any]:
    return {
        "name": found.name,
        "version": found.version,
        "source": found.source,
        "path": str(found.path) if found.path else None,
        "detail": found.detail,
    }


def _sources(pin: Pin) -> list[str]:
    """Where it can come from, beside PATH."""
    return (["release"] if pin.release else []) + (["build"] if pin.module else [])


def _where(args: Namespace) -> int:
    if not args.names:
        raise UsageError("where needs the name of a program", hint="chainyard clients list")
    resolver = _resolver()
    found = [resolver.where(name) for name in args.names]
    missing = [item for item in found if item.path is None]
    if args.output == "json":
        print_json([_where_as_dict(item) for item in found])
    else:
        for item in found:
            if item.path:
                say(item.path)
        for item in missing:
            note(f"{item.name} {item.version} is not installed; {item.detail}.")
    return 1 if missing else 0


def _install(args: Namespace) -> int:
    from chainyard.service import Program

    wanted = [Program(name) for name in args.names] or _programs_of_request(args)
    began = time.monotonic()
    with show_progress() as progress:
        found = _resolver(progress).resolve(wanted)
    if args.output == "json":
        print_json([_as_dict(program) for program in found.values()])
        return 0
    rows = [(item.name, item.version, item.origin, item.path) for item in found.values()]
    print_table(("program", "version", "from", "path"), rows)
    for program in found.values():
        for text in program.notes:
            note(text)
    say(f"{len(rows)} programs in {time.monotonic() - began:.1f} s.")
    return 0


def _as_dict(program: Resolved) -> dict[str, Any]:
    return {
        "name": program.name,
        "version": program.version,
        "source": program.source,
        "origin": program.origin,
        "path": str(program.path),
        "sha256": program.sha256,
        "signature": program.signature,
        "notes": list(program.notes),
    }


def _programs_of_request(args: Namespace) -> list[Program]:
    """Programs of the network that is meant: of that name, of this folder, or the default one."""
    from chainyard.services.journal import PYTHON

    request = read_request(None, args.name)
    if named(args.name) and request.exists:
        from chainyard.network.network import Network

        services = Network.open(request.name).plan().services
    else:
        services = request.plan().services
    # What runs Chainyard's own modules is here already.
    wanted = [service.program for service in services if service.program.name != PYTHON]
    return list(dict.fromkeys(wanted))


def _catalog() -> Catalog:
    from chainyard.binaries.catalog import Catalog
    from chainyard.clients import VERSIONS_FILE

    return Catalog.load(VERSIONS_FILE)


def _resolver(progress: Progress | None = None) -> Resolver:
    from chainyard.binaries.resolver import Resolver
    from chainyard.clients import MODULES_DIR
    from chainyard.home import cache_dir

    return Resolver(_catalog(), cache_dir(), MODULES_DIR, progress=progress)
