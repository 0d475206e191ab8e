"""``network_params``: from what is given to what holds."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from chainyard.spec import components
from chainyard.spec.network_params import (
    BPOS,
    FAR_FUTURE_EPOCH,
    FORKS,
    GLOAS_GAS_LIMIT,
    MAX_CHAIN_ID,
    NetworkParams,
    base_fee_update_fraction,
    default_params,
    has_own_genesis,
)
from chainyard.spec.nodes import Node
from chainyard.spec.reading import Reading
from chainyard.spec.table import keys_of, read_keys

PLACE = "network_params"


def read_network(
    node: Node | None, elsewhere: Mapping[str, str], reading: Reading
) -> NetworkParams:
    """Read, complete and check ``network_params``.

    Args:
        node: the map; None if the file has none.
        elsewhere: keys that belong to other maps, by name.
        reading: collects problems.
    """
    given: dict[str, Any] = {}
    if node is not None:
        read = read_keys(keys_of(NetworkParams), node, PLACE, reading, elsewhere=elsewhere)
        given = read or {}
    values = default_params(given.get("preset", "mainnet")) | given
    _Network(values, given, reading).resolve()
    return NetworkParams(**values)


class _Network:
    """The rules between the keys; each changes ``values`` or records a problem."""

    def __init__(self, values: dict[str, Any], given: Mapping[str, Any], reading: Reading) -> None:
        self.values = values
        self.given = given
        self.reading = reading

    def resolve(self) -> None:
        self._network()
        self._network_id()
        self._slot()
        self._forks()
        self._blob_schedule()
        self._blobs()
        self._gloas()

    def _rule(self, keys: list[str], message: str, *, expected: str = "") -> None:
        self.reading.rule([f"{PLACE}.{key}" for key in keys], message, expected=expected)

    def _says(self, key: str) -> str:
        """``fulu_fork_epoch (5)``, for messages that name two keys."""
        value = self.values[key]
        shown = "never" if value == FAR_FUTURE_EPOCH else value
        return f"{key} ({shown}{'' if key in self.given else ', the default'})"

    def _network(self) -> None:
        network = self.values["network"]
        base = network.removesuffix("-shadowfork")
        known = (components.OWN_NETWORK, *components.PUBLIC_NETWORKS, components.EPHEMERY)
        if base != network and base in components.DEPOSIT_CONTRACTS:
            self.values["deposit_contract_address"] = components.DEPOSIT_CONTRACTS[base]
        elif network not in known and "devnet" not in network and not _is_enclave(network):
            self.reading.refuse_given(
                f"{PLACE}.network",
                f"network: {network[:60]!r} is no network",
                expected=f"{', '.join(known)}, NAME-devnet-N, NAME-shadowfork or kt-HOST:PORT",
                suggestion=self.reading.nearest_name(network, known),
            )

    def _network_id(self) -> None:
        network_id = self.values["network_id"].strip()
        self.values["network_id"] = network_id
        if not 0 < int(network_id) <= MAX_CHAIN_ID:
            self._rule(
                ["network_id"],
                f"network_id {network_id} is no chain id",
                expected=f"a number from 1 to {MAX_CHAIN_ID} (EIP-2294)",
            )

    def _slot(self) -> None:
        """The length of a slot has two keys; one that is not the default leads the other."""
        values, defaults = self.values, default_params(self.values["preset"])
        seconds, millis = values["seconds_per_slot"], values["slot_duration_ms"]
        if seconds == defaults["seconds_per_slot"]:
            values["seconds_per_slot"] = max(millis // 1000, 1)
        elif millis == defaults["slot_duration_ms"]:
            values["slot_duration_ms"] = seconds * 1000
        elif millis != seconds * 1000:
            self._rule(
                ["slot_duration_ms", "seconds_per_slot"],
                f"seconds_per_slot ({seconds}) and slot_duration_ms ({millis}) contradict each "
                "other",
                expected=f"slot_duration_ms {seconds * 1000}, or only one of them",
            )

    def _forks(self) -> None:
        """A fork builds on the one before it, so it cannot come earlier."""
        if not has_own_genesis(self.values["network"]):
            return
        for before, fork in pairwise(FORKS):
            earlier, later = f"{before}_fork_epoch", f"{fork}_fork_epoch"
            if self.values[later] < self.values[earlier]:
                keys = [later, earlier] if later in self.given else [earlier, later]
                self._rule(
                    keys,
                    f"{self._says(later)} is before {self._says(earlier)}, which it builds on",
                    expected=f"{later} not before {earlier}",
                )

    def _blob_schedule(self) -> None:
        """Blob-parameter forks come at Fulu or later, and in their order."""
        previous = "fulu_fork_epoch"
        for number in BPOS:
            name = f"bpo_{number}_epoch"
            if self._too_early(name):
                self._rule(
                    [name, "fulu_fork_epoch"],
                    f"{self._says(name)} is before {self._says('fulu_fork_epoch')}",
                    expected=f"{name} not before fulu_fork_epoch",
                )
            self.values[name] = max(self.values[name], self.values[previous])
            previous = name

    def _too_early(self, name: str) -> bool:
        default = default_params(self.values["preset"])[name]
        epoch = self.given.get(name, default)
        return bool(epoch != default and epoch < self.values["fulu_fork_epoch"])

    def _blobs(self) -> None:
        self._blob_counts("max_blobs_per_block_electra", "target_blobs_per_block_electra")
        self._fraction("base_fee_update_fraction_electra", "max_blobs_per_block_electra")
        for number in BPOS:
            most, target = f"bpo_{number}_max_blobs", f"bpo_{number}_target_blobs"
            self._derive(most, target)
            self._blob_counts(most, target)
            self._fraction(f"bpo_{number}_base_fee_update_fraction", most)

    def _derive(self, most: str, target: str) -> None:
        """Of a maximum and a target that is 0, the other follows: 3 to 2, rounded half up."""
        values = self.values
        if values[most] and not values[target]:
            values[target] = (values[most] * 4 + 3) // 6
        elif values[target] and not values[most]:
            values[most] = (values[target] * 3 + 1) // 2

    def _blob_counts(self, most: str, target: str) -> None:
        if self.values[target] > self.values[most]:
            self._rule(
                [target, most],
                f"{self._says(target)} is more than {self._says(most)}",
                expected=f"at most {most}",
            )

    def _fraction(self, fraction: str, most: str) -> None:
        if not self.values[fraction] and self.values[most] < 1 << 32:
            self.values[fraction] = base_fee_update_fraction(self.values[most])

    def _gloas(self) -> None:
        gloas = self.values["gloas_fork_epoch"]
        if gloas != FAR_FUTURE_EPOCH:
            for name in ("genesis_gaslimit", "gas_limit"):
                if name not in self.given:
                    self.values[name] = GLOAS_GAS_LIMIT
        for index, step in enumerate(self.values["gas_limit_schedule"]):
            if step.epoch < gloas:
                self._rule(
                    [f"gas_limit_schedule[{index}].epoch", "gloas_fork_epoch"],
                    f"gas_limit_schedule[{index}].epoch ({step.epoch}) is before "
                    f"{self._says('gloas_fork_epoch')}",
                    expected="an epoch not before gloas_fork_epoch",
                )
        if self.values["builder_count"] and gloas:
            self._rule(
                ["builder_count", "gloas_fork_epoch"],
                f"builder_count is {self.values['builder_count']}, and builders are in the "
                f"genesis only of Gloas: {self._says('gloas_fork_epoch')}",
                expected="gloas_fork_epoch 0, or no builders",
            )


def _is_enclave(network: str) -> bool:
    return network.startswith("kt-") and ":" in network
