"""The schema as rows, from which its reference page is made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from chainyard.spec.accounts import AdditionalMnemonic, Allocation
from chainyard.spec.builders import (
    BuildoorInstance,
    Gpu,
    MockProvingTime,
    ZkboostInstance,
    Zkvm,
)
from chainyard.spec.disturbers import Partition, PartitionGroup, Shaping
from chainyard.spec.expand import Matrix
from chainyard.spec.model import Spec
from chainyard.spec.network_params import MINIMAL_DEFAULTS, GasLimitStep, NetworkParams
from chainyard.spec.nodes import FrozenMap
from chainyard.spec.participants import (
    BuilderNetworkParams,
    Participant,
    PrometheusConfig,
    Toleration,
)
from chainyard.spec.port_publisher import PortGroup, PortPublisher
from chainyard.spec.table import Key, Record, keys_of

Row = tuple[str, str, str, str]
"""Dotted key, type, default, meaning."""

SECTIONS = ("participants", "participants_matrix", "network_params")
ITEMS: Mapping[str, type[Record]] = {
    "global_tolerations[]": Toleration,
    "participants[].prometheus_config": PrometheusConfig,
    "participants[].builder_network_params": BuilderNetworkParams,
    "network_params.gas_limit_schedule[]": GasLimitStep,
    "network_params.additional_mnemonics[]": AdditionalMnemonic,
    "network_params.prefunded_accounts.ADDRESS": Allocation,
    "disruptoor_params.partitions[]": Partition,
    "disruptoor_params.partitions[].groups[]": PartitionGroup,
    "disruptoor_params.shaping[]": Shaping,
    "buildoor_params.instances[]": BuildoorInstance,
    "zkboost_params.instances[]": ZkboostInstance,
    "zkboost_params.zkvms[]": Zkvm,
    "zkboost_params.zkvms[].mock_proving_time": MockProvingTime,
    "zkboost_params.zkvms[].gpu": Gpu,
}


def schema_rows() -> Iterator[Row]:
    """Every key of the file: dotted key, type, default (as YAML), meaning."""
    for name, known in keys_of(Spec).items():
        default = "" if name in SECTIONS or _is_map(known) else _shown(known.default)
        yield name, known.kind.label, default, known.meaning
    yield from _section("participants[]", Participant)
    yield from _section("participants_matrix", Matrix)
    yield from _section("network_params", NetworkParams)
    for name, known in keys_of(Spec).items():
        if _is_map(known):
            yield from _section(name, type(known.default))
    for name, known in keys_of(PortPublisher).items():
        if _is_map(known):
            yield from _section(f"port_publisher.{name}", PortGroup, known.default)
    for prefix, cls in ITEMS.items():
        yield from _section(prefix, cls)


def _is_map(known: Key) -> bool:
    return isinstance(known.default, Record)


def _section(prefix: str, cls: type[Record], instance: Record | None = None) -> Iterator[Row]:
    """The keys of one map; ``instance`` has defaults of its own."""
    minimal = MINIMAL_DEFAULTS if cls is NetworkParams else {}
    for name, known in keys_of(cls).items():
        value = getattr(instance, name) if instance else known.default
        default = "required" if known.required else _shown(value)
        if name in minimal and name != "preset":
            default += f" (minimal: {_shown(minimal[name])})"
        yield f"{prefix}.{name}", known.kind.label, default, known.meaning


def _shown(default: Any) -> str:
    return json.dumps(_plain(default), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return {name: _plain(getattr(value, name)) for name in keys_of(type(value))}
    if isinstance(value, FrozenMap):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
