"""Files are written whole or not at all, for this user alone, and one command at a time writes."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chainyard.errors import ChainyardError, RequestError
from chainyard.network import store

from .conftest import files_below, mode


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o277], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def broken(code: int):
    def raises(*_args: object, **_kwargs: object) -> None:
        raise OSError(code, os.strerror(code))

    return raises


@pytest.mark.usefixtures("umask")
def test_what_is_written_is_for_this_user_alone(tmp_path: Path) -> None:
    store.write(tmp_path / "a" / "b" / "file", b"x")
    store.write_tree(tmp_path / "a" / "tree", {"deep/er/file": b"y", "top": b"z"})
    store.append_event(tmp_path / "a" / "events", "made")
    for path in (tmp_path / "a").rglob("*"):
        assert mode(path) & 0o077 == 0, path
        assert mode(path) & 0o600 == 0o600, path
    assert mode(tmp_path / "a") == mode(tmp_path / "a" / "tree" / "deep" / "er") == 0o700
    assert mode(tmp_path / "a" / "b" / "file") == 0o600


def test_a_file_that_is_there_is_replaced(tmp_path: Path) -> None:
    store.write(tmp_path / "file", b"old")
    store.write(tmp_path / "file", b"new")
    assert files_below(tmp_path) == {"file": b"new"}


@pytest.mark.parametrize(
    ("broken_call", "code", "word"),
    [
        ("chainyard.network.store.os.fsync", errno.ENOSPC, "No space left"),
        ("chainyard.network.store.os.fsync", errno.EIO, "Input/output error"),
        ("chainyard.network.store.os.fchmod", errno.EPERM, "not permitted"),
        ("chainyard.network.store.os.open", errno.EROFS, "Read-only file system"),
        ("chainyard.network.store.Path.replace", errno.EACCES, "Permission denied"),
    ],
)
def test_a_disk_that_fails_leaves_the_old_file_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken_call: str, code: int, word: str
) -> None:
    store.write(tmp_path / "file", b"old")
    with monkeypatch.context() as patch:
        patch.setattr(broken_call, broken(code))
        with pytest.raises(ChainyardError, match=word) as caught:
            store.write(tmp_path / "file", b"new")
    assert str(tmp_path / "file") in caught.value.message
    assert caught.value.hint
    assert (caught.value.cause == "the disk is full") == (code == errno.ENOSPC)
    assert files_below(tmp_path) == {"file": b"old"}


@pytest.mark.parametrize("call", ["os.fsync", "Path.replace"])
def test_a_crash_leaves_the_old_file_and_is_mended_by_the_next_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    store.write(tmp_path / "file", b"old")
    with monkeypatch.context() as patch:
        patch.setattr(f"chainyard.network.store.{call}", crash)
        with pytest.raises(KeyboardInterrupt):
            store.write(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"old"
    store.write(tmp_path / "file", b"newer")
    assert files_below(tmp_path) == {"file": b"newer"}


def test_it_is_on_the_disk_before_it_has_its_name_and_the_name_before_we_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def synced(fd: int) -> None:
        seen.append("folder" if os.path.isdir(f"/proc/self/fd/{fd}") else "file")  # noqa: PTH112
        fsync(fd)

    def replaced(path: Path, target: Path) -> Path:
        seen.append("name")
        return replace(path, target)

    monkeypatch.setattr("chainyard.network.store.os.fsync", synced)
    monkeypatch.setattr("chainyard.network.store.Path.replace", replaced)
    store.write(tmp_path / "file", b"x")
    assert seen[:2] == ["file", "name"]
    if Path("/proc/self/fd").exists():
        assert seen == ["file", "name", "folder"]


def test_a_file_where_a_folder_should_be_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for make in (
        lambda: store.write(tmp_path / "file" / "below", b""),
        lambda: store.write_tree(tmp_path / "file" / "below", {"a": b""}),
        lambda: store.append_event(tmp_path / "file" / "below", "made"),
    ):
        with pytest.raises(ChainyardError, match="cannot write"):
            make()
    with (
        pytest.raises(ChainyardError, match="cannot write"),
        store.mutex(tmp_path / "file" / "mutex"),
    ):
        pass


def test_a_tree_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    def files(fail: bool) -> Iterator[tuple[str, bytes]]:
        yield "a", b"1"
        if fail:
            raise KeyboardInterrupt
        yield "sub/b", b"2"

    root = tmp_path / "tree"
    with pytest.raises(KeyboardInterrupt):
        store.write_tree(root, files(fail=True))
    assert not root.exists()
    store.write_tree(root, files(fail=False))
    assert files_below(tmp_path) == {"tree/a": b"1", "tree/sub/b": b"2"}


def test_a_tree_replaces_the_old_one_as_a_whole(tmp_path: Path) -> None:
    store.write_tree(tmp_path / "tree", {"old": b"1", "same": b"1"})
    store.write_tree(tmp_path / "tree", {"same": b"2"})
    assert files_below(tmp_path) == {"tree/same": b"2"}


def test_a_full_disk_leaves_the_old_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write_tree(tmp_path / "tree", {"old": b"1"})
    with monkeypatch.context() as patch:
        patch.setattr("chainyard.network.store.os.fsync", broken(errno.ENOSPC))
        with pytest.raises(ChainyardError, match="No space left") as caught:
            store.write_tree(tmp_path / "tree", {"new": b"2"})
    assert caught.value.cause == "the disk is full"
    assert files_below(tmp_path) == {"tree/old": b"1"}


def test_a_large_tree_is_synced_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, disk = [], []
    monkeypatch.setattr("chainyard.network.store.os.fsync", files.append)
    monkeypatch.setattr("chainyard.network.store.os.sync", lambda: disk.append(1))
    store.write_tree(tmp_path / "small", {str(i): b"" for i in range(store.SYNCED_ALONE)})
    assert (len(files), len(disk)) == (store.SYNCED_ALONE + 1, 0)
    store.write_tree(tmp_path / "large", {str(i): b"" for i in range(store.SYNCED_ALONE + 1)})
    assert len(disk) == 1


def test_json_comes_back(tmp_path: Path) -> None:
    store.write_json(tmp_path / "value", {"a": [1, "ü", None]})
    assert store.read_json(tmp_path / "value") == {"a": [1, "ü", None]}


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b'{"a": 1} x', b"[" * 100_000], ids=range(5)
)
def test_damaged_json_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "networks" / "mine" / "lock.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(ChainyardError) as caught:
        store.read_json(path)
    assert caught.value.message.startswith(f"{path} is damaged: ")
    assert "down --name mine" in caught.value.hint


def test_json_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ChainyardError, match="cannot read"):
        store.read_json(tmp_path)
    with pytest.raises(FileNotFoundError):
        store.read_json(tmp_path / "none")


def test_the_hint_names_the_network_even_of_a_file_deep_in_it(tmp_path: Path) -> None:
    store.write(tmp_path / "mine" / "lock.json", b"{}")
    store.write(tmp_path / "mine" / "secrets" / "identities.json", b"{")
    with pytest.raises(ChainyardError) as caught:
        store.read_json(tmp_path / "mine" / "secrets" / "identities.json")
    assert "down --name mine" in caught.value.hint


def test_events_are_lines_in_order(tmp_path: Path) -> None:
    store.append_event(tmp_path / "events", "made", text="a\nb")
    store.append_event(tmp_path / "events", "stopped", killed=("a",))
    first, second = (json.loads(line) for line in (tmp_path / "events").read_text().splitlines())
    assert (first["event"], first["text"]) == ("made", "a\nb")
    assert (second["event"], second["killed"]) == ("stopped", ["a"])
    assert 0 < first["time"] <= second["time"]


def test_an_event_that_cannot_be_written_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chainyard.network.store.os.open", broken(errno.ENOSPC))
    with pytest.raises(ChainyardError, match="No space left"):
        store.append_event(tmp_path / "events", "made")


def test_a_mutex_that_another_process_holds_is_refused_in_its_time(tmp_path: Path) -> None:
    path = tmp_path / "mine" / ".mutex"
    path.parent.mkdir()
    hold = (
        "import fcntl, sys\n"
        f"held = open({str(path)!r}, 'w'); fcntl.flock(held, fcntl.LOCK_EX)\n"
        "print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(RequestError, match="working on 'mine'"), store.mutex(path, timeout=0.1):
            pytest.fail("two have the mutex")
        other.communicate()
    with store.mutex(path, timeout=5):  # it ended: the lock is free again
        pass


def test_a_mutex_is_free_after_an_error_in_it(tmp_path: Path) -> None:
    path = tmp_path / "mine" / ".mutex"
    with pytest.raises(ZeroDivisionError), store.mutex(path):
        raise ZeroDivisionError
    with store.mutex(path, timeout=0.1):
        assert mode(path) == 0o600


def test_whoever_waits_for_a_mutex_gets_it_afterwards(tmp_path: Path) -> None:
    order: list[str] = []
    inside, started = threading.Event(), threading.Event()

    def second() -> None:
        started.set()
        with store.mutex(tmp_path / "m", timeout=20):
            order.append("second")

    thread = threading.Thread(target=second)
    with store.mutex(tmp_path / "m"):
        thread.start()
        assert started.wait(10)
        inside.set()
        order.append("first")
    thread.join(20)
    assert order == ["first", "second"]
