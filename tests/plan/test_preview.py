"""The plan of a network that does not exist, and what clients refuse to run."""

from __future__ import annotations

import pytest

from chainyard import Settings
from chainyard.errors import Problem, SpecError
from chainyard.network.preview import preview_plan
from chainyard.plan.model import Plan, plan_as_dict
from chainyard.spec import parse_spec

OFF = 2**64 - 1
FORKS = f"electra_fork_epoch: 0\n  fulu_fork_epoch: {OFF}"


def preview(text: str, name: str = "testnet", **config: int) -> Plan:
    return preview_plan(parse_spec(text, "f.yaml"), name, Settings(consensus_config=config))


def spec_text(participants: str, params: str = "seconds_per_slot: 2", forks: str = FORKS) -> str:
    return f"participants:\n{participants}\nnetwork_params:\n  {params}\n  {forks}\n"


PRYSM = "  - {el_type: geth, cl_type: prysm, validator_count: 4, supernode: true}"


def refused(text: str, **config: int) -> tuple[Problem, ...]:
    with pytest.raises(SpecError) as caught:
        preview(text, **config)
    assert caught.value.exit_code == 2
    return caught.value.problems


def test_the_same_file_gives_the_same_plan() -> None:
    text = spec_text(PRYSM)
    first, second = preview(text), preview(text)
    assert first == second
    assert plan_as_dict(first) == plan_as_dict(second)
    assert first.names() == ("el-1-geth-prysm", "journal", "cl-1-prysm-geth", "vc-1-geth-prysm")


def test_another_name_is_another_network_of_the_same_services() -> None:
    one, two = preview(spec_text(PRYSM), "one"), preview(spec_text(PRYSM), "two")
    assert (one.network, two.network) == ("one", "two")
    assert one.names() == two.names()


def test_services_start_in_the_order_in_which_they_need_each_other() -> None:
    plan = preview(spec_text(f"{PRYSM}\n{PRYSM}"))
    assert [name[:2] for name in plan.names()] == ["el", "el", "jo", "cl", "cl", "vc", "vc"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            spec_text(PRYSM, "seconds_per_slot: 1"),
            "Prysm cannot run slots of 1000 ms: the shortest is 2000 ms",
        ),
        (
            spec_text(PRYSM, "preset: minimal\n  seconds_per_slot: 6"),
            "Prysm cannot run the minimal preset",
        ),
        (
            spec_text(PRYSM, forks="fulu_fork_epoch: 0\n  gloas_fork_epoch: 5"),
            "stops at fulu, and the file schedules gloas at epoch 5",
        ),
        (
            spec_text("  - {el_type: nethermind, cl_type: prysm, validator_count: 4}"),
            "no adapter for the execution client 'nethermind'",
        ),
        (
            spec_text("  - {el_type: geth, cl_type: teku, validator_count: 4}"),
            "no adapter for the consensus client 'teku'",
        ),
    ],
    ids=["slot", "preset", "fork", "execution", "consensus"],
)
def test_what_a_client_cannot_run_is_refused_at_its_place(text: str, words: str) -> None:
    problems = refused(text)
    found = [problem for problem in problems if words in problem.message]
    assert found, [str(problem) for problem in problems]
    assert found[0].file == "f.yaml"
    assert found[0].key.startswith("participants[0]")
    assert found[0].line == 2


def test_all_problems_are_said_at_once_and_each_once() -> None:
    text = spec_text(
        f"{PRYSM}\n{PRYSM}\n"
        "  - {el_type: nethermind, cl_type: prysm, validator_count: 4}\n"
        "  - {el_type: geth, cl_type: teku, validator_count: 4}",
        "preset: minimal\n  seconds_per_slot: 1",
        "fulu_fork_epoch: 0\n  gloas_fork_epoch: 5",
    )
    problems = [str(problem) for problem in refused(text)]
    for words in (
        "slots of 1000 ms",
        "minimal preset",
        "schedules gloas",
        "'nethermind'",
        "'teku'",
    ):
        assert len([p for p in problems if words in p and "geth stops" not in p.lower()]) >= 1, (
            words
        )
    assert len([p for p in problems if "slots of 1000 ms" in p]) == 1
    assert len([p for p in problems if "Prysm cannot run the minimal preset" in p]) == 1


def test_a_program_of_the_users_own_may_have_other_forks() -> None:
    own = (
        "  - {el_type: geth, cl_type: prysm, validator_count: 4, supernode: true, "
        "el_binary_path: /a, cl_binary_path: /b, vc_binary_path: /c}"
    )
    plan = preview(spec_text(own, forks="fulu_fork_epoch: 0\n  gloas_fork_epoch: 5"))
    assert plan["cl-1-prysm-geth"].program.path == "/b"
    problems = refused(spec_text(own, "seconds_per_slot: 1"))
    assert "slots of 1000 ms" in problems[0].message


def test_nothing_of_a_preview_is_kept(home: object) -> None:
    from chainyard.network.layout import existing, networks_dir

    preview(spec_text(PRYSM))
    assert existing() == []
    assert not networks_dir().exists()
