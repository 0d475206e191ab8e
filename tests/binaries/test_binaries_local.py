"""What is here already: a path in the spec, PATH, the cache; and the choice between sources."""

from __future__ import annotations

import pytest

from chainyard.binaries.outcome import LockedProgram
from chainyard.errors import DownloadError, NotFoundError, RequestError
from chainyard.service import Program
from conftest import PLATFORM, PROGRAM

SAYS = 'test "$1" = --version && echo tool version {}'


def test_a_path_in_the_spec_wins_over_everything(world):
    world.executable("tool", SAYS.format("1.2.3"))
    mine = world.executable("mine", SAYS.format("1.2.3"), world.root)
    tool = world.resolver().resolve([Program("tool", path=str(mine))], {})["tool"]
    assert (tool.path, tool.source, tool.origin, tool.notes) == (mine, "spec", "spec", ())
    assert world.server.requests == []


def test_a_path_in_the_spec_that_is_not_there(world):
    world.executable("tool", SAYS.format("1.2.3"))
    with pytest.raises(RequestError, match="does not exist: /no/such/tool"):
        world.resolver().resolve([Program("tool", path="/no/such/tool")], {})


def test_a_path_in_the_spec_that_is_not_executable(world):
    file = world.root / "plain"
    file.write_text("text")
    with pytest.raises(RequestError, match="cannot be executed") as caught:
        world.resolver().resolve([Program("tool", path=str(file))], {})
    assert caught.value.hint == f"chmod +x {file}"
    with pytest.raises(RequestError, match="cannot be executed"):
        world.resolver().resolve([Program("tool", path=str(world.root))], {})


def test_a_program_of_the_spec_that_says_no_version_is_used_and_said(world):
    mine = world.executable("mine", "echo hello", world.root)
    tool = world.resolver().resolve([Program("tool", path=str(mine))], {})["tool"]
    assert tool.version == "unknown"
    assert "does not say its version; 1.2.3 is pinned" in tool.notes[0]


def test_two_paths_for_one_program(world):
    with pytest.raises(RequestError, match="two paths are asked for at once"):
        world.resolver().resolve([Program("tool", path="/a"), Program("tool")], {})


def test_path_with_the_pinned_version(world):
    program = world.executable("tool", SAYS.format("1.2.3"))
    tool = world.resolver().install(["tool"])["tool"]
    assert (tool.path, tool.source, tool.version, tool.notes) == (program, "path", "1.2.3", ())


def test_path_with_another_version_is_used_but_said(world):
    program = world.executable("tool", SAYS.format("v1.3.0"))
    tool = world.resolver().install(["tool"])["tool"]
    assert (tool.path, tool.version) == (program, "1.3.0")
    assert tool.notes == (
        f"tool: {program} is version 1.3.0; 1.2.3 is pinned and was tested. It is used.",
    )


@pytest.mark.parametrize("text", ["echo generic thing 9.9", "exit 1", "kill -9 $$"])
def test_a_generic_name_on_path_must_say_what_it_is(world, text):
    stranger = world.executable("generic", text)
    tool = world.resolver().install(["tool"])["tool"]
    assert tool.source == "release"
    with pytest.raises(DownloadError) as caught:
        world.resolver(CHAINYARD_SOURCES="path").install(["tool"])
    assert f"{stranger} does not say that it is tool" in str(caught.value)


def test_all_of_path_is_searched_for_the_right_one(world):
    world.executable("tool", "echo something else")
    second = world.root / "second"
    second.mkdir()
    right = world.executable("generic", SAYS.format("1.2.3"), second)
    path = f"{world.path}::/no/such/folder:{second}"
    assert world.resolver(PATH=path).install(["tool"])["tool"].path == right


def test_a_program_that_hangs_is_passed_over(world, monkeypatch):
    monkeypatch.setattr("chainyard.binaries.local.VERSION_SECONDS", 0.2)
    world.executable("tool", "exec tail -f /dev/null")
    path = f"{world.path}:/usr/bin:/bin"
    assert world.resolver(PATH=path).install(["tool"])["tool"].source == "release"


