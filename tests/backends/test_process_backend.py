"""The process backend with real processes."""

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from backend_programs import (
    IDLE,
    SHELL,
    STUBBORN,
    eventually,
    plan_of,
    port,
    processes_in,
    programs_of,
    shell,
)

from chainyard.backends.base import Difference
from chainyard.backends.files import socket_dir
from chainyard.backends.process.backend import ProcessBackend
from chainyard.backends.process.identity import Identity
from chainyard.backends.process.records import Records
from chainyard.errors import ChainyardError, RequestError, ServiceFailedError
from chainyard.service import Data, File, Program, Service, Shared, Socket, Stop, Text


def apply(backend, *services):
    plan = plan_of(*services)
    backend.apply(plan, programs_of(plan))
    return plan


def log_has(backend, name, text):
    return eventually(lambda: any(text in line for line in backend.logs(name)))


def supervisor_of(folder):
    return psutil.Process(Records(folder).supervisor().pid)


# What a service is started with.


NASTY = ["", " ", "a b", "'", '"', "\\", "%", "%(here)s", "%%", "$HOME", ";", " ; x", "#", "a,b=c"]
NASTY += ["new\nline", "tab\t", "é ∂ 🦊", "--flag=[1]", "*", "\x01", "'; rm -rf / #", "~"]

DUMP = (
    "import json,os,sys; json.dump([sys.argv[1:], dict(os.environ), os.getcwd(),"
    " os.getsid(0), os.getpgid(0)], open('dump.tmp', 'w')); os.rename('dump.tmp', 'dump.json');"
    " import time; time.sleep(1000)"
)


def dump_of(backend, folder, *, args=(), env=None):
    service = Service(
        "dump",
        Program("python"),
        args=(Text.of("-c"), Text.of(DUMP), *map(Text.of, args)),
        env={key: Text.of(value) for key, value in (env or {}).items()},
        stop=Stop(order=0, patience=5),
    )
    backend.apply(plan_of(service), {"dump": Path(sys.executable)})
    dump = folder / "data" / "dump" / "dump.json"
    eventually(dump.exists)
    return json.loads(dump.read_text())


def test_nasty_arguments_and_variables_arrive_as_they_are(process_backend, folder):
    env = {f"NASTY_{index}": value for index, value in enumerate(NASTY)}
    argv, environ, *_ = dump_of(process_backend, folder, args=NASTY, env=env)
    assert argv == NASTY
    assert {key: environ[key] for key in env} == env


def test_environment_is_clean(process_backend, folder, monkeypatch):
    monkeypatch.setenv("CHAINYARD_TEST_SECRET", "hush")
    _, environ, cwd, *_ = dump_of(process_backend, folder, env={"OWN": "1"})
    home = str(folder / "data" / "dump")
    assert set(environ) <= {"PATH", "HOME", "TMPDIR", "LANG", "LC_CTYPE", "OWN"}
    assert (environ["HOME"], cwd) == (home, home)
    assert "hush" not in supervisor_of(folder).environ().values()


def test_another_path_in_the_shell_restarts_nothing(process_backend, monkeypatch):
    plan = apply(process_backend, shell("a"))
    monkeypatch.setenv("PATH", "/bin:/usr/bin")
    assert not process_backend.apply(plan, programs_of(plan))


def test_services_have_a_session_that_no_terminal_reaches(process_backend, folder):
    *_, session, group = dump_of(process_backend, folder)
    assert session != os.getsid(0)
    assert group == process_backend.observe()["dump"].pid
    assert group != os.getpgid(0)


def test_interrupt_of_the_command_reaches_no_service(folder, process_backend):
    code = (
        "import sys, os, signal; from pathlib import Path\n"
        "from backend_programs import *\n"
        "from chainyard.backends.process.backend import ProcessBackend\n"
        "plan = plan_of(shell('a'))\n"
        "ProcessBackend(Path(sys.argv[1])).apply(plan, programs_of(plan))\n"
        "os.killpg(0, signal.SIGINT)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", code, folder]
    done = subprocess.run(command, env=env, process_group=0, check=False, capture_output=True)
    assert done.returncode == -signal.SIGINT, done.stderr
    assert process_backend.observe()["a"].state == "running"


def test_nul_in_an_argument_is_refused(process_backend):
    plan = plan_of(shell("a", IDLE, "a\0b"))
    with pytest.raises(RequestError, match="NUL"):
        process_backend.apply(plan, programs_of(plan))


