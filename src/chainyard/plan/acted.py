"""What the user wrote that is understood, but that nothing here will act on.

Nothing is silently ignored: the list is shown before anything starts, and ``--strict`` makes an
error of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from chainyard.spec import NetworkParams, Participant, Spec
from chainyard.spec.expand import Matrix
from chainyard.spec.nodes import MapNode, plain
from chainyard.spec.reading import Reading
from chainyard.spec.table import Key, Record, keys_of
from chainyard.spec.yaml_reader import read_yaml

INDEX = re.compile(r"\[\d+\]")
STEP = re.compile(r"\[\d+\]|[^.\[]+")
# The keys below those whose default does not tell.
TABLES = {
    "network_params": keys_of(NetworkParams),
    "participants_matrix": keys_of(Matrix),
    **dict.fromkeys(("participants", "el", "cl", "vc", "remote_signer"), keys_of(Participant)),
}

# A feature of backends, and the keys that ask for it. Indices are left out of the keys.
FEATURES: dict[str, tuple[str, tuple[str, ...]]] = {
    "binaries": ("programs of this machine", ("*_binary_path",)),
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
        text = f"{self.key}: {self.reason}"
        return f"line {self.line}: {text}" if self.line else text


def not_acted_on(spec: Spec, backend: str, features: frozenset[str]) -> list[Unacted]:
    """The keys that the user wrote and that nothing acts on, in the file's order.

    A key that asks for nothing (``el_min_cpu: 0``, ``snooper_enabled: false``) is not among them,
    nor is what stands below one that is.

    Args:
        features: names of `FEATURES` that the backend acts on.
    """
    reasons = {key: reason for key in spec.given if (reason := _reason(key, backend, features))}
    for key in list(reasons):
        if any(above in reasons for above in _above(key)):
            del reasons[key]
    if reasons:
        asked = _Asked(spec)
        reasons = {key: reason for key, reason in reasons.items() if asked.by(key)}
    found = [_unacted(spec, key, reason) for key, reason in (reasons | _services(spec)).items()]
    return sorted(found, key=lambda unacted: unacted.line or 0)


def _unacted(spec: Spec, key: str, reason: str) -> Unacted:
    # Data that came from no file has places with line 0.
    return Unacted(key, spec.given[key].line or None, reason)


def _above(key: str) -> Iterator[str]:
    """``a`` and ``a.b[0]`` … of ``a.b[0].c``."""
    return (key[: match.start()] for match in re.finditer(r"[.\[]", key))


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


def _services(spec: Spec) -> dict[str, str]:
    """Every additional service that the user wrote, by its key."""
    if "additional_services" not in spec.given:
        return {}
    names = _Asked(spec).value("additional_services")
    return {
        f"additional_services[{index}]": f"the service {name} is not run yet"
        for index, name in enumerate(names)
    }


class _Asked:
    """Tells keys that ask for something from those that say what holds anyway."""

    def __init__(self, spec: Spec) -> None:
        root = read_yaml(spec.text, Reading())
        assert isinstance(root, MapNode)  # noqa: S101 - it was read as a Spec before
        self._written = plain(root)

    def value(self, key: str) -> Any:
        """The value as it is written."""
        value = self._written
        for step in STEP.findall(key):
            value = value[int(step[1:-1])] if step.startswith("[") else value[step]
        return value

    def by(self, key: str) -> bool:
        """Whether a key asks for anything."""
        try:
            return _asks(self.value(key), _known(key))
        except (KeyError, IndexError, TypeError):
            return True  # a name with a dot in it, in a map of the user's own


def _asks(value: Any, known: Key | None) -> bool:
    """Whether a value is another than what holds without it, or no value at all."""
    below = _keys_below(known)
    if below and isinstance(value, Mapping):
        return any(_asks(item, below.get(name)) for name, item in value.items())
    default = known.default if known else None
    return bool(value != default) and bool(value or default)


def _known(key: str) -> Key | None:
    """What is known of a key; None of one in a map of the user's own."""
    keys, found = keys_of(Spec), None
    for step in STEP.findall(key):
        if not step.startswith("["):
            found = keys.get(step)
            keys = TABLES[step] if found and step in TABLES else _keys_below(found)
    return found


def _keys_below(known: Key | None) -> Mapping[str, Key]:
    return keys_of(type(known.default)) if known and isinstance(known.default, Record) else {}
