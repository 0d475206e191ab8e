"""The pytest plugin and the Python API, each with a network of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.conftest import SHARED_CACHE

from chainyard import ChainyardError, Network, load_settings, load_spec

pytest_plugins = ["pytester"]
pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

SPEC: dict[str, Any] = {
    "participants": [{"el_type": "geth", "cl_type": "prysm", "validator_count": 16}],
    "network_params": {
        "seconds_per_slot": 2,
        "genesis_delay": 5,
        "fulu_fork_epoch": 2**64 - 1,
    },
}


@pytest.fixture(autouse=True)
def _own_home(programs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINYARD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CHAINYARD_CACHE", str(SHARED_CACHE))


def test_a_network_in_a_few_lines_of_python() -> None:
    settings = load_settings(None)
    with Network.create(load_spec(SPEC), name="inline", settings=settings) as network:
        network.wait_for_block(2, timeout=90)
        status = network.status()
        assert status.state == "running"
        assert status.nodes[0].head_block is not None
        assert [one.name for one in Network.ls()] == ["inline"]
    assert Network.ls() == []


def test_the_keymanager_api_takes_the_networks_own_token() -> None:
    node = SPEC["participants"][0] | {"keymanager_enabled": True}
    with Network.create(load_spec(SPEC | {"participants": [node]}), name="keys") as network:
        port = network.lock.ports["vc-1-geth-prysm.keymanager"]
        url = f"http://127.0.0.1:{port}/eth/v1/keystores"
        token = (network.layout.secrets / "keymanager" / "1-geth-prysm.txt").read_text()
        allowed = {"authorization": f"Bearer {token}"}
        answer = httpx.get(url, headers=allowed, trust_env=False)
        assert len(answer.json()["data"]) == 16
        assert httpx.get(url, trust_env=False).status_code == 401


def test_an_error_inside_still_removes_the_network() -> None:
    with (
        pytest.raises(ChainyardError, match="of the user"),
        Network.create(load_spec(SPEC), name="broken"),
    ):
        raise ChainyardError("of the user")
    assert Network.ls() == []


def test_the_fixture_gives_a_running_network(pytester: Any) -> None:
    pytester.makepyfile(
        test_mine="""
        import pytest
        from chainyard import load_spec

        @pytest.fixture(scope="session")
        def chainyard_spec():
            return load_spec(SPEC)

        def test_first(chainyard_network):
            assert chainyard_network.status().state == "running"

        def test_second(chainyard_network):
            chainyard_network.wait_for_block(2)
        """.replace("SPEC", repr(SPEC))
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2)
    assert Network.ls() == []
