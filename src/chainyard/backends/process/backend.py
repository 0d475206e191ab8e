"""`ProcessBackend`: a plan as processes of this machine.

Back-off: a process that ends within `STEADY_SECONDS` of its start has failed to start. It is
started again after 1 s, then 2 s, and so on, and given up after `RETRIES` such times. One that ends
later is restarted at once.
"""

from __future__ import annotations

import contextlib
import shutil
import signal as signals
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from chainyard.backends.base import (
    Difference,
    Feature,
    PortRequest,
    Progress,
    ServiceStatus,
    check_known,
    stop_groups,
)
from chainyard.backends.files import private_dir, remove_socket_dir, socket_dir
from chainyard.backends.logs import follow_log, read_log
from chainyard.backends.ports import allot
from chainyard.backends.process import render, status, stopping
from chainyard.backends.process.diagnosis import diagnose
from chainyard.backends.process.identity import family, kill_and_wait
from chainyard.backends.process.records import Launch, Records
from chainyard.backends.process.supervisor import Supervisor
from chainyard.errors import NotFoundError, RequestError, ServiceFailedError
from chainyard.plan.model import Plan
from chainyard.service import Service, Text

STEADY_SECONDS = 10
RETRIES = 3
MEGABYTE = 10**6


class ProcessBackend:
    """See `chainyard.backends.base.Backend` for what each member does."""

    name = "process"
    capabilities: frozenset[Feature] = frozenset({"binaries"})

    def __init__(
        self,
        folder: Path,
        *,
        log_limit_mb: int = 50,
        steady_seconds: int = STEADY_SECONDS,
        retries: int = RETRIES,
    ) -> None:
        self.folder = folder.absolute()
        self._settings = render.Settings(log_limit_mb * MEGABYTE, steady_seconds, retries)
        self._ports: dict[str, int] = {}
        self._records = Records(self.folder)
        self._supervisor = Supervisor(self._records)

    def allot_ports(self, plan: Plan, request: PortRequest) -> dict[str, int]:
        self._ports = allot(plan, request)
        return dict(self._ports)

    def use_ports(self, ports: Mapping[str, int]) -> None:
        self._ports = dict(ports)

    def binding(self, service: str) -> render.ProcessBinding:
        return render.ProcessBinding(self.folder, service, self._ports)

    def reach(self, service: str, port: str) -> tuple[str, int]:
        return render.LOOPBACK, self.binding(service).port(service, port)

    def command(self, service: str, args: Sequence[Text]) -> list[str]:
        launch = self._launch(service)
        binding = self.binding(service)
        return [launch.program, *(arg.render(binding) for arg in args)]

    def observe(self) -> dict[str, ServiceStatus]:
        return status.observe(self._records, self._supervisor)

    def difference(self, plan: Plan, programs: Mapping[str, Path] | None = None) -> Difference:
        render.check_names(plan)
        recorded = self._records.all_launches()
        rendered = {}
        for service in plan:
            if programs is None and service.name in recorded:
                program = Path(recorded[service.name].program)
            else:
                program = render.absolute(
                    (programs or {}).get(service.name, Path(service.program.name))
                )
            rendered[service.name] = self._render(service, program).launch
        return self._compare(rendered, recorded)

    def apply(
        self,
        plan: Plan,
        programs: Mapping[str, Path],
        *,
        only: Collection[str] | None = None,
        start: bool = True,
    ) -> Difference:
        render.check_names(plan)
        chosen = [service for service in plan if only is None or service.name in only]
        rendered = {
            service.name: self._render(
                service, render.check_program(service.name, programs.get(service.name))
            )
            for service in chosen
        }
        self._supervisor.answers_or_ends()
        recorded = self._records.all_launches()
        launches = {name: one.launch for name, one in rendered.items()}
        difference = self._compare(launches, recorded, gone=set(recorded) - set(plan.names()))
        difference = difference.limited_to(only)
        ending = {*difference.removed, *(difference.changed if start else ())}
        self._end(ending)
        self._write(rendered.values(), difference)
        if start:
            self._start((*difference.added, *difference.changed, *difference.stopped))
        return difference

    def start(self, names: Collection[str] | None = None) -> None:
        self._supervisor.answers_or_ends()
        known = check_known(names, self._records.names())
        now = self.observe()
        self._start([name for name in known if now[name].state in status.STARTABLE])

    def stop(
        self, names: Collection[str] | None = None, progress: Progress | None = None
    ) -> tuple[str, ...]:
        self._supervisor.answers_or_ends()
        known = sorted({*self._records.names(), *self._records.run_names()})
        killed = self._end(check_known(names, known), progress)
        if names is None:
            self._supervisor.shut_down()
        return killed

    def kill(self, name: str, signal: str = "KILL") -> None:
        self._launch(name)
        run = self._records.run(name)
        process = run.identity.process() if run else None
        if process is None:
            raise NotFoundError(f"{name} does not run", hint="`chainyard status` tells its state")
        number = _signal(signal)
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)

    def wipe(self, name: str) -> None:
        self._launch(name)
        if not self._is_idle(name):
            raise RequestError(f"{name} runs: its data cannot be removed", hint=f"stop {name}")
        data = self.folder / "data" / name
        # Renamed first: a crash leaves all of it or none.
        gone = data.with_name(f".{name}.gone")
        shutil.rmtree(gone, ignore_errors=True)
        if data.is_dir():
            data.rename(gone)
        private_dir(data)
        shutil.rmtree(gone, ignore_errors=True)

    def destroy(self) -> None:
        self._supervisor.settle()
        # At once: nothing that a process could still write is kept.
        self._supervisor.kill()
        for name in self._records.run_names():
            if run := self._records.run(name):
                kill_and_wait(family(run.identity, str(self.folder)))
        remove_socket_dir(self.folder)
        for part in ("config", "data", "logs", "backend"):
            if (self.folder / part).is_dir():
                shutil.rmtree(self.folder / part)

    def logs(self, service: str, *, tail: int | None = None, follow: bool = False) -> Iterator[str]:
        self._launch(service)
        log = render.log_path(self.folder, service)
        return follow_log(log, tail=tail) if follow else iter(read_log(log, tail=tail))

    def diagnose(self, service: Service) -> ServiceFailedError:
        log = render.log_path(self.folder, service.name)
        return diagnose(service, self.observe().get(service.name), log, self._ports)

    def _launch(self, service: str) -> Launch:
        check_known([service], self._records.names())
        launch = self._records.launch(service)
        if launch is None:
            raise NotFoundError(f"the record of {service} is damaged", hint="`chainyard up` again")
        return launch

    def _render(self, service: Service, program: Path) -> render.Rendered:
        _signal(service.stop.signal)
        return render.render(service, program, self.binding(service.name), self._settings)

    def _compare(
        self,
        wanted: Mapping[str, Launch],
        recorded: Mapping[str, Launch],
        gone: Collection[str] | None = None,
    ) -> Difference:
        """Args: gone: services no longer planned; None if ``wanted`` is the whole plan."""
        removed = set(recorded) - set(wanted) if gone is None else gone
        now = self.observe()
        added, changed, stopped = [], [], []
        for name, launch in wanted.items():
            if name not in recorded:
                added.append(name)
            elif launch.digest != recorded[name].digest or self._runs_other(name, launch):
                changed.append(name)
            elif now[name].state in status.STARTABLE:
                stopped.append(name)
        return Difference(tuple(added), tuple(changed), tuple(sorted(removed)), tuple(stopped))

    def _runs_other(self, name: str, launch: Launch) -> bool:
        """Whether its process was started differently (an interrupted `apply`)."""
        run = self._records.run(name)
        return run is not None and run.digest != launch.digest and run.identity.alive()

    def _write(self, rendered: Collection[render.Rendered], difference: Difference) -> None:
        for one in rendered:
            one.write(self.folder)
            self._records.write_launch(one.launch)
        self._records.forget(difference.removed)
        for name in difference.removed:
            shutil.rmtree(self.folder / "config" / name, ignore_errors=True)
            for path in socket_dir(self.folder).glob(f"{name}.*"):
                path.unlink(missing_ok=True)

    def _start(self, names: Sequence[str]) -> None:
        if not names:
            return
        if not self._supervisor.running():
            self._supervisor.launch()
        added, changed, removed = self._supervisor.reload()
        idle = [name for name in (*changed, *removed) if self._is_idle(name)]
        self._supervisor.remove(idle)
        self._supervisor.add([*added, *(name for name in idle if name in changed)])
        self._end_strays(names)
        refused = self._supervisor.start(names)
        for name, reason in refused.items():
            raise ServiceFailedError(
                f"{name} cannot be started: {reason}",
                service=name,
                cause=f"its program is gone: {self._launch(name).program}",
                hint="`chainyard clients install`, then the same command again",
            )

    def _is_idle(self, name: str) -> bool:
        run = self._records.run(name)
        return run is None or not run.identity.alive()

    def _end(self, names: Collection[str], progress: Progress | None = None) -> tuple[str, ...]:
        """End services in their order. Returns those that had to be killed."""
        supervised = self._supervisor if self._supervisor.running() else None
        killed: list[str] = []
        for group in self._in_stop_order(names):
            killed += stopping.stop_group(group, self._records, supervised, progress)
        return tuple(killed)

    def _in_stop_order(self, names: Collection[str]) -> list[list[str]]:
        runs = {name: run for name in names if (run := self._records.run(name))}
        return stop_groups({name: run.stop_order for name, run in runs.items()})

    def _end_strays(self, names: Collection[str]) -> None:
        """End processes of services that outlived their supervisor: their log is lost."""
        known = self._supervisor.processes()
        strays = [name for name in names if not known.get(name, {}).get("pid")]
        for group in self._in_stop_order(strays):
            stopping.stop_group(group, self._records, None)


def _signal(name: str) -> signals.Signals:
    try:
        return signals.Signals[f"SIG{name.removeprefix('SIG')}"]
    except KeyError:
        raise RequestError(f"there is no signal {name!r}") from None
