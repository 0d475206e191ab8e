"""What every backend does alike."""

import pytest
from backend_programs import IDLE, eventually, plan_of, port, programs_of, shell

from chainyard.backends import make_backend
from chainyard.backends.base import Difference, PortRequest
from chainyard.errors import NotFoundError, RequestError
from chainyard.service import PortNumber, Text

PLAN = plan_of(shell("a", order=10), shell("b", order=20), shell("c", order=30))
PROGRAMS = programs_of(PLAN)


def states(backend):
    return {name: status.state for name, status in backend.observe().items()}


def pids(backend):
    return {name: status.pid for name, status in backend.observe().items()}


def test_make_backend_knows_its_names(folder):
    assert make_backend("process", folder).name == "process"
    assert make_backend("fake", folder).name == "fake"
    with pytest.raises(RequestError, match="no backend 'podman'"):
        make_backend("podman", folder)


def test_nothing_is_observed_of_a_folder_that_does_not_exist(backend):
    assert backend.observe() == {}
    assert backend.difference(plan_of()) == Difference()
    backend.stop()
    backend.destroy()


def test_apply_starts_all(backend):
    done = backend.apply(PLAN, PROGRAMS)
    assert done == Difference(added=("a", "b", "c"))
    assert states(backend) == {"a": "running", "b": "running", "c": "running"}
    assert all(status.fingerprint and status.since for status in backend.observe().values())


def test_second_apply_changes_nothing(backend):
    backend.apply(PLAN, PROGRAMS)
    before = pids(backend)
    assert not backend.difference(PLAN, PROGRAMS)
    assert not backend.difference(PLAN)
    assert not backend.apply(PLAN, PROGRAMS)
    assert pids(backend) == before


def test_changed_service_alone_is_restarted(backend):
    backend.apply(PLAN, PROGRAMS)
    before = pids(backend)
    changed = plan_of(PLAN["a"], shell("b", f"{IDLE} # new", order=20), PLAN["c"])
    assert backend.difference(changed) == Difference(changed=("b",))
    assert backend.apply(changed, PROGRAMS) == Difference(changed=("b",))
    after = pids(backend)
    assert after["b"] != before["b"]
    assert (after["a"], after["c"]) == (before["a"], before["c"])
    assert not backend.difference(changed, PROGRAMS)


def test_another_port_number_is_a_change(backend):
    service = shell("a", IDLE, PortNumber("a", "rpc"), ports=(port("rpc", 18545),))
    plan = plan_of(service, shell("b"))
    backend.use_ports({"a.rpc": 18545})
    backend.apply(plan, programs_of(plan))
    backend.use_ports({"a.rpc": 18546})
    assert backend.difference(plan) == Difference(changed=("a",))


def test_another_program_is_a_change(backend, tmp_path):
    backend.apply(PLAN, PROGRAMS)
    link = tmp_path / "sh-2"
    link.symlink_to("/bin/sh")
    assert backend.difference(PLAN, PROGRAMS | {"b": link}) == Difference(changed=("b",))


def test_removed_service_is_ended(backend):
    backend.apply(PLAN, PROGRAMS)
    smaller = plan_of(PLAN["a"], PLAN["c"])
    assert backend.apply(smaller, PROGRAMS) == Difference(removed=("b",))
    assert states(backend) == {"a": "running", "c": "running"}
    assert not backend.difference(smaller)


def test_added_service_leaves_the_others(backend):
    backend.apply(PLAN, PROGRAMS)
    before = pids(backend)
    larger = plan_of(*PLAN, shell("d"))
    assert backend.apply(larger, programs_of(larger)) == Difference(added=("d",))
    assert before.items() <= pids(backend).items()


def test_only_limits_what_is_touched(backend):
    assert backend.apply(PLAN, PROGRAMS, only=["a", "b"]) == Difference(added=("a", "b"))
    assert set(states(backend)) == {"a", "b"}
    assert backend.apply(plan_of(PLAN["c"]), PROGRAMS, only=["c"]) == Difference(added=("c",))
    assert states(backend) == {"a": "running", "b": "running", "c": "running"}


def test_apply_without_start(backend):
    backend.apply(PLAN, PROGRAMS, start=False)
    assert set(states(backend).values()) == {"stopped"}
    assert backend.difference(PLAN) == Difference(stopped=("a", "b", "c"))
    assert backend.apply(PLAN, PROGRAMS) == Difference(stopped=("a", "b", "c"))
    assert set(states(backend).values()) == {"running"}


