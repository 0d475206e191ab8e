"""The secrets of a network on disk: made once, for it alone, 0600 in 0700."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from chainyard.errors import ChainyardError
from chainyard.genesis.identities import Identities, NodeIdentity, NodeKey, make_identities
from chainyard.genesis.keystore_layout import random_password
from chainyard.network.layout import Layout
from chainyard.network.store import damaged, read_json, write, write_json
from chainyard.spec import Spec


def load_or_make_identities(layout: Layout, spec: Spec) -> Identities:
    """The network's node keys and JWT; made and written if there are none yet.

    Raises:
        ChainyardError: the file is damaged, or holds another number of nodes.
    """
    count = len(spec.participants)
    if not layout.identities.exists():
        identities = make_identities(count, secrets.SystemRandom())
        write_json(layout.identities, _as_dict(identities))
        return identities
    identities = _from_dict(layout, read_json(layout.identities))
    if len(identities.nodes) != count:
        raise ChainyardError(
            f"{layout.identities} has keys for {len(identities.nodes)} nodes, not {count}",
            hint=f"remove the network with `chainyard down --name {layout.name}`",
        )
    return identities


def write_service_secrets(layout: Layout, spec: Spec, identities: Identities) -> None:
    """Write the secrets that services read, in every form that a client may take."""
    for path, content in _service_secrets(spec, identities):
        target = layout.root / path
        if not target.exists() or target.read_bytes() != content:
            write(target, content)


def password(layout: Layout, path: str) -> str:
    """A password of this network, made on first use: 64 hex digits, which reports leave out."""
    target = layout.secrets / path
    if not target.exists():
        write(target, random_password(secrets.SystemRandom()).encode())
    return target.read_text()


def _service_secrets(spec: Spec, identities: Identities) -> Iterator[tuple[str, bytes]]:
    yield "secrets/jwt.hex", f"{identities.jwt_hex}\n".encode()
    for participant, node in zip(spec.participants, identities.nodes, strict=True):
        services = ((participant.el_service, node.execution),
                    (participant.cl_service, node.consensus))  # fmt: skip
        for service, key in services:
            if service:
                yield f"secrets/nodes/{service}.key", key.hex.encode()
                yield f"secrets/nodes/{service}/key", key.secret


def _as_dict(identities: Identities) -> dict[str, object]:
    return {
        "jwt": identities.jwt_secret.hex(),
        "nodes": [
            {"execution": node.execution.secret.hex(), "consensus": node.consensus.secret.hex()}
            for node in identities.nodes
        ],
    }


def _from_dict(layout: Layout, value: dict[str, object]) -> Identities:
    try:
        nodes = value["nodes"]
        if not isinstance(nodes, list):
            raise TypeError("nodes is not a list")
        return Identities(
            jwt_secret=bytes.fromhex(str(value["jwt"])),
            nodes=tuple(
                NodeIdentity(
                    execution=NodeKey(bytes.fromhex(node["execution"])),
                    consensus=NodeKey(bytes.fromhex(node["consensus"])),
                )
                for node in nodes
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        # Without the message of a ValueError: it could quote a secret.
        raise damaged(layout.identities) from error
