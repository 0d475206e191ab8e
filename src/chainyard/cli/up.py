"""``chainyard up``: bring a network to what its file says, from whatever it is."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from chainyard.cli.endpoints import endpoints_table
from chainyard.cli.options import (
    add_file,
    add_name,
    add_output,
    add_slashing_risk,
    add_wait,
    name_flag,
)
from chainyard.cli.output import print_json, say
from chainyard.cli.parser import OneOf, Parser
from chainyard.cli.progress import show_progress
from chainyard.cli.request import Request, read_request, tell_unacted

if TYPE_CHECKING:
    from chainyard.backends.base import Difference
    from chainyard.network.views import UpReport


def arguments(parser: Parser) -> None:
    """Declare what the verb takes."""
    from chainyard.backends import BACKENDS

    add_file(parser)
    add_name(parser)
    parser.add_argument(
        "--backend",
        type=OneOf(*BACKENDS),
        metavar="|".join(BACKENDS),
        help="what runs the services; default: what chainyard.yaml says, else local processes",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be done, and do nothing"
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="refuse a file that says anything that nothing acts on",
    )
    add_wait(parser)
    add_slashing_risk(parser)
    add_output(parser)


def run(args: Namespace) -> None:
    """Bring the network up, and say where it is reached."""
    request = read_request(args.file, args.name, args.backend)
    unacted = tell_unacted(request, args)
    if args.dry_run:
        _show_difference(request, args)
        return
    report = _up(request, args)
    if args.output == "json":
        print_json(report.as_dict() | {"not_acted_on": unacted})
    else:
        print_report(report)


def _up(request: Request, args: Namespace) -> UpReport:
    from chainyard.network.network import Network

    with show_progress() as progress:
        network = Network.create(
            request.spec, name=request.name, settings=request.settings, backend=request.backend
        )
        return network.up(
            wait=args.wait,
            timeout=args.timeout,
            progress=progress,
            accept_slashing_risk=args.accept_slashing_risk,
        )


def print_report(report: UpReport) -> None:
    """What was done, where everything is, and what to do next."""
    flag = name_flag(report.network)
    say(_headline(report))
    for sentence in report.healed:
        say(f"  healed: {sentence}")
    say()
    say("\n".join(endpoints_table(report.endpoints)))
    say()
    say(f"See it:      chainyard status{flag} --watch   chainyard logs{flag} -f")
    say(f"Remove it:   chainyard down{flag}")


def _headline(report: UpReport) -> str:
    chain = f"chain id {report.endpoints.chain_id}"
    if not report.changed and not report.created:
        return f"{report.network} is up ({chain}); nothing had to change."
    what = "made and started" if report.created else f"changed: {', '.join(report.changed)}"
    parts = ", ".join(f"{part} {took:.1f} s" for part, took in report.seconds.items())
    return f"{report.network} is up ({chain}); {what}" + (f" ({parts})." if parts else ".")


def _show_difference(request: Request, args: Namespace) -> None:
    difference = _difference(request)
    done: dict[str, Any] = {
        "start": list(difference.added),
        "restart": list(difference.changed),
        "remove": list(difference.removed),
        "resume": list(difference.stopped),
    }
    if args.output == "json":
        print_json({"network": request.name, "exists": request.exists, "would": done})
        return
    if not difference:
        say(f"{request.name}: nothing would change.")
        return
    say(f"{request.name}: {'would change' if request.exists else 'would be made'}")
    for verb, names in done.items():
        for name in names:
            say(f"  {verb:<8} {name}")


def _difference(request: Request) -> Difference:
    """What ``up`` would do.

    Raises:
        RequestError: ``up`` would refuse it: another backend, or the chain has begun from another
            genesis.
    """
    from chainyard.backends.base import Difference
    from chainyard.network.network import Network

    if request.exists:
        network = Network.open(request.name)
        if network.check_spec(request.spec, request.settings, request.backend):
            plan = network.plan_of(request.spec, request.settings)
            return network.backend.difference(plan)
    return Difference(added=request.plan().names())
