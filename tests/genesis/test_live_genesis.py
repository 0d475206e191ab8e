"""Real clients start from our genesis and come to the same hashes and roots.

Loopback only; every process started here is ended here.
"""

import json
import re
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from chainyard.genesis.execution import execution_genesis
from chainyard.genesis.make import Genesis, make_genesis

pytestmark = pytest.mark.live

FORKS = ["bellatrix", "capella", "deneb", "electra", "fulu"]
CONTRACTS = {
    # code and storage, a zero slot, a short slot
    "0x123463a4B065722E99115D6c222f267d9cABb524": {
        "balance": "2ETH",
        "code": "0x1234",
        "nonce": "0x05",
        "storage": {"0x00": "0x07", "0x01": "0x00", "0x" + "ff" * 32: "0x" + "ab" * 32},
    },
    # an account with nothing in it
    "0x00000000000000000000000000000000000abcde": {"balance": "0"},
    "0x00000000000000000000000000000000000abcdf": {"balance": str(2**256 - 1)},
}


@pytest.mark.parametrize("preset", ["mainnet", "minimal"])
@pytest.mark.parametrize("fork", FORKS)
def test_geth_has_the_same_genesis_block(
    fork, preset, make_spec, forks_from, geth_binary, tmp_path
):
    # The minimal preset, where an epoch is 8 slots, goes with later forks at several epochs.
    later = FORKS[FORKS.index(fork) + 1 :] if preset == "minimal" else []
    epochs = {name: 3 + index for index, name in enumerate(later)}
    epochs |= {"gloas": 11} if preset == "minimal" else {}
    spec = make_spec(
        preset=preset,
        **forks_from(fork, **epochs),
        bpo_1_epoch=8,
        bpo_2_epoch=9,
        additional_preloaded_contracts=_allocations(CONTRACTS),
    )
    execution = execution_genesis(spec, 1_700_000_000)
    (tmp_path / "genesis.json").write_bytes(execution.json())

    block = _init(geth_binary, tmp_path)

    assert block["hash"] == f"0x{execution.block_hash.hex()}"
    assert block["stateRoot"] == f"0x{execution.state_root.hex()}"


def test_geth_refuses_nothing_of_many_blob_forks(make_spec, geth_binary, tmp_path):
    spec = make_spec(
        **{f"bpo_{number}_epoch": number for number in range(1, 6)}, gloas_fork_epoch=6
    )
    execution = execution_genesis(spec, 1_700_000_000)
    (tmp_path / "genesis.json").write_bytes(execution.json())

    assert _init(geth_binary, tmp_path)["hash"] == f"0x{execution.block_hash.hex()}"


PRYSM_CASES = {
    "electra": ("electra", {}, {}),
    "electra, epochs of 8 slots": ("electra", {}, {"SLOTS_PER_EPOCH": 8}),
    "electra, fulu and a blob fork later": ("electra", {"fulu": 4}, {}),
    "fulu": ("fulu", {}, {}),
    "deneb": ("deneb", {}, {}),
    "capella": ("capella", {}, {}),
    "bellatrix": ("bellatrix", {}, {}),
}


@pytest.mark.parametrize("case", PRYSM_CASES)
def test_prysm_has_the_same_roots(
    case, make_spec, forks_from, keys, geth_binary, beacon_chain_binary, tmp_path
):
    fork, scheduled, overrides = PRYSM_CASES[case]
    withdrawals = {"withdrawal_type": "0x02", "validator_balance": 64} if fork == "electra" else {}
    spec = make_spec(keys=64, slot_duration_ms=2000, **forks_from(fork, **scheduled), **withdrawals)
    genesis = make_genesis(spec, int(time.time()) + 3600, keys, overrides)
    for name, data in genesis.files().items():
        (tmp_path / name).write_bytes(data)

    with _nodes(geth_binary, beacon_chain_binary, genesis, tmp_path) as beacon_api:
        told = beacon_api("/eth/v1/beacon/genesis")
        root = beacon_api("/eth/v1/beacon/states/genesis/root")
        spec_values = beacon_api("/eth/v1/config/spec")
        header = beacon_api("/eth/v1/beacon/headers/genesis")

    assert told["genesis_validators_root"] == f"0x{genesis.validators_root.hex()}"
    assert told["genesis_time"] == str(genesis.time)
    assert root["root"] == f"0x{genesis.state_root.hex()}"
    assert header["header"]["message"]["state_root"] == f"0x{genesis.state_root.hex()}"
    _assert_config_was_read(genesis.config, spec_values)


