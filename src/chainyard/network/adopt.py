"""A spec comes to a network's folder: a new one, or one that is there already."""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from chainyard.backends import make_backend
from chainyard.errors import RequestError
from chainyard.genesis.consensus_config import consensus_config
from chainyard.genesis.make import check_genesis
from chainyard.network.inputs import changed_inputs, genesis_inputs
from chainyard.network.layout import Layout
from chainyard.network.lock import Lock, read_lock, write_lock
from chainyard.network.preview import preview_plan
from chainyard.network.secrets import load_or_make_identities
from chainyard.network.store import append_event, mutex, private_folder, write
from chainyard.spec import Settings, Spec

if TYPE_CHECKING:
    from chainyard.network.state import NetworkState

SHOWN = 8


def adopt(
    network: NetworkState, spec: Spec, settings: Settings | None, backend: str | None
) -> None:
    """Make the network's folder from a spec, or give the spec to the one that is there.

    Raises:
        RequestError: the network's genesis or backend does not allow it, or there is no such
            backend or value of the consensus config; nothing was changed.
        SpecError: a client cannot run what is asked of it; nothing was changed.
    """
    wanted = settings or Settings()
    layout = network.layout
    chosen = backend or wanted.backend
    # Whatever anyone refuses is said before anything is written.
    make_backend(chosen, layout.root)
    check_genesis(spec)
    consensus_config(spec, 0, spec.validator_count, wanted.consensus_config)
    preview_plan(spec, network.name, wanted)
    with mutex(layout.mutex):
        if layout.lock.is_file():
            _take_over(layout, spec, wanted, chosen)
        else:
            _new_folder(layout, spec, wanted, chosen)
    for name in ("spec", "settings", "identities", "backend"):
        network.__dict__.pop(name, None)


def _new_folder(layout: Layout, spec: Spec, settings: Settings, backend: str) -> None:
    """Write a network's first files; the lock last, because it makes the network exist."""
    private_folder(layout.root)
    _forget_keys(layout)  # of an interrupted creation: they may be of another spec
    _write_files(layout, spec, settings)
    load_or_make_identities(layout, spec)
    source = str(Path(spec.path).absolute()) if spec.path else ""
    write_lock(layout.lock, Lock(backend=backend, created=time.time(), source=source))
    append_event(layout.events, "created")


def check_adoption(layout: Layout, spec: Spec, settings: Settings, backend: str) -> Lock:
    """The lock of the network that is to take over a spec; nothing is changed.

    Raises:
        RequestError: its backend is another, or its chain has begun from another genesis.
    """
    lock = read_lock(layout.lock)
    if lock.backend != backend:
        raise RequestError(
            f"the network {layout.name!r} runs on the {lock.backend} backend, not on {backend}",
            hint=f"another --name, or `chainyard down --name {layout.name}` first",
        )
    if lock.genesis is None:
        return lock
    changed = changed_inputs(lock.genesis.inputs, genesis_inputs(spec, settings))
    if changed and lock.started:
        raise _needs_new_genesis(layout, changed)
    return lock.with_(genesis=None) if changed else lock


def _take_over(layout: Layout, spec: Spec, settings: Settings, backend: str) -> None:
    lock = check_adoption(layout, spec, settings, backend)
    write_lock(layout.lock, lock)
    if _write_files(layout, spec, settings) and not lock.started:
        _forget_keys(layout)
    load_or_make_identities(layout, spec)


def _forget_keys(layout: Layout) -> None:
    """Remove what is made for each node; of no use to other nodes, and nothing uses it yet."""
    for folder in (layout.keys, layout.secrets):
        shutil.rmtree(folder, ignore_errors=True)


def _write_files(layout: Layout, spec: Spec, settings: Settings) -> bool:
    """Write what was given; whether it is anything new."""
    files = {layout.spec: spec.text.encode(), layout.settings: settings_text(settings).encode()}
    new = {path: text for path, text in files.items()
           if not path.exists() or path.read_bytes() != text}  # fmt: skip
    for path, text in new.items():
        write(path, text)
    return bool(new)


def settings_text(settings: Settings) -> str:
    """Settings as a ``chainyard.yaml`` that reads as the same; JSON is YAML."""
    defaults = Settings()
    names = (field.name for field in dataclasses.fields(Settings))
    given = {name: value for name in names
             if (value := getattr(settings, name)) != getattr(defaults, name)}  # fmt: skip
    return json.dumps(given, indent=2) + "\n"


def _needs_new_genesis(layout: Layout, changed: list[str]) -> RequestError:
    shown = ", ".join(changed[:SHOWN]) + (", …" if len(changed) > SHOWN else "")
    return RequestError(
        f"the network {layout.name!r} has begun, and this cannot change without a new genesis: "
        f"{shown}",
        hint=f"another --name for a second network, or `chainyard down --name {layout.name}` first",
    )
