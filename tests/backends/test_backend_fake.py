"""What a test can script with the fake backend."""

import pytest
from backend_programs import plan_of, programs_of, shell

from chainyard.backends.fake import Call, FakeBackend

PLAN = plan_of(shell("el", order=10), shell("vc", order=30))


@pytest.fixture
def fake(folder):
    backend = FakeBackend(folder)
    backend.apply(PLAN, programs_of(PLAN))
    return backend


def state(fake, name):
    return fake.observe()[name].state


def test_calls_are_recorded_in_the_order_of_their_effects(fake):
    fake.stop()
    fake.start(["el"])
    fake.destroy()
    assert fake.calls == [
        Call("apply", ("el", "vc")),
        Call("stop", ("vc", "el")),
        Call("start", ("el",)),
        Call("destroy", ("el", "vc")),
    ]


def test_crash_restarts(fake):
    fake.crash("el", exit_code=2, says=["panic"])
    status = fake.observe()["el"]
    assert (status.state, status.restarts, status.exit_code) == ("running", 1, 2)
    assert list(fake.logs("el")) == ["panic"]


def test_crash_for_good(fake):
    fake.crash("el", for_good=True, says=["bind: address already in use"])
    assert state(fake, "el") == "failed"
    assert "port" in fake.diagnose(PLAN["el"]).cause
    assert fake.difference(PLAN).stopped == ("el",)
    fake.start()
    assert state(fake, "el") == "running"


def test_delayed_start_needs_time(fake):
    fake.delay_start("el", 5)
    fake.stop()
    fake.start()
    assert (state(fake, "el"), state(fake, "vc")) == ("starting", "running")
    fake.advance(4.9)
    assert state(fake, "el") == "starting"
    fake.advance(0.1)
    assert state(fake, "el") == "running"


def test_start_that_fails_until_healed(fake):
    fake.fail_start("el", exit_code=3, says=["no"])
    fake.kill("el")
    assert (state(fake, "el"), fake.observe()["el"].exit_code) == ("failed", 3)
    fake.heal_start("el")
    fake.start()
    assert state(fake, "el") == "running"


def test_stubborn_service_is_killed(fake):
    fake.ignore_signals("vc")
    said = []
    assert fake.stop(progress=lambda *what: said.append(what)) == ("vc",)
    assert ("vc", "killed") in said
    assert ("el", "killed") not in said


def test_power_loss(fake):
    fake.lose_power()
    assert fake.difference(PLAN).stopped == ("el", "vc")
    assert not fake.observe()["el"].asked


def test_said_lines_are_harmless(fake):
    fake.say("el", "\x1b[2J")
    assert list(fake.logs("el", tail=1)) == ["\\x1b[2J"]


def test_folders_are_apart(fake, tmp_path):
    assert FakeBackend(tmp_path / "other").observe() == {}
