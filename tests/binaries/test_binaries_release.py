"""The official release: what arrives is what was recorded, published and signed, or nothing."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import threading
import time
from pathlib import Path

import pytest
from signing import ModernKey, OldKey

from chainyard.binaries import fetch
from chainyard.binaries.outcome import LockedProgram, RefusedError
from chainyard.errors import DownloadError
from chainyard.service import Program
from conftest import PLATFORM, PROGRAM, tarball

URL = "/tool-1.2.3.tar.gz"
TASK = "download tool 1.2.3"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def locked(digest: str, **changes: str) -> dict[str, LockedProgram]:
    values = {"version": "1.2.3", "sha256": digest, "source": "release", "platform": PLATFORM}
    return {"tool": LockedProgram(**{**values, **changes})}  # type: ignore[arg-type]


def get(world, locks=None, **environ):
    return world.resolver(**environ).resolve([Program("tool")], locks)["tool"]


def test_a_release_is_fetched_verified_and_cached(world):
    tool = get(world)
    assert (tool.source, tool.origin, tool.version) == ("release", "release", "1.2.3")
    assert tool.path.read_bytes() == PROGRAM
    assert os.access(tool.path, os.X_OK)
    assert tool.sha256 == sha256(PROGRAM)
    assert tool.signature == f"good: {world.key.fingerprint}"
    assert tool.notes == ()
    assert tool.lock() == locked(tool.sha256, signature=tool.signature)["tool"]
    assert world.leftovers() == []
    again = get(world)
    assert (again.source, again.origin, again.sha256) == ("cache", "release", tool.sha256)
    assert again.signature == tool.signature
    assert world.server.count(URL) == 1


def test_progress_says_bytes_total_and_seconds(world):
    world.publish(PROGRAM + os.urandom(600_000))
    get(world)
    assert world.progress.totals[TASK] == (len(world.archive), "bytes")
    done = world.progress.done[TASK]
    assert done == sorted(done)
    assert done[-1] == len(world.archive)
    assert world.progress.notes[TASK].startswith("0.6 MB in ")


def test_nothing_published_says_so_and_goes_on(world):
    for suffix in (".sha256", ".asc"):
        del world.server.files[URL + suffix]
    tool = get(world)
    assert tool.signature == "not checked: none is published for this release"
    assert any("published checksum not checked" in note for note in tool.notes)
    assert any("signature not checked" in note for note in tool.notes)


def test_missing_release_is_reported_with_what_was_tried(world):
    del world.server.files[URL]
    with pytest.raises(DownloadError) as caught:
        get(world)
    text = str(caught.value)
    assert f"tool 1.2.3 cannot be had for {PLATFORM}. Tried, in order:" in text
    assert "1. path: no tool or generic on PATH" in text
    assert "2. cache: no tool 1.2.3" in text
    assert f"3. release: {world.server.url}{URL}: no such file (HTTP 404)" in text
    assert "4. build: no Go module is pinned" in text
    assert "Try: " in text
    assert world.server.count(URL) == 1
    assert world.progress.notes[TASK] == "stopped"


def test_platform_without_a_release(world):
    resolver = world.resolver()
    resolver._cache.platform = "plan9-mips"
    with pytest.raises(DownloadError, match=f"no official release for plan9-mips.*{PLATFORM}"):
        resolver.install(["tool"])
    assert world.server.requests == []


def test_no_network_fails_at_once_and_asks_a_host_once(world):
    world.server.close()
    begun = time.monotonic()
    with pytest.raises(DownloadError, match=r"cannot reach 127\.0\.0\.1") as caught:
        get(world)
    assert time.monotonic() - begun < 2
    assert "CHAINYARD_RELEASE_MIRROR" in caught.value.hint
    world.server.close = lambda: None  # the fixture need not close it again


def test_a_host_that_cannot_be_reached_is_not_asked_again(world, monkeypatch):
    asked = []

    def refuse(self, method, url, **options):
        asked.append(url)
        raise fetch.httpx.ConnectTimeout("timed out")

    monkeypatch.setattr(fetch.httpx.Client, "stream", refuse)
    fetcher = fetch.Fetcher(world.progress, threading.Event())
    for path in ("/a", "/b"):
        with pytest.raises(fetch.UnavailableError, match=r"cannot reach example\.org: timed out"):
            fetcher.small(f"https://example.org{path}")
    assert asked == ["https://example.org/a"]


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_transient_errors_are_retried(world, status):
    world.server.files[URL].statuses = [status, status]
    assert get(world).source == "release"
    assert world.server.count(URL) == 3


def test_retries_end(world):
    world.server.files[URL].statuses = [503] * 20
    with pytest.raises(DownloadError, match="gave up after 4 tries: HTTP 503"):
        get(world)
    assert world.server.count(URL) == 4


def test_forbidden_is_not_retried(world):
    world.server.files[URL].statuses = [403]
    with pytest.raises(DownloadError, match="HTTP 403"):
        get(world)
    assert world.server.count(URL) == 1


def test_truncated_download_is_resumed(world):
    world.publish(PROGRAM + os.urandom(700_000))
    world.server.files[URL].cut = [300_000, 100_000]
    tool = get(world)
    assert tool.signature.startswith("good")
    assert world.server.ranges(URL) == [None, "bytes=300000-", "bytes=400000-"]


def test_a_later_command_resumes_what_an_earlier_one_left(world):
    world.publish(PROGRAM + os.urandom(700_000))
    world.server.files[URL].cut = [100_000, 50_000, 50_000, 50_000]
    with pytest.raises(DownloadError, match="gave up after 4 tries") as caught:
        get(world)
    assert "goes on from there" in caught.value.hint
    assert [name for name in world.leftovers() if name.endswith(".part")]
    assert get(world).sha256 == sha256(
        Path(world.cache).joinpath("programs", "tool", "1.2.3", PLATFORM, "tool").read_bytes()
    )
    assert world.server.ranges(URL)[-1] == "bytes=250000-"
    assert world.leftovers() == []


def test_resume_starts_over_when_the_file_changed_meanwhile(world):
    world.publish(PROGRAM + os.urandom(700_000))
    world.server.files[URL].cut = [100_000, 1, 1, 1]
    with pytest.raises(DownloadError):
        get(world)
    world.publish(b"#!/bin/sh\n" + os.urandom(500_000))
    world.server.files[URL].etag = '"v2"'
    tool = get(world)
    assert world.server.ranges(URL)[-1] == "bytes=100003-"
    assert tool.signature.startswith("good")


def test_server_that_ignores_ranges(world):
    world.publish(PROGRAM + os.urandom(700_000))
    world.server.files[URL].cut = [300_000]
    world.server.files[URL].ranges = False
    assert get(world).signature.startswith("good")
    assert world.server.ranges(URL) == [None, "bytes=300000-"]


def test_server_without_etag_starts_over(world):
    world.publish(PROGRAM + os.urandom(700_000))
    world.server.files[URL].cut = [300_000]
    world.server.files[URL].etag = None
    assert get(world).signature.startswith("good")
    assert world.server.ranges(URL) == [None, None]


def test_lock_checksum_is_enforced_on_a_download(world):
    recorded = "ab" * 32
    with pytest.raises(RefusedError) as caught:
        get(world, locked(recorded))
    assert recorded in str(caught.value)
    assert sha256(PROGRAM) in str(caught.value)
    assert "network's lock" in str(caught.value)
    assert not list(world.cache.rglob("tool"))
    assert world.leftovers() == []


def test_lock_checksum_that_agrees(world):
    assert get(world, locked(sha256(PROGRAM))).source == "release"


@pytest.mark.parametrize(
    "changes", [{"version": "1.2.2"}, {"platform": "plan9-mips"}, {"source": "build"}]
)
def test_lock_of_another_version_platform_or_source_is_said_not_enforced(world, changes):
    tool = get(world, locked("ab" * 32, **changes))
    assert tool.source == "release"
    assert bool(tool.notes) is ("platform" not in changes)


def test_published_checksum_is_enforced(world):
    world.server.add(URL + ".sha256", b"cd" * 32 + b"  tool.tar.gz\n")
    with pytest.raises(RefusedError, match="cd" * 32):
        get(world)
    assert not list(world.cache.rglob("tool"))


def test_pinned_checksum_is_enforced(world):
    world.extra = f'sha256 = {{ {PLATFORM} = "{"ef" * 32}" }}'
    with pytest.raises(RefusedError, match="the pinned versions record " + "ef" * 32):
        get(world)


def test_a_bad_signature_is_a_hard_error(world):
    world.server.add(URL + ".asc", world.key.sign(b"another file"))
    with pytest.raises(RefusedError, match="is BAD"):
        get(world)
    assert not list(world.cache.rglob("tool"))
    assert world.leftovers() == []


def test_a_missing_key_is_said(world):
    del world.server.files[f"/keys/{world.key.fingerprint}"]
    tool = get(world)
    assert tool.signature.startswith(f"not checked: no key {world.key.fingerprint}")
    assert "HTTP 404" in tool.signature
    assert tool.signature in tool.notes[0]


def test_a_server_that_gives_another_key_is_not_believed(world):
    world.server.add(f"/keys/{world.key.fingerprint}", ModernKey("mallory").public)
    assert "is not the key" in get(world).signature


def test_a_signature_by_an_unpinned_key_is_not_called_good(world):
    world.server.add(URL + ".asc", ModernKey("mallory").sign(world.archive))
    signature = get(world).signature
    assert signature.startswith("not checked: made by ")
    assert signature.endswith("which is not a pinned key")


def test_a_signature_that_is_none(world):
    world.server.add(URL + ".asc", b"<html>hello</html>")
    assert get(world).signature == "not checked: what the server sent as signature is not one"


def test_the_key_is_fetched_once(world):
    get(world)
    world.publish(PROGRAM)
    shutil.rmtree(world.cache / "programs")
    assert get(world).signature.startswith("good")
    assert world.server.count(f"/keys/{world.key.fingerprint}") == 1


def test_keyserver_from_the_environment(world):
    del world.server.files[f"/keys/{world.key.fingerprint}"]
    world.server.add(f"/mine/{world.key.fingerprint}", world.key.public)
    mine = f"{world.server.url}/mine/{{fingerprint}}"
    assert get(world, CHAINYARD_KEYSERVER=mine).signature.startswith("good")


@pytest.mark.parametrize("good", [True, False])
def test_an_old_builder_key_that_sequoia_refuses_still_counts(world, good):
    """As the Go builders' key is: RSA, its user id bound by SHA-1 only."""
    world.key = OldKey()
    world.publish(PROGRAM)
    if good:
        assert get(world).signature == f"good: {world.key.fingerprint}"
        return
    world.server.add(URL + ".asc", world.key.sign(b"another file"))
    with pytest.raises(RefusedError, match="is BAD"):
        get(world)


