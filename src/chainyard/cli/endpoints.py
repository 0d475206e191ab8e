"""``chainyard endpoints``: where each node is reached."""

from __future__ import annotations

import re
import shlex
from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from chainyard.cli.options import add_name, add_output, find_network
from chainyard.cli.output import emit, print_json, say, table
from chainyard.cli.parser import Parser

if TYPE_CHECKING:
    from chainyard.network.views import Endpoints, NodeEndpoints


def arguments(parser: Parser) -> None:
    """Declare what the verb takes."""
    add_name(parser)
    add_output(parser, "env")
    parser.epilog = 'In a shell: eval "$(chainyard endpoints --output env)"'


def run(args: Namespace) -> None:
    """Show them as a table, as JSON, or as lines for a shell to read."""
    endpoints = find_network(args.name).endpoints()
    if args.output == "json":
        print_json(endpoints.as_dict())
    elif args.output == "env":
        for name, value in variables(endpoints):
            emit(f"export {name}={shlex.quote(str(value))}\n")
    else:
        say("\n".join(endpoints_table(endpoints)))


def endpoints_table(endpoints: Endpoints) -> list[str]:
    """A line for each node, and for each other service."""
    lines = table(
        ("node", "role", "json-rpc", "websocket", "beacon api", "keys"),
        [
            (
                node.name,
                node.role,
                node.execution and node.execution.rpc,
                node.execution and node.execution.ws,
                node.consensus.http,
                node.validator.keys if node.validator else 0,
            )
            for node in endpoints.nodes
        ],
    )
    if endpoints.services:
        rows = [(name, reached.get("url")) for name, reached in endpoints.services.items()]
        lines += ["", *table(("service", "url"), rows)]
    return lines


def variables(endpoints: Endpoints) -> Iterator[tuple[str, object]]:
    """Environment variables: the RPC node's without a number, then every node's with its own."""
    yield "CHAINYARD_NETWORK", endpoints.network
    yield "CHAINYARD_CHAIN_ID", endpoints.chain_id
    yield from _of_node("CHAINYARD", endpoints.rpc)
    for number, node in enumerate(endpoints.nodes, 1):
        yield from _of_node(f"CHAINYARD_NODE_{number}", node)
    for name, reached in endpoints.services.items():
        for key, value in reached.items():
            yield re.sub(r"[^A-Z0-9]+", "_", f"CHAINYARD_{name}_{key}".upper()), value


def _of_node(prefix: str, node: NodeEndpoints) -> Iterator[tuple[str, str]]:
    yield f"{prefix}_NAME" if prefix != "CHAINYARD" else "CHAINYARD_RPC_NODE", node.name
    if node.execution:
        yield f"{prefix}_RPC_URL", node.execution.rpc
        yield f"{prefix}_WS_URL", node.execution.ws
    yield f"{prefix}_BEACON_URL", node.consensus.http
