"""Build the plan of a network: every node's services, in start order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Protocol

from chainyard import clients
from chainyard.clients.base import Context, Node, Part
from chainyard.clients.limits import placed
from chainyard.errors import NotFoundError, Problem, SpecError
from chainyard.genesis.identities import Identities
from chainyard.plan.model import Plan
from chainyard.service import Service
from chainyard.services.journal import journal_service
from chainyard.spec import Participant, Spec


class _Limited(Protocol):
    """What all adapters have."""

    def limits(self, context: Context, participant: Participant) -> Iterator[Problem]: ...


def build_plan(
    spec: Spec,
    name: str,
    identities: Identities,
    *,
    eth2: bytes = b"",
    overrides: Mapping[str, int | str] | None = None,
) -> Plan:
    """The plan of a network.

    Args:
        spec: what the user asked for.
        name: the network's name.
        identities: node keys, one pair for each participant.
        eth2: SSZ ``ENRForkID`` at genesis, for the node records.
        overrides: values of the consensus config that ``chainyard.yaml`` changes.

    Raises:
        SpecError: a client cannot run what is asked of it, or has no adapter.
    """
    context = make_context(spec, identities, eth2=eth2, overrides=overrides)
    if problems := list(check_limits(context)):
        raise SpecError(problems)
    services = [service for node in context.nodes for service in _services(context, node)]
    services.append(journal_service(context))
    return Plan(network=name, services=tuple(sorted(services, key=lambda s: s.stop.order)))


def make_context(
    spec: Spec,
    identities: Identities,
    *,
    eth2: bytes = b"",
    overrides: Mapping[str, int | str] | None = None,
) -> Context:
    """What the clients' adapters are given."""
    nodes = tuple(
        Node(participant, keys.execution, keys.consensus)
        for participant, keys in zip(spec.participants, identities.nodes, strict=True)
    )
    return Context(spec=spec, nodes=nodes, eth2=eth2, overrides=dict(overrides or {}))


def check_limits(context: Context) -> Iterator[Problem]:
    """Yield why clients cannot run what is asked of them, each reason once."""
    seen: set[str] = set()
    for node in context.nodes:
        for problem in _limits_of(context, node.participant):
            # Ten nodes of one client have one reason, not ten.
            reason = problem.message.split(": ", 1)[-1]
            if reason not in seen:
                seen.add(reason)
                yield problem


def _limits_of(context: Context, participant: Participant) -> Iterator[Problem]:
    if participant.el_service:
        execution = Part(participant, "el")
        yield from _limits_of_part(context, execution, clients.execution, participant.el_type)
    else:
        # Since the merge such a node can never verify a block, and its client would look for an
        # engine at the default port, where another network may have one.
        message = "a consensus client without an execution client is not run"
        yield placed(message, context, Part(participant, "el"))
    consensus = Part(participant, "cl")
    yield from _limits_of_part(context, consensus, clients.consensus, participant.cl_type)
    if participant.vc_service:
        validator = Part(participant, "vc")
        yield from _limits_of_part(context, validator, clients.validator, participant.vc_type)


def _limits_of_part(
    context: Context, part: Part, adapter: Callable[[str], _Limited], name: str
) -> Iterator[Problem]:
    try:
        client = adapter(name)
    except NotFoundError as error:
        problem = placed(error.message, context, part)
        yield replace(problem, expected=error.hint.removeprefix("use "))
    else:
        yield from client.limits(context, part.participant)


def _services(context: Context, node: Node) -> Iterator[Service]:
    participant = node.participant
    if participant.el_service:
        yield clients.execution(participant.el_type).service(context, node)
    yield clients.consensus(participant.cl_type).beacon(context, node)
    if participant.vc_service:
        yield clients.validator(participant.vc_type).validator(context, node)
