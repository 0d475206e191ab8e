"""What a FILE and the options beside it ask for: read once, used by several verbs."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainyard.cli.options import named
from chainyard.cli.output import note
from chainyard.errors import RequestError

if TYPE_CHECKING:
    from chainyard.network.layout import Layout
    from chainyard.plan.acted import Unacted
    from chainyard.plan.model import Plan
    from chainyard.spec import Settings, Spec


@dataclass(frozen=True)
class Request:
    """A spec, the settings beside it, and the name and backend of the network that is meant."""

    spec: Spec
    settings: Settings
    name: str
    backend: str

    @property
    def layout(self) -> Layout:
        """Folder of the network, which need not exist."""
        from chainyard.network.layout import layout_of

        return layout_of(self.name)

    @property
    def exists(self) -> bool:
        """Whether there is such a network."""
        return self.layout.lock.is_file()

    def not_acted_on(self) -> list[Unacted]:
        """What the file says that is understood, and that nothing acts on."""
        from chainyard.plan.acted import not_acted_on

        return not_acted_on(self.spec, self.backend, self.capabilities())

    def capabilities(self) -> frozenset[str]:
        """What the backend acts upon beside what all of them do.

        Raises:
            RequestError: there is no such backend.
        """
        from chainyard.backends import make_backend

        return frozenset(make_backend(self.backend, self.layout.root).capabilities)

    def plan(self) -> Plan:
        """What would run; with throw-away node keys unless the network is there as specified."""
        from chainyard.network.network import Network
        from chainyard.network.preview import preview_plan

        if self.exists:
            network = Network.open(self.name)
            if network.spec.text == self.spec.text and network.settings == self.settings:
                return network.plan()
        return preview_plan(self.spec, self.name, self.settings)


def read_request(file: Path | None, name: str | None, backend: str | None = None) -> Request:
    """Read the file that is meant: the one given, this folder's, or the built-in default.

    Without any file here, the name of a network that exists means that network as it is.

    Raises:
        SpecError: a file is wrong; all problems of it.
        RequestError: the name cannot be a network's.
    """
    from chainyard.network.layout import layout_of
    from chainyard.network.naming import SPEC_FILE, name_for, settings_for, spec_file
    from chainyard.spec import load_spec

    settings = settings_for(file)
    given = named(name)
    chosen = name_for(file, settings) if given is None else given
    layout = layout_of(chosen)
    if file is None and not Path(SPEC_FILE).exists() and layout.lock.is_file():
        return _as_it_is(chosen, backend)
    return Request(load_spec(spec_file(file)), settings, chosen, backend or settings.backend)


def _as_it_is(name: str, backend: str | None) -> Request:
    from chainyard.network.network import Network

    network = Network.open(name)
    return Request(network.spec, network.settings, name, backend or network.lock.backend)


def tell_unacted(request: Request, args: Namespace) -> list[dict[str, Any]]:
    """List, before anything starts, what is understood but not acted on; give it as plain data.

    Raises:
        RequestError: there is something, and ``--strict`` was given.
    """
    unacted = request.not_acted_on()
    shown = [str(item) for item in unacted]
    if unacted and getattr(args, "strict", False):
        raise RequestError(
            f"{request.spec.path or 'the file'} says what nothing here acts on:\n"
            + "\n".join(f"  {line}" for line in shown),
            hint="take it out of the file, or leave out --strict",
        )
    if unacted:
        note("Understood, but not acted on:\n" + "\n".join(f"  {line}" for line in shown))
    return [{"key": item.key, "line": item.line, "reason": item.reason} for item in unacted]
