"""``chainyard.yaml``: what is Chainyard's own, so that network_params.yaml stays everyone's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from chainyard.spec.kinds import INVALID, PORT, UINT64_MAX, Integer, Nullable, Text
from chainyard.spec.nodes import FrozenMap, MapNode, Node, ScalarNode, describe, shorten
from chainyard.spec.reading import Reading
from chainyard.spec.source import decode, read_text
from chainyard.spec.table import Record, key, keys_of, read_keys, record
from chainyard.spec.yaml_reader import read_yaml

HINT = "Known keys: name, backend, consensus_config, log_limit_mb, ports."
_NAME = r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?"


class ConsensusConfig:
    """Values of the consensus config by name; which names there are is for genesis to say."""

    label = "a map of upper-case names to numbers or hexadecimal text"

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        if not isinstance(node, MapNode):
            reading.refuse(key, node, f"{key} is {describe(node)}", expected=self.label)
            return INVALID
        values: dict[str, int | str] = {}
        for name, value in node.entries:
            place = f"{key}.{name.text}"
            reading.note(place, name.position, value)
            self._name(name, key, reading)
            read = self._value(value)
            if read is None:
                reading.refuse(
                    place,
                    value,
                    f"{place} is {describe(value)}",
                    expected="a whole number from 0 to 2^64-1, or hexadecimal text such as 0x01",
                )
            else:
                values[name.text] = read
        return FrozenMap(values)

    @staticmethod
    def _name(name: ScalarNode, key: str, reading: Reading) -> None:
        word = name.text
        if not word.isidentifier() or not word.isascii() or word != word.upper():
            reading.refuse(
                key,
                name,
                f"{key}: {shorten(word)!r} is no name of the consensus config",
                expected="an upper-case name such as SLOTS_PER_EPOCH",
                suggestion=word.upper() if word.isidentifier() and word.isascii() else "",
            )

    @staticmethod
    def _value(node: Node) -> int | str | None:
        if not isinstance(node, ScalarNode) or isinstance(node.value, bool):
            return None
        if isinstance(node.value, int | str) and node.text.lower().startswith("0x"):
            digits = node.text[2:]
            is_hex = bool(digits) and all(digit in "0123456789abcdefABCDEF" for digit in digits)
            return node.text if is_hex else None
        if isinstance(node.value, int) and 0 <= node.value <= UINT64_MAX:
            return node.value
        return None


class Ports:
    """Port numbers by ``SERVICE.PORT``; no number twice."""

    label = "a map of SERVICE.PORT to a number, as in el-1-geth-prysm.rpc: 8545"

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        if not isinstance(node, MapNode):
            reading.refuse(key, node, f"{key} is {describe(node)}", expected=self.label)
            return INVALID
        ports: dict[str, int] = {}
        for name, value in node.entries:
            place = f"{key}.{name.text}"
            reading.note(place, name.position, value)
            service, _, port = name.text.rpartition(".")
            if not service or not port:
                message = f"{key}: {shorten(name.text)!r} names no port of a service"
                reading.refuse(key, name, message, expected=self.label)
            number = PORT.read(value, place, reading)
            if number in ports.values():
                other = next(known for known, taken in ports.items() if taken == number)
                reading.refuse(place, value, f"{place} is {number}, as is {key}.{other}")
            elif number is not INVALID:
                ports[name.text] = number
        return FrozenMap(ports)


@record
class Settings(Record):
    """Settings of Chainyard for one network. ``ports`` maps ``SERVICE.PORT`` to a number."""

    name: str | None = key(
        Nullable(Text("lower-case letters, digits and hyphens, at most 40", _NAME)),
        None,
        "Name of the network; the folder's if left out.",
    )
    backend: str = key(
        Text("the name of a backend", "[a-z][a-z0-9_-]*"), "process", "What runs it."
    )
    consensus_config: Mapping[str, int | str] = key(
        ConsensusConfig(), FrozenMap(), "Values of config.yaml to override, by name."
    )
    log_limit_mb: int = key(Integer(1, 1_000_000), 50, "Most MB of logs that a service keeps.")
    ports: Mapping[str, int] = key(Ports(), FrozenMap(), "Fixed port numbers, by SERVICE.PORT.")


def load_settings(path: str | os.PathLike[str] | None) -> Settings:
    """Read a ``chainyard.yaml``; with None, the defaults.

    An empty file, or one of comments only, means the defaults too: nothing in it is needed.

    Raises:
        SpecError: with every problem of the file, placed.
    """
    if path is None:
        return Settings()
    return parse_settings(read_text(path), os.fspath(path))


def parse_settings(data: str | bytes, path: str = "") -> Settings:
    """As :func:`load_settings`, of a document in memory.

    Raises:
        SpecError: with every problem of the document, placed.
    """
    text = decode(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"), path)
    reading = Reading(path)
    root = read_yaml(text, reading)
    reading.finish()
    if root is None or (isinstance(root, ScalarNode) and root.value is None):
        return Settings()
    elsewhere = {"participants": "network_params.yaml", "network_params": "network_params.yaml"}
    values = read_keys(keys_of(Settings), root, "", reading, elsewhere=elsewhere)
    reading.finish(hint=HINT)
    return Settings(**(values or {}))
