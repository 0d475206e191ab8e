"""``chainyard plan``: what would run, as a tree or as JSON. Starts nothing."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from chainyard.cli.options import add_file, add_name, add_output
from chainyard.cli.output import print_json, safe
from chainyard.cli.parser import Parser
from chainyard.cli.request import Request, read_request, tell_unacted

if TYPE_CHECKING:
    from rich.tree import Tree

    from chainyard.plan.model import Plan
    from chainyard.service import Service

WIDE = 100_000
"""Columns of what is no terminal: nothing is wrapped there."""


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
        _print_tree(_tree(request, plan))


def _print_tree(tree: Tree) -> None:
    from rich.console import Console

    width = None if sys.stdout.isatty() else WIDE
    console = Console(highlight=False, markup=False, emoji=False, width=width)
    with console.capture() as captured:
        console.print(tree)
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _tree(request: Request, plan: Plan) -> Tree:
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree(Text(safe(f"{plan.network} ({request.backend} backend)")))
    for key, value in request.settings.consensus_config.items():
        tree.add(Text(safe(f"chainyard.yaml sets {key} to {value}")))
    images = "images" in request.capabilities()
    for title, services in _groups(request, plan):
        branch = tree.add(Text(safe(title)))
        for service in services:
            leaf = branch.add(Text(safe(service.name)))
            leaf.add(Text(safe(f"program: {_program(service, images=images)}")))
            leaf.add(Text(safe(f"ports: {_ports(service)}")))
            command = leaf.add(Text(safe(f"command: {service.program.name}")))
            for arg in service.args:
                command.add(Text(safe(arg)))
    return tree


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


def _program(service: Service, *, images: bool) -> str:
    program = service.program
    return (program.image if images else program.path) or program.name


def _ports(service: Service) -> str:
    return ", ".join(
        f"{port.name} {port.number}/{'+'.join(port.transport)}" for port in service.ports
    )
