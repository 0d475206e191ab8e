"""The plans of the default network and of the examples, byte for byte.

After a change on purpose: ``UPDATE_GOLDEN=1 pytest tests/plan/test_golden.py``, then read the diff.
"""

import json
import os
import random
from pathlib import Path

import pytest

from chainyard import load_spec
from chainyard.genesis.identities import make_identities
from chainyard.plan.build import build_plan
from chainyard.plan.model import Plan, fingerprint, plan_as_dict
from chainyard.service import PortNumber, Shared, Symbol, Text

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).with_name("golden")
FILES = {
    "default": ROOT / "network_params.yaml",
    "geth-lighthouse": ROOT / "examples" / "geth-lighthouse.yaml",
    "options": Path(__file__).with_name("options.yaml"),
}


def plan_of(path: Path, seed: str = "golden") -> Plan:
    spec = load_spec(path)
    identities = make_identities(len(spec.participants), random.Random(seed))
    return build_plan(spec, "golden", identities, eth2=bytes(16))


@pytest.mark.parametrize("name", FILES)
def test_plan_is_the_golden_one(name: str) -> None:
    text = json.dumps(plan_as_dict(plan_of(FILES[name])), indent=1) + "\n"
    golden = GOLDEN / f"{name}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("name", FILES)
def test_every_symbol_points_at_something_of_the_plan(name: str) -> None:
    plan = plan_of(FILES[name])
    for service in plan:
        readable = (*service.shared, *service.writes)
        for symbol in symbols_of(service.args, service.env.values(), service.files.values()):
            if isinstance(symbol, PortNumber):
                plan[symbol.service].port(symbol.port)
            elif isinstance(symbol, Shared):
                assert symbol.path.startswith(readable), f"{service.name} cannot read {symbol}"


@pytest.mark.parametrize("name", FILES)
def test_no_secret_is_in_a_plan(name: str) -> None:
    spec = load_spec(FILES[name])
    identities = make_identities(len(spec.participants), random.Random("golden"))
    text = json.dumps(plan_as_dict(plan_of(FILES[name]))) + repr(plan_of(FILES[name]))
    secrets = [identities.jwt_secret.hex()]
    secrets += [key.secret.hex() for node in identities.nodes for key in vars(node).values()]
    assert len(secrets) == 1 + 2 * len(spec.participants)
    assert not [secret for secret in secrets if secret in text]


def test_same_inputs_give_the_same_plan_and_fingerprints() -> None:
    first, second = plan_of(FILES["default"]), plan_of(FILES["default"])
    assert first == second
    assert [fingerprint(s) for s in first] == [fingerprint(s) for s in second]


def test_a_flag_changes_one_fingerprint_only(tmp_path: Path) -> None:
    changed = tmp_path / "changed.yaml"
    text = FILES["geth-lighthouse"].read_text()
    changed.write_text(
        text.replace(
            "validator_count: 0", "validator_count: 0\n    el_extra_params: [--maxpeers=7]"
        )
    )
    before, after = plan_of(FILES["geth-lighthouse"]), plan_of(changed)
    different = [
        a.name for a, b in zip(before, after, strict=True) if fingerprint(a) != fingerprint(b)
    ]
    assert different == ["el-3-geth-lighthouse"]


def test_nodes_are_told_of_all_others_and_never_of_themselves() -> None:
    plan = plan_of(FILES["default"])
    for index in (1, 2, 3):
        peers = {f"cl-{other}-prysm-geth" for other in (1, 2, 3) if other != index}
        service = plan[f"cl-{index}-prysm-geth"]
        told = {str(arg) for arg in service.args if str(arg).startswith("--bootstrap-node=")}
        assert told == {f"--bootstrap-node=${{{peer}.enr}}" for peer in peers}


def test_the_rpc_node_opens_no_admin_namespace() -> None:
    args = [str(arg) for arg in plan_of(FILES["default"])["el-3-geth-prysm"].args]
    assert "--http.api=eth,net,web3,txpool" in args
    assert "--ws.api=eth,net,web3,txpool" in args


def symbols_of(*groups: object) -> list[Symbol]:
    texts: list[Text] = [text for group in groups for text in group]  # type: ignore[attr-defined]
    return [symbol for text in texts for symbol in text.symbols()]
