"""up, down, stop, start: what they do, what they say, and how they fail."""

from __future__ import annotations

import json

import pytest
from fake_network import SPEC, FakeNetwork

from chainyard.backends.fake import FakeBackend
from chainyard.errors import DownloadError, NotReadyError, ServiceFailedError

RPC = "http://127.0.0.1:"


def services(folder, name="devnet"):
    return FakeBackend(folder.network(name)).observe()


def test_up_brings_the_network_up_and_says_what_next(folder, networks):
    out = folder.run("up").out
    assert out.startswith("devnet is up (chain id 3151908); made and started (genesis 0.2 s")
    assert "NODE" in out
    assert f"1-geth-prysm  validator  {RPC}" in out
    assert f"2-geth-prysm  rpc        {RPC}" in out
    assert "chainyard status --watch" in out
    assert "chainyard logs -f" in out
    assert out.rstrip().endswith("chainyard down")
    assert {state.state for state in services(folder).values()} == {"running"}


def test_a_second_up_says_that_nothing_had_to_change(folder, networks):
    folder.run("up")
    backend = FakeBackend(folder.network())
    before = {name: status.pid for name, status in backend.observe().items()}
    assert "nothing had to change" in folder.run("up").out
    assert {name: status.pid for name, status in backend.observe().items()} == before


def test_up_as_json(folder, networks):
    value = folder.json("up")
    assert value["network"] == "devnet"
    assert value["created"] is True
    assert "el-1-geth-prysm" in value["changed"]
    assert [node["role"] for node in value["endpoints"]["nodes"]] == ["validator", "rpc"]
    assert value["not_acted_on"] == []
    assert folder.json("up")["changed"] == []


def test_up_hands_its_options_on(folder, networks):
    folder.run("up", "--name", "other", "--wait", "finalized", "--timeout", "90")
    folder.run("up", "--wait=none")
    assert networks.calls == [("up", "other", "finalized", 90.0), ("up", "devnet", "none", None)]


def test_up_of_a_file_elsewhere_is_named_after_its_folder(folder, networks):
    folder.write(SPEC, "Other_Place/params.yaml")
    folder.write("backend: fake\n", "Other_Place/chainyard.yaml")
    out = folder.run("up", "Other_Place/params.yaml").out
    assert out.startswith("other-place is up")
    assert "chainyard down --name other-place" in out


def test_the_name_may_come_from_the_environment_or_the_settings(folder, networks, monkeypatch):
    folder.write("backend: fake\nname: from-settings\n", "chainyard.yaml")
    assert folder.run("up").out.startswith("from-settings is up")
    monkeypatch.setenv("CHAINYARD_NAME", "from-env")
    assert folder.run("up").out.startswith("from-env is up")
    assert folder.run("up", "--name", "flag").out.startswith("flag is up")


def test_up_by_name_goes_on_with_a_network_where_no_file_is(folder, networks, monkeypatch):
    folder.run("up")
    elsewhere = folder.root.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert "nothing had to change" in folder.run("up", "--name", "devnet").out


def test_what_is_not_acted_on_is_listed_before_anything_starts(folder, networks, capsys):
    folder.write(SPEC + "additional_services:\n  - dora\nmev_type: flashbots\n")
    seen = []
    networks.during_up = staticmethod(lambda _progress: seen.append(capsys.readouterr().err))
    folder.run("up")
    assert "Understood, but not acted on:" in seen[0]
    assert "line 13: additional_services[0]: the service dora is not run yet" in seen[0]
    assert "line 14: mev_type" in seen[0]


def test_strict_refuses_what_is_not_acted_on(folder, networks):
    folder.write(SPEC + "mev_type: flashbots\n")
    result = folder.run("up", "--strict", code=2)
    assert "line 12: mev_type" in result.err
    assert "leave out --strict" in result.err
    assert not folder.network().exists()
    error = folder.json("up", "--strict", code=2)["error"]
    assert error["kind"] == "RequestError"