def _assert_config_was_read(config: Any, told: dict[str, Any]) -> None:
    """Every value that Prysm knows by our key is the one that we wrote."""
    known = {key: value for key, value in config.items() if key in told}
    assert {"SECONDS_PER_SLOT", "SLOT_DURATION_MS", "ELECTRA_FORK_EPOCH"} <= known.keys()
    # These two Prysm computes or defaults for itself.
    for key in known.keys() - {"BLOB_SCHEDULE", "CONFIG_NAME"}:
        assert str(told[key]).lower() == str(config[key]).lower(), key


def _allocations(accounts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    from chainyard.genesis.alloc import parse_wei
    from chainyard.spec.accounts import Allocation

    return {
        address: Allocation(
            balance=parse_wei(body["balance"], address),
            code=body.get("code", "0x"),
            nonce=int(body.get("nonce", "0"), 16),
            storage=body.get("storage", {}),
        )
        for address, body in accounts.items()
    }


def _init(geth: Path, folder: Path) -> dict[str, Any]:
    """Let geth write the genesis block, and read it back."""
    data = folder / "geth"
    command = [geth, "--datadir", data, "init", folder / "genesis.json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    console = [geth, "--datadir", data, "--nodiscover", "--maxpeers", "0", "--port", "0"]
    console += ["--ipcdisable", "--authrpc.port", str(_free_port()), "--verbosity", "1"]
    console += ["--exec", "JSON.stringify(eth.getBlock(0))", "console"]
    read = subprocess.run(console, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(json.loads(read.stdout.strip().splitlines()[-1]))


@contextmanager
def _nodes(
    geth: Path, beacon_chain: Path, genesis: Genesis, folder: Path
) -> Iterator[Callable[[str], Any]]:
    """geth and a beacon node on our files, alone on loopback."""
    jwt = folder / "jwt.hex"
    jwt.write_text(secrets.token_hex(32))
    engine, http, rpc, p2p = (_free_port() for _ in range(4))
    with ExitStack() as stack:
        _init(geth, folder)
        execution = [geth, "--datadir", folder / "geth", "--nodiscover", "--maxpeers", "0"]
        execution += ["--port", "0", "--ipcdisable", "--networkid", str(genesis.chain_id)]
        execution += ["--authrpc.port", str(engine), "--authrpc.jwtsecret", jwt]
        stack.enter_context(_process(execution, folder / "geth.log"))
        consensus = [beacon_chain, "--datadir", folder / "prysm", "--accept-terms-of-use"]
        consensus += ["--genesis-state", folder / "genesis.ssz"]
        consensus += ["--chain-config-file", folder / "config.yaml"]
        consensus += ["--contract-deployment-block", "0", "--min-sync-peers", "0"]
        consensus += ["--execution-endpoint", f"http://127.0.0.1:{engine}", "--jwt-secret", jwt]
        consensus += ["--http-port", str(http), "--rpc-port", str(rpc), "--disable-monitoring"]
        consensus += ["--p2p-tcp-port", str(p2p), "--p2p-udp-port", str(p2p), "--no-discovery"]
        consensus += ["--p2p-local-ip", "127.0.0.1", "--p2p-host-ip", "127.0.0.1"]
        consensus += ["--disable-quic", "--bootstrap-node", "", "--chain-id", str(genesis.chain_id)]
        process = stack.enter_context(_process(consensus, folder / "prysm.log"))

        def get(path: str) -> Any:
            return _get(f"http://127.0.0.1:{http}{path}", process, folder / "prysm.log")

        yield get


def _get(url: str, process: subprocess.Popen[bytes], log: Path, patience: float = 60) -> Any:
    """The ``data`` of an answer, as soon as the node gives it."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return json.load(answer)["data"]
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            # The wait for a condition: the node may answer within a tenth of a second from now.
            process_ended(process, 0.1)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", log.read_text(errors="replace")).splitlines()
    pytest.fail(f"no answer from {url}:\n" + "\n".join(lines[-15:]))


def process_ended(process: subprocess.Popen[bytes], within: float) -> bool:
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        return False
    return True


@contextmanager
def _process(command: list[Any], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command], stdout=output, stderr=subprocess.STDOUT
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            if not process_ended(process, 20):
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
