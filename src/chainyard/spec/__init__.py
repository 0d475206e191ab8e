"""Room ``spec``: the user's file becomes a :class:`Spec`. Pure, and nothing heavy at import."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainyard.spec.load import load_spec, parse_spec
    from chainyard.spec.model import Spec
    from chainyard.spec.network_params import FAR_FUTURE_EPOCH, NetworkParams
    from chainyard.spec.nodes import Position
    from chainyard.spec.participants import Participant
    from chainyard.spec.settings import Settings, load_settings

__all__ = [
    "FAR_FUTURE_EPOCH",
    "NetworkParams",
    "Participant",
    "Position",
    "Settings",
    "Spec",
    "load_settings",
    "load_spec",
    "parse_spec",
]

_HOMES = {
    "FAR_FUTURE_EPOCH": "network_params",
    "NetworkParams": "network_params",
    "Participant": "participants",
    "Position": "nodes",
    "Settings": "settings",
    "Spec": "model",
    "load_settings": "settings",
    "load_spec": "load",
    "parse_spec": "load",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, when it is asked for: ``chainyard --help`` must stay quick."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
