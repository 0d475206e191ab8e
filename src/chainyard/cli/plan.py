"""``chainyard plan``: what would run, as a tree or as JSON. Starts nothing."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from chainyard.cli.options import add_file, add_name, add_output
from chainyard.cli.output import print_json, say
from chainyard.cli.parser import Parser
from chainyard.cli.request import Request, read_request, tell_unacted

if TYPE_CHECKING:
    from chainyard.plan.model import Plan
    from chainyard.service import Service

Tree = tuple[str, Sequence["Tree"]]
"""A label, and what hangs below it."""


def arguments(parser: Parser) -> None:
    """Declare what the verb takes."""
    add_file(parser)
    add_name(parser)
    add_output(parser)
    parser.epilog = "Symbols such as ${el-1-geth-prysm.port.rpc} are filled in by the backend."


def run(args: Namespace) -> None:
    """Show nodes, their services, and each one's command and ports."""
    from chainyard.plan.model import plan_as_dict

    request = read_request(args.file, args.name)
    unacted = tell_unacted(request, args)
    plan = request.plan()
    if args.output == "json":
        overrides = dict(request.settings.consensus_config)
        value = {"backend": request.backend, "consensus_config": overrides}
        print_json(plan_as_dict(plan) | value | {"not_acted_on": unacted})
    else:
        say("\n".join(_draw(_tree(request, plan))))


def _tree(request: Request, plan: Plan) -> Tree:
    images = "images" in request.capabilities()
    overrides = request.settings.consensus_config.items()
    branches: list[Tree] = [
        (f"chainyard.yaml sets {key} to {value}", []) for key, value in overrides
    ]
    for title, services in _groups(request, plan):
        branches.append((title, [_service(service, images=images) for service in services]))
    return f"{plan.network} ({request.backend} backend)", branches


def _service(service: Service, *, images: bool) -> Tree:
    program = service.program
    ports = ", ".join(
        f"{port.name} {port.number}/{'+'.join(port.transport)}" for port in service.ports
    )
    return service.name, [
        (f"program: {(program.image if images else program.path) or program.name}", []),
        (f"ports: {ports}", []),
        (f"command: {program.name}", [(str(arg), []) for arg in service.args]),
    ]


def _draw(tree: Tree) -> Iterator[str]:
    """Lines of a tree. Never wrapped: a command can be copied from it."""
    label, branches = tree
    yield label
    down, last, through = ("├── ", "└── ", "│   ") if _unicode() else ("+-- ", "`-- ", "|   ")
    for index, branch in enumerate(branches):
        is_last = index == len(branches) - 1
        first, *rest = _draw(branch)
        yield f"{last if is_last else down}{first}"
        yield from (f"{'    ' if is_last else through}{line}" for line in rest)


def _unicode() -> bool:
    return "utf" in (sys.stdout.encoding or "").lower()


def _groups(request: Request, plan: Plan) -> Iterator[tuple[str, list[Service]]]:
    """Services by node, then the others."""
    of_nodes: set[str] = set()
    for node in request.spec.participants:
        names = [node.el_service, node.cl_service, node.vc_service]
        services = [service for service in plan if service.name in names]
        of_nodes.update(service.name for service in services)
        keys = node.validator_count
        yield f"{node.name}: {f'{keys} keys' if keys else 'no keys'}", services
    if others := [service for service in plan if service.name not in of_nodes]:
        yield "services", others
