"""The schema has the keys that ethereum-package has, and a reference of all of them."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

from chainyard.spec import NetworkParams, Participant, Spec, load_spec
from chainyard.spec.expand import side_keys
from chainyard.spec.mev import MevParams
from chainyard.spec.model import LATER
from chainyard.spec.nodes import FrozenMap
from chainyard.spec.reference import schema_rows
from chainyard.spec.table import keys_of

# Import of the readers, then the default file: no model generator, no network library.
HEAVY = "{'pydantic', 'numpy', 'httpx', 'eth_account', 'mnemonic', 'difflib'}"


def test_number_of_keys() -> None:
    assert len(keys_of(Participant)) == 77
    assert len(keys_of(NetworkParams)) == 83
    assert len(keys_of(MevParams)) == 20
    assert {side: len(side_keys(side)) for side in ("el", "cl", "vc", "remote_signer")} == {
        "el": 17,
        "cl": 36,
        "vc": 16,
        "remote_signer": 10,
    }


def test_every_key_of_the_file_has_an_attribute() -> None:
    spec = load_spec({})
    for name in keys_of(Spec):
        assert hasattr(spec, name)
    assert set(LATER) < set(keys_of(Spec))


def test_reference_rows() -> None:
    rows = list(schema_rows())
    keys = [row[0] for row in rows]
    assert len(keys) == len(set(keys))
    assert len(rows) > 300
    for key, kind, _, meaning in rows:
        assert kind, key
        assert meaning.endswith("."), key
        assert "\n" not in meaning
    by_key = {row[0]: row for row in rows}
    assert by_key["participants[].el_type"][2] == '"geth"'
    assert by_key["network_params.seconds_per_slot"][2] == "12 (minimal: 6)"
    assert by_key["port_publisher.cl.public_port_start"][2] == "33000"
    assert by_key["additional_services"][2] == "[]"
    assert by_key["dora_params.image"][2] == '"ethpandaops/dora:latest"'
    assert by_key["network_params.additional_mnemonics[].mnemonic"][2] == "required"


def test_reading_imports_nothing_heavy() -> None:
    code = (
        "import sys; import chainyard.spec; assert not any('ruamel' in m for m in sys.modules);"
        "chainyard.spec.load_spec('network_params.yaml');"
        f"print({HEAVY} & set(sys.modules))"
    )
    root = __file__.rsplit("/tests/", 1)[0]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("set()", "")


def test_records_can_be_replaced_compared_and_hashed() -> None:
    spec = load_spec({})
    other = dataclasses.replace(spec.network_params, genesis_delay=7)
    assert other.genesis_delay == 7
    assert other != spec.network_params
    assert spec == load_spec({})
    assert hash(spec.participants[0]) == hash(load_spec({}).participants[0])
    assert dataclasses.asdict(spec.participants[0])["el_type"] == "geth"


def test_frozen_maps_copy_and_pickle() -> None:
    import copy
    import pickle

    value = FrozenMap(a=1)
    assert copy.deepcopy(value) is value
    assert pickle.loads(pickle.dumps(value)) == {"a": 1}
