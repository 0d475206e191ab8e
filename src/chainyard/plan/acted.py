"""What the user wrote that is understood, but that nothing here will act on.

Nothing is silently ignored: the list is shown before anything starts, and ``--strict`` makes an
error of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from chainyard.spec import Spec

INDEX = re.compile(r"\[\d+\]")

# A feature of backends, and the keys that ask for it. Indices are left out of the keys.
FEATURES: dict[str, tuple[str, tuple[str, ...]]] = {
    "images": ("container images", ("*.el_image", "*.cl_image", "*.vc_image", "docker_cache_*")),
    "resources": ("resource limits", ("*_min_cpu", "*_max_cpu", "*_min_mem", "*_max_mem")),
    "volumes": ("volume sizes", ("*_volume_size",)),
    "labels": ("labels", ("*_extra_labels*",)),
    "devices": ("devices", ("*_devices*",)),
    "mounts": ("mounts", ("extra_files*", "*_extra_mounts*")),
    "tolerations": ("tolerations", ("*tolerations*",)),
    "node_selectors": ("node selectors", ("*node_selectors*",)),
    "port_publisher": ("published ports", ("port_publisher*", "nginx_port", "apache_port")),
    "force_restart": ("forced restarts", ("*_force_restart",)),
}

# Keys that no backend acts on, with the reason. The first match counts.
UNSUPPORTED: tuple[tuple[str, str], ...] = (
    ("*.use_remote_signer", "remote signers are not run yet"),
    ("*remote_signer*", "remote signers are not run yet"),
    ("*snooper*", "the RPC snooper is not run yet"),
    ("*ethereum_metrics_exporter_enabled", "the metrics exporter is not run yet"),
    ("*xatu_sentry*", "xatu is not run"),
    ("*.blobber_*", "blobber is not run"),
    ("*.builder_network_params*", "external relays are not used"),
    ("*.prometheus_config*", "prometheus is not run yet"),
    ("*.skip_start", "every node is started"),
    ("mev_type", "block builders and relays are not run"),
    ("mev_params*", "block builders and relays are not run"),
    ("network_params.devnet_repo", "only networks with a genesis of their own are made"),
    ("network_params.network_sync_base_url", "nodes start from genesis, not from a snapshot"),
    ("network_params.force_snapshot_sync", "nodes start from genesis, not from a snapshot"),
    ("network_params.shadowfork_block_height", "shadow forks are not made"),
    ("network_params.perfect_peerdas_enabled", "node keys are random, not the sixteen fixed ones"),
    ("network_params.frames_enabled", "Heze is not supported by a pinned client"),
    ("network_params.gas_limit_schedule*", "Gloas is not supported by a pinned client"),
    ("network_params.builder_*", "Gloas is not supported by a pinned client"),
    ("ethereum_genesis_generator_params.image", "Chainyard makes the genesis itself"),
)

SERVICE_PARAMS = re.compile(r"^([a-z_]+)_params(\.|$)")
NOT_SERVICES = {"network", "mev", "ethereum_genesis_generator", "docker_cache", "snooper"}


@dataclass(frozen=True)
class Unacted:
    """A key of the file that nothing acts on. ``line`` counts from 1; None if it has no place."""

    key: str
    line: int | None
    reason: str

    def __str__(self) -> str:
        return (
            f"line {self.line}: {self.key}: {self.reason}"
            if self.line
            else (f"{self.key}: {self.reason}")
        )


def not_acted_on(spec: Spec, backend: str, features: frozenset[str]) -> list[Unacted]:
    """The keys that the user wrote and that nothing acts on, in the file's order.

    Args:
        features: names of `FEATURES` that the backend acts on.
    """
    found: dict[str, Unacted] = {}
    for key, position in spec.given.items():
        reason = _reason(key, backend, features)
        if reason and not any(key.startswith((f"{above}.", f"{above}[")) for above in found):
            found[key] = Unacted(key, position.line, reason)
    for unacted in _services(spec):
        found.setdefault(unacted.key, unacted)
    return sorted(found.values(), key=lambda unacted: unacted.line or 0)


def _reason(key: str, backend: str, features: frozenset[str]) -> str:
    plain = INDEX.sub("", key)
    for pattern, reason in UNSUPPORTED:
        if fnmatchcase(plain, pattern):
            return reason
    for feature, (words, patterns) in FEATURES.items():
        if feature not in features and any(fnmatchcase(plain, pattern) for pattern in patterns):
            return f"the {backend} backend has no {words}"
    service = SERVICE_PARAMS.match(plain)
    if service and service[1] not in NOT_SERVICES:
        return f"the service {service[1]} is not run yet"
    return ""


def _services(spec: Spec) -> Iterator[Unacted]:
    for index, name in enumerate(spec.additional_services):
        key = f"additional_services[{index}]"
        position = spec.given.get(key) or spec.given.get("additional_services")
        line = position.line if position else None
        yield Unacted(key, line, f"the service {name} is not run yet")
