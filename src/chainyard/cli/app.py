"""Which verbs there are, and the way from a verb's name to its file."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from chainyard.cli.output import say
from chainyard.cli.parser import Parser, UsageError, did_you_mean

VERBS = {
    "up": "Bring a network up, or finish what an earlier up began.",
    "down": "Remove a network: its processes and its files.",
    "stop": "Stop a network; its chain is kept.",
    "start": "Start a stopped network again.",
    "ls": "List the networks on this machine.",
    "status": "Show heads, peers and finality.",
    "endpoints": "Show where each node is reached.",
    "logs": "Show what the services write.",
    "accounts": "List the prefunded accounts, with their private keys.",
    "attach": "Open the console of an execution client.",
    "validate": "Check a network_params.yaml; start nothing.",
    "plan": "Show what would run.",
    "clients": "List, install or find the client programs.",
    "doctor": "Look for what keeps a network from running well.",
    "completion": "Print a completion script for a shell.",
}


def dispatch(arguments: Sequence[str]) -> int:
    """Run the verb that the arguments name and give the exit code.

    Raises:
        ChainyardError: it went wrong.
    """
    match list(arguments):
        case [] | ["-h" | "--help", *_] | ["help"]:
            say(help_text())
        case ["--version" | "-V", *_]:
            say(version_text())
        case ["help", verb, *_]:
            parser_of(verb).print_help()
        case ["__complete", *words]:
            # Not a verb for people: its words are those of an unfinished command.
            from chainyard.cli.complete import complete

            complete(words)
        case [verb, *rest]:
            return run_verb(verb, rest)
    return 0


def run_verb(verb: str, arguments: Sequence[str]) -> int:
    """Parse the verb's arguments and run it."""
    parser = parser_of(verb)
    result = _module(verb).run(parser.parse(arguments))
    return result if isinstance(result, int) else 0


def parser_of(verb: str) -> Parser:
    """The parser of a verb.

    Raises:
        UsageError: there is no such verb; says the nearest.
    """
    if verb not in VERBS:
        raise _unknown(verb)
    parser = Parser(verb, VERBS[verb])
    _module(verb).arguments(parser)
    return parser.finish()


def help_text() -> str:
    """What ``chainyard --help`` says."""
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {verb:<{width}}  {summary}" for verb, summary in VERBS.items())
    return (
        "Usage: chainyard VERB [OPTIONS] [ARGUMENTS]\n\n"
        "A private Ethereum proof-of-stake testnet from one network_params.yaml.\n\n"
        f"Verbs:\n{verbs}\n\n"
        "Options:\n"
        f"  {'--help':<{width}}  Show this, or `chainyard VERB --help` for one verb.\n"
        f"  {'--version':<{width}}  Show the version.\n\n"
        "Environment:\n"
        "  CHAINYARD_HOME      folder of all networks and the cache\n"
        "  CHAINYARD_NAME      name of the network, as --name\n"
        "  CHAINYARD_PROGRESS  auto (default), plain (lines, for CI logs) or none"
    )


def version_text() -> str:
    """What ``chainyard --version`` says."""
    from importlib.metadata import version

    return f"chainyard {version('chainyard')}"


def _module(verb: str) -> ModuleType:
    return import_module(f"chainyard.cli.{verb}")


def _unknown(word: str) -> UsageError:
    if word.startswith("-"):
        return UsageError(
            f"unknown option {word!r}{did_you_mean(word, ('--help', '--version'))}",
            hint="options come after the verb: chainyard VERB --help",
        )
    return UsageError(
        f"there is no verb {word!r}{did_you_mean(word, VERBS)}", hint="chainyard --help"
    )
