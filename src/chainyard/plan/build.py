"""Build the plan of a network: every node's services, in start order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chainyard import clients
from chainyard.clients.base import Context, Node
from chainyard.errors import NotFoundError, Problem, SpecError
from chainyard.genesis.identities import Identities
from chainyard.plan.model import Plan
from chainyard.service import Service
from chainyard.spec import Participant, Spec


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
    try:
        if participant.el_service:
            yield from clients.execution(participant.el_type).limits(context, participant)
        yield from clients.consensus(participant.cl_type).limits(context, participant)
        if participant.vc_service:
            yield from clients.validator(participant.vc_type).limits(context, participant)
    except NotFoundError as error:
        yield Problem(
            f"{participant.name}: {error.message}",
            file=context.spec.path,
            key=f"participants[{participant.index - 1}]",
            expected=error.hint.removeprefix("use "),
        )


def _services(context: Context, node: Node) -> Iterator[Service]:
    participant = node.participant
    if participant.el_service:
        yield clients.execution(participant.el_type).service(context, node)
    yield clients.consensus(participant.cl_type).beacon(context, node)
    if participant.vc_service:
        yield clients.validator(participant.vc_type).validator(context, node)
