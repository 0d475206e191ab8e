"""The object that users hold: a plan that has a name and a place."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Self

from chainyard.errors import ChainyardError, NotFoundError
from chainyard.network.layout import existing, layout_of
from chainyard.network.state import NetworkState
from chainyard.network.store import mutex, remove_tree
from chainyard.network.views import Status, Summary, UpReport
from chainyard.progress import NoProgress, Progress

if TYPE_CHECKING:
    from chainyard.backends.base import Backend
    from chainyard.genesis.accounts import Account
    from chainyard.network.ready import Wait
    from chainyard.spec import Settings, Spec


class Network(NetworkState):
    """A network on this machine: made from a spec, found again by its name.

    ``with Network.create(load_spec("network_params.yaml"), name="mine") as network:`` brings it
    up, and takes it down at the end.
    """

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

    def check_spec(self, spec: Spec, settings: Settings, backend: str) -> bool:
        """Whether it could take over a spec and keep its genesis; nothing is changed.

        Raises:
            RequestError: its backend is another, or its chain has begun from another genesis.
        """
        from chainyard.network.adopt import check_adoption

        return check_adoption(self.layout, spec, settings, backend).genesis is not None

    @staticmethod
    def ls() -> list[Summary]:
        """All networks on this machine, by name."""
        from chainyard.network.listing import summaries

        return summaries([Network(layout) for layout in existing()])

    # Lifecycle

    def up(
        self,
        *,
        wait: Wait | None = None,
        timeout: float | None = None,
        progress: Progress | None = None,
        accept_slashing_risk: bool = False,
    ) -> UpReport:
        """Bring it to what its spec says, from whatever it is; twice changes nothing.

        Args:
            wait: for the first block on every node, for finality, or for nothing. None is
                ``block``, or ``finalized`` if the spec says ``wait_for_finalization``.
            timeout: seconds to wait; None is derived from the chain's own times.
            accept_slashing_risk: start validators whose slashing protection is gone, after
                three epochs.

        Raises:
            DownloadError: a client's program cannot be had.
            ServiceFailedError: a service does not come up.
            NotReadyError: the chain is not that far in time.
        """
        from chainyard.network.bring_up import bring_up

        return bring_up(
            self,
            wait=wait,
            timeout=timeout,
            progress=progress or NoProgress(),
            accept_slashing_risk=accept_slashing_risk,
        )

    def start(
        self,
        *,
        wait: Wait | None = None,
        timeout: float | None = None,
        progress: Progress | None = None,
        accept_slashing_risk: bool = False,
    ) -> UpReport:
        """Start it again after `stop` or a crash, as it was; arguments and errors as of `up`."""
        return self.up(
            wait=wait,
            timeout=timeout,
            progress=progress,
            accept_slashing_risk=accept_slashing_risk,
        )

    def stop(self, *, progress: Progress | None = None) -> tuple[str, ...]:
        """End its services in order: validators, beacon nodes, execution clients.

        Returns:
            Services that had to be killed: they did not end in their time.
        """
        from chainyard.network.halt import halt

        told = progress or NoProgress()
        with self.held():
            told.started("stop")
            killed = halt(self, told)
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
            remove_tree(self.layout.root)
            told.finished("down")

    def _backend_at_any_rate(self) -> Backend:
        """Its backend; the default one if its files do not tell any more which."""
        from chainyard.backends import DEFAULT_BACKEND, make_backend

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

    def status(self, *, timeout: float = 5.0) -> Status:
        """How it is: every node is asked, for at most ``timeout`` seconds."""
        import anyio

        from chainyard.network.status import read_status

        return anyio.run(
            partial(read_status, timeout=timeout),
            self.endpoints(),
            self.services(),
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
