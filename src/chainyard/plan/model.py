"""A Plan: all services of a network, as data. It can be printed, compared and diffed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chainyard.service import Service


@dataclass(frozen=True)
class Plan:
    """All services of a network, in start order. Names are unique."""

    network: str
    services: tuple[Service, ...]

    def __iter__(self) -> Iterator[Service]:
        return iter(self.services)

    def __getitem__(self, name: str) -> Service:
        """The service of that name.

        Raises:
            KeyError: there is none.
        """
        for service in self.services:
            if service.name == name:
                return service
        raise KeyError(name)

    def names(self) -> tuple[str, ...]:
        """Names of all services, in start order."""
        return tuple(service.name for service in self.services)


def service_as_dict(service: Service) -> dict[str, Any]:
    """A service as plain data, symbols shown as ``${…}``; what ``plan`` prints."""
    return {
        "name": service.name,
        "program": _drop_empty(
            {
                "name": service.program.name,
                "image": service.program.image,
                "path": service.program.path,
            }
        ),
        "args": [str(arg) for arg in service.args],
        "env": {key: str(value) for key, value in sorted(service.env.items())},
        "files": {name: str(text) for name, text in sorted(service.files.items())},
        "ports": {port.name: f"{port.number}/{'+'.join(port.transport)}" for port in service.ports},
        "shared": list(service.shared),
        "writes": list(service.writes),
        "stop": {
            "order": service.stop.order,
            "signal": service.stop.signal,
            "patience": service.stop.patience,
        },
        "resources": _drop_empty(vars(service.resources)),
        "labels": dict(sorted(service.labels.items())),
    }


def plan_as_dict(plan: Plan) -> dict[str, Any]:
    """The whole plan as plain data."""
    return {
        "network": plan.network,
        "services": [service_as_dict(service) for service in plan.services],
    }


def fingerprint(service: Service) -> str:
    """Changes when, and only when, the service would be started differently."""
    text = json.dumps(service_as_dict(service), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _drop_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}