@pytest.mark.parametrize("name", ["../a", "a/b", "", ".a", "a\nb", "-x"])
def test_names_that_cannot_be_files_are_refused(process_backend, name):
    plan = plan_of(shell(name))
    with pytest.raises(RequestError, match="cannot name a file"):
        process_backend.apply(plan, programs_of(plan))


def test_unknown_signal_is_refused(process_backend):
    service = Service("a", Program("sh"), stop=Stop(order=0, signal="NOPE"))
    with pytest.raises(RequestError, match="no signal 'NOPE'"):
        process_backend.apply(plan_of(service), {"a": SHELL})


@pytest.mark.parametrize(
    ("program", "message"), [("nowhere", "does not exist"), ("plain", "may not be executed")]
)
def test_unusable_program_is_refused(process_backend, tmp_path, program, message):
    (tmp_path / "plain").write_text("")
    with pytest.raises(RequestError, match=message):
        process_backend.apply(plan_of(shell("a")), {"a": tmp_path / program})
    assert process_backend.observe() == {}


def test_files_are_rendered_and_private(process_backend, folder):
    files = {"config.toml": Text.of("jwt=", Shared("secrets/jwt.hex"), "\ndata=", Data("x"))}
    apply(process_backend, shell("a", "cat $1; sleep 1000", File("config.toml"), files=files))
    log_has(process_backend, "a", f"jwt={folder}/secrets/jwt.hex")
    log_has(process_backend, "a", f"data={folder}/data/a/x")
    for path in folder.rglob("*"):
        mode = stat.S_IMODE(path.lstat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_no_argument_shows_the_content_of_a_file(process_backend, folder):
    apply(process_backend, shell("a", files={"secret": Text.of("hush-hush")}))
    for process in processes_in(folder):
        assert "hush" not in " ".join(process.cmdline())


def test_changed_file_restarts_and_leaves_no_old_one(process_backend, folder):
    apply(process_backend, shell("a", files={"one": Text.of("1"), "two": Text.of("2")}))
    plan = plan_of(shell("a", files={"one": Text.of("1!")}))
    assert process_backend.apply(plan, programs_of(plan)) == Difference(changed=("a",))
    assert (folder / "config" / "a" / "one").read_text() == "1!"
    assert not (folder / "config" / "a" / "two").exists()


def test_only_loopback_and_only_unix_sockets_are_bound(process_backend, folder):
    apply(process_backend, shell("a"))
    supervisor = supervisor_of(folder)
    assert supervisor.net_connections(kind="inet") == []
    place = socket_dir(folder)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert stat.S_IMODE((place / "supervisor.sock").stat().st_mode) == 0o600


def test_long_folder(tmp_path):
    folder = tmp_path / ("long" * 25) / ("er" * 50) / "networks" / "test; x %(here)s #é"
    backend = ProcessBackend(folder)
    path = backend.binding("el-1-geth-prysm").socket("geth.ipc")
    assert len(path.encode()) <= 100
    try:
        apply(backend, shell("a", f"{IDLE} # $1", Socket("x.sock")))
        assert backend.observe()["a"].state == "running"
        assert stat.S_IMODE(socket_dir(folder).stat().st_mode) == 0o700
    finally:
        backend.destroy()
    assert not socket_dir(folder).exists()
    assert not processes_in(tmp_path)


def test_foreign_socket_folder_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / ("long" * 40) / "test"
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    shared.chmod(0o755)
    monkeypatch.setattr("chainyard.backends.files._outside_dir", lambda: shared)
    with pytest.raises(ChainyardError, match="not a private folder"):
        apply(ProcessBackend(folder), shell("a"))
    shared.rmdir()
    shared.symlink_to(tmp_path)
    with pytest.raises(ChainyardError, match="not a private folder"):
        apply(ProcessBackend(folder), shell("a"))
    assert not processes_in(tmp_path)


# Crashes.


def test_crash_at_once_backs_off_and_is_given_up(process_backend):
    plan = apply(process_backend, shell("a", "echo no luck; exit 7"), shell("b"))
    status = eventually(lambda: (s := process_backend.observe()["a"]).state == "backoff" and s)
    assert status.exit_code == 7
    status = eventually(lambda: (s := process_backend.observe()["a"]).state == "failed" and s)
    assert (status.restarts, status.exit_code, status.asked, status.pid) == (1, 7, False, None)
    assert list(process_backend.logs("a")) == ["no luck", "no luck"]
    assert process_backend.observe()["b"].restarts == 0
    assert process_backend.difference(plan) == Difference(stopped=("a",))


def test_service_in_backoff_can_be_stopped(process_backend):
    apply(process_backend, shell("a", "exit 7"))
    eventually(lambda: process_backend.observe()["a"].state == "backoff")
    process_backend.stop(["a"])
    assert process_backend.observe()["a"].state == "stopped"


def test_end_of_its_own_is_restarted_whatever_the_exit_code(process_backend, folder):
    apply(process_backend, shell("a", "echo go; until [ -e end ]; do sleep 0.05; done; rm end"))
    log_has(process_backend, "a", "go")
    eventually(lambda: time.time() - process_backend.observe()["a"].since > 1.3)
    (folder / "data" / "a" / "end").touch()
    status = eventually(lambda: (s := process_backend.observe()["a"]).restarts == 1 and s)
    assert (status.state, status.exit_code, status.asked) == ("running", 0, False)


def test_crash_takes_its_children_along(process_backend, folder):
    apply(process_backend, shell("a", "sleep 2000 & echo up; wait"))
    log_has(process_backend, "a", "up")
    process_backend.kill("a")
    eventually(lambda: process_backend.observe()["a"].restarts == 1)
    eventually(lambda: len(sleepers(folder, "2000")) == 1)


def sleepers(folder, seconds):
    found = processes_in(folder)
    return [one for one in found if one.is_running() and one.cmdline()[-2:] == ["sleep", seconds]]


def test_program_that_vanished(process_backend, tmp_path):
    program = tmp_path / "program"
    program.symlink_to("/bin/sh")
    process_backend.apply(plan_of(shell("a"), shell("b")), {"a": program, "b": SHELL})
    process_backend.stop()
    program.unlink()
    with pytest.raises(ServiceFailedError, match="a cannot be started") as caught:
        process_backend.start()
    assert str(program) in caught.value.cause
    assert process_backend.observe()["b"].state == "running"


# Stopping.


def noted(name, order):
    script = "trap 'date +%s.%N > ended; exit 0' TERM; echo up; sleep 1000 & wait"
    return shell(name, script, order=order)


def test_stop_order(process_backend, folder):
    plan = apply(process_backend, noted("el", 10), noted("cl", 20), noted("vc", 30))
    for name in plan.names():
        log_has(process_backend, name, "up")
    process_backend.stop()
    ended = {n: float((folder / "data" / n / "ended").read_text()) for n in plan.names()}
    assert ended["vc"] < ended["cl"] < ended["el"]


def test_stubborn_process_is_killed_after_its_patience(process_backend):
    apply(process_backend, shell("a", STUBBORN, patience=0.4), shell("b", order=9))
    log_has(process_backend, "a", "up")
    began = time.monotonic()
    assert process_backend.stop() == ("a",)
    assert 0.4 <= time.monotonic() - began < 5


def test_stop_right_after_the_start_needs_no_patience(process_backend):
    services = [shell(f"a-{index}", patience=30.0) for index in range(4)]
    apply(process_backend, *services)
    began = time.monotonic()
    assert process_backend.stop() == ()
    assert time.monotonic() - began < 10


def test_stop_uses_the_services_signal(process_backend, folder):
    script = "trap 'touch int; exit 0' INT; trap 'touch term; exit 0' TERM; echo up; read x <fifo"
    script = f"mkfifo fifo; {script}"
    service = shell("a", script)
    service = Service("a", service.program, service.args, stop=Stop(0, 5.0, "INT"))
    apply(process_backend, service)
    log_has(process_backend, "a", "up")
    process_backend.stop()
    assert (folder / "data" / "a" / "int").exists()


def test_stop_ends_the_supervisor_too(process_backend, folder):
    apply(process_backend, shell("a"))
    process_backend.stop()
    assert processes_in(folder) == []


def test_child_that_outlives_its_parent_is_ended(process_backend, folder):
    apply(process_backend, shell("a", 'sh -c "$1" & wait', STUBBORN, patience=0.4))
    log_has(process_backend, "a", "up")
    assert process_backend.stop() == ("a",)
    assert processes_in(folder) == []


# Losses.


def test_killed_supervisor_is_seen_and_start_mends(process_backend, folder):
    plan = apply(process_backend, shell("a"), shell("b", STUBBORN, patience=0.2))
    log_has(process_backend, "a", "up")
    log_has(process_backend, "b", "up")
    before = {name: status.pid for name, status in process_backend.observe().items()}
    supervisor_of(folder).kill()
    eventually(lambda: process_backend.observe()["a"].state == "stopped")
    assert "its process still does" in process_backend.observe()["b"].detail
    assert process_backend.difference(plan) == Difference(stopped=("a", "b"))
    process_backend.start()
    after = process_backend.observe()
    assert {status.state for status in after.values()} == {"running"}
    assert not psutil.pid_exists(before["b"]) or (
        psutil.Process(before["b"]).status() == psutil.STATUS_ZOMBIE
    )
    assert after["b"].pid != before["b"]


def test_stop_after_the_supervisor_was_killed(process_backend, folder):
    apply(process_backend, shell("a", "trap 'touch ended; exit 0' TERM; sleep 1000 & wait"))
    eventually(lambda: process_backend.observe()["a"].pid)
    eventually(lambda: sleepers(folder, "1000"))
    supervisor_of(folder).kill()
    process_backend.stop()
    assert (folder / "data" / "a" / "ended").exists()
    assert processes_in(folder) == []


def test_destroy_after_the_supervisor_was_killed(process_backend, folder):
    apply(process_backend, shell("a", STUBBORN), shell("b"))
    log_has(process_backend, "a", "up")
    supervisor_of(folder).kill()
    process_backend.destroy()
    assert processes_in(folder) == []
    assert list(folder.iterdir()) == []


def test_destroy_of_a_frozen_supervisor(process_backend, folder):
    apply(process_backend, shell("a"))
    supervisor_of(folder).suspend()
    process_backend.destroy()
    assert processes_in(folder) == []


def test_everything_killed_then_start(process_backend, folder):
    apply(process_backend, shell("a"), shell("b"))
    supervisor_of(folder).kill()

    def all_killed() -> bool:
        # Again and again: a shell that was about to fork has a child that no list had yet.
        processes = processes_in(folder)
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        return not processes

    eventually(all_killed)
    assert process_backend.observe()["a"].state == "stopped"
    process_backend.start()
    assert process_backend.observe()["a"].state == "running"


@pytest.mark.parametrize("verb", ["stop", "destroy", "start"])
def test_pid_that_is_anothers_by_now_is_left_alone(process_backend, folder, verb):
    apply(process_backend, shell("a"))
    process_backend.stop()
    with subprocess.Popen(["sleep", "1000"], start_new_session=True) as foreign:
        try:
            for path in (folder / "backend/run/a.json", folder / "backend/supervisor.json"):
                record = json.loads(path.read_text())
                record.get("identity", record)["pid"] = foreign.pid
                record.get("identity", record)["started"] -= 3600
                record.get("identity", record)["since_boot"] -= 3600
                path.write_text(json.dumps(record))
            assert process_backend.observe()["a"].pid is None
            getattr(process_backend, verb)()
            assert foreign.poll() is None
        finally:
            foreign.kill()


def test_clock_that_was_set_does_not_hide_a_process():
    ours = Identity.of(os.getpid())
    assert ours.alive()
    assert replace(ours, started=ours.started + 3600).alive()
    assert replace(ours, since_boot=ours.since_boot + 3600).alive()
    another = replace(ours, started=ours.started - 3600, since_boot=ours.since_boot - 3600)
    assert not another.alive()


def test_ended_process_that_nobody_collected_is_not_alive():
    with subprocess.Popen(["sleep", "1000"]) as child:
        identity = Identity.of(child.pid)
        child.kill()
        eventually(lambda: psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE)
        assert not identity.alive()
        assert identity.remains()


def test_folder_that_cannot_be_written(process_backend, folder):
    folder.mkdir(parents=True)
    (folder / "data").write_text("in the way")
    with pytest.raises(ChainyardError, match="cannot be written"):
        apply(process_backend, shell("a"))
    (folder / "data").unlink()


def test_supervisor_that_cannot_start_says_why(process_backend, folder):
    (folder / "backend" / "supervisord.log").mkdir(parents=True)
    with pytest.raises(ChainyardError, match=r"supervisor did not start: .*[Ii]s a directory"):
        apply(process_backend, shell("a"))


def test_damaged_records_do_not_stop_destroy(process_backend, folder):
    apply(process_backend, shell("a"))
    process_backend.stop()
    for path in (folder / "backend").rglob("*.json"):
        path.write_text("{half")
    assert process_backend.observe()["a"].state == "stopped"
    process_backend.destroy()
    assert list(folder.iterdir()) == []


def test_apply_that_was_interrupted_is_finished_by_the_next(process_backend, folder, monkeypatch):
    apply(process_backend, shell("a"), shell("b"))
    changed = plan_of(shell("a", f"{IDLE} # 2"), shell("b"), shell("c"))

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("chainyard.backends.process.backend.ProcessBackend._start", die)
        with pytest.raises(KeyboardInterrupt):
            process_backend.apply(changed, programs_of(changed))
    again = ProcessBackend(folder, steady_seconds=1, retries=1)
    again.apply(changed, programs_of(changed))
    assert {status.state for status in again.observe().values()} == {"running"}
    assert not again.difference(changed)


def test_command_killed_while_it_starts_the_supervisor(process_backend, folder):
    code = (
        "import sys; from pathlib import Path\n"
        "from backend_programs import *\n"
        "from chainyard.backends.process.backend import ProcessBackend\n"
        "plan = plan_of(shell('a'))\n"
        "print('go', flush=True)\n"
        "b = ProcessBackend(Path(sys.argv[1]), steady_seconds=1, retries=1)\n"
        "b.apply(plan, programs_of(plan))\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", code, folder]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE) as doomed:
        eventually((folder / "backend" / "supervisor.lock").exists)
        doomed.kill()
    plan = plan_of(shell("a"))
    process_backend.apply(plan, programs_of(plan))
    assert process_backend.observe()["a"].state == "running"
    found = [one for one in processes_in(folder) if "chainyard.backends" in " ".join(one.cmdline())]
    assert len(found) == 1


