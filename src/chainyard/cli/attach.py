"""``chainyard attach``: the console of an execution client, in place of this process."""

from __future__ import annotations

import os
from argparse import Namespace

from chainyard.cli.options import add_name, add_output, find_network, service_names
from chainyard.cli.output import print_json
from chainyard.cli.parser import Parser
from chainyard.errors import ChainyardError, RequestError

replace_process = os.execv


def arguments(parser: Parser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("service", metavar="SERVICE", help="for example el-1-geth-prysm")
    parser.completers["service"] = service_names
    parser.add_argument(
        "--exec", metavar="JS", dest="expression", help="evaluate this, print the result and end"
    )
    add_name(parser)
    add_output(parser)


def run(args: Namespace) -> int:
    """Become the console; with ``--exec`` and JSON, run it and wrap what it prints."""
    network = find_network(args.name)
    if args.output == "json" and args.expression is None:
        raise RequestError("a console does not speak JSON", hint="--exec JS with --output json")
    command = network.console(args.service, args.expression)
    if args.output == "json":
        return _run(args.service, command)
    try:
        replace_process(command[0], command)  # from here on it is the console's process
    except OSError as error:
        raise _cannot_run(command, error) from error


def _run(service: str, command: list[str]) -> int:
    import subprocess

    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError as error:
        raise _cannot_run(command, error) from error
    print_json(
        {
            "service": service,
            "exit_code": done.returncode,
            "output": done.stdout.decode(errors="replace").rstrip("\n"),
            "error": done.stderr.decode(errors="replace").rstrip("\n"),
        }
    )
    return 1 if done.returncode else 0


def _cannot_run(command: list[str], error: OSError) -> ChainyardError:
    return ChainyardError(
        f"the console {command[0]} cannot be run: {error.strerror}", hint="chainyard doctor"
    )