def test_apply_without_start_leaves_what_runs(backend):
    backend.apply(PLAN, PROGRAMS)
    before = pids(backend)
    backend.apply(PLAN, PROGRAMS, start=False)
    assert pids(backend) == before


def test_missing_program_changes_nothing(backend):
    with pytest.raises(RequestError, match="b: no program"):
        backend.apply(PLAN, {"a": PROGRAMS["a"], "c": PROGRAMS["c"]})
    assert backend.observe() == {}


def test_stop_and_start(backend):
    backend.apply(PLAN, PROGRAMS)
    before = pids(backend)
    said = []
    assert backend.stop(progress=lambda *what: said.append(what)) == ()
    assert [name for name, what in said if what == "stopped"] == ["c", "b", "a"]
    assert set(states(backend).values()) == {"stopped"}
    assert all(status.asked for status in backend.observe().values())
    backend.start()
    assert set(states(backend).values()) == {"running"}
    assert not set(pids(backend).values()) & set(before.values())


def test_stop_and_start_some(backend):
    backend.apply(PLAN, PROGRAMS)
    backend.stop(["b"])
    assert states(backend) == {"a": "running", "b": "stopped", "c": "running"}
    assert backend.difference(PLAN) == Difference(stopped=("b",))
    backend.start(["b"])
    assert states(backend)["b"] == "running"


def test_stop_and_start_twice_is_as_once(backend):
    backend.apply(PLAN, PROGRAMS)
    before = pids(backend)
    backend.start()
    assert pids(backend) == before
    backend.stop()
    assert backend.stop() == ()


@pytest.mark.parametrize("verb", ["start", "stop"])
def test_unknown_name_is_an_error(backend, verb):
    backend.apply(PLAN, PROGRAMS)
    with pytest.raises(NotFoundError, match="no service 'x'"):
        getattr(backend, verb)(["a", "x"])
    assert set(states(backend).values()) == {"running"}


@pytest.mark.parametrize("call", ["kill", "logs"])
def test_unknown_service_is_an_error(backend, call):
    with pytest.raises(NotFoundError, match="no service 'x'"):
        getattr(backend, call)("x")


def test_killed_service_comes_back(backend):
    backend.apply(PLAN, PROGRAMS)
    before = pids(backend)["a"]
    backend.kill("a")
    status = eventually(
        lambda: (s := backend.observe()["a"]).state == "running" and s.pid != before and s
    )
    assert (status.restarts, status.exit_code, status.asked) == (1, -9, False)


def test_kill_of_what_does_not_run_is_an_error(backend):
    backend.apply(PLAN, PROGRAMS)
    backend.stop(["a"])
    with pytest.raises(NotFoundError, match="does not run"):
        backend.kill("a")


def test_destroy_leaves_nothing(backend, folder):
    backend.apply(PLAN, PROGRAMS)
    backend.destroy()
    assert backend.observe() == {}
    assert not folder.exists() or not list(folder.iterdir())
    backend.destroy()
    backend.apply(PLAN, PROGRAMS)
    assert set(states(backend).values()) == {"running"}


def test_a_later_backend_of_the_folder_sees_the_same(backend, folder):
    backend.apply(PLAN, PROGRAMS)
    other = make_backend(backend.name, folder)
    assert pids(other) == pids(backend)


def test_ports_are_bound(backend):
    plan = plan_of(shell("a", ports=(port("rpc", 18545),)))
    ports = backend.allot_ports(plan, PortRequest(wanted={"a.rpc": 18600}))
    assert ports == {"a.rpc": 18600}
    assert backend.binding("b").port("a", "rpc") == 18600
    assert backend.reach("a", "rpc") == ("127.0.0.1", 18600)
    assert backend.binding("a").listen() == "127.0.0.1"


def test_command_runs_the_services_program(backend):
    backend.apply(PLAN, PROGRAMS)
    command = backend.command("a", (Text.of("attach"), Text.of("x y")))
    assert command == ["/bin/sh", "attach", "x y"]


def test_diagnose_uses_the_services_hints(backend):
    hinted = shell("a", "echo 'bad genesis'; exit 3", cause_hints=(("genesis", "why", "what"),))
    if backend.name == "fake":
        backend.fail_start("a", exit_code=3, says=["bad genesis"])
    backend.apply(plan_of(hinted), PROGRAMS)
    eventually(lambda: states(backend)["a"] == "failed")
    error = backend.diagnose(hinted)
    assert (error.cause, error.hint, error.service) == ("why", "what", "a")
    assert error.tail[-1] == "bad genesis"
    backend.stop()
