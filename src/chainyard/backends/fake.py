"""A backend without a machine: deterministic, in memory, and scripted by tests. Public.

    backend = FakeBackend(folder)
    network = ...                                # uses the backend for that folder
    backend.crash("cl-1", says=["address already in use"], for_good=True)
    assert backend.calls[-1] == Call("stop", ("vc-1", "cl-1"))

Time stands still until `FakeBackend.advance`. All fake backends of one folder in one process share
what they know, as all process backends of one folder share the folder.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from chainyard.backends.base import (
    Difference,
    Feature,
    PortRequest,
    Progress,
    ServiceStatus,
    State,
    check_known,
    stop_groups,
)
from chainyard.backends.causes import Facts, probable_cause
from chainyard.backends.logs import harmless
from chainyard.backends.ports import allot
from chainyard.errors import NotFoundError, RequestError, ServiceFailedError
from chainyard.plan.model import Plan, fingerprint
from chainyard.service import Service, Text

EPOCH = 1_700_000_000.0
"""What the fake clock shows at first, in seconds since the epoch."""


@dataclass(frozen=True)
class Call:
    """A verb that was called, with the services that it changed, in order."""

    verb: str
    services: tuple[str, ...] = ()


@dataclass(frozen=True)
class FakeBinding:
    """As the process backend's: loopback, allotted ports, paths below the folder."""

    folder: Path
    service: str
    ports: Mapping[str, int]

    def host(self, service: str) -> str:  # noqa: ARG002 - all are in one place
        return "127.0.0.1"

    def ip(self, service: str) -> str:  # noqa: ARG002
        return "127.0.0.1"

    def listen(self) -> str:
        return "127.0.0.1"

    def port(self, service: str, port: str) -> int:
        return self.ports[f"{service}.{port}"]

    def data(self) -> str:
        return str(self.folder / "data" / self.service)

    def file(self, name: str) -> str:
        return str(self.folder / "config" / self.service / name)

    def shared(self, path: str) -> str:
        return str(self.folder / path)

    def socket(self, name: str) -> str:
        return f"/fake/{self.service}.{name}"


@dataclass
class FakeService:
    """A service that was applied, as the fake machine has it."""

    service: Service
    program: Path
    status: ServiceStatus
    files: dict[str, str]
    args: tuple[str, ...]
    lines: list[str] = field(default_factory=list)


@dataclass
class _Script:
    """What happens to a service when it is started or stopped."""

    delay: float = 0.0
    fails: tuple[int, tuple[str, ...]] | None = None
    stubborn: bool = False


@dataclass
class _Machine:
    now: float = EPOCH
    calls: list[Call] = field(default_factory=list)
    services: dict[str, FakeService] = field(default_factory=dict)
    scripts: dict[str, _Script] = field(default_factory=dict)
    pids: Iterator[int] = field(default_factory=lambda: itertools.count(1001))


_machines: dict[Path, _Machine] = {}


