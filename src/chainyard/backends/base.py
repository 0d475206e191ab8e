"""What a backend is: the one protocol behind processes, containers and workloads.

A backend is made for one network folder. Everything it must remember it keeps below that folder
(or in the engine that it drives), so that any later command, in another process, finds the same
network. It holds no lock: whoever calls a verb that changes something (`Backend.apply`, `start`,
`stop`, `destroy`) holds the network's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from chainyard.errors import NotFoundError, ServiceFailedError
from chainyard.plan.model import Plan
from chainyard.service import Binding, Service, Text

Feature = Literal[
    "binaries",  # Program.path, and programs that this machine has
    "images",  # Program.image
    "resources",  # requests and limits of CPU and memory
    "volumes",  # Resources.volume_size
    "devices",
    "labels",
    "tolerations",
    "node_selectors",
]
"""What a spec can ask for that not every backend acts upon."""

State = Literal["running", "starting", "backoff", "stopped", "failed", "missing"]
"""State of a service.

running: its process lives. starting: it is about to. backoff: it ended soon after its start and is
tried again in a moment. failed: it was given up. stopped: it was ended on purpose, or all was lost
in a reboot. missing: it was applied, and what should hold it is gone.
"""

Progress = Callable[[str, str], None]
"""Called with a service's name and what happens to it: ``stopping``, ``stopped``, ``killed``."""


