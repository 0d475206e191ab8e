"""Chains of blocks for tests: roots and hashes tell slots and forks apart."""

from __future__ import annotations

from typing import Any

from chainyard.journal.records import Entry
from tests.chain import samples


def root(slot: int, fork: int = 0) -> str:
    return f"0x{fork:02x}{slot:062x}"


def block_hash(number: int, fork: int = 0) -> str:
    return f"0xee{fork:02x}{number:060x}"


def signed(slot: int, parent: int, *, fork: int = 0, blobs: bool = False) -> dict[str, Any]:
    """A block whose execution block has its slot's number."""
    value = samples.signed_block(slot, number=slot)
    value["message"]["parent_root"] = root(parent, fork if parent else 0)
    body = value["message"]["body"]
    body["execution_payload"]["block_hash"] = block_hash(slot, fork)
    body["execution_payload"]["parent_hash"] = block_hash(parent, fork)
    body["blob_kzg_commitments"] = ["0x" + "c0" * 48] if blobs else []
    return value


def entry(at: int, parent: int | None = None, *, fork: int = 0, **changes: Any) -> Entry:
    before = at - 1 if parent is None else parent
    values: dict[str, Any] = {
        "slot": at,
        "root": root(at, fork),
        "parent_root": root(before, fork if before else 0),
        "block_hash": block_hash(at, fork),
        "block_number": at,
        "version": "electra",
        "block": signed(at, before, fork=fork),
    }
    return Entry(**(values | changes))
