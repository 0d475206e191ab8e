"""Ready means that the chain says so: blocks on every node, peers, finality."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import anyio
import anyio.to_thread

from chainyard.backends.base import Backend
from chainyard.chain.beacon import Beacon
from chainyard.chain.clock import SlotClock
from chainyard.chain.errors import UnreachableError
from chainyard.chain.execution import Execution
from chainyard.chain.waiting import STARTING, NotYet, wait_announced, wait_for, wait_for_api
from chainyard.errors import ChainyardError, NotReadyError, ServiceFailedError
from chainyard.network.views import Endpoints, NodeEndpoints
from chainyard.plan.model import Plan
from chainyard.progress import Progress

Reached = Callable[[NodeEndpoints, Beacon], Awaitable[NotYet | None]]
"""None once a node is that far."""

NodeWait = Callable[[NodeEndpoints, str, float], Coroutine[Any, Any, None]]
"""Waits for one node: what for, in words, and for how many seconds."""

Wait = Literal["none", "block", "finalized"]

# The services' states are looked at this often (seconds).
WATCH_PAUSE = 0.5
# A service that was restarted so often while the network comes up will not come up.
RESTARTS = 3


@dataclass(frozen=True)
class Waiter:
    """Waits for a network's chain, and watches its services meanwhile."""

    endpoints: Endpoints
    plan: Plan
    backend: Backend
    clock: SlotClock
    progress: Progress

    async def until(self, wait: Wait, *, timeout: float, slot: int = 1) -> None:
        """Return once the chain is that far.

        ``block``: every node has a block of ``slot`` or later as its head, on both of its
        clients, and knows the head of another node, which it can have over P2P only.
        ``finalized``: every node has a finalized epoch after genesis.

        Raises:
            ServiceFailedError: a service ended or was given up meanwhile.
            NotReadyError: it took longer than ``timeout`` seconds.
        """
        if wait == "none":
            return
        began = time.monotonic()
        what = "first block" if slot <= 1 else "next block"
        await self._all_nodes(partial(self._has_block, slot), what, timeout)
        if wait == "finalized":
            left = max(0.0, timeout - (time.monotonic() - began))
            await self._all_nodes(self._is_finalized, "finality", left)

    async def apis(self, *, timeout: float) -> None:
        """Wait until every beacon node answers; raises as `until`.

        Validator clients are not watched: they are yet to be started, or started again.
        """

        async def reached(_node: NodeEndpoints, _beacon: Beacon) -> NotYet | None:
            return None

        own = {node.validator.service for node in self.endpoints.nodes if node.validator}
        await self._all_nodes(reached, "beacon nodes", timeout, unwatched=own)

    async def executions(self, *, timeout: float) -> None:
        """Wait until every execution client answers; raises as `until`. No others are watched."""
        own = {node.execution.service for node in self.endpoints.nodes if node.execution}
        others = set(self.plan.names()) - own
        await self._watched(self._execution_answers, "execution clients", timeout, others)

    async def peers(self, *, timeout: float) -> None:
        """Wait until every beacon node has a peer, if there are others; raises as `until`.

        A validator that proposes into an empty room makes a fork.
        """
        if len(self.endpoints.nodes) < 2:
            return

        async def reached(node: NodeEndpoints, beacon: Beacon) -> NotYet | None:
            if (await beacon.peer_count()).connected or await self._is_peer(node):
                return None
            return NotYet("no peer")

        own = {node.validator.service for node in self.endpoints.nodes if node.validator}
        await self._all_nodes(reached, "peers", timeout, unwatched=own)

    async def _is_peer(self, node: NodeEndpoints) -> bool:
        """Whether another node counts it: one that was dialled counts the other only later."""
        for other in self.endpoints.nodes:
            with suppress(UnreachableError):
                async with Beacon(other.consensus.http, timeout=5.0) as its:
                    peers = await its.peers()
                if any(peer.peer_id == node.consensus.peer_id for peer in peers
                       if peer.state == "connected"):  # fmt: skip
                    return True
        return False

    async def block(self, number: int, *, timeout: float) -> None:
        """Wait until every node has execution block ``number``; raises as `until`."""

        async def reached(node: NodeEndpoints, _beacon: Beacon) -> NotYet | None:
            found = await _block_number(node)
            return None if found >= number else NotYet(f"block {found}")

        await self._all_nodes(reached, f"block {number}", timeout)

    async def finality(self, epoch: int, *, timeout: float) -> None:
        """Wait until every node has finalized ``epoch``; raises as `until`."""

        async def reached(_node: NodeEndpoints, beacon: Beacon) -> NotYet | None:
            return await _finality(beacon, epoch)

        await self._all_nodes(reached, f"finality of epoch {epoch}", timeout)

    async def _all_nodes(
        self, reached: Reached, what: str, timeout: float, unwatched: Collection[str] = ()
    ) -> None:
        await self._watched(partial(self._node, reached), what, timeout, unwatched)

    async def _watched(
        self, wait: NodeWait, what: str, timeout: float, unwatched: Collection[str] = ()
    ) -> None:
        """Wait for all nodes at once, and end as soon as a service is beyond hope."""
        self.progress.started(what)
        try:
            async with anyio.create_task_group() as outer:
                outer.start_soon(self._watch, unwatched)
                async with anyio.create_task_group() as nodes:
                    for node in self.endpoints.nodes:
                        nodes.start_soon(wait, node, what, timeout)
                outer.cancel_scope.cancel()
        except BaseExceptionGroup as group:
            # One service that failed is the reason for all the rest.
            failed: BaseExceptionGroup[ChainyardError] | None
            failed = group.subgroup(ServiceFailedError)
            known = failed or group.subgroup(ChainyardError)
            if known is None:
                raise
            raise self._explained(_first(known)) from None
        self.progress.finished(what)

    async def _execution_answers(self, node: NodeEndpoints, _what: str, timeout: float) -> None:
        if node.execution is None:
            return
        async with Execution(node.execution.rpc, timeout=5.0) as execution:
            await wait_for_api(execution, timeout=timeout)

    async def _node(self, reached: Reached, node: NodeEndpoints, what: str, timeout: float) -> None:
        async with Beacon(node.consensus.http, timeout=5.0) as beacon:
            began = anyio.current_time()
            await wait_for(
                beacon.version,
                timeout=timeout,
                every=STARTING,
                what=f"an answer of {node.consensus.service} ({node.consensus.http})",
            )
            await wait_announced(
                beacon,
                "head",
                partial(reached, node, beacon),
                timeout=timeout - (anyio.current_time() - began),
                every=self.clock.slot_ms / 1000,
                what=f"{what} on {node.name}",
            )

    async def _watch(self, unwatched: Collection[str]) -> None:
        """Raise as soon as a service is beyond hope."""
        # Restarts from before, of a network that has run for days, say nothing.
        before: dict[str, int] = {}
        while True:
            states = await anyio.to_thread.run_sync(self.backend.observe)
            for service in self.plan:
                status = states.get(service.name)
                if status is None or service.name in unwatched:
                    continue
                known = min(before.get(service.name, status.restarts), status.restarts)
                before[service.name] = known
                if status.state in ("failed", "missing") or status.restarts - known >= RESTARTS:
                    raise await anyio.to_thread.run_sync(self.backend.diagnose, service)
            await anyio.sleep(WATCH_PAUSE)

    async def _has_block(self, slot: int, node: NodeEndpoints, beacon: Beacon) -> NotYet | None:
        head = await beacon.head()
        number = await _block_number(node)
        if head.slot < slot or number < 1:
            return NotYet(f"head at slot {head.slot}, execution at block {number}")
        others = [other for other in self.endpoints.nodes if other is not node]
        if not others or await _knows_a_head_of(beacon, others):
            return None
        return NotYet(f"head at slot {head.slot}, and no block of another node")

    async def _is_finalized(self, _node: NodeEndpoints, beacon: Beacon) -> NotYet | None:
        return await _finality(beacon, 1)

    def _explained(self, error: ChainyardError) -> ChainyardError:
        if isinstance(error, NotReadyError) and not error.hint:
            error.cause = "the machine is too slow or busy for this slot time, or a client is stuck"
            error.hint = f"`chainyard logs --name {self.plan.network}`, or a longer --timeout"
        return error


async def _block_number(node: NodeEndpoints) -> int:
    """Number of its execution head; without an execution client any block counts as its first."""
    if node.execution is None:
        return 1
    async with Execution(node.execution.rpc, timeout=5.0) as execution:
        return await execution.block_number()


async def _knows_a_head_of(beacon: Beacon, others: list[NodeEndpoints]) -> bool:
    """Whether the node has a block that is another node's head, and no genesis.

    Not whether it has peers: a client may count a peer only seconds after blocks came from it.
    """
    for other in others:
        try:
            async with Beacon(other.consensus.http, timeout=5.0) as its:
                head = await its.head()
            if head.slot > 0 and await beacon.header(head.root):
                return True
        except UnreachableError:
            continue
    return False


async def _finality(beacon: Beacon, epoch: int) -> NotYet | None:
    checkpoints = await beacon.finality_checkpoints()
    found = checkpoints.finalized.epoch if checkpoints else 0
    return None if found >= epoch else NotYet(f"epoch {found} finalized")


def _first(group: BaseExceptionGroup[ChainyardError]) -> ChainyardError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, ChainyardError)  # noqa: S101 - it was matched above
    return error