@dataclass(frozen=True)
class ServiceStatus:
    """What a backend sees of one service.

    Args:
        since: when the state began, in seconds since the epoch; None if it is not known.
        pid: its process on this machine, if it has one.
        restarts: how often it was started again by itself since it was last started on purpose.
        exit_code: how its last process ended, negative for a signal (``-9`` is SIGKILL); None
            while its first one runs.
        asked: that end was on purpose (a stop), not its own.
        fingerprint: `chainyard.plan.model.fingerprint` of the service that was started.
        detail: why it is not running, where the backend knows.
    """

    name: str
    state: State
    pid: int | None = None
    since: float | None = None
    restarts: int = 0
    exit_code: int | None = None
    asked: bool = False
    fingerprint: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Difference:
    """What separates a plan from what is there. False when nothing does.

    Args:
        added: services never applied before.
        changed: services that would be started differently; applying restarts them.
        removed: services that the plan no longer has.
        stopped: services that are as planned but do not run.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed or self.stopped)

    def limited_to(self, only: Collection[str] | None) -> Difference:
        """The part of it that concerns these services; all of it for None."""
        if only is None:
            return self
        parts = (self.added, self.changed, self.removed, self.stopped)
        return Difference(*(tuple(name for name in part if name in only) for part in parts))


@dataclass(frozen=True)
class PortRequest:
    """What is asked of a backend's port allotment.

    Args:
        recorded: the network's earlier allotment; it stays.
        wanted: numbers that the user asked for; they win over everything.
        reserved: numbers that other networks of this machine have, running or not.
    """

    recorded: Mapping[str, int] = field(default_factory=dict)
    wanted: Mapping[str, int] = field(default_factory=dict)
    reserved: AbstractSet[int] = frozenset()


class Backend(Protocol):
    """Makes a plan real in one network folder."""

    @property
    def name(self) -> str:
        """Name by which a user chooses it."""
        ...

    @property
    def folder(self) -> Path:
        """The network's folder."""
        ...

    @property
    def capabilities(self) -> frozenset[Feature]:
        """Features that it acts upon. The caller lists the others before anything starts."""
        ...

    def allot_ports(self, plan: Plan, request: PortRequest) -> dict[str, int]:
        """Numbers for all ports of a plan, by ``SERVICE.PORT``, and use them from now on.

        The caller records them, so that they stay the same for the network's life.

        Raises:
            RequestError: a wanted number cannot be had.
        """
        ...

    def use_ports(self, ports: Mapping[str, int]) -> None:
        """Use an earlier allotment, by ``SERVICE.PORT``."""
        ...

    def binding(self, service: str) -> Binding:
        """What fills in the symbols of that service's texts."""
        ...

    def reach(self, service: str, port: str) -> tuple[str, int]:
        """Address and number by which this machine reaches a service's port."""
        ...

    def command(self, service: str, args: Sequence[Text]) -> list[str]:
        """Command that runs a service's own program beside it, for consoles.

        Raises:
            NotFoundError: the service was never applied.
        """
        ...

    def observe(self) -> dict[str, ServiceStatus]:
        """What is there now, by service name. Never changes anything."""
        ...

    def difference(self, plan: Plan, programs: Mapping[str, Path] | None = None) -> Difference:
        """What `apply` would do.

        Args:
            programs: as for `apply`; None when not known: then they count as unchanged.
        """
        ...

    def apply(
        self,
        plan: Plan,
        programs: Mapping[str, Path],
        *,
        only: Collection[str] | None = None,
        start: bool = True,
    ) -> Difference:
        """Make the plan real: start what is missing, restart what changed, end what is gone.

        All services start at the same time. Returns as soon as they were started: that they do
        their work is for others to await. Data and logs of removed services stay.

        Args:
            programs: by service name, the executable of each (backends with ``binaries``).
            only: touch these services and no others; None is all.
            start: False writes everything and starts nothing that does not run.

        Returns:
            What was done; False the second time.

        Raises:
            RequestError: a program is missing; nothing was changed.
            ServiceFailedError: a service could not be started at all.
        """
        ...

    def start(self, names: Collection[str] | None = None) -> None:
        """Start services as they were last applied; those that run are left alone.

        Raises:
            NotFoundError: a name that was never applied.
        """
        ...

    def stop(
        self, names: Collection[str] | None = None, progress: Progress | None = None
    ) -> tuple[str, ...]:
        """End services in their order, each with its own signal and patience, then kill.

        Returns:
            Those that had to be killed.

        Raises:
            NotFoundError: a name that was never applied.
        """
        ...

    def kill(self, name: str, signal: str = "KILL") -> None:
        """Send a signal (``KILL``, ``STOP``, ``CONT`` …) to a service's process: a fault.

        Raises:
            NotFoundError: the service was never applied, or does not run.
        """
        ...

    def wipe(self, name: str) -> None:
        """Remove the data of a service that does not run; its log stays.

        Raises:
            NotFoundError: it was never applied.
            RequestError: it runs.
        """
        ...

    def destroy(self) -> None:
        """End everything at once and remove what the backend made, data and logs too.

        Works on a half-written folder and when the backend's own machinery was killed.
        """
        ...

    def logs(self, service: str, *, tail: int | None = None, follow: bool = False) -> Iterator[str]:
        """Lines of a service's log, oldest first, safe to print on a terminal.

        Args:
            tail: only the last so many lines; None is all that is kept.
            follow: go on with new lines for ever.
        """
        ...

    def diagnose(self, service: Service) -> ServiceFailedError:
        """Why a service ended or does not come up: probable cause, what to try, last lines."""
        ...


def check_known(names: Collection[str] | None, known: Collection[str]) -> tuple[str, ...]:
    """The services meant by ``names``, in the order of ``known``; all of them for None.

    Raises:
        NotFoundError: a name is not known.
    """
    if names is None:
        return tuple(known)
    if unknown := sorted(set(names) - set(known)):
        raise NotFoundError(
            f"no service {unknown[0]!r} in this network",
            hint=f"one of these: {', '.join(sorted(known)) or 'none, the network is empty'}",
        )
    return tuple(name for name in known if name in names)


def stop_groups(orders: Mapping[str, int]) -> list[list[str]]:
    """Names grouped by their stop order, the group to be stopped first in front."""
    groups: dict[int, list[str]] = {}
    for name, order in orders.items():
        groups.setdefault(order, []).append(name)
    return [groups[order] for order in sorted(groups, reverse=True)]