class FakeBackend:
    """See `chainyard.backends.base.Backend`; the methods below the protocol's script it."""

    name = "fake"
    capabilities: frozenset[Feature] = frozenset({"binaries"})

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._ports: dict[str, int] = {}
        self._machine = _machines.setdefault(self.folder, _Machine())

    def allot_ports(self, plan: Plan, request: PortRequest) -> dict[str, int]:
        self._ports = allot(plan, request, free=lambda *_: True)
        return dict(self._ports)

    def use_ports(self, ports: Mapping[str, int]) -> None:
        self._ports = dict(ports)

    def binding(self, service: str) -> FakeBinding:
        return FakeBinding(self.folder, service, self._ports)

    def reach(self, service: str, port: str) -> tuple[str, int]:
        return "127.0.0.1", self._ports[f"{service}.{port}"]

    def command(self, service: str, args: Sequence[Text]) -> list[str]:
        binding = self.binding(service)
        return [str(self._known(service).program), *(arg.render(binding) for arg in args)]

    def observe(self) -> dict[str, ServiceStatus]:
        return {name: known.status for name, known in sorted(self._machine.services.items())}

    def difference(self, plan: Plan, programs: Mapping[str, Path] | None = None) -> Difference:
        added, changed, stopped = [], [], []
        for service in plan:
            known = self._machine.services.get(service.name)
            program = (programs or {}).get(service.name)
            if known is None:
                added.append(service.name)
            elif self._differs(known, service, program):
                changed.append(service.name)
            elif known.status.state in ("stopped", "failed", "missing"):
                stopped.append(service.name)
        removed = sorted(set(self._machine.services) - set(plan.names()))
        return Difference(tuple(added), tuple(changed), tuple(removed), tuple(stopped))

    def apply(
        self,
        plan: Plan,
        programs: Mapping[str, Path],
        *,
        only: Collection[str] | None = None,
        start: bool = True,
    ) -> Difference:
        for service in plan:
            if service.name not in programs and (only is None or service.name in only):
                raise RequestError(f"{service.name}: no program is known for it")
        difference = self.difference(plan, programs).limited_to(only)
        for name in difference.removed:
            del self._machine.services[name]
        for name in (*difference.added, *difference.changed):
            self._write(plan[name], programs[name])
        touched = (*difference.added, *difference.changed, *difference.stopped)
        self._note("apply", touched if start else ())
        if start:
            self._start(touched)
        return difference

    def start(self, names: Collection[str] | None = None) -> None:
        known = check_known(names, sorted(self._machine.services))
        now = self.observe()
        idle = [name for name in known if now[name].state in ("stopped", "failed", "missing")]
        self._note("start", idle)
        self._start(idle)

    def stop(
        self, names: Collection[str] | None = None, progress: Progress | None = None
    ) -> tuple[str, ...]:
        known = check_known(names, sorted(self._machine.services))
        report = progress or (lambda *_: None)
        orders = {
            name: self._known(name).service.stop.order
            for name in known
            if self._known(name).status.state not in ("stopped", "failed")
        }
        groups = stop_groups(orders)
        self._note("stop", [name for group in groups for name in group])
        killed = []
        for group in groups:
            for name in group:
                report(name, "stopping")
            for name in group:
                if self._script(name).stubborn:
                    killed.append(name)
                    report(name, "killed")
                code = -9 if self._script(name).stubborn else 0
                self._set(name, "stopped", pid=None, exit_code=code, asked=True)
                report(name, "stopped")
        return tuple(killed)

    def kill(self, name: str, signal: str = "KILL") -> None:
        known = self._known(name)
        if known.status.pid is None:
            raise NotFoundError(f"{name} does not run", hint="`chainyard status` tells its state")
        self._note(f"kill {signal}", (name,))
        if signal == "KILL":
            self._restart(name, -9)

    def wipe(self, name: str) -> None:
        if self._known(name).status.state == "running":
            raise RequestError(f"{name} runs: its data cannot be removed", hint=f"stop {name}")
        shutil.rmtree(self.folder / "data" / name, ignore_errors=True)
        self._note("wipe", [name])

    def destroy(self) -> None:
        self._note("destroy", sorted(self._machine.services))
        self._machine.services.clear()

    def logs(
        self,
        service: str,
        *,
        tail: int | None = None,
        follow: bool = False,  # noqa: ARG002 - the protocol's
    ) -> Iterator[str]:
        """As the protocol's; following ends with the last line, for nothing else can come."""
        lines = self._known(service).lines
        first = max(len(lines) - tail, 0) if tail is not None else 0
        return iter(lines[first:])

    def diagnose(self, service: Service) -> ServiceFailedError:
        status = self.observe().get(service.name)
        tail = self._machine.services[service.name].lines[-12:] if status else []
        facts = Facts(tail, status.exit_code, status.asked) if status else Facts()
        cause, hint = probable_cause(service, facts)
        state = status.state if status else "unknown"
        message = f"{service.name} is {state}"
        return ServiceFailedError(message, service=service.name, tail=tail, cause=cause, hint=hint)

    # What follows scripts it.

    @property
    def calls(self) -> list[Call]:
        """The verbs that were called, oldest first; those that only look are not among them."""
        return self._machine.calls

    @property
    def services(self) -> Mapping[str, FakeService]:
        """What was applied, symbols filled in."""
        return self._machine.services

    def advance(self, seconds: float) -> None:
        """Let time pass: services whose start was delayed come up."""
        self._machine.now += seconds
        for name, known in self._machine.services.items():
            due = (known.status.since or 0.0) + self._script(name).delay
            if known.status.state == "starting" and due <= self._machine.now:
                self._set(name, "running", pid=next(self._machine.pids))

    def delay_start(self, name: str, seconds: float) -> None:
        """Have every later start of a service take that long."""
        self._script(name).delay = seconds

    def fail_start(self, name: str, *, exit_code: int = 1, says: Sequence[str] = ()) -> None:
        """Have every later start of a service fail for good."""
        self._script(name).fails = (exit_code, tuple(says))

    def heal_start(self, name: str) -> None:
        """Have later starts of a service succeed at once again."""
        self._machine.scripts.pop(name, None)

    def ignore_signals(self, name: str) -> None:
        """Have a service not end when told to, so that a stop must kill it."""
        self._script(name).stubborn = True

    def crash(
        self, name: str, *, exit_code: int = 1, says: Sequence[str] = (), for_good: bool = False
    ) -> None:
        """End a service's process; it is restarted at once, or given up if ``for_good``."""
        self.say(name, *says)
        if for_good:
            self._set(name, "failed", pid=None, exit_code=exit_code, asked=False)
        else:
            self._restart(name, exit_code)

    def lose_power(self) -> None:
        """End everything at once, without a word."""
        for name in self._machine.services:
            self._set(name, "stopped", pid=None, exit_code=None, asked=False)

    def say(self, name: str, *lines: str) -> None:
        """Write lines to a service's log."""
        self._known(name).lines += [harmless(line.encode()) for line in lines]

    def _known(self, name: str) -> FakeService:
        check_known([name], self._machine.services)
        return self._machine.services[name]

    def _script(self, name: str) -> _Script:
        return self._machine.scripts.setdefault(name, _Script())

    def _note(self, verb: str, names: Sequence[str]) -> None:
        self._machine.calls.append(Call(verb, tuple(names)))

    def _render(self, service: Service) -> tuple[tuple[str, ...], dict[str, str]]:
        binding = self.binding(service.name)
        args = tuple(arg.render(binding) for arg in service.args)
        return args, {name: text.render(binding) for name, text in service.files.items()}

    def _differs(self, known: FakeService, service: Service, program: Path | None) -> bool:
        return (
            fingerprint(known.service) != fingerprint(service)
            or program not in (None, known.program)
            or (known.args, known.files) != self._render(service)
        )

    def _write(self, service: Service, program: Path) -> None:
        args, files = self._render(service)
        known = self._machine.services.get(service.name)
        status = ServiceStatus(service.name, "stopped")
        lines = known.lines if known else []
        self._machine.services[service.name] = FakeService(
            service, program, status, files, args, lines
        )

    def _start(self, names: Sequence[str]) -> None:
        for name in names:
            self._set(name, "starting", restarts=0, exit_code=None, asked=False)
            self._come_up(name)

    def _restart(self, name: str, exit_code: int) -> None:
        restarts = self._known(name).status.restarts + 1
        self._set(name, "starting", pid=None, restarts=restarts, exit_code=exit_code, asked=False)
        self._come_up(name)

    def _come_up(self, name: str) -> None:
        script = self._script(name)
        if script.fails:
            exit_code, lines = script.fails
            self.say(name, *lines)
            self._set(name, "failed", pid=None, exit_code=exit_code)
        elif not script.delay:
            self._set(name, "running", pid=next(self._machine.pids))

    def _set(self, name: str, state: State, **values: object) -> None:
        known = self._known(name)
        changed = {"state": state, "since": self._machine.now, **values}
        changed["fingerprint"] = fingerprint(known.service)
        known.status = replace(known.status, **changed)  # type: ignore[arg-type]
