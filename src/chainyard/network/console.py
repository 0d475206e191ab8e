"""Interactive consoles of services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainyard import clients
from chainyard.errors import NotFoundError, RequestError

if TYPE_CHECKING:
    from chainyard.network.state import NetworkState


def console_command(network: NetworkState, name: str, expression: str | None) -> list[str]:
    """The command of a console of a service.

    Args:
        expression: what to evaluate instead of asking a person.

    Raises:
        NotFoundError: no service of that name.
        RequestError: it has no console.
    """
    plan = network.plan()
    if name not in plan.names():
        raise NotFoundError(
            f"the network {network.name!r} has no service {name!r}",
            hint=f"one of: {', '.join(plan.names())}",
        )
    for participant in network.spec.participants:
        if participant.el_service == name:
            args = clients.execution(participant.el_type).console(expression)
            if args is not None:
                return network.backend.command(name, args)
    consoles = [node.el_service for node in network.spec.participants if node.el_service]
    raise RequestError(
        f"{name} has no console", hint=f"execution clients have one: {', '.join(consoles)}"
    )
