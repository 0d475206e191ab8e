"""The resolver: asks each source in turn until every program is there, or says what was tried."""

from __future__ import annotations

import difflib
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import cast

from chainyard.binaries.build import Builder, module_sha256
from chainyard.binaries.cache import Cache
from chainyard.binaries.catalog import Catalog, Pin
from chainyard.binaries.golang import GoToolchains
from chainyard.binaries.local import from_path, from_spec
from chainyard.binaries.outcome import (
    LockedProgram,
    Resolved,
    Source,
    UnavailableError,
    Whereabouts,
)
from chainyard.binaries.platforms import this_platform
from chainyard.binaries.threads import in_threads
from chainyard.errors import DownloadError, RequestError
from chainyard.progress import NoProgress, Progress
from chainyard.service import Program

SOURCES: tuple[Source, ...] = ("path", "cache", "release", "build")


@dataclass
class _Wanted:
    """A program that is looked for, and what each source said so far."""

    pin: Pin
    lock: LockedProgram | None
    tried: list[tuple[Source, UnavailableError]] = field(default_factory=list)
    found: Resolved | None = None


class Resolver:
    """Finds programs, fetching and building what is not here.

    Args:
        catalog: the pins.
        cache: folder for programs, keys, downloads, toolchains (``home.cache_dir()``).
        modules: folder of our Go modules.
        progress: is told of downloads and builds, from several threads.
        environ: the environment to look at (``PATH``, ``CHAINYARD_*``) and to run tools in.
        platform: platform of the programs; only this machine's own can be built.

    Raises:
        RequestError: ``CHAINYARD_SOURCES`` names an unknown source.
    """

    def __init__(
        self,
        catalog: Catalog,
        cache: Path,
        modules: Path,
        *,
        progress: Progress | None = None,
        environ: Mapping[str, str] = os.environ,
        platform: str | None = None,
    ) -> None:
        self._catalog = catalog
        self._modules = modules
        self._progress = progress or NoProgress()
        self._environ = environ
        self._cache = Cache(cache.absolute(), platform or this_platform())
        self._sources = _sources(environ.get("CHAINYARD_SOURCES", ""))

    def resolve(
        self, programs: Sequence[Program], locked: Mapping[str, LockedProgram] | None = None
    ) -> dict[str, Resolved]:
        """Have all these programs here; returns them by name.

        Args:
            programs: what is wanted; several of one name must agree on the path.
            locked: what the network's lock records, by name.

        Raises:
            NotFoundError: a name is not in the catalog.
            RequestError: a path that the spec names is no program.
            DownloadError: one cannot be had: says all that was tried; or what arrived was refused.
        """
        locks = locked or {}
        given = _paths(programs)
        found: dict[str, Resolved] = {}
        wanted: list[_Wanted] = []
        for name, path in given.items():
            pin = self._catalog.pin(name)
            if path:
                found[name] = from_spec(pin, path, self._cache.platform, self._environ)
            else:
                wanted.append(_Wanted(pin, locks.get(name)))
        self._ask_all(wanted)
        if lost := [want for want in wanted if want.found is None]:
            raise _failure(lost, self._cache.platform)
        found |= {want.pin.name: _with_reasons(want.found, want) for want in wanted if want.found}
        return {
            name: _with_notes(found[name], self._catalog.pin(name), locks.get(name))
            for name in given
        }

    def install(self, names: Iterable[str]) -> dict[str, Resolved]:
        """As `resolve`, by name, for no network in particular."""
        return self.resolve([Program(name) for name in names])

    def where(self, name: str) -> Whereabouts:
        """Where a program is, or would come from. Downloads and builds nothing.

        Raises:
            NotFoundError: the name is not in the catalog.
        """
        pin = self._catalog.pin(name)
        for source in self._sources:
            try:
                return self._look(source, pin)
            except UnavailableError:
                continue
        tried = ", ".join(self._sources)
        return Whereabouts(name, pin.version, None, None, f"nowhere (looked at: {tried})")

    def _look(self, source: Source, pin: Pin) -> Whereabouts:
        if source == "release":
            from chainyard.binaries.release import addresses  # noqa: PLC0415 - httpx, on demand

            url = addresses(pin, self._cache.platform).url
            return Whereabouts(pin.name, pin.version, source, None, f"would be downloaded: {url}")
        if source == "build":
            if pin.module is None:
                raise UnavailableError("no Go module is pinned")
            detail = f"would be built: {pin.module.package}@v{pin.version}"
            return Whereabouts(pin.name, pin.version, source, None, detail)
        found = self._locally(source, _Wanted(pin, None))
        detail = f"{found.origin}: {found.detail}" if source == "cache" else found.detail
        return Whereabouts(pin.name, found.version, source, found.path, detail)

    def _ask_all(self, wanted: Sequence[_Wanted]) -> None:
        for source in self._sources:
            pending = [want for want in wanted if want.found is None]
            if not pending:
                return
            if source == "release":
                self._ask_releases(pending)
            elif source == "build":
                self._ask_builds(pending)
            else:
                for want in pending:
                    _ask(source, want, partial(self._locally, source, want))

    def _locally(self, source: Source, want: _Wanted) -> Resolved:
        if source == "path":
            return from_path(want.pin, self._cache.platform, self._environ)
        return self._cached(want)

    def _cached(self, want: _Wanted) -> Resolved:
        digest = module_sha256(self._modules, want.pin.module)
        return self._cache.find(want.pin, want.lock, digest)

    def _ask_releases(self, pending: Sequence[_Wanted]) -> None:
        from chainyard.binaries.fetch import Fetcher  # noqa: PLC0415 - httpx, only on demand
        from chainyard.binaries.release import Releases  # noqa: PLC0415
        from chainyard.binaries.signatures import Keys  # noqa: PLC0415

        cancelled = threading.Event()
        mirror = self._environ.get("CHAINYARD_RELEASE_MIRROR", "")
        override = self._environ.get("CHAINYARD_KEYSERVER", "")
        servers = (override,) if override else self._catalog.keyservers
        with Fetcher(self._progress, cancelled, mirror=mirror) as fetcher:
            keys = Keys(self._cache.root / "keyring", servers, fetcher.small)
            releases = Releases(self._cache, fetcher, keys, self._progress)

            def fetch(want: _Wanted) -> None:
                recheck = partial(self._cached, want)
                _ask("release", want, partial(releases.fetch, want.pin, want.lock, recheck))

            in_threads([partial(fetch, want) for want in pending], cancelled)

    def _ask_builds(self, pending: Sequence[_Wanted]) -> None:
        pinned = self._catalog.toolchains.get("go")
        toolchains = GoToolchains(self._cache, pinned, self._progress, self._environ)
        builder = Builder(self._cache, self._modules, toolchains, self._progress, self._environ)
        for group in _by_module(pending):
            try:
                built = builder.build([want.pin for want in group])
            except UnavailableError as error:
                for want in group:
                    want.tried.append(("build", error))
                continue
            for want in group:
                want.found = built[want.pin.name]
        if all(want.found for want in pending):
            builder.clean()


