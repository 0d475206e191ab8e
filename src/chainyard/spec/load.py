"""``load_spec``: a file, or a mapping, becomes a Spec; or all its problems are raised at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chainyard.spec import components, rules
from chainyard.spec.expand import expand
from chainyard.spec.mev import MevParams, mev_defaults
from chainyard.spec.model import LATER, Spec
from chainyard.spec.network_params import NetworkParams, has_own_genesis
from chainyard.spec.nodes import FrozenMap, MapNode, Node, ScalarNode, describe, plain
from chainyard.spec.participants import Participant
from chainyard.spec.reading import Reading
from chainyard.spec.resolve_network import read_network
from chainyard.spec.resolve_participants import Surroundings, resolve_participants
from chainyard.spec.source import decode, read_text
from chainyard.spec.table import defaults_of, keys_of, read_keys
from chainyard.spec.yaml_reader import read_yaml

EMPTY_HINT = "Write {} for the default network, or leave the file out."
FORM_HINT = "A network_params.yaml begins with keys such as participants: and network_params:."


def load_spec(source: str | os.PathLike[str] | Mapping[str, Any]) -> Spec:
    """Read a ``network_params.yaml`` (YAML or JSON), or a mapping with the same keys.

    Raises:
        SpecError: with every problem of the file, placed.
    """
    if isinstance(source, Mapping):
        from chainyard.spec.from_python import document  # noqa: PLC0415 - rarely needed

        reading = Reading()
        root, text = document(source, reading)
        return _spec(root, reading, text)
    path = os.fspath(source)
    return parse_spec(read_text(path), path)


def parse_spec(data: str | bytes, path: str = "") -> Spec:
    """As :func:`load_spec`, of a document in memory.

    Args:
        data: YAML or JSON.
        path: the name of the file in errors.

    Raises:
        SpecError: with every problem of the document, placed.
    """
    text = decode(data, path) if isinstance(data, bytes) else decode_text(data, path)
    reading = Reading(path)
    return _spec(read_yaml(text, reading), reading, text)


def decode_text(text: str, path: str) -> str:
    """Text under the same limits as bytes, without a byte order mark."""
    return decode(text.encode("utf-8", "surrogatepass"), path)


def _spec(root: Node | None, reading: Reading, text: str) -> Spec:
    root = _root(root, reading)
    known = keys_of(Spec)
    values = read_keys(known, root, "", reading, elsewhere=_elsewhere()) or {}
    later = {name: values.pop(name, None) for name in LATER}
    resolved = defaults_of(Spec) | values
    network = read_network(later["network_params"], {}, reading)
    _resolve_root(resolved, values, network)
    resolved["network_params"] = network
    resolved["mev_params"] = _mev(later["mev_params"], resolved["mev_type"], network, reading)
    resolved["participants_matrix"] = _matrix(later["participants_matrix"])
    drafts = expand(later["participants"], later["participants_matrix"], reading)
    snooper = resolved["snooper_params"].enabled
    around = Surroundings(network, resolved, snooper, reading)
    resolved["participants"] = resolve_participants(drafts, around)
    spec = Spec(**resolved, given=FrozenMap(reading.given), path=reading.file, text=text)
    rules.check(spec, reading)
    reading.finish()
    return _finished(spec)


def _root(root: Node | None, reading: Reading) -> MapNode:
    if root is None:
        reading.finish()
    if root is None or (isinstance(root, ScalarNode) and root.value is None):
        reading.problem("the file is empty", expected="a map of keys")
        reading.finish(hint=EMPTY_HINT)
    if not isinstance(root, MapNode):
        assert root is not None  # noqa: S101 - finish() raised
        reading.problem(f"the file is {describe(root)}", at=root.position, expected="a map of keys")
        reading.finish(hint=FORM_HINT)
    assert isinstance(root, MapNode)  # noqa: S101 - finish() raised
    return root


def _elsewhere() -> Mapping[str, str]:
    """Where keys belong that someone put at the root."""
    of_participants = {name: f"participants[].{name}" for name in keys_of(Participant)}
    of_network = {name: f"network_params.{name}" for name in keys_of(NetworkParams)}
    return of_participants | of_network


def _resolve_root(resolved: dict[str, Any], given: Mapping[str, Any], network: Any) -> None:
    name = network.network
    if "checkpoint_sync_enabled" not in given:
        resolved["checkpoint_sync_enabled"] = (
            name in (*components.PUBLIC_NETWORKS, components.EPHEMERY) or "devnet" in name
        )
    resolved["checkpoint_sync_url"] = resolved["checkpoint_sync_url"] or _checkpoint_url(
        name, resolved["additional_services"]
    )
    if resolved["apache_port"] is not None and "nginx_port" not in given:
        resolved["nginx_port"] = resolved["apache_port"]
    if resolved["snooper_enabled"]:
        resolved["snooper_params"] = replace(resolved["snooper_params"], enabled=True)
    snooper = resolved["snooper_params"]
    if not snooper.image:
        default = defaults_of(type(snooper))["image"]
        resolved["snooper_params"] = replace(snooper, image=default)
    resolved["port_publisher"] = resolved["port_publisher"].resolved()


def _checkpoint_url(network: str, services: tuple[str, ...]) -> str:
    if has_own_genesis(network):
        return components.CHECKPOINTZ_URL if "checkpointz" in services else ""
    if "devnet" in network:
        return components.DEVNET_CHECKPOINT_URL.format(network=network)
    return components.CHECKPOINT_URLS.get(network, "")


def _mev(
    node: Node | None, mev_type: str | None, network: NetworkParams, reading: Reading
) -> MevParams:
    given = None if node is None else read_keys(keys_of(MevParams), node, "mev_params", reading)
    values = defaults_of(MevParams) | mev_defaults(mev_type, network.preset) | (given or {})
    return MevParams(**values)


def _matrix(node: Node | None) -> Mapping[str, Any]:
    return FrozenMap(plain(node)) if isinstance(node, MapNode) else FrozenMap()


def _finished(spec: Spec) -> Spec:
    """With deprecated names put right, and ``frames_enabled`` as the images have it."""
    params = spec.network_params
    images = (image for p in spec.participants for image in (p.el_image, p.cl_image, p.vc_image))
    if not params.frames_enabled and any("frame" in image for image in images):
        params = replace(params, frames_enabled=True)
    services = _services_now(spec.additional_services)
    return replace(spec, additional_services=services, network_params=params)


def _services_now(given: tuple[str, ...]) -> tuple[str, ...]:
    """Additional services once each, under their present names."""
    names = ["nginx" if name == "apache" else name for name in given]
    if "prometheus_grafana" in names:
        names = [name for name in names if name != "prometheus_grafana"]
        names += ["prometheus", "grafana"]
    return tuple(dict.fromkeys(names))
