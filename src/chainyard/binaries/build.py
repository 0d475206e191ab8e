"""Programs built from a Go module that a go.mod and go.sum of ours pin."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chainyard.binaries.cache import Cache, Record
from chainyard.binaries.catalog import Module, Pin
from chainyard.binaries.files import (
    disk_errors,
    locked,
    remove_tree,
    scratch,
    sha256_of,
    size_of_tree,
)
from chainyard.binaries.golang import GoToolchains, find_compiler
from chainyard.binaries.outcome import Resolved, UnavailableError
from chainyard.binaries.process import ToolFailedError, run_tool
from chainyard.binaries.progress import failure_told, megabytes
from chainyard.progress import Progress

_PINNED_BY_SUM = "not applicable: built from source that go.sum pins"


def module_sha256(modules: Path, module: Module | None) -> str:
    """Changes when, and only when, what is compiled changes. Empty without a module."""
    if module is None:
        return ""
    digest = hashlib.sha256(module.ldflags.encode())
    for name in ("go.mod", "go.sum"):
        file = modules / module.dir / name
        digest.update(file.read_bytes() if file.exists() else b"")
    return digest.hexdigest()


@dataclass(frozen=True)
class _Job:
    """The programs of one module that are built together. All share one set of flags."""

    pins: tuple[Pin, ...]
    module: Module
    folder: Path

    @property
    def label(self) -> str:
        return ", ".join(pin.name for pin in self.pins)


class Builder:
    """Builds programs into the cache.

    Args:
        modules: the folder of our Go modules.
        environ: the user's environment; Go's own settings in it are honoured.
    """

    def __init__(
        self,
        cache: Cache,
        modules: Path,
        toolchains: GoToolchains,
        progress: Progress,
        environ: Mapping[str, str],
    ) -> None:
        self._cache = cache
        self._modules = modules
        self._toolchains = toolchains
        self._progress = progress
        self._environ = environ

    def build(self, pins: Sequence[Pin]) -> dict[str, Resolved]:
        """Build programs of one module in one call of Go; what is built already is taken.

        Raises:
            UnavailableError: there is no module, Go or C compiler, or the build failed.
            DownloadError: the disk is full or not writable.
        """
        module = pins[0].module
        if module is None:
            raise UnavailableError("no Go module is pinned")
        lock = self._cache.lock_file(f"build-{module.dir}-{self._cache.platform}")
        with (
            disk_errors(self._cache.root, f"cannot build {module.dir}"),
            locked(lock, f"build {module.dir}", self._progress),
        ):
            built = self._built_before(pins)
            missing = tuple(pin for pin in pins if pin.name not in built)
            if missing:
                built |= self._build(_Job(missing, module, self._modules / module.dir))
        return built

    def clean(self) -> None:
        """Remove Go's module and build caches where they are ours, and say how much that freed.

        They hold some gigabytes and are of no use once the programs are built. The toolchain
        stays. Nothing is removed while another process builds.
        """
        ours = [self._cache.root / "go" / name for name in ("mod", "build")]
        if not any(folder.exists() for folder in ours):
            return
        task = "remove Go's build files"
        with locked(self._cache.lock_file("go-caches"), task, self._progress):
            self._progress.started(task, None, "")
            freed = sum(size_of_tree(folder) for folder in ours)
            for folder in ours:
                remove_tree(folder)
        self._progress.finished(task, f"freed {megabytes(freed)}")

    def _built_before(self, pins: Sequence[Pin]) -> dict[str, Resolved]:
        found = {}
        for pin in pins:
            try:
                entry = self._cache.find(pin, None, module_sha256(self._modules, pin.module))
            except UnavailableError:
                continue
            if entry.origin == "build":
                found[pin.name] = entry
        return found

    def _build(self, job: _Job) -> dict[str, Resolved]:
        compiler = find_compiler(self._environ)
        go = self._toolchains.find(job.module.go)
        env = self._env(go, compiler)
        with (
            locked(self._cache.lock_file("go-caches"), f"build {job.label}", self._progress),
            scratch(self._cache.root / "programs", "build") as out,
        ):
            try:
                self._compile(job, go, env, out)
            except ToolFailedError as error:
                raise _build_failure(job, error) from error
            return {pin.name: self._store(pin, job, out) for pin in job.pins}

    def _compile(self, job: _Job, go: Path, env: Mapping[str, str], out: Path) -> None:
        started = time.monotonic()
        packages = [pin.module.package for pin in job.pins if pin.module]
        flags = ["-mod=readonly", "-modcacherw"]
        total = self._list(job, [go, "list", *flags, "-deps", *packages], env)
        task = f"build {job.label}"
        self._progress.started(task, total, "packages")
        counter = _Counter(self._progress, task)
        ldflags = f"-s -w {job.module.ldflags}".strip()
        command: list[str | Path] = [go, "build", *flags, "-v", "-trimpath", "-buildvcs=false"]
        command += ["-ldflags", ldflags, "-o", f"{out}/", *packages]
        with failure_told(self._progress, task):
            run_tool(command, cwd=job.folder, env=env, on_line=counter.package)
        sizes = sum(file.stat().st_size for file in out.iterdir())
        seconds = time.monotonic() - started
        self._progress.finished(task, f"{megabytes(sizes)} in {seconds:.0f} s")

    def _list(self, job: _Job, command: Sequence[str | Path], env: Mapping[str, str]) -> int:
        """Count the packages to compile; Go downloads the modules that they are in."""
        task = f"download Go modules of {job.label}"
        self._progress.started(task, None, "modules")
        counter = _Counter(self._progress, task)
        with failure_told(self._progress, task):
            run_tool(command, cwd=job.folder, env=env, on_line=counter.listed)
        self._progress.finished(task, f"{counter.downloads} modules")
        return counter.packages

    def _store(self, pin: Pin, job: _Job, out: Path) -> Resolved:
        module = pin.module or job.module
        program = out / module.package.rsplit("/", 1)[-1]
        have = sha256_of(program)
        detail = f"{module.package}@v{pin.version}"
        digest = module_sha256(self._modules, module)
        record = Record(have, "build", _PINNED_BY_SUM, detail, digest)
        path = self._cache.store(pin, program, record)
        return Resolved(
            pin.name, path, pin.version, "build", have, _PINNED_BY_SUM, "build",
            self._cache.platform, detail,
        )  # fmt: skip

    def _env(self, go: Path, compiler: str) -> dict[str, str]:
        caches = self._cache.root / "go"
        env = {
            "GOMODCACHE": str(caches / "mod"),
            "GOCACHE": str(caches / "build"),
            **self._environ,
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
            "GO111MODULE": "on",
            "CGO_ENABLED": "1",
            "CC": compiler,
        }
        # A GOROOT or cross-compilation setting of the user's would be for another Go or machine.
        for name in ("GOROOT", "GOOS", "GOARCH"):
            env.pop(name, None)
        env["PATH"] = f"{go.parent}:{env.get('PATH', '')}"
        return env


class _Counter:
    """Counts what Go prints: a line per package, and one per module that it downloads."""

    def __init__(self, progress: Progress, task: str) -> None:
        self._progress = progress
        self._task = task
        self.packages = 0
        self.downloads = 0

    def listed(self, line: str) -> None:
        if line.startswith("go: downloading "):
            self.downloads += 1
            self._progress.advanced(self._task, self.downloads)
        elif line and not line.startswith("go: "):
            self.packages += 1

    def package(self, line: str) -> None:
        # Packages are import paths; anything with a space is a message of the compiler.
        if line and " " not in line and not line.startswith("#"):
            self.packages += 1
            self._progress.advanced(self._task, self.packages)


def _build_failure(job: _Job, error: ToolFailedError) -> UnavailableError:
    text = "\n".join(line for line in error.tail if line)
    return UnavailableError(
        f"building {job.label} in {job.folder} failed:\n{text}", hint=_hint(text)
    )


def _hint(text: str) -> str:
    """What to do about a failed build, by what Go or the C compiler said."""
    if "no space left" in text:
        return "make room on the disk, or set CHAINYARD_HOME to a folder on a larger one"
    if any(sign in text for sign in ("dial tcp", "no such host", "i/o timeout", "TLS handshake")):
        return "check the network, or set GOPROXY to a Go module proxy that can be reached"
    if "SECURITY ERROR" in text or "checksum mismatch" in text:
        return "the module proxy serves something else than go.sum pins: check GOPROXY"
    if ".h: No such file" in text or ".h' file not found" in text:
        return "install the C library's headers (Debian: apt-get install libc6-dev)"
    if "signal: killed" in text:
        return "the compiler was killed, most likely for lack of memory: free some and try again"
    return (
        "put the program on PATH or name its path in the spec; if the lines above look like a "
        "fault of the pinned module, report them"
    )