def _ask(source: Source, want: _Wanted, ask: Callable[[], Resolved]) -> None:
    try:
        want.found = ask()
    except UnavailableError as error:
        want.tried.append((source, error))


def _by_module(pending: Sequence[_Wanted]) -> list[list[_Wanted]]:
    groups: dict[object, list[_Wanted]] = {}
    for want in pending:
        module = want.pin.module
        key = (module.dir, module.ldflags) if module else want.pin.name
        groups.setdefault(key, []).append(want)
    return list(groups.values())


def _paths(programs: Sequence[Program]) -> dict[str, str]:
    """Names and the paths that the spec gives them, each name once."""
    paths: dict[str, str] = {}
    for program in programs:
        known = paths.setdefault(program.name, program.path)
        if known != program.path:
            both = " and ".join(path or "none" for path in (known, program.path))
            raise RequestError(
                f"{program.name}: two paths are asked for at once ({both})",
                hint="resolve programs with different paths separately",
            )
    return paths


def _sources(text: str) -> tuple[Source, ...]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in SOURCES:
            near = difflib.get_close_matches(name, SOURCES, n=1)
            raise RequestError(
                f"CHAINYARD_SOURCES: unknown source {name!r}",
                hint=f"did you mean {near[0]!r}?" if near else f"known: {', '.join(SOURCES)}",
            )
    return tuple(cast("Source", name) for name in dict.fromkeys(names)) or SOURCES


def _with_notes(found: Resolved, pin: Pin, lock: LockedProgram | None) -> Resolved:
    """Add what a person should know of how it differs from what the network started with."""
    notes = list(found.notes)
    if lock is not None and lock.platform in {"", found.platform}:
        if lock.version != found.version:
            notes.append(
                f"{pin.name}: the network was made with version {lock.version}, "
                f"now it is {found.version}"
            )
        elif lock.sha256 != found.sha256:
            notes.append(
                f"{pin.name} {found.version}: not the same executable as before: it was from "
                f"{lock.source} ({lock.sha256}), now it is from {found.origin} ({found.sha256})"
            )
    return replace(found, notes=tuple(notes))


def _with_reasons(found: Resolved, want: _Wanted) -> Resolved:
    """Add what is worth knowing of the sources that did not have it."""
    reasons = [f"{want.pin.name}: {error.reason}" for _, error in want.tried if error.notable]
    return replace(found, notes=(*reasons, *found.notes))


def _failure(lost: Sequence[_Wanted], platform: str) -> DownloadError:
    parts = []
    for want in lost:
        lines = [
            f"{want.pin.name} {want.pin.version} cannot be had for {platform}. Tried, in order:"
        ]
        for number, (source, error) in enumerate(want.tried, 1):
            reason = error.reason.replace("\n", "\n       ")
            lines.append(f"  {number}. {source}: {reason}")
        parts.append("\n".join(lines))
    hints = dict.fromkeys(
        error.hint for want in lost for _, error in reversed(want.tried) if error.hint
    )
    return DownloadError("\n".join(parts), hint="\n  or ".join(hints))
