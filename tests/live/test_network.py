"""The default network, looked at from outside: what a person is promised of it."""

from __future__ import annotations

import json
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from chainyard import Network
from chainyard.chain.beacon import Beacon
from chainyard.chain.execution import Execution
from chainyard.chain.sync import SyncPortal
from chainyard.chain.transactions import transfer
from chainyard.chain.waiting import wait_for_block, wait_for_finality, wait_for_receipt
from chainyard.genesis.enr import decode_enr

pytestmark = [pytest.mark.live, pytest.mark.timeout(420)]

VALIDATORS = 64


@pytest.fixture
def sync() -> Any:
    with SyncPortal() as portal:
        yield portal


@pytest.fixture
def beacons(sync: SyncPortal, endpoints: Any) -> list[Beacon]:
    return [sync.open(Beacon(node["consensus"]["http"])) for node in endpoints["nodes"]]


@pytest.fixture
def executions(sync: SyncPortal, endpoints: Any) -> list[Execution]:
    return [sync.open(Execution(node["execution"]["rpc"])) for node in endpoints["nodes"]]


def until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """The first true value of a condition that no event announces."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} s: {what}")


class TestShape:
    def test_two_validator_nodes_and_one_without_keys(self, endpoints: Any) -> None:
        assert [node["name"] for node in endpoints["nodes"]] == [
            "1-geth-prysm",
            "2-geth-prysm",
            "3-geth-prysm",
        ]
        assert [node["role"] for node in endpoints["nodes"]] == ["validator", "validator", "rpc"]
        assert [(node["validator"] or {}).get("keys") for node in endpoints["nodes"]] == [
            32,
            32,
            None,
        ]

    def test_endpoints_have_the_promised_shape(self, endpoints: Any) -> None:
        assert set(endpoints) == {"network", "chain_id", "nodes", "services"}
        for node in endpoints["nodes"]:
            assert set(node) == {"name", "role", "execution", "consensus", "validator"}
            assert set(node["execution"]) == {"service", "rpc", "ws", "engine", "metrics", "enode"}
            assert set(node["consensus"]) == {"service", "http", "metrics", "enr", "peer_id"}
        assert set(endpoints["nodes"][0]["validator"]) == {"service", "metrics", "keys"}

    def test_status_has_the_promised_shape(self, yard: Any) -> None:
        def running() -> Any:
            status = yard.json("status")
            return status if status["state"] == "running" else None

        status = until(running, 60, "a running network")
        for key in ("head_slot", "wall_slot", "justified_epoch", "finalized_epoch"):
            assert isinstance(status[key], int)
        assert status["overrides"] == {"SLOTS_PER_EPOCH": 8}
        for node in status["nodes"]:
            assert node["synced"] is True
            assert {"name", "head_slot", "head_block"} <= set(node)

    @pytest.mark.parametrize("kind", ["execution_peers", "consensus_peers"])
    def test_every_node_counts_both_others_as_peers(self, yard: Any, kind: str) -> None:
        # Prysm counts a peer that dialled it only after ten seconds.
        def meshed() -> bool:
            return all(node[kind] == 2 for node in yard.json("status")["nodes"])

        until(meshed, 60, f"two {kind} on every node")

    def test_identities_known_before_the_start_are_the_live_ones(
        self, sync: SyncPortal, beacons: list[Beacon], endpoints: Any
    ) -> None:
        for beacon, node in zip(beacons, endpoints["nodes"], strict=True):
            live = sync(beacon.identity)
            assert live.peer_id == node["consensus"]["peer_id"]
            ours, theirs = decode_enr(node["consensus"]["enr"]), decode_enr(live.enr)
            assert ours.node_id == theirs.node_id
            assert ours.pairs["eth2"] == theirs.pairs["eth2"]
            for port in ("tcp", "udp", "quic"):
                assert ours.port(port) == theirs.port(port)


class TestGenesis:
    def test_roots_and_hashes_are_what_the_clients_compute(
        self, sync: SyncPortal, yard: Any, beacons: list[Beacon], executions: list[Execution]
    ) -> None:
        lock = json.loads(network_folder(yard).joinpath("lock.json").read_text())["genesis"]
        for beacon, execution in zip(beacons, executions, strict=True):
            genesis = sync(beacon.genesis)
            assert genesis is not None
            assert genesis.validators_root == lock["validators_root"]
            assert genesis.time == lock["time"]
            assert sync(beacon.state_root, "genesis") == lock["state_root"]
            block = sync(execution.block, 0)
            assert block is not None
            assert block.hash == lock["block_hash"]


class TestChain:
    def test_all_nodes_agree_on_the_head(self, sync: SyncPortal, beacons: list[Beacon]) -> None:
        slot = max(sync(beacon.head).slot for beacon in beacons)
        roots = set()
        for beacon in beacons:
            sync(wait_for_block, beacon, slot=slot, timeout=30)
            header = sync(beacon.header, slot)
            assert header is not None
            roots.add(header.root)
        assert len(roots) == 1

    def test_a_transfer_through_the_rpc_node_is_proposed_by_a_validator_node(
        self, sync: SyncPortal, yard: Any, beacons: list[Beacon], executions: list[Execution]
    ) -> None:
        sender = yard.json("accounts")[3]
        to = "0x" + "42" * 20
        before = sync(executions[0].balance, to)
        sent = sync(transfer, executions[2], sender["private_key"], to, 10**18)
        receipt = sync(wait_for_receipt, executions[2], sent, timeout=60)
        block = next(
            found
            for slot in range(sync(beacons[2].head).slot, 0, -1)
            if (found := sync(beacons[2].block, slot))
            and found.block_number == receipt.block_number
        )
        assert block.proposer_index < VALIDATORS
        number = receipt.block_number
        reached = lambda: sync(executions[0].block_number) >= number  # noqa: E731
        until(reached, 20, "the block on the first node")
        assert sync(executions[0].balance, to) == before + 10**18

    def test_finality(self, sync: SyncPortal, beacons: list[Beacon]) -> None:
        for beacon in beacons:
            found = sync(wait_for_finality, beacon, epoch=2, timeout=180)
            assert found.finalized.epoch >= 2

    def test_no_validator_is_slashed_and_all_attest(
        self, sync: SyncPortal, beacons: list[Beacon]
    ) -> None:
        validators = sync(beacons[2].validators)
        assert validators is not None
        assert len(validators) == VALIDATORS
        assert not [validator for validator in validators if validator.slashed]
        assert {validator.status for validator in validators} == {"active_ongoing"}


class TestRpcNode:
    def test_it_has_no_keys_and_no_validator_client(self, yard: Any) -> None:
        root = network_folder(yard)
        assert sorted(path.name for path in (root / "keys").iterdir()) == [
            "1-geth-prysm",
            "2-geth-prysm",
        ]
        assert not (root / "logs" / "vc-3-geth-prysm.log").exists()

    def test_its_blocks_come_over_p2p(
        self, sync: SyncPortal, beacons: list[Beacon], endpoints: Any
    ) -> None:
        others = {node["consensus"]["peer_id"] for node in endpoints["nodes"][:2]}
        connected = {peer.peer_id for peer in sync(beacons[2].peers) if peer.state == "connected"}
        assert connected == others
        assert sync(beacons[2].head).slot > 0

    @pytest.mark.parametrize("method", ["admin_nodeInfo", "debug_setHead", "engine_getPayloadV4"])
    def test_no_method_of_an_operator_is_open(self, endpoints: Any, method: str) -> None:
        import httpx

        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": []}
        url = endpoints["nodes"][2]["execution"]["rpc"]
        answer = httpx.post(url, json=request, trust_env=False).json()
        assert answer["error"]["code"] == -32601

    def test_namespaces(self, sync: SyncPortal, executions: list[Execution]) -> None:
        modules = sync(executions[2].modules)
        assert modules is not None
        assert set(modules) == {"eth", "net", "web3", "txpool", "rpc"}


class TestSafety:
    def test_only_loopback_is_bound(self, yard: Any) -> None:
        addresses = {
            connection.laddr.ip
            for process in yard.processes()
            for connection in process.net_connections(kind="inet")
            if connection.status in (psutil.CONN_LISTEN, psutil.CONN_NONE)
        }
        assert addresses == {"127.0.0.1"}

    def test_secrets_are_private_and_nowhere_else(self, yard: Any) -> None:
        root = network_folder(yard)
        private = [*(root / "secrets").rglob("*"), *(root / "keys").rglob("*")]
        for path in private:
            wanted = 0o700 if path.is_dir() else 0o600
            assert stat.S_IMODE(path.stat().st_mode) == wanted, path
        secrets = {path.read_text().strip() for path in (root / "secrets" / "wallets").iterdir()}
        secrets.add((root / "secrets" / "jwt.hex").read_text().strip().removeprefix("0x"))
        secrets |= {path.read_text().strip() for path in (root / "secrets" / "nodes").glob("*.key")}
        assert len(secrets) == 2 + 1 + 6
        shown = "\n".join(
            [path.read_text(errors="replace") for path in (root / "logs").iterdir()]
            + [" ".join(process.cmdline()) for process in yard.processes()]
            + [(root / "events.jsonl").read_text(), (root / "lock.json").read_text()]
        )
        assert not [secret for secret in secrets if secret in shown]


class TestCommands:
    def test_up_again_changes_nothing(self, yard: Any) -> None:
        before = {process.pid for process in yard.processes()}
        report = yard.json("up")
        assert report["changed"] == []
        assert {process.pid for process in yard.processes()} == before
        assert report["endpoints"] == yard.report["endpoints"]

    def test_env_endpoints_can_be_sourced(self, yard: Any, endpoints: Any) -> None:
        lines = yard.run("endpoints", "--output", "env").stdout
        shell = subprocess.run(
            ["sh", "-c", f'{lines}\nprintf %s "$CHAINYARD_RPC_URL"'],
            capture_output=True,
            text=True,
            check=True,
        )
        assert shell.stdout == endpoints["nodes"][2]["execution"]["rpc"]

    def test_logs_of_one_and_of_all(self, yard: Any) -> None:
        one = yard.run("logs", "el-3-geth-prysm", "--tail", "5").stdout
        assert len(one.splitlines()) == 5
        every = yard.run("logs", "--tail", "1").stdout
        assert {line.split()[0].rstrip("|:") for line in every.splitlines()} >= {"el-1-geth-prysm"}

    def test_attach_runs_an_expression(self, yard: Any) -> None:
        done = yard.run("attach", "el-3-geth-prysm", "--exec", "admin.peers.length")
        assert int(done.stdout.strip()) == 2

    def test_accounts_are_funded(
        self, sync: SyncPortal, yard: Any, executions: list[Execution]
    ) -> None:
        accounts = yard.json("accounts")
        assert accounts[0]["address"] == "0x8943545177806ED17B9F23F0a21ee5948eCaa776"
        assert sync(executions[2].balance, accounts[5]["address"]) == 10**27

    def test_ls_and_doctor(self, yard: Any) -> None:
        assert [(one["name"], one["state"]) for one in yard.json("ls")] == [("livenet", "running")]
        findings = yard.json("doctor")
        assert [one["check"] for one in findings if not one["ok"]] == []

    def test_status_for_people(self, yard: Any) -> None:
        text = yard.run("status").stdout
        assert "3-geth-prysm" in text
        assert "SLOTS_PER_EPOCH" in text


class TestPython:
    def test_the_same_network_from_python(self, yard: Any, monkeypatch: Any) -> None:
        monkeypatch.setenv("CHAINYARD_HOME", str(yard.home))
        network = Network.open("livenet")
        head = network.status().nodes[2].head_block
        assert head is not None
        network.wait_for_block(head + 1, timeout=60)
        assert network.endpoints().rpc.name == "3-geth-prysm"
        assert not network.difference()


# The last two change the network: they stand at the end of this file, in this order.


class TestZSurvival:
    def test_a_crashed_client_comes_back(self, sync: SyncPortal, yard: Any, beacons: Any) -> None:
        victim = next(
            process
            for process in yard.processes()
            if any("--datadir" in word and "cl-2-" in word for word in process.cmdline())
        )
        victim.kill()
        victim.wait(10)
        replaced = lambda: any(  # noqa: E731
            process.pid != victim.pid and any("data/cl-2-" in word for word in process.cmdline())
            for process in yard.processes()
        )
        until(replaced, 20, "a new process of cl-2")
        head = sync(beacons[2].head).slot
        sync(wait_for_block, beacons[1], slot=head + 2, timeout=90)

    def test_stop_and_start(self, yard: Any) -> None:
        before = yard.json("status")
        yard.run("stop")
        assert yard.json("status")["state"] == "stopped"
        assert not yard.processes()
        yard.run("start", timeout=180)
        after = yard.json("status")
        assert after["head_slot"] > before["head_slot"]
        heads = {node["head_slot"] for node in after["nodes"]}
        assert max(heads) - min(heads) <= 2
        assert yard.json("endpoints") == yard.report["endpoints"]

    def test_down_leaves_nothing(self, yard: Any) -> None:
        processes = yard.processes()
        assert processes
        yard.run("down")
        gone, alive = psutil.wait_procs(processes, timeout=5)
        assert not alive
        assert len(gone) == len(processes)
        networks = yard.home / "networks"
        assert [path for path in networks.iterdir() if not path.name.startswith(".")] == []
        assert yard.json("ls") == []


def network_folder(yard: Any) -> Path:
    return yard.home / "networks" / "livenet"
