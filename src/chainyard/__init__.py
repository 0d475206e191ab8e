"""A private Ethereum proof-of-stake testnet that a person can live in.

from chainyard import Network, load_spec

with Network.create(load_spec("network_params.yaml"), name="mine") as network:
    network.wait_for_block(5)
    print(network.endpoints().rpc.execution.rpc)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainyard.errors import ChainyardError
    from chainyard.network.network import Network
    from chainyard.network.views import Endpoints, Status, UpReport
    from chainyard.spec import Settings, Spec, load_settings, load_spec

__all__ = [
    "ChainyardError",
    "Endpoints",
    "Network",
    "Settings",
    "Spec",
    "Status",
    "UpReport",
    "load_settings",
    "load_spec",
]

_HOMES = {
    "ChainyardError": "errors",
    "Endpoints": "network.views",
    "Network": "network.network",
    "Settings": "spec",
    "Spec": "spec",
    "Status": "network.views",
    "UpReport": "network.views",
    "load_settings": "spec",
    "load_spec": "spec",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, when it is asked for: the command must start quickly."""
    if name not in _HOMES:
        raise AttributeError(f"module 'chainyard' has no attribute {name!r}")
    return getattr(import_module(f"chainyard.{_HOMES[name]}"), name)
