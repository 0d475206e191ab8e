"""Adapters: what they refuse, and what no golden file shows."""

from __future__ import annotations

import random
import tomllib
from typing import Any

import pytest

from chainyard import clients, load_spec
from chainyard.clients.base import MAX_BOOTNODES, Context
from chainyard.errors import NotFoundError
from chainyard.genesis.identities import make_identities
from chainyard.plan.build import check_limits, make_context
from chainyard.service import Socket

FAR = 2**64 - 1


def context_of(
    overrides: dict[str, int | str] | None = None,
    participants: list[dict[str, Any]] | None = None,
    **params: Any,
) -> Context:
    document = {
        "participants": participants or [{"el_type": "geth", "cl_type": "prysm"}],
        "network_params": {"fulu_fork_epoch": FAR} | params,
    }
    spec = load_spec(document)
    identities = make_identities(len(spec.participants), random.Random(7))
    return make_context(spec, identities, overrides=overrides)


def messages(context: Context) -> list[str]:
    return [problem.message for problem in check_limits(context)]


@pytest.mark.parametrize("seconds", [2, 12])
def test_slots_that_prysm_runs(seconds: int) -> None:
    assert messages(context_of(seconds_per_slot=seconds)) == []


def test_slots_that_prysm_cannot_run() -> None:
    (message,) = messages(context_of(slot_duration_ms=1500))
    assert "2000 ms" in message
    assert "attestation ticker" in message


def test_one_reason_is_said_once_for_many_nodes() -> None:
    nodes = [{"el_type": "geth", "cl_type": "prysm", "count": 5}]
    assert len(messages(context_of(participants=nodes, slot_duration_ms=1000))) == 1


def test_forks_that_the_pinned_versions_do_not_have() -> None:
    found = messages(context_of(fulu_fork_epoch=0, gloas_fork_epoch=3))
    assert len(found) == 2
    assert all("gloas at epoch 3" in message for message in found)
    assert [message.split("pinned ")[1].split()[0] for message in found] == ["geth", "Prysm"]


def test_a_program_of_the_users_own_may_know_newer_forks() -> None:
    own = {"el_type": "geth", "el_binary_path": "/x/geth", "cl_type": "prysm"}
    own["cl_binary_path"] = own["vc_binary_path"] = "/x/prysm"
    assert messages(context_of(participants=[own], fulu_fork_epoch=0, gloas_fork_epoch=3)) == []


def test_the_minimal_preset_needs_another_prysm() -> None:
    (message,) = messages(context_of(preset="minimal"))
    assert "compiled for mainnet" in message


def test_lighthouse_takes_the_minimal_preset_and_fixes_its_values() -> None:
    nodes = [{"el_type": "geth", "cl_type": "lighthouse"}]
    assert messages(context_of(participants=nodes, preset="minimal")) == []
    (message,) = messages(context_of({"SLOTS_PER_EPOCH": 8}, participants=nodes))
    assert "fixed when lighthouse is compiled" in message


def test_prysm_takes_short_epochs_but_not_with_fulu() -> None:
    assert messages(context_of({"SLOTS_PER_EPOCH": 8})) == []
    (message,) = messages(context_of({"SLOTS_PER_EPOCH": 8}, fulu_fork_epoch=5))
    assert "proposer lookahead" in message
    assert messages(context_of({"SLOTS_PER_EPOCH": 32}, fulu_fork_epoch=5)) == []


def test_a_client_without_adapter_is_named_with_those_that_have_one() -> None:
    nodes = [{"el_type": "nethermind", "cl_type": "teku"}]
    execution, consensus = check_limits(context_of(participants=nodes))
    assert "execution client 'nethermind'" in execution.message
    assert execution.expected == "one of: geth"
    assert "consensus client 'teku'" in consensus.message
    assert consensus.expected == "one of: lighthouse, prysm"


def test_a_node_without_execution_client_is_refused() -> None:
    nodes = [
        {"el_type": "geth", "cl_type": "prysm"},
        {"el_type": "None", "cl_type": "prysm", "validator_count": 0},
    ]
    (message,) = messages(context_of(participants=nodes))
    assert "without an execution client" in message


@pytest.mark.parametrize("kind", ["execution", "consensus", "validator"])
def test_unknown_adapters(kind: str) -> None:
    with pytest.raises(NotFoundError, match="no adapter for the"):
        getattr(clients, kind)("nosuch")


def test_the_console_evaluates_before_the_socket() -> None:
    geth = clients.execution("geth")
    plain, evaluating = geth.console(None), geth.console("1+1")
    assert plain is not None
    assert evaluating is not None
    assert [str(text) for text in plain] == ["attach", "${socket}/geth.ipc"]
    assert [str(text) for text in evaluating] == ["attach", "--exec", "1+1", "${socket}/geth.ipc"]
    assert isinstance(plain[-1].parts[0], Socket)


def test_a_node_is_told_of_a_bounded_number_of_peers() -> None:
    nodes = [{"el_type": "geth", "cl_type": "prysm", "count": 30, "validator_count": 1}]
    context = context_of(participants=nodes)
    for node in context.nodes:
        peers = context.peers_of(node)
        assert len(peers) == MAX_BOOTNODES
        assert node not in peers


def test_every_program_of_an_adapter_is_pinned() -> None:
    pins = tomllib.loads(clients.VERSIONS_FILE.read_text())["programs"]
    adapters = [clients.execution(name) for name in clients.EXECUTION]
    adapters += [clients.consensus(name) for name in clients.CONSENSUS]
    adapters += [clients.validator(name) for name in clients.VALIDATOR]
    assert {adapter.program for adapter in adapters} == set(pins)
