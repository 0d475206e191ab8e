"""Arguments that several verbs share, and how the network that is meant is found."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from chainyard.cli.parser import OneOf, Parser, seconds

if TYPE_CHECKING:
    from chainyard.network.network import Network

DEFAULT_FILE = "network_params.yaml"


def add_name(parser: Parser, meaning: str = "the network's name") -> None:
    """``--name``."""
    parser.add_argument(
        "-n",
        "--name",
        help=f"{meaning}; default: the name of the file's folder, or of this one",
    )
    parser.completers["name"] = network_names


def add_output(parser: Parser, *formats: str) -> None:
    """``--output``, with formats beside ``table`` and ``json`` if any are given."""
    known = ("table", "json", *formats)
    parser.add_argument(
        "-o",
        "--output",
        type=OneOf(*known),
        default="table",
        metavar="|".join(known),
        help="a table for people (default), or JSON for programs"
        + "".join(f", or {name}" for name in formats),
    )


def add_file(parser: Parser) -> None:
    """``[FILE]``."""
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help=f"a network_params.yaml; default: ./{DEFAULT_FILE}, or the built-in default network",
    )


def add_wait(parser: Parser) -> None:
    """``--wait`` and ``--timeout``."""
    parser.add_argument(
        "--wait",
        type=OneOf("none", "block", "finalized"),
        metavar="none|block|finalized",
        help="wait for nothing, a block on every node (default), or a finalized epoch (default "
        "if the file says wait_for_finalization)",
    )
    parser.add_argument(
        "--timeout",
        type=seconds,
        metavar="SECONDS",
        help="how long to wait at most; default: as long as it should take, and some",
    )


def add_slashing_risk(parser: Parser) -> None:
    """``--accept-slashing-risk``."""
    parser.add_argument(
        "--accept-slashing-risk",
        action="store_true",
        help="start validators whose slashing protection is gone, after a wait of three epochs",
    )


def named(given: str | None) -> str | None:
    """The name that was given, by ``--name`` or in the environment, if any."""
    return os.environ.get("CHAINYARD_NAME") or None if given is None else given


def find_network(name: str | None, *, guess: bool = True) -> Network:
    """The network that a verb without a file means.

    ``--name``, ``$CHAINYARD_NAME``, or the one named after this folder, or (if ``guess``) the
    only one there is.

    Raises:
        NotFoundError: it cannot be told, or does not exist.
    """
    from chainyard.errors import NotFoundError
    from chainyard.network.layout import existing

    name = named(name)
    names = [layout.name for layout in existing()]
    chosen = _named_after_folder() if name is None else name
    if chosen not in names:
        if name is None and guess and len(names) == 1:
            chosen = names[0]
        elif name is None:
            raise NotFoundError(
                f"no network is named {chosen!r}, after this folder",
                hint=f"--name with one of: {', '.join(names)}" if names else "chainyard up",
            )
    from chainyard.network.network import Network

    return Network.open(chosen)


def _named_after_folder() -> str:
    from chainyard.network.naming import name_for

    return name_for(None)


def name_flag(name: str) -> str:
    """`` --name NAME`` if a verb in this folder needs it to find the network, else nothing."""
    from chainyard.errors import ChainyardError

    try:
        needed = (named(None) or _named_after_folder()) != name
    except ChainyardError:
        needed = True
    return f" --name {name}" if needed else ""


def network_names(_args: Namespace) -> Iterable[str]:
    """Names of all networks, for completion."""
    from chainyard.network.layout import existing

    return [layout.name for layout in existing()]


def service_names(args: Namespace) -> Iterable[str]:
    """Names of a network's services, for completion: read from its ports, which is quick."""
    import json

    from chainyard.network.layout import existing, layout_of, suggest_name

    layouts = existing()
    name = named(args.name) or suggest_name(Path.cwd().name)
    if name not in [layout.name for layout in layouts] and len(layouts) == 1:
        name = layouts[0].name
    ports = json.loads(layout_of(name).lock.read_bytes()).get("ports", {})
    return sorted({port.rpartition(".")[0] for port in ports})
