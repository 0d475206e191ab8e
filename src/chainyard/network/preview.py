"""The plan of a network that does not exist: what ``plan`` and ``--dry-run`` show."""

from __future__ import annotations

import random

from chainyard.genesis.identities import make_identities
from chainyard.plan.build import build_plan
from chainyard.plan.model import Plan
from chainyard.spec import Settings, Spec


def preview_plan(spec: Spec, name: str, settings: Settings) -> Plan:
    """The plan with throw-away node keys.

    Raises:
        SpecError: a client cannot run what is asked of it.
    """
    # Seeded, so that the same file always shows the same plan. These keys are never used.
    identities = make_identities(len(spec.participants), random.Random(name))  # noqa: S311
    return build_plan(spec, name, identities, overrides=settings.consensus_config)