def test_two_networks_at_once(process_backend, tmp_path):
    other = ProcessBackend(tmp_path / "networks" / "other")
    try:
        apply(process_backend, shell("a"))
        apply(other, shell("a"))
        other.stop()
        assert process_backend.observe()["a"].state == "running"
        assert other.observe()["a"].state == "stopped"
    finally:
        other.destroy()
    assert process_backend.observe()["a"].state == "running"


# Logs.


BURST = 2000
BURSTS = (
    "for n in 1 2 3 4 5 6 7 8; do until [ -e go$n ]; do sleep 0.02; done;"
    f" i=0; while [ $i -lt {BURST} ]; do i=$((i+1)); echo $n.$i and what fills the log up further;"
    " done; done; echo the end; sleep 1000"
)


@pytest.fixture
def chatty(folder):
    backend = ProcessBackend(folder, log_limit_mb=1, steady_seconds=1)
    yield backend
    backend.destroy()


def test_following_sees_every_line_across_rotations(chatty, folder):
    apply(chatty, shell("a", BURSTS))
    lines = chatty.logs("a", follow=True)
    for burst in range(1, 9):
        (folder / "data" / "a" / f"go{burst}").touch()
        seen = [next(lines).split()[0] for _ in range(BURST)]
        assert seen == [f"{burst}.{number}" for number in range(1, BURST + 1)]
    assert next(lines) == "the end"
    lines.close()
    assert len(list((folder / "logs").iterdir())) > 1