def test_mirror_takes_the_place_of_scheme_and_host(world):
    text = world.catalog_text
    world.catalog_text = lambda: text().replace(
        f'url = "{world.server.url}', 'url = "https://releases.invalid'
    )
    for path in (URL, URL + ".asc", URL + ".sha256"):
        world.server.files[f"/mirror{path}"] = world.server.files.pop(path)
    tool = get(world, CHAINYARD_RELEASE_MIRROR=f"{world.server.url}/mirror/")
    assert tool.signature.startswith("good")
    assert tool.notes == ()


def test_redirects_are_followed(world):
    world.server.files["/elsewhere"] = world.server.files[URL]
    world.server.add(URL, b"", redirect="/elsewhere")
    assert get(world).source == "release"


@pytest.mark.parametrize(
    ("archive", "said"),
    [
        (
            tarball({"../../tool-1.2.3/tool": PROGRAM, "/etc/tool": PROGRAM}),
            "has no tool-1.2.3/tool",
        ),
        (tarball({}, {"tool-1.2.3/tool": "/etc/passwd"}), "not a regular file"),
        (tarball({"tool-1.2.3/tool": os.urandom(50_000)})[:-20_000], "not a readable archive"),
        (b"<html>not an archive</html>", "not a readable archive"),
        (tarball({}), "it has nothing"),
    ],
    ids=["traversal", "symlink", "cut", "html", "empty"],
)
def test_hostile_and_broken_archives(world, archive, said, tmp_path):
    world.serve_archive(archive)
    before = {path for path in tmp_path.rglob("*") if world.cache not in path.parents}
    with pytest.raises(RefusedError, match=said):
        get(world)
    after = {path for path in tmp_path.rglob("*") if world.cache not in path.parents}
    assert {path.name for path in after - before} <= {"cache", "versions.toml"}
    assert not list(world.cache.rglob("tool"))
    assert world.leftovers() == []


