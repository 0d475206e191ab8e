"""``chainyard validate``: check a file, and say in a line what it means. Starts nothing."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from chainyard.cli.options import DEFAULT_FILE, add_name, add_output, named
from chainyard.cli.output import print_json, say
from chainyard.cli.parser import Parser
from chainyard.cli.request import Request, tell_unacted
from chainyard.errors import Problem, SpecError

if TYPE_CHECKING:
    from chainyard.spec import Participant, Spec

_T = TypeVar("_T")


def arguments(parser: Parser) -> None:
    """Declare what the verb takes."""
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        default=Path(DEFAULT_FILE),
        metavar="FILE",
        help=f"a network_params.yaml; default: ./{DEFAULT_FILE}",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="refuse a file that says anything that nothing acts on",
    )
    add_name(parser, "check it as the network of that name")
    add_output(parser)


def run(args: Namespace) -> None:
    """Report every problem of the file and of chainyard.yaml beside it, or what they mean."""
    request = _checked(args.file, named(args.name))
    unacted = tell_unacted(request, args)
    meaning = summary(request.spec)
    if args.output == "json":
        overrides = dict(request.settings.consensus_config)
        value = {"valid": True, "file": str(args.file), "summary": meaning}
        print_json(value | {"consensus_config": overrides, "not_acted_on": unacted})
        return
    say(f"{args.file} is valid: {meaning}")
    for key, number in request.settings.consensus_config.items():
        say(f"chainyard.yaml sets {key} to {number}")


def _checked(file: Path, name: str | None) -> Request:
    """The request, once nothing at all is wrong with it.

    Raises:
        SpecError: with all problems of both files; those of clients if the files are right.
    """
    from chainyard.network.layout import layout_of
    from chainyard.network.naming import name_for, settings_for
    from chainyard.network.preview import preview_plan
    from chainyard.spec import load_spec

    problems: list[Problem] = []
    spec = _collect(problems, lambda: load_spec(file))
    settings = _collect(problems, lambda: settings_for(file))
    if spec is None or settings is None:
        raise SpecError(problems)
    chosen = layout_of(name_for(file, settings) if name is None else name).name
    preview_plan(spec, chosen, settings)  # asks every client whether it can run this
    return Request(spec, settings, chosen, settings.backend)


def _collect(problems: list[Problem], read: Callable[[], _T]) -> _T | None:
    try:
        return read()
    except SpecError as error:
        problems.extend(error.problems)
        return None


def summary(spec: Spec) -> str:
    """``3 nodes (2 geth + prysm with 32 keys, 1 …), electra at genesis, 2 s slots, …``."""
    params = spec.network_params
    kinds = Counter(_kind(participant) for participant in spec.participants)
    nodes = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    later = [
        f"{fork} at epoch {epoch}"
        for fork, epoch in params.fork_epochs.items()
        if 0 < epoch < _far_future()
    ]
    forks = ", ".join([f"{params.genesis_fork} at genesis", *later])
    total = len(spec.participants)
    return (
        f"{total} node{'s' if total != 1 else ''} ({nodes}), {spec.validator_count} validators; "
        f"{forks}; {params.slot_duration_ms / 1000:g} s slots, {params.preset} preset, "
        f"chain id {params.chain_id}"
    )


def _kind(participant: Participant) -> str:
    clients = [participant.el_type] if participant.el_service else []
    clients.append(participant.cl_type)
    if participant.vc_service and participant.vc_type != participant.cl_type:
        clients.append(participant.vc_type)
    keys = participant.validator_count
    return " + ".join(clients) + (f" with {keys} keys" if keys else " without keys")


def _far_future() -> int:
    from chainyard.spec import FAR_FUTURE_EPOCH

    return FAR_FUTURE_EPOCH
