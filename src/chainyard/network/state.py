"""What a network is, on disk and in what follows from it. Nothing here changes what runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from chainyard.errors import NotFoundError, RequestError
from chainyard.network.layout import Layout
from chainyard.network.lock import Lock, read_lock, write_lock
from chainyard.network.store import mutex, remove_tree
from chainyard.network.views import Endpoints
from chainyard.progress import NoProgress, Progress

if TYPE_CHECKING:
    from chainyard.backends.base import Backend, Difference, ServiceStatus
    from chainyard.chain.clock import SlotClock
    from chainyard.genesis.identities import Identities
    from chainyard.network.ready import Waiter
    from chainyard.plan.acted import Unacted
    from chainyard.plan.model import Plan
    from chainyard.spec import Settings, Spec


class NetworkState:
    """A network as its folder tells it: spec, lock, backend, plan, addresses."""

    def __init__(self, layout: Layout) -> None:
        """Use `create` or `open`."""
        self.layout = layout

    def __repr__(self) -> str:
        return f"Network({self.name!r})"

    @property
    def name(self) -> str:
        """Its name, unique on this machine."""
        return self.layout.name

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
        return self.plan_of(self.spec, self.settings)

    def plan_of(self, spec: Spec, settings: Settings) -> Plan:
        """What the plan would be with this spec and its own node keys; raises as `plan`."""
        from chainyard.plan.build import build_plan

        return build_plan(
            spec,
            self.name,
            self.identities,
            eth2=self.eth2,
            overrides=settings.consensus_config,
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

    def services(self) -> dict[str, ServiceStatus]:
        """State of every service; ``missing`` for one that was planned and never started."""
        from chainyard.backends.base import ServiceStatus

        planned = dict.fromkeys(port.rpartition(".")[0] for port in self.lock.ports)
        missing = {name: ServiceStatus(name, "missing") for name in planned}
        return missing | self.backend.observe()

    def not_acted_on(self) -> list[Unacted]:
        """What the spec says, and nothing acts on."""
        from chainyard.plan.acted import not_acted_on

        return not_acted_on(self.spec, self.backend.name, frozenset(self.backend.capabilities))

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
                remove_tree(self.layout.root)
                raise self._removed()
            yield

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