def cached(world):
    tool = world.resolver().install(["tool"])["tool"]
    world.server.requests.clear()
    return tool


def test_a_damaged_cached_file_is_fetched_again(world):
    tool = cached(world)
    tool.path.write_bytes(PROGRAM + b"x")
    with pytest.raises(DownloadError, match=r"the cached copy is damaged \(SHA-256 is "):
        world.resolver(CHAINYARD_SOURCES="path,cache").install(["tool"])
    again = world.resolver().install(["tool"])["tool"]
    assert (again.source, again.sha256) == ("release", tool.sha256)
    assert any("the cached copy is damaged" in note for note in again.notes)


@pytest.mark.parametrize("record", ["", "[1]", '{"sha256": 1}'])
def test_a_cached_file_without_a_record_is_fetched_again(world, record):
    cached(world).path.with_name("record.json").write_text(record)
    assert world.resolver().install(["tool"])["tool"].source == "release"


def test_a_cached_file_that_lost_its_mode(world):
    cached(world).path.chmod(0o644)
    assert world.resolver().install(["tool"])["tool"].source == "release"


def test_a_cached_file_that_is_not_what_the_lock_records(world):
    tool = cached(world)
    lock = LockedProgram("1.2.3", "ab" * 32, "release", PLATFORM)
    with pytest.raises(DownloadError) as caught:
        world.resolver(CHAINYARD_SOURCES="cache").resolve([Program("tool")], {"tool": lock})
    assert tool.sha256 in str(caught.value)
    assert "ab" * 32 in str(caught.value)


def test_a_network_keeps_its_own_version_while_that_is_cached(world):
    tool = cached(world)
    text = world.catalog_text
    world.catalog_text = lambda: text().replace("1.2.3", "1.2.4")
    kept = world.resolver().resolve([Program("tool")], {"tool": tool.lock()})["tool"]
    assert (kept.version, kept.path) == ("1.2.3", tool.path)
    assert world.server.requests == []


def test_sources_can_be_reordered_and_restricted(world):
    cached(world)
    world.executable("tool", SAYS.format("1.2.3"))
    assert world.resolver().install(["tool"])["tool"].source == "path"
    first = world.resolver(CHAINYARD_SOURCES=" cache, path ").install(["tool"])["tool"]
    assert first.source == "cache"
    only = world.resolver(CHAINYARD_SOURCES="build")
    with pytest.raises(DownloadError, match=r"1\. build: no Go module is pinned"):
        only.install(["tool"])


def test_unknown_source(world):
    with pytest.raises(RequestError, match="unknown source 'relase'") as caught:
        world.resolver(CHAINYARD_SOURCES="path,relase")
    assert "'release'" in caught.value.hint


def test_unknown_program(world):
    with pytest.raises(NotFoundError, match="no program 'toool' is pinned") as caught:
        world.resolver().install(["toool"])
    assert "'tool'" in caught.value.hint


def test_where_downloads_nothing(world):
    place = world.resolver().where("tool")
    assert (place.source, place.path) == ("release", None)
    assert place.detail == f"would be downloaded: {world.server.url}/tool-1.2.3.tar.gz"
    assert world.server.requests == []
    path = cached(world).path
    place = world.resolver().where("tool")
    assert (place.source, place.path) == ("cache", path)
    program = world.executable("tool", SAYS.format("1.9.0"))
    place = world.resolver().where("tool")
    assert (place.source, place.path, place.version) == ("path", program, "1.9.0")
    assert world.resolver(CHAINYARD_SOURCES="build").where("tool").source is None


def test_all_failures_are_reported_together(world):
    second = (
        world.catalog_text().split("[programs.tool]", 1)[1].replace("programs.tool", "programs.two")
    )
    world.extra = f"[programs.two]{second}"
    with pytest.raises(DownloadError) as caught:
        world.resolver(CHAINYARD_SOURCES="path").install(["tool", "two"])
    assert "tool 1.2.3 cannot be had" in str(caught.value)
    assert "two 1.2.3 cannot be had" in str(caught.value)