class FullDisk:
    """A file whose disk is full after so many bytes."""

    def __init__(self, file, room: int) -> None:
        self._file, self._room = file, room

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()

    def write(self, data):
        self._room -= len(data)
        if self._room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._file.write(data)


def test_disk_full_is_said_and_the_room_given_back(world, monkeypatch):
    world.publish(PROGRAM + os.urandom(900_000))
    opened = Path.open

    def open_(self, mode="r", *args, **options):
        file = opened(self, mode, *args, **options)
        return FullDisk(file, 300_000) if self.suffix == ".part" and "b" in mode else file

    monkeypatch.setattr(Path, "open", open_)
    with pytest.raises(DownloadError, match="the disk is full at") as caught:
        get(world)
    assert "CHAINYARD_HOME" in caught.value.hint
    assert world.leftovers() == []


def test_a_cache_that_cannot_be_written(world):
    world.cache.parent.joinpath("cache").write_text("a file where the folder should be")
    with pytest.raises(DownloadError, match="cannot store tool"):
        get(world)


def test_two_at_once_download_once(world):
    gate = threading.Event()
    world.server.files[URL].gate = gate
    found, threads = [], []
    for _ in range(2):
        resolver = world.resolver()
        threads.append(
            threading.Thread(target=lambda r=resolver: found.append(r.install(["tool"])["tool"]))
        )
    for thread in threads:
        thread.start()
    assert world.server.files[URL].half_sent.wait(10)
    deadline = time.monotonic() + 10
    waiting = f"waiting for another process: {TASK}"
    while waiting not in world.progress.totals and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    gate.set()
    for thread in threads:
        thread.join(10)
    assert sorted(tool.source for tool in found) == ["cache", "release"]
    assert waiting in world.progress.notes
    assert world.server.count(URL) == 1


def test_several_programs_are_fetched_at_the_same_time(world):
    gate = threading.Event()
    world.extra = world.catalog_text().split("[programs.tool]", 1)[1]
    world.extra = "[programs.other]" + world.extra.replace("programs.tool", "programs.other")
    world.extra = world.extra.replace("/tool-{version}.tar", "/other-{version}.tar")
    for suffix in ("", ".asc", ".sha256"):
        world.server.add(f"/other-1.2.3.tar.gz{suffix}", world.server.files[URL + suffix].body)
    both = [world.server.files[URL], world.server.files["/other-1.2.3.tar.gz"]]
    for served in both:
        served.gate = gate
    found = {}
    resolver = world.resolver()
    thread = threading.Thread(target=lambda: found.update(resolver.install(["tool", "other"])))
    thread.start()
    assert all(served.half_sent.wait(10) for served in both)
    gate.set()
    thread.join(10)
    assert set(found) == {"tool", "other"}
