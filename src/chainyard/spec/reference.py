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
from chainyard.spec.mev import MevParams
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

SECTIONS: Mapping[str, type[Record]] = {
    "participants[]": Participant,
    "participants_matrix": Matrix,
    "network_params": NetworkParams,
    "mev_params": MevParams,
    "port_publisher": PortPublisher,
}
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
    "port_publisher.el": PortGroup,
}


def schema_rows() -> Iterator[Row]:
    """Every key of the file: dotted key, type, default (as YAML), meaning."""
    for name, known in keys_of(Spec).items():
        if name in SECTIONS or f"{name}[]" in SECTIONS or isinstance(known.default, Record):
            yield name, "a map" if known.default != () else known.kind.label, "", known.meaning
        else:
            yield _row(name, known, {})
    sections = dict(SECTIONS)
    for name, known in keys_of(Spec).items():
        if isinstance(known.default, Record) and name not in sections:
            sections[name] = type(known.default)
    for section, cls in (sections | dict(ITEMS)).items():
        changed = MINIMAL_DEFAULTS if section == "network_params" else {}
        for name, known in keys_of(cls).items():
            yield _row(
                f"{section}.{name}", known, {section + "." + k: v for k, v in changed.items()}
            )


def _row(name: str, known: Key, minimal: Mapping[str, Any]) -> Row:
    default = "required" if known.required else _shown(known.default)
    if name in minimal:
        default += f" (minimal: {_shown(minimal[name])})"
    return name, known.kind.label, default, known.meaning


def _shown(default: Any) -> str:
    return json.dumps(_plain(default), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return {name: _plain(getattr(value, name)) for name in keys_of(type(value))}
    if isinstance(value, FrozenMap):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
