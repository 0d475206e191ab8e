"""Healing pairs that lost what the journal has, in every combination."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chainyard.network.heal import consensus
from tests.journal.chains import block_hash, entry, root

pytestmark = pytest.mark.anyio

Make = Callable[..., Any]


async def test_an_execution_client_that_is_behind_gets_what_it_lacks(
    case: Make, pair: Make
) -> None:
    node = pair(el=30, cl=40)
    healing = case(range(1, 41), node)
    assert await healing.healer.executions() == []
    assert node.execution.executed == list(range(31, 41))
    assert node.execution.head == 40
    assert healing.told == [
        "el-1-geth-prysm was at block 30: 10 payloads from the journal, now at block 40"
    ]


async def test_one_that_has_all_is_left_alone(case: Make, pair: Make) -> None:
    node = pair(el=12, cl=10)
    healing = case(range(1, 11), node)
    assert await healing.healer.executions() == []
    assert (node.execution.executed, node.execution.heads, healing.told) == ([], [], [])


async def test_an_empty_journal_heals_nothing(case: Make, pair: Make) -> None:
    node = pair(el=0, cl=10)
    healing = case([], node)
    assert await healing.healer.executions() == []
    assert node.execution.executed == []


async def test_data_that_was_deleted_is_replayed_from_the_first_block(
    case: Make, pair: Make
) -> None:
    node = pair(el=0, cl=20)
    healing = case(range(1, 21), node)
    assert await healing.healer.executions() == []
    assert node.execution.executed == list(range(1, 21))


async def test_the_head_is_set_on_the_way(case: Make, pair: Make) -> None:
    node = pair(el=0, cl=0)
    await case(range(1, 71), node).healer.executions()
    assert node.execution.heads == [block_hash(number) for number in (32, 64, 70)]


async def test_one_that_remembers_what_it_cannot_execute_is_begun_anew(
    case: Make, pair: Make
) -> None:
    node = pair(el=0, cl=9, remembered=9)
    healing = case(range(1, 10), node)
    assert await healing.healer.executions() == ["el-1-geth-prysm"]
    assert node.execution.heads == []  # told of a head that it does not know, geth is lost for good
    node.execution.wipe()
    assert await healing.healer.executions() == []
    assert node.execution.head == 9


async def test_one_that_says_valid_and_does_not_move_is_begun_anew(case: Make, pair: Make) -> None:
    node = pair(el=4, cl=9, remembered=9)
    healing = case(range(1, 10), node)
    assert await healing.healer.executions() == ["el-1-geth-prysm"]


@pytest.mark.parametrize("verdict", ["INVALID", "SYNCING", "ACCEPTED"])
async def test_a_payload_that_is_not_taken_is_told(case: Make, pair: Make, verdict: str) -> None:
    node = pair(el=5, cl=9)
    node.execution.verdict[7] = verdict
    healing = case(range(4, 10), node)  # it could not be begun anew from this journal
    assert await healing.healer.executions() == []
    assert node.execution.executed == [6]
    (sentence,) = healing.told
    assert f"it said {verdict}" in sentence
    assert "its peers must give the rest" in sentence


async def test_a_journal_that_begins_later_leaves_it_to_the_peers(case: Make, pair: Make) -> None:
    node = pair(el=3, cl=20)
    healing = case(range(10, 21), node)
    assert await healing.healer.executions() == []
    assert node.execution.executed == []
    assert "it asks its peers for block 4 and on" in healing.told[0]


async def test_a_fork_of_its_own_is_left(case: Make, pair: Make) -> None:
    node = pair(el=8, cl=10)
    node.execution.hashes |= {7: block_hash(7, 9), 8: block_hash(8, 9)}
    await case(range(1, 11), node).healer.executions()
    assert node.execution.executed == [7, 8, 9, 10]
    assert node.execution.head == 10


async def test_the_journals_own_forks_are_left_out(case: Make, pair: Make) -> None:
    node = pair(el=2, cl=5)
    fork = entry(4, fork=1, parent_root=root(3))
    healing = case([1, 2, 3, fork, entry(5, 3)], node)
    await healing.healer.executions()
    assert node.execution.executed == [3, 5]
    assert fork.block_hash not in node.execution.hashes.values()


async def test_a_beacon_node_that_is_behind_gets_what_it_lacks(case: Make, pair: Make) -> None:
    node = pair(el=40, cl=30)
    healing = case(range(1, 41), node)
    await healing.healer.consensus(8)
    assert node.beacon.imported == list(range(31, 41))
    assert healing.told == [
        "cl-1-geth-prysm was at slot 30: 10 blocks from the journal, now at slot 40"
    ]


async def test_nothing_behind_its_finality_is_handed_over(case: Make, pair: Make) -> None:
    node = pair(el=40, cl=30, finalized=3)
    healing = case(range(1, 41), node)
    healing.healer.journal.read = recorded = _Reads(healing.healer.journal.read)
    await healing.healer.consensus(8)
    assert min(recorded.slots) == 25
    assert node.beacon.head == 40


class _Reads:
    def __init__(self, real: Any) -> None:
        self.real, self.slots = real, []

    def __call__(self, row: Any) -> Any:
        self.slots.append(row.slot)
        return self.real(row)


async def test_a_node_without_a_debug_api_is_asked_block_by_block(case: Make, pair: Make) -> None:
    node = pair(el=12, cl=8, fork_choice=False)
    await case(range(1, 13), node).healer.consensus(8)
    assert node.beacon.imported == [9, 10, 11, 12]


async def test_one_that_has_just_been_started_is_waited_for(
    case: Make, pair: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consensus, "PAUSE", 0.01)
    node = pair(el=10, cl=8)
    node.beacon.loading, node.beacon.busy = 2, 2
    await case(range(1, 11), node).healer.consensus(8)
    assert node.beacon.imported == [9, 10]


async def test_a_block_that_it_refuses_does_not_end_it(case: Make, pair: Make) -> None:
    node = pair(el=10, cl=8)
    node.beacon.refuses = {9}
    healing = case(range(1, 11), node)
    await healing.healer.consensus(8)
    assert node.beacon.imported == []
    assert "it refused others" in healing.told[0]


async def test_what_only_the_beacon_node_kept_goes_to_its_execution_client(
    case: Make, pair: Make
) -> None:
    node = pair(el=8, cl=10)
    healing = case(range(1, 9), node)
    assert await healing.healer.executions() == []
    await healing.healer.consensus(8)
    assert node.execution.head == 10
    assert healing.told == [
        "el-1-geth-prysm was at block 8: 2 payloads from cl-1-geth-prysm, now at block 10"
    ]


async def test_all_nodes_at_once_and_one_that_is_dead_ends_nothing(case: Make, pair: Make) -> None:
    first, second, third = pair(el=5, cl=5), pair(el=9, cl=9), pair(el=0, cl=0)
    second.execution.close()
    second.beacon.close()
    healing = case(range(1, 10), first, second, third)
    assert await healing.healer.executions() == []
    assert (first.execution.head, third.execution.head) == (9, 9)
    assert [sentence for sentence in healing.told if "2-geth-prysm could not be healed" in sentence]