def test_strict_allows_what_is_acted_on(folder, networks):
    assert folder.run("up", "--strict").err == ""


def test_dry_run_does_nothing(folder, networks):
    out = folder.run("up", "--dry-run").out
    assert out.startswith("devnet: would be made")
    assert "  start    vc-1-geth-prysm\n" in out
    assert not folder.home.exists() or not folder.network().exists()
    value = folder.json("up", "--dry-run")
    assert value["exists"] is False
    assert len(value["would"]["start"]) == 6


def test_dry_run_tells_only_differences(folder, networks):
    folder.run("up")
    assert folder.run("up", "--dry-run").out == "devnet: nothing would change.\n"
    folder.run("stop")
    assert folder.json("up", "--dry-run")["would"]["resume"]
    folder.write(SPEC.replace("validator_count: 0", "validator_count: 0\n    el_log_level: debug"))
    value = folder.json("up", "--dry-run")
    assert value["exists"] is True
    assert value["would"]["restart"] == ["el-2-geth-prysm"]
    assert folder.run("up", "--dry-run").out.startswith("devnet: would change\n")


def test_dry_run_says_when_up_would_refuse(folder, networks):
    folder.run("up")
    folder.write(SPEC.replace("validator_count: 0", "validator_count: 8"))
    result = folder.run("up", "--dry-run", code=2)
    assert "cannot change without a new genesis" in result.err
    assert "chainyard down --name devnet" in result.err
    assert folder.run("up", code=2).err.startswith("Error: the network 'devnet' has begun")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("participants: [{el_typ: geth}]\n", "did you mean 'el_type'?"),
        ("- a list\n", "network_params.yaml:1"),
        ("participants: [\n", "network_params.yaml"),
    ],
)
def test_up_of_a_wrong_file_changes_nothing(folder, networks, text, message):
    folder.write(text)
    assert message in folder.run("up", code=2).err
    assert not folder.network().exists()
    assert folder.json("up", code=2)["error"]["problems"][0]["file"] == "network_params.yaml"


def test_up_of_a_missing_file(folder, networks):
    assert "missing.yaml" in folder.run("up", "missing.yaml", code=2).err


@pytest.mark.parametrize("name", ["UPPER", "a/b", "..", "-x", "x" * 41, "", "\x1b[2J"])
def test_up_with_a_name_that_no_network_can_have(folder, networks, name):
    result = folder.run("up", f"--name={name}", code=2)
    assert "cannot be a network's name" in result.err
    assert "\x1b" not in result.err


def test_up_with_wrong_settings(folder, networks):
    folder.write("backend: dockr\n", "chainyard.yaml")
    result = folder.run("up", code=2)
    assert "dockr" in result.err
    assert not folder.network().exists()


def test_up_on_another_backend_than_the_network_has(folder, networks):
    folder.run("up")
    assert "runs on the fake backend" in folder.run("up", "--backend", "process", code=2).err


def test_a_service_that_fails_explains_itself(folder, networks):
    def fail(_progress):
        raise ServiceFailedError(
            "cl-1-prysm-geth ended 3 times",
            service="cl-1-prysm-geth",
            log="/x/cl-1.log",
            tail=["fine", "\x1b]0;owned\x07bind: address already in use"],
            cause="its port is taken",
            hint="chainyard doctor",
        )

    networks.during_up = staticmethod(fail)
    result = folder.run("up", code=1)
    assert "Error: cl-1-prysm-geth ended 3 times" in result.err
    assert "\\x1b]0;owned\\x07bind: address already in use" in result.err
    assert "Probable cause: its port is taken" in result.err
    assert "Log: /x/cl-1.log" in result.err
    assert "\x1b" not in result.err
    error = folder.json("up", code=1)["error"]
    assert error["service"] == "cl-1-prysm-geth"
    assert error["tail"][0] == "fine"