def test_log_cap_holds(chatty, folder):
    script = "yes a line that fills the log up | head -n 80000; echo the end; sleep 1000"
    apply(chatty, shell("a", script))
    eventually(lambda: list(chatty.logs("a", tail=1)) == ["the end"])
    kept = list((folder / "logs").iterdir())
    assert len(kept) == 5
    assert 200_000 < sum(path.stat().st_size for path in kept) <= 10**6
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in kept)


def test_both_streams_are_in_one_log(process_backend):
    apply(process_backend, shell("a", "echo out; echo err >&2; sleep 1000"))
    log_has(process_backend, "a", "err")
    assert list(process_backend.logs("a")) == ["out", "err"]


# Causes.


def test_taken_port_names_its_user(process_backend):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        service = shell("a", "exit 1", ports=(port("rpc", number),))
        process_backend.use_ports({"a.rpc": number})
        apply(process_backend, service)
        eventually(lambda: process_backend.observe()["a"].exit_code == 1)
        error = process_backend.diagnose(service)
    assert f"port {number} (rpc) is used by" in error.cause
    assert f"(pid {os.getpid()})" in error.cause
    process_backend.stop()


def test_diagnosis_of_a_killed_service(process_backend):
    service = shell("a", "kill -KILL $$")
    apply(process_backend, service)
    eventually(lambda: process_backend.observe()["a"].state == "failed")
    error = process_backend.diagnose(service)
    assert "SIGKILL" in error.message
    assert "no memory left" in error.cause
    assert error.log.endswith("logs/a.log")


def test_pause_and_resume(process_backend):
    apply(process_backend, shell("a"))
    process = psutil.Process(process_backend.observe()["a"].pid)
    process_backend.kill("a", "STOP")
    eventually(lambda: process.status() == psutil.STATUS_STOPPED)
    process_backend.kill("a", "CONT")
    eventually(lambda: process.status() != psutil.STATUS_STOPPED)
