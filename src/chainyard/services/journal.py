"""The journal's agent as a service of the plan."""

from __future__ import annotations

from chainyard.clients.base import ORDER_EXECUTION, Context
from chainyard.service import Data, Program, Service, Stop, Text, url

NAME = "journal"

PYTHON = "python"
"""Program name of the interpreter that runs Chainyard's own modules."""


def journal_service(context: Context) -> Service:
    """It follows every beacon node of the network."""
    slots = context.overrides.get("SLOTS_PER_EPOCH", context.params.slots_per_epoch)
    beacons = [node.participant.cl_service for node in context.nodes]
    return Service(
        name=NAME,
        program=Program(PYTHON),
        args=(
            # Isolated: neither the folder it runs in nor the user's own packages come first.
            *(Text.of(word) for word in ("-I", "-m", "chainyard.journal")),
            Text.of(f"--slots-per-epoch={slots}"),
            Text.of(Data()),
            *(Text.of(url(beacon, "http")) for beacon in beacons),
        ),
        # After the beacon nodes, whose last blocks it writes.
        stop=Stop(order=ORDER_EXECUTION + 5, patience=10.0, signal="TERM"),
        labels={"chainyard.service": NAME},
    )