@pytest.mark.parametrize("kind", [DownloadError, NotReadyError])
def test_other_failures_end_with_1(folder, networks, kind):
    def fail(_progress):
        raise kind("it did not work", hint="try this")

    networks.during_up = staticmethod(fail)
    assert folder.run("up", code=1).err.endswith("Error: it did not work\nTry: try this\n")


def test_an_interrupted_up_is_finished_by_the_next(folder, networks):
    def interrupt(_progress):
        raise KeyboardInterrupt

    networks.during_up = staticmethod(interrupt)
    result = folder.run("up", code=130)
    assert "`chainyard up` finishes what was begun, `chainyard down` removes it." in result.err
    assert folder.json("up", code=130)["error"]["kind"] == "Interrupted"
    networks.during_up = None
    folder.run("up")
    assert {state.state for state in services(folder).values()} == {"running"}


def test_down_removes_the_network_and_twice_changes_nothing(folder, networks):
    folder.run("up")
    assert folder.run("down").out == "devnet is removed.\n"
    assert not folder.network().exists()
    assert folder.run("down").out.startswith("Nothing to remove: no network is named 'devnet'")
    assert folder.json("down") == {"removed": []}


def test_down_by_a_name_that_is_not_there_says_the_nearest(folder, networks):
    folder.run("up", "--name", "other")
    result = folder.run("down", "--name", "othr")
    assert "Nothing to remove" in result.out
    assert "did you mean 'other'?" in result.out
    assert folder.network("other").exists()


def test_down_never_guesses(folder, networks):
    folder.run("up", "--name", "precious")
    folder.run("down")
    assert folder.network("precious").exists()
    assert folder.run("status").out.startswith("precious is running")


def test_down_all_whatever_the_environment_names(folder, networks, monkeypatch):
    folder.run("up", "--name", "one")
    monkeypatch.setenv("CHAINYARD_NAME", "two")
    folder.run("up")
    assert folder.json("down") == {"removed": ["two"]}
    assert folder.json("down", "--all") == {"removed": ["one"]}


def test_down_all(folder, networks):
    folder.run("up", "--name", "one")
    folder.run("up", "--name", "two")
    assert folder.json("down", "--all") == {"removed": ["one", "two"]}
    assert folder.run("down", "--all").out == "Nothing to remove: there is no network.\n"


def test_down_with_an_impossible_name(folder, networks):
    assert "cannot be a network's name" in folder.run("down", "--name", "../x", code=2).err


def test_stop_and_start(folder, networks):
    folder.run("up")
    assert folder.run("stop").out.startswith("devnet is stopped. Go on with: chainyard start")
    assert {state.state for state in services(folder).values()} == {"stopped"}
    assert folder.json("stop") == {"network": "devnet", "state": "stopped", "killed": []}
    assert folder.json("start", "--wait", "none")["changed"]
    assert {state.state for state in services(folder).values()} == {"running"}
    assert "nothing had to change" in folder.run("start").out


def test_stop_tells_what_had_to_be_killed(folder, networks):
    folder.run("up")
    FakeBackend(folder.network()).ignore_signals("cl-1-prysm-geth")
    assert "cl-1-prysm-geth did not end in its time and was killed." in folder.run("stop").err
    assert folder.json("stop")["killed"] == []


@pytest.mark.parametrize("verb", ["stop", "start", "status", "endpoints", "logs", "accounts"])
def test_verbs_without_a_network_say_what_there_is(folder, networks, verb):
    assert "Try: chainyard up" in folder.run(verb, code=2).err
    assert "there is no network 'nope'" in folder.run(verb, "--name", "nope", code=2).err
    for name in ("one", "two"):
        folder.run("up", "--name", name)
    assert "--name with one of: one, two" in folder.run(verb, code=2).err
    assert folder.json(verb, code=2)["error"]["kind"] == "NotFoundError"


def test_the_reports_are_json_that_json_reads(folder, networks):
    for verb in ("up", "stop", "start", "ls", "status", "endpoints", "accounts", "down"):
        json.dumps(folder.json(verb))
    assert FakeNetwork.calls
