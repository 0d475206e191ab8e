"""``participants`` and ``participants_matrix`` → one draft per node, not yet resolved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from chainyard.spec.kinds import COUNT, ListOf, Settings
from chainyard.spec.network_params import NetworkParams
from chainyard.spec.nodes import ListNode, MapNode, Node, describe
from chainyard.spec.participants import Participant
from chainyard.spec.reading import Reading
from chainyard.spec.table import Key, Record, defaults_of, key, keys_of, read_keys, record

MAX_PARTICIPANTS = 10_000
_MAPS = ListOf(Settings())

_CL_EXTRA = ("use_separate_vc", "validator_count", "count", "supernode", "vc_beacon_node_indices")
_SIDES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    # side: prefixes of its keys, further keys, keys it may not have
    "el": (("el_",), (), ()),
    "cl": (("cl_", "vc_"), (*_CL_EXTRA, "checkpoint_sync_enabled"), ("vc_devices",)),
    "vc": (("vc_",), ("validator_count",), ("vc_beacon_node_indices",)),
    "remote_signer": (("remote_signer_",), (), ()),
}


_ELSEWHERE = {name: f"network_params.{name}" for name in keys_of(NetworkParams)}


@dataclass(frozen=True)
class Draft:
    """An entry of a node, before resolution.

    ``values`` has all 77 keys, ``places`` the dotted key under which each given one stands in the
    file, ``place`` that of the entry. Drafts of one entry are equal, however many it stands for.
    """

    values: Mapping[str, Any]
    places: Mapping[str, str]
    place: str

    def at(self, name: str) -> str:
        """Where a key stands in the file, or would stand."""
        return self.places.get(name, f"{self.place}.{name}")


@dataclass(frozen=True)
class _Item:
    """One map of the file that contributes to a draft."""

    values: Mapping[str, Any]
    place: str


def side_keys(side: str) -> dict[str, Key]:
    """The keys that an item of ``participants_matrix.SIDE`` may have."""
    prefixes, further, excluded = _SIDES[side]
    return {
        name: known
        for name, known in keys_of(Participant).items()
        if (name.startswith(prefixes) or name in further) and name not in excluded
    }


def expand(participants: Node | None, matrix: Node | None, reading: Reading) -> list[Draft]:
    """One draft per node, explicit ones first; the same one for all nodes of an entry."""
    items = _explicit(participants, matrix, reading)
    items += _combinations(matrix, reading) if matrix is not None else []
    drafts: list[Draft] = []
    for draft, times in items:
        total = times * int(draft.values["count"])
        if len(drafts) + total > MAX_PARTICIPANTS:
            reading.rule(
                [draft.at("count"), draft.place],
                f"more than {MAX_PARTICIPANTS} participants",
                expected=f"at most {MAX_PARTICIPANTS}",
            )
            reading.bad.add("participants")
            return []
        drafts += [draft] * total
    if not drafts and not any(key.startswith("participants") for key in reading.bad):
        reading.rule(["participants", "participants_matrix"], "there is no participant left")
    return drafts


def _explicit(
    participants: Node | None, matrix: Node | None, reading: Reading
) -> list[tuple[Draft, int]]:
    if participants is None:
        return [] if matrix is not None else [(_draft([_Item({}, "participants[0]")]), 1)]
    entries = _entries(participants, "participants", keys_of(Participant), reading)
    return [(_draft([entry]), 1) for entry in entries]


def _entries(node: Node, place: str, known: Mapping[str, Key], reading: Reading) -> list[_Item]:
    if not isinstance(node, ListNode):
        reading.refuse(place, node, f"{place} is {describe(node)}", expected="a list of maps")
        return []
    entries = []
    for index, item in enumerate(node.items):
        at = f"{place}[{index}]"
        reading.note(at, item.position, item)
        values = read_keys(known, item, at, reading, elsewhere=_ELSEWHERE)
        entries.append(_Item(values or {}, at))
    return entries


@record
class Matrix(Record):
    """``participants_matrix``: nodes of every combination, in the order el, cl, vc, signer."""

    el: tuple[Any, ...] = key(_MAPS, (), "Execution clients: keys el_*.")
    cl: tuple[Any, ...] = key(
        _MAPS, (), "Consensus clients: keys cl_* and vc_*, use_separate_vc, validator_count, count."
    )
    vc: tuple[Any, ...] = key(_MAPS, (), "Validator clients: keys vc_*, validator_count.")
    remote_signer: tuple[Any, ...] = key(_MAPS, (), "Remote signers: keys remote_signer_*.")
    count: int = key(COUNT, 1, "How many nodes of every combination.")


def _combinations(node: Node, reading: Reading) -> list[tuple[Draft, int]]:
    if not isinstance(node, MapNode):
        reading.refuse(
            "participants_matrix",
            node,
            f"participants_matrix is {describe(node)}",
            expected="a map",
        )
        return []
    sides, count = _sides(node, reading)
    if not any(sides.values()):
        return []
    lists: list[list[_Item | None]] = [list(sides[side]) or [None] for side in _SIDES]
    if _product(lists) * max(count, 1) > MAX_PARTICIPANTS:
        reading.rule(
            ["participants_matrix"],
            f"participants_matrix stands for more than {MAX_PARTICIPANTS} participants",
            expected=f"at most {MAX_PARTICIPANTS}",
        )
        reading.bad.add("participants_matrix")
        return []
    chosen = ([item for item in combination if item] for combination in product(*lists))
    return [(_draft(items, "participants_matrix"), count) for items in chosen]


def _product(lists: Iterable[list[Any]]) -> int:
    size = 1
    for items in lists:
        size *= len(items)
    return size


def _sides(node: MapNode, reading: Reading) -> tuple[dict[str, list[_Item]], int]:
    sides: dict[str, list[_Item]] = {side: [] for side in _SIDES}
    count = 1
    for name, value in node.entries:
        place = f"participants_matrix.{name.text}"
        if name.text in sides:
            reading.note(place, name.position, value)
            sides[name.text] = _entries(value, place, side_keys(name.text), reading)
        elif name.text == "count":
            reading.note(place, name.position, value)
            read = COUNT.read(value, place, reading)
            count = read if isinstance(read, int) else 1
        else:
            reading.bad.add("participants_matrix")
            reading.problem(
                f"unknown key {name.text[:60]!r} in participants_matrix",
                at=name.position,
                key=place[:80],
                expected=f"one of {', '.join((*sides, 'count'))}",
                suggestion=reading.nearest_name(name.text, (*sides, "count")),
            )
    for item in sides["remote_signer"]:
        assert isinstance(item.values, dict)  # noqa: S101 - made by read_keys
        item.values["use_remote_signer"] = True
    return sides, count


def _draft(items: Iterable[_Item], place: str = "") -> Draft:
    values = defaults_of(Participant)
    places: dict[str, str] = {}
    last = place
    for item in items:
        values |= item.values
        places |= {name: f"{item.place}.{name}" for name in item.values}
        last = last or item.place
    return Draft(values, places, last)
