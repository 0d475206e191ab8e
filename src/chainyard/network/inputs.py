"""What a genesis depends on: the same inputs, the same chain."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

from chainyard.spec import Settings, Spec

# Of network_params, these reach neither the genesis nor the chain's config.
NOT_IN_GENESIS = frozenset({"genesis_delay", "gas_limit", "network_sync_base_url", "devnet_repo"})


def genesis_inputs(spec: Spec, settings: Settings) -> dict[str, str]:
    """Digest of every value that the genesis and the chain's config are made of, by dotted key.

    Digests, because some values (mnemonics) are secrets, and the lock is shown to people.
    """
    values: dict[str, Any] = {
        f"network_params.{field.name}": getattr(spec.network_params, field.name)
        for field in dataclasses.fields(spec.network_params)
        if field.name not in NOT_IN_GENESIS
    }
    values["participants[].validator_count"] = [
        [node.first_key, node.validator_count] for node in spec.participants
    ]
    extra_env = spec.ethereum_genesis_generator_params.extra_env
    values |= {f"ethereum_genesis_generator_params.extra_env.{k}": v for k, v in extra_env.items()}
    values |= {f"consensus_config.{k}": v for k, v in settings.consensus_config.items()}
    return {key: _digest(value) for key, value in sorted(values.items())}


def changed_inputs(old: dict[str, str], new: dict[str, str]) -> list[str]:
    """Dotted keys whose values differ."""
    return sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
