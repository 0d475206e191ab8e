"""The object that users hold: a plan that has a name and a place."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from chainyard.errors import ChainyardError, NotFoundError, RequestError
from chainyard.network.layout import Layout, existing, layout_of
from chainyard.network.lock import Lock, read_lock, write_lock
from chainyard.network.store import append_event, mutex
from chainyard.network.views import Endpoints, Status, Summary, UpReport
from chainyard.progress import NoProgress, Progress

if TYPE_CHECKING:
    from chainyard.backends.base import Backend, Difference
    from chainyard.chain.clock import SlotClock
    from chainyard.genesis.accounts import Account
    from chainyard.genesis.identities import Identities
    from chainyard.network.ready import Wait, Waiter
    from chainyard.plan.acted import Unacted
    from chainyard.plan.model import Plan
    from chainyard.spec import Settings, Spec

DEFAULT_BACKEND = "process"


class Network:
    """A network on this machine: made from a spec, found again by its name.

    ``with Network.create(load_spec("network_params.yaml"), name="mine") as network:`` brings it
    up, and takes it down at the end.
    """

    def __init__(self, layout: Layout) -> None:
        """Use `create` or `open`."""
        self.layout = layout

    def __repr__(self) -> str:
        return f"Network({self.name!r})"

    @property
    def name(self) -> str:
        """Its name, unique on this machine."""
        return self.layout.name

    @classmethod
    def open(cls, name: str) -> Network:
        """The network of that name.

        Raises:
            NotFoundError: there is none.
        """
        layout = layout_of(name)
        if not layout.lock.is_file():
            names = ", ".join(other.name for other in existing())
            raise NotFoundError(
                f"there is no network {name!r}",
                hint=f"--name with one of: {names}" if names else "chainyard up",
            )
        return cls(layout)

    @classmethod
    def create(
        cls,
        spec: Spec,
        *,
        name: str,
        settings: Settings | None = None,
        backend: str | None = None,
    ) -> Network:
        """Make the network's folder, or find it; nothing runs yet.

        A network that exists takes over the spec, as far as its genesis allows.

        Raises:
            RequestError: it exists and the spec needs another genesis or backend; nothing changed.
            SpecError: a client cannot run what is asked of it.
        """
        from chainyard.network.adopt import adopt

        network = cls(layout_of(name))
        adopt(network, spec, settings, backend)
        return network

    @classmethod
    def remains(cls, name: str) -> Network | None:
        """What is left of a creation that was interrupted, to be removed with `down`."""
        layout = layout_of(name)
        return cls(layout) if layout.root.is_dir() and not layout.lock.is_file() else None

    def check_spec(self, spec: Spec, settings: Settings, backend: str) -> None:
        """Whether it could take over a spec; nothing is changed.

        Raises:
            RequestError: its backend is another, or its chain has begun from another genesis.
        """
        from chainyard.network.adopt import check_adoption

        check_adoption(self.layout, spec, settings, backend)

    @staticmethod
    def ls() -> list[Summary]:
        """All networks on this machine, by name."""
        from chainyard.network.listing import summaries

        return summaries([Network(layout) for layout in existing()])

    # What it is made of

    @cached_property
    def spec(self) -> Spec:
        """What the user asked for."""
        from chainyard.spec import load_spec

        return load_spec(self.layout.spec)

    @cached_property
    def settings(self) -> Settings:
        """Chainyard's own settings (``chainyard.yaml``)."""
        from chainyard.spec import load_settings

        return load_settings(self.layout.settings if self.layout.settings.exists() else None)

    @property
    def lock(self) -> Lock:
        """What was decided once: versions, digests, ports, genesis.

        Raises:
            NotFoundError: the network was removed.
            ChainyardError: the lock is damaged.
        """
        try:
            return read_lock(self.layout.lock)
        except FileNotFoundError:
            raise self._removed() from None

    def _removed(self) -> NotFoundError:
        return NotFoundError(f"there is no network {self.name!r} any more", hint="chainyard up")

    def update_lock(self, **changes: object) -> Lock:
        """Write changes to the lock; the caller holds the mutex."""
        lock = self.lock.with_(**changes)
        write_lock(self.layout.lock, lock)
        return lock

    @cached_property
    def backend(self) -> Backend:
        """The backend that makes it real."""
        from chainyard.backends import make_backend

        lock = self.lock
        backend = make_backend(
            lock.backend, self.layout.root, log_limit_mb=self.settings.log_limit_mb
        )
        backend.use_ports(lock.ports)
        return backend

    @cached_property
    def identities(self) -> Identities:
        """Node keys and JWT, made when first asked for."""
        from chainyard.network.secrets import load_or_make_identities

        return load_or_make_identities(self.layout, self.spec)

    def plan(self) -> Plan:
        """All its services, as data.

        Raises:
            SpecError: a client cannot run what is asked of it.
        """
        from chainyard.plan.build import build_plan

        return build_plan(
            self.spec,
            self.name,
            self.identities,
            eth2=self.eth2,
            overrides=self.settings.consensus_config,
        )

    @property
    def eth2(self) -> bytes:
        """SSZ ``ENRForkID`` (16 bytes) at genesis; empty before there is one."""
        genesis = self.lock.genesis
        return bytes.fromhex(genesis.eth2.removeprefix("0x")) if genesis else b""

    @property
    def clock(self) -> SlotClock | None:
        """The chain's slots; None before there is a genesis."""
        from chainyard.chain.clock import SlotClock

        genesis = self.lock.genesis
        if genesis is None:
            return None
        params = self.spec.network_params
        slots = self.settings.consensus_config.get("SLOTS_PER_EPOCH", params.slots_per_epoch)
        return SlotClock(genesis.time, params.slot_duration_ms, int(slots))

    def difference(self) -> Difference:
        """What `up` would change of the services."""
        return self.backend.difference(self.plan())

    def not_acted_on(self) -> list[Unacted]:
        """What the spec says, and nothing acts on."""
        from chainyard.plan.acted import not_acted_on

        return not_acted_on(self.spec, self.backend.name, frozenset(self.backend.capabilities))

    # Lifecycle

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other commands from changing it meanwhile.

        Raises:
            NotFoundError: it was removed.
            RequestError: another command works on it, and goes on doing so.
        """
        if not self.layout.lock.is_file():
            raise self._removed()
        with mutex(self.layout.mutex):
            if not self.layout.lock.is_file():
                # Removed while we waited; taking the mutex has made its folder again.
                _remove(self.layout.root)
                raise self._removed()
            yield

    def up(
        self,
        *,
        wait: Wait | None = None,
        timeout: float | None = None,
        progress: Progress | None = None,
    ) -> UpReport:
        """Bring it to what its spec says, from whatever it is; twice changes nothing.

        Args:
            wait: for the first block on every node, for finality, or for nothing. None is
                ``block``, or ``finalized`` if the spec says ``wait_for_finalization``.
            timeout: seconds to wait; None is derived from the chain's own times.

        Raises:
            DownloadError: a client's program cannot be had.
            ServiceFailedError: a service does not come up.
            NotReadyError: the chain is not that far in time.
        """
        from chainyard.network.bring_up import bring_up

        return bring_up(self, wait=wait, timeout=timeout, progress=progress or NoProgress())

    def start(
        self,
        *,
        wait: Wait | None = None,
        timeout: float | None = None,
        progress: Progress | None = None,
    ) -> UpReport:
        """Start it again after `stop`, as it was; raises as `up`."""
        return self.up(wait=wait, timeout=timeout, progress=progress)

    def stop(self, *, progress: Progress | None = None) -> tuple[str, ...]:
        """End its services in order: validators, beacon nodes, execution clients.

        Returns:
            Services that had to be killed: they did not end in their time.
        """
        told = progress or NoProgress()
        with self.held():
            told.started("stop")
            killed = self.backend.stop(progress=partial(_tell, told))
            append_event(self.layout.events, "stopped", killed=killed)
            told.finished("stop")
        return killed

    def down(self, *, progress: Progress | None = None) -> None:
        """Remove it: services, data, keys, logs. Nothing of it is left.

        Whatever state it is in: half made, damaged, or removed already.
        """
        told = progress or NoProgress()
        with mutex(self.layout.mutex):
            told.started("down")
            self._backend_at_any_rate().destroy()
            _remove(self.layout.root)
            told.finished("down")

    def _backend_at_any_rate(self) -> Backend:
        """Its backend; the default one if its files do not tell any more which."""
        from chainyard.backends import make_backend

        try:
            return self.backend
        except ChainyardError:
            return make_backend(DEFAULT_BACKEND, self.layout.root)

    def __enter__(self) -> Self:
        try:
            self.up()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    # What it tells

    def endpoints(self) -> Endpoints:
        """Where everything is reached. The same until the network is removed.

        Raises:
            RequestError: it was never brought up, so nothing is decided yet.
        """
        from chainyard.network.endpoints import make_endpoints

        ports, plan = self.lock.ports, self.plan()
        new = [service.name for service in plan
               for port in service.ports if f"{service.name}.{port.name}" not in ports]  # fmt: skip
        if new:
            whose = f"{new[0]} of the network" if ports else "the network"
            raise RequestError(
                f"{whose} {self.name!r} has no addresses yet",
                hint=f"chainyard up --name {self.name}",
            )
        return make_endpoints(self.spec, plan, self.backend, self.identities, eth2=self.eth2)

    def status(self, *, timeout: float = 5.0) -> Status:
        """How it is: every node is asked, for at most ``timeout`` seconds."""
        import anyio

        from chainyard.network.status import read_status

        return anyio.run(
            partial(read_status, timeout=timeout),
            self.endpoints(),
            self.backend.observe(),
            self.clock,
            dict(self.settings.consensus_config),
        )

    def logs(
        self, service: str | None = None, *, follow: bool = False, tail: int | None = None
    ) -> Iterator[tuple[str, str]]:
        """Lines of the logs as (service, line), of one service or of all.

        Raises:
            NotFoundError: no service of that name.
        """
        from chainyard.network.logs import read_logs

        return read_logs(self, service, follow=follow, tail=tail)

    def accounts(self) -> list[Account]:
        """The prefunded accounts, with their keys. Balances in wei."""
        from chainyard.genesis.accounts import prefunded_accounts

        return prefunded_accounts(self.spec)

    def console(self, service: str, expression: str | None = None) -> list[str]:
        """The command of a console of a service.

        Args:
            expression: what to evaluate instead of asking a person.

        Raises:
            NotFoundError: no service of that name.
            RequestError: it has no console.
        """
        from chainyard.network.console import console_command

        return console_command(self, service, expression)

    def wait_for_block(self, number: int = 1, *, timeout: float | None = None) -> None:
        """Return once every node has execution block ``number``.

        Args:
            timeout: seconds; None is derived from the slot time.

        Raises:
            NotReadyError: it did not come in time.
            ServiceFailedError: a service ended meanwhile.
        """
        import anyio

        from chainyard.network.bring_up import default_timeout

        waiter = self.waiter()
        default = default_timeout(waiter.clock, slots=number + 10)
        limit = default if timeout is None else timeout
        anyio.run(partial(waiter.block, number, timeout=limit))

    def wait_for_finality(self, epoch: int = 1, *, timeout: float | None = None) -> None:
        """Return once every node has finalized ``epoch``; arguments and errors as above."""
        import anyio

        from chainyard.network.bring_up import default_timeout

        waiter = self.waiter()
        slots = (epoch + 4) * waiter.clock.slots_per_epoch
        limit = default_timeout(waiter.clock, slots=slots) if timeout is None else timeout
        anyio.run(partial(waiter.finality, epoch, timeout=limit))

    def waiter(self, progress: Progress | None = None) -> Waiter:
        """What waits for its chain, and watches its services meanwhile.

        Raises:
            RequestError: it was never brought up.
        """
        from chainyard.network.ready import Waiter

        endpoints, clock = self.endpoints(), self.clock
        if clock is None:
            raise RequestError(
                f"the network {self.name!r} has no genesis yet",
                hint=f"chainyard up --name {self.name}",
            )
        return Waiter(endpoints, self.plan(), self.backend, clock, progress or NoProgress())


def _tell(progress: Progress, service: str, what: str) -> None:
    progress.note(f"{service}: {what}")


def _remove(folder: Path) -> None:
    """Remove a folder of which others may be removing parts.

    Raises:
        ChainyardError: something in it cannot be removed.
    """
    shutil.rmtree(folder, onerror=_not_removed)


def _not_removed(_function: object, path: str, info: tuple[type, BaseException, object]) -> None:
    error = info[1]
    if isinstance(error, FileNotFoundError):
        return
    raise ChainyardError(
        f"cannot remove {path}: {getattr(error, 'strerror', None) or error}",
        hint="mend the permissions there, or remove it yourself; then run this again",
    ) from error
