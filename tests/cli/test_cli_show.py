"""Verbs that look and change nothing, and what they make of hostile text."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace

import pytest
from fake_network import SPEC, status

from chainyard.backends.fake import FakeBackend
from chainyard.cli import attach as attach_verb
from chainyard.cli import status as status_verb
from chainyard.cli.accounts import ether
from chainyard.cli.ls import age
from chainyard.network.views import Endpoints, Finding, NodeStatus

EVIL = "\x1b]0;owned\x07\x9b2J\u202e[red]x[/red]\r"


@pytest.fixture
def up(folder, networks):
    folder.run("up")
    networks.calls.clear()
    return folder


# ls


def test_ls_of_nothing(folder):
    result = folder.run("ls")
    assert (result.out, result.err) == ("", "There is no network yet. Make one: chainyard up\n")
    assert folder.json("ls") == []


def test_ls(up):
    up.run("up", "--name", "other")
    up.run("stop", "--name", "other")
    rows = [line.split() for line in up.run("ls").out.splitlines()]
    assert rows[0] == ["NAME", "STATE", "NODES", "BACKEND", "AGE", "FILE"]
    assert rows[1][:4] == ["devnet", "running", "2", "fake"]
    assert rows[2][:4] == ["other", "stopped", "2", "fake"]
    [only] = up.json("ls", "--name", "other")
    assert only["source"].endswith("devnet/network_params.yaml")
    assert up.json("ls", "--name", "nope", code=2)["error"]["kind"] == "NotFoundError"


def test_ls_shows_all_whatever_the_environment_names(up, monkeypatch):
    monkeypatch.setenv("CHAINYARD_NAME", "other")
    assert [network["name"] for network in up.json("ls")] == ["devnet"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0 s"), (59.9, "59 s"), (60, "1 min"), (7200, "2 h"), (172_800, "2 d")],
)
def test_ages(seconds, text):
    assert age(seconds) == text


# status


def test_status(up, networks):
    lines = up.run("status").out.splitlines()
    assert lines[0] == (
        "devnet is running: head at slot 120 of 121, justified epoch 2, finalized epoch 1"
    )
    assert lines[2].split()[:3] == ["NODE", "SLOT", "BLOCK"]
    assert lines[3].split() == ["1-geth-prysm", "120", "118", "1", "2", "yes"]
    assert up.json("status") == status().as_dict() | {
        "nodes": [vars(node) for node in status().nodes]
    }


def test_status_of_a_network_in_trouble(up, networks):
    node = NodeStatus("1-geth-prysm", None, None, None, None, synced=False, problem=EVIL)
    networks.statuses = [
        status(
            state="degraded",
            head_slot=None,
            nodes=(node,),
            services={"el-1-geth-prysm": "backoff", "cl-1-prysm-geth": "running"},
            overrides={"SLOTS_PER_EPOCH": 8},
        )
    ]
    out = up.run("status").out
    assert out.startswith("devnet is degraded: no head of 121")
    assert "consensus config changed by chainyard.yaml: SLOTS_PER_EPOCH=8" in out
    assert "el-1-geth-prysm  backoff" in out
    assert "cl-1-prysm-geth  running" not in out
    assert "\\x1b]0;owned\\x07\\x9b2J\\u202e[red]x[/red]\\x0d" in out
    assert not set(out) & set("\x1b\x07\x9b\r\u202e")


@pytest.mark.parametrize(("wall", "text"), [(None, "no genesis yet"), (-3, "genesis in 3 slots")])
def test_status_before_genesis(up, networks, wall, text):
    networks.statuses = [status(wall_slot=wall, head_slot=None)]
    assert text in up.run("status").out


def test_watch_looks_once_a_slot_until_interrupted(up, networks, monkeypatch):
    pauses = []

    def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(status_verb, "pause", pause)
    result = up.run("status", "--watch")
    assert result.out.count("devnet is running") == 3
    assert result.err == ""
    assert pauses == [2.0, 2.0, 2.0]
    pauses.clear()
    lines = up.run("status", "--watch", "-o", "json").out.splitlines()
    assert [json.loads(line)["state"] for line in lines] == ["running"] * 3


def test_watch_ends_with_the_network(up, monkeypatch):
    import shutil

    from chainyard.errors import NotReadyError

    def pause(_seconds):
        shutil.rmtree(up.network())
        raise NotReadyError("it is gone")

    monkeypatch.setattr(status_verb, "pause", pause)
    assert "it is gone" in up.run("status", "-w", code=1).err


# endpoints


def test_endpoints(up):
    lines = up.run("endpoints").out.splitlines()
    assert lines[0].split("  ")[0] == "NODE"
    assert len(lines) == 3
    value = up.json("endpoints")
    assert set(value) == {"network", "chain_id", "nodes", "services"}
    node = value["nodes"][0]
    assert set(node) == {"name", "role", "execution", "consensus", "validator"}
    assert set(node["execution"]) == {"service", "rpc", "ws", "engine", "metrics", "enode"}
    assert set(node["consensus"]) == {"service", "http", "metrics", "enr", "peer_id"}
    assert set(node["validator"]) == {"service", "metrics", "keys"}
    assert value["nodes"][1]["validator"] is None
    assert value["chain_id"] == 3151908


def test_endpoints_for_a_shell(up):
    script = up.run("endpoints", "-o", "env").out
    print_all = 'printf "%s\\n" "$CHAINYARD_NETWORK" "$CHAINYARD_RPC_URL" "$CHAINYARD_NODE_2_NAME"'
    shell = subprocess.run(
        ["sh", "-euc", f"{script}{print_all}"], capture_output=True, text=True, check=True
    )
    rpc = up.json("endpoints")["nodes"][1]["execution"]["rpc"]
    assert shell.stdout.splitlines() == ["devnet", rpc, "2-geth-prysm"]


def test_endpoints_are_safe_for_a_shell(up, networks, monkeypatch, tmp_path):
    real = networks.endpoints
    evil = f"$(touch {tmp_path}/owned)`touch {tmp_path}/owned`'; touch {tmp_path}/owned; '"

    def endpoints(self) -> Endpoints:
        return replace(real(self), services={"my dora": {"url": evil, "password": "p'w"}})

    monkeypatch.setattr(networks, "endpoints", endpoints)
    script = up.run("endpoints", "-o", "env").out
    shell = subprocess.run(
        ["sh", "-euc", f'{script}printf %s "$CHAINYARD_MY_DORA_URL"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shell.stdout == evil
    assert not (tmp_path / "owned").exists()
    assert "my dora" in up.run("endpoints").out


def test_endpoints_before_anything_is_decided(folder, networks):
    def fail(_progress):
        raise KeyboardInterrupt

    networks.during_up = None
    from chainyard.network.naming import settings_for
    from chainyard.spec import load_spec

    networks.create(load_spec("network_params.yaml"), name="devnet", settings=settings_for(None))
    assert "has no addresses yet" in folder.run("endpoints", code=2).err


# logs


def test_logs_of_all_are_prefixed(up, networks):
    networks.lines = [("el-1", "one"), ("cl-1-prysm", "two\twords"), ("el-1", "three")]
    out = up.run("logs").out
    assert out == "el-1 | one\ncl-1-prysm | two\twords\nel-1       | three\n"


def test_logs_of_one_service(up):
    FakeBackend(up.network()).say("el-1-geth-prysm", "first", "second", "third")
    assert up.run("logs", "el-1-geth-prysm", "--tail", "2").out == "second\nthird\n"
    line = up.run("logs", "el-1-geth-prysm", "--tail", "1", "-o", "json").out
    assert json.loads(line) == {"service": "el-1-geth-prysm", "line": "third"}


def test_logs_of_an_unknown_service(up):
    result = up.run("logs", "el-9", code=2)
    assert "no service 'el-9'" in result.err
    assert "el-1-geth-prysm" in result.err


def test_hostile_logs_do_nothing_to_a_terminal(up, networks):
    networks.lines = [("el-1", EVIL), ("el-1", "[bold]fine[/bold]")]
    out = up.run("logs").out
    assert not set(out) & set("\x1b\x07\x9b\r\u202e")
    assert "[bold]fine[/bold]" in out
    assert json.loads(up.run("logs", "-o", "json").out.splitlines()[0])["line"] == EVIL


def test_ctrl_c_ends_following_logs_without_an_error(up, networks, monkeypatch):
    def lines(self, *_args, **_options):
        yield "el-1", "one"
        raise KeyboardInterrupt

    monkeypatch.setattr(networks, "logs", lines)
    result = up.run("logs", "-f")
    assert (result.out, result.err) == ("el-1 | one\n", "")
    assert "Interrupted" in up.run("logs", code=130).err


# accounts


def test_accounts(up):
    accounts = up.json("accounts")
    assert len(accounts) == 21
    # The first account of ethereum-package's default mnemonic.
    assert accounts[0]["address"] == "0x8943545177806ED17B9F23F0a21ee5948eCaa776"
    assert accounts[0]["private_key"].startswith("0xbcdf20249abf0ed6d944c0288fad489e33f66b39")
    assert accounts[0]["balance_wei"] == str(10**27)
    lines = up.run("accounts").out.splitlines()
    assert lines[0].split("  ")[0] == "ADDRESS"
    assert lines[1].split()[0] == accounts[0]["address"]
    assert lines[1].split()[-1] == "1000000000"


def test_accounts_of_which_only_the_address_is_known(folder, networks):
    address = "0x" + "ab" * 20
    folder.write(SPEC + f'  prefunded_accounts: \'{{"{address}": {{"balance": "1.5ETH"}}}}\'\n')
    folder.run("up")
    known = folder.json("accounts")[-1]
    assert known["address"].lower() == address
    assert known["private_key"] is None
    assert folder.run("accounts").out.splitlines()[-1].split()[1:] == ["-", "1.5"]


@pytest.mark.parametrize(
    ("wei", "text"),
    [(0, "0"), (1, "0.000000000000000001"), (10**18, "1"), (10**27, "1000000000"),
     (15 * 10**17, "1.5"), (2**256 - 1, f"{(2**256 - 1) // 10**18}.584007913129639935")],
)  # fmt: skip
def test_wei_as_ether_is_exact(wei, text):
    assert ether(wei) == text


# attach


def test_attach_becomes_the_console(up, monkeypatch):
    became = []
    monkeypatch.setattr(attach_verb, "replace_process", lambda *call: became.append(call))
    up.run("attach", "el-1-geth-prysm")
    up.run("attach", "el-1-geth-prysm", "--exec", "eth.blockNumber")
    (program, plain), (_, evaluating) = became
    assert program == plain[0] == "/bin/true"
    assert evaluating == [*plain[:-1], "--exec", "eth.blockNumber", plain[-1]]


def test_attach_as_json_wraps_what_is_printed(up, networks, monkeypatch):
    monkeypatch.setattr(
        networks,
        "console",
        lambda self, service, js: ["/bin/sh", "-c", "echo 12; echo no >&2; exit 3"],
    )
    value = up.json("attach", "el-1-geth-prysm", "--exec", "1", code=1)
    assert value == {"service": "el-1-geth-prysm", "exit_code": 3, "output": "12", "error": "no"}


@pytest.mark.parametrize(
    ("arguments", "sentence", "code"),
    [
        (["cl-1-prysm-geth"], "has no console", 2),
        (["nope"], "has no service 'nope'", 2),
        (["el-1-geth-prysm", "-o", "json"], "a console does not speak JSON", 2),
    ],
)
def test_attach_to_what_has_no_console(up, arguments, sentence, code):
    result = up.run("attach", *arguments, code=code)
    assert sentence in result.err + result.out


@pytest.mark.parametrize("flags", [[], ["--exec", "1", "--output", "json"]])
def test_attach_where_the_console_is_gone(up, networks, monkeypatch, flags):
    monkeypatch.setattr(networks, "console", lambda self, service, js: ["/nowhere/geth", "attach"])
    result = up.run("attach", "el-1-geth-prysm", *flags, code=1)
    assert "/nowhere/geth cannot be run: No such file" in result.err + result.out


# validate


def test_validate_says_what_the_file_means(folder):
    assert folder.run("validate", "network_params.yaml").out == (
        "network_params.yaml is valid: 2 nodes (1 geth + prysm with 32 keys, 1 geth + prysm "
        "without keys), 32 validators; electra at genesis; 2 s slots, mainnet preset, "
        "chain id 3151908\n"
    )
    value = folder.json("validate")
    assert value["valid"] is True
    assert value["file"] == "network_params.yaml"
    assert not (folder.home / "networks").exists()


def test_validate_says_what_the_settings_change_and_what_is_not_acted_on(folder):
    folder.write("backend: fake\nconsensus_config: {SLOTS_PER_EPOCH: 8}\n", "chainyard.yaml")
    folder.write(SPEC + "mev_type: flashbots\n")
    result = folder.run("validate")
    assert "chainyard.yaml sets SLOTS_PER_EPOCH to 8" in result.out
    assert "line 12: mev_type" in result.err
    value = folder.json("validate")
    assert value["consensus_config"] == {"SLOTS_PER_EPOCH": 8}
    assert value["not_acted_on"][0]["key"] == "mev_type"
    assert "line 12" in folder.run("validate", "--strict", code=2).err


def test_validate_reports_every_problem_of_both_files(folder):
    folder.write("participants: [{el_typ: geth}]\nnetwork_parms: {}\n")
    folder.write("backnd: fake\n", "chainyard.yaml")
    result = folder.run("validate", "network_params.yaml", code=2)
    assert "network_params.yaml:1:" in result.err
    assert "network_params.yaml:2:1" in result.err
    assert "chainyard.yaml:1:1" in result.err
    error = folder.json("validate", code=2)["error"]
    assert error["kind"] == "SpecError"
    assert len(error["problems"]) >= 3
    assert {"line", "column", "key", "expected", "suggestion"} <= set(error["problems"][0])


def test_validate_asks_the_clients(folder):
    folder.write(SPEC.replace("seconds_per_slot: 2", "seconds_per_slot: 1"))
    assert "Prysm cannot run slots of 1000 ms" in folder.run("validate", code=2).err


@pytest.mark.parametrize("file", ["missing.yaml", ".", "bytes.yaml"])
def test_validate_of_what_is_no_file(folder, file):
    (folder.root / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    assert folder.run("validate", file, code=2).err.startswith("Error: ")


def test_validate_as_a_network_that_cannot_be(folder):
    assert "cannot be a network's name" in folder.run("validate", "-n", "A B", code=2).err


# plan


def test_plan_is_a_tree(folder):
    out = folder.run("plan").out
    assert out.startswith("devnet (fake backend)\n├── 1-geth-prysm: 32 keys\n")
    assert "├── 2-geth-prysm: no keys" in out
    assert "└── services\n    └── journal\n" in out
    for name in ("el-1-geth-prysm", "cl-1-prysm-geth", "vc-1-geth-prysm", "el-2-geth-prysm"):
        assert f"── {name}\n" in out
    assert "--http.port=${el-1-geth-prysm.port.rpc}" in out
    assert "rpc 8545/tcp" in out
    assert not (folder.home / "networks").exists()


def test_plan_as_json(folder):
    folder.write("backend: fake\nconsensus_config: {SLOTS_PER_EPOCH: 8}\n", "chainyard.yaml")
    folder.write(SPEC + "mev_type: flashbots\n")
    value = folder.json("plan", "--name", "other")
    assert value["network"] == "other"
    assert value["consensus_config"] == {"SLOTS_PER_EPOCH": 8}
    assert value["not_acted_on"][0]["line"] == 12
    assert {"name", "program", "args", "ports"} <= set(value["services"][0])
    assert "chainyard.yaml sets SLOTS_PER_EPOCH to 8" in folder.run("plan").out


def test_plan_of_a_network_has_its_own_node_keys(folder, networks):
    before = folder.run("plan").out
    folder.run("up")
    after = folder.run("plan").out
    assert after != before
    assert folder.run("plan").out == after


def test_plan_of_what_a_client_cannot_run(folder):
    folder.write(SPEC.replace("cl_type: prysm", "cl_type: teku"))
    assert folder.run("plan", code=2).out == ""


def test_plan_shows_hostile_text_harmlessly(folder):
    folder.write(SPEC.replace("cl_type: prysm", 'cl_type: prysm\n    cl_extra_params: ["\\e[2J"]'))
    out = folder.run("plan").out
    assert "\\x1b[2J" in out
    assert "\x1b" not in out


# clients


def test_clients_list_and_where(folder, monkeypatch, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}/bin{os.pathsep}/usr/bin")
    rows = {row["name"]: row for row in folder.json("clients", "list")}
    assert rows["geth"]["sources"] == ["release", "build"]
    assert rows["geth"]["path"] is None
    assert "PROGRAM" in folder.run("clients", "list").out
    missing = folder.run("clients", "where", "geth", code=1)
    assert missing.out == ""
    assert "is not installed; would be downloaded" in missing.err
    geth = tools / "geth"
    geth.write_text(f"#!/bin/sh\necho 'geth version {rows['geth']['pinned']}-stable'\n")
    geth.chmod(0o755)
    assert folder.run("clients", "where", "geth").out == f"{geth}\n"
    assert folder.json("clients", "where", "geth")[0]["source"] == "path"
    [installed] = folder.json("clients", "install", "geth")
    assert installed["path"] == str(geth)


def test_clients_install_names_what_it_cannot_have(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CHAINYARD_SOURCES", "path,cache")
    result = folder.run("clients", "install", code=1)
    for name in ("geth", "prysm-beacon-chain", "prysm-validator"):
        assert f"{name} " in result.err
    assert "lighthouse" not in result.err
    assert folder.json("clients", "install", code=1)["error"]["kind"] == "DownloadError"


@pytest.mark.parametrize("action", ["list", "install", "where"])
def test_clients_of_an_unknown_name(folder, action):
    assert "did you mean 'geth'?" in folder.run("clients", action, "gath", code=2).err


# doctor


def test_doctor(folder, monkeypatch):
    from chainyard.network import doctor

    looked = []

    def findings(layout, *_args, **_options):
        looked.append(layout)
        return [Finding("python", True, "3.11"), Finding("clock", wrong, EVIL, "set it")]

    wrong = True
    monkeypatch.setattr(doctor, "diagnose_machine", findings)
    assert folder.json("doctor")[0] == {"check": "python", "ok": True, "detail": "3.11", "hint": ""}
    wrong = False
    result = folder.run("doctor", code=1)
    assert not set(result.out) & set("\x1b\x07\x9b\r\u202e")
    assert [line.split()[0] for line in result.out.splitlines()] == ["CHECK", "ok", "WRONG"]
    assert folder.json("doctor", code=1)[1]["ok"] is False
    assert looked == [None, None, None]


def test_doctor_looks_at_the_network_that_is_there(up, monkeypatch):
    from chainyard.network import doctor

    looked = []
    monkeypatch.setattr(doctor, "diagnose_machine", lambda layout: looked.append(layout) or [])
    up.run("doctor")
    assert looked[0].name == "devnet"
    assert "there is no network 'nope'" in up.run("doctor", "-n", "nope", code=2).err


def test_looking_at_an_empty_home_makes_nothing(folder):
    for arguments in (["ls"], ["plan"], ["validate"], ["up", "--dry-run"], ["down"]):
        folder.run(*arguments)
        assert not (folder.home / "networks").exists(), arguments
