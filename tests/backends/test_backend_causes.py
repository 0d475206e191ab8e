import pytest
from backend_programs import shell

from chainyard.backends.causes import Facts, probable_cause


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("Fatal: listen tcp 127.0.0.1:8545: bind: address already in use", "port"),
        ("OSError: [Errno 98] Address already in use", "port"),
        ("write /data/000001.log: no space left on device", "disk is full"),
        ("geth: error while loading shared libraries: libusb.so", "library"),
        ("/lib/libc.so.6: version `GLIBC_2.38' not found", "library"),
        ("exec format error", "another kind of machine"),
        ("supervisor: couldn't exec /x: ENOEXEC", "another kind of machine"),
        ("accept: too many open files", "open more files"),
        ("fatal error: runtime: cannot allocate memory", "memory"),
        ("clock skew too large", "clock"),
        ("open /secrets/jwt.hex: permission denied", "may not use"),
    ],
)
def test_words_that_programs_share(line, cause):
    found, hint = probable_cause(shell("a"), Facts(tail=["INFO start", line, "bye"], exit_code=1))
    assert cause in found
    assert line in found
    assert hint


def test_hint_of_the_service_goes_first():
    service = shell("a", cause_hints=(("jwt", "wrong JWT", "make a new one"),))
    facts = Facts(tail=["JWT: permission denied"], exit_code=1)
    assert probable_cause(service, facts) == ("wrong JWT", "make a new one")


def test_hint_of_the_service_that_does_not_match_is_not_given():
    service = shell("a", cause_hints=(("jwt", "wrong JWT", "make a new one"),))
    assert probable_cause(service, Facts(tail=["all well"], exit_code=1)) == ("", "")


def test_taken_port_is_said_with_its_user():
    facts = Facts(taken=["port 8545 (rpc) is used by nginx (pid 7)"], exit_code=1)
    assert probable_cause(shell("a"), facts)[0] == "port 8545 (rpc) is used by nginx (pid 7)"


@pytest.mark.parametrize(("free", "said"), [(0, True), (10**6, True), (10**10, False)])
def test_full_disk_by_its_free_space(free, said):
    found, _ = probable_cause(shell("a"), Facts(free_bytes=free, exit_code=1))
    assert ("disk is full" in found) is said


@pytest.mark.parametrize(
    ("exit_code", "asked", "cause"),
    [(-9, False, "no memory left"), (-9, True, ""), (-11, False, "crashed"), (0, False, "")],
)
def test_exit_code(exit_code, asked, cause):
    found, _ = probable_cause(shell("a"), Facts(exit_code=exit_code, asked=asked))
    assert cause in found
    assert bool(found) is bool(cause)


def test_nothing_is_made_up():
    assert probable_cause(shell("a"), Facts(tail=["INFO all well"])) == ("", "")
