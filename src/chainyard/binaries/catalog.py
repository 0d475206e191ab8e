"""The pins: which version of each program, and where it can come from. Read from one TOML file."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from chainyard.errors import NotFoundError, RequestError

_T = TypeVar("_T")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FINGERPRINT = re.compile(r"[0-9A-F]{40}|[0-9A-F]{64}")


@dataclass(frozen=True)
class Release:
    """An official release on the web.

    Args:
        url: template with ``{version}``, ``{platform}`` and the names of ``variables``.
        platforms: our platform name → what the URL calls it; absent platforms have no release.
        member: template of the executable's path inside a ``.tar.gz``; empty if the URL is the
            executable itself.
        checksum: template (also ``{url}``) of a published SHA-256 file; empty if none.
        signature: template (also ``{url}``) of a detached OpenPGP signature; empty if none.
        keys: fingerprints of the primary keys that may sign it, upper-case hex.
        sha256: platform → SHA-256 of the file at ``url``, where it is known beforehand.
        variables: further values for the templates.
    """

    url: str
    platforms: Mapping[str, str]
    member: str = ""
    checksum: str = ""
    signature: str = ""
    keys: tuple[str, ...] = ()
    sha256: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Module:
    """A Go module of ours whose go.mod and go.sum pin everything that is compiled.

    Args:
        dir: its folder below the modules folder.
        package: import path of the main package.
        requires: module path that must stand in go.mod at the pinned version.
        go: versions of Go that may build it: ``>=1.25,<1.26``.
        ldflags: further linker flags.
    """

    dir: str
    package: str
    requires: str
    go: str
    ldflags: str = ""


@dataclass(frozen=True)
class Pin:
    """One program: its version and how it is recognised and obtained."""

    name: str
    version: str
    path_names: tuple[str, ...]
    version_command: tuple[str, ...]
    version_pattern: str
    release: Release | None = None
    module: Module | None = None


@dataclass(frozen=True)
class Toolchain:
    """A compiler that comes as a Python wheel.

    Args:
        wheels: file name → SHA-256, for all platforms.
        executable: path of the program inside the wheel.
    """

    version: str
    package: str
    executable: str
    wheels: Mapping[str, str]


@dataclass(frozen=True)
class Catalog:
    """All pins. Made by `load`."""

    programs: Mapping[str, Pin]
    toolchains: Mapping[str, Toolchain]
    keyservers: tuple[str, ...]

    @classmethod
    def load(cls, path: Path) -> Catalog:
        """Read the pins.

        Raises:
            RequestError: the file cannot be read, or says something that is not understood.
        """
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RequestError(f"{path}: the pinned versions cannot be read: {error}") from error
        try:
            return _catalog(data)
        except (TypeError, ValueError) as error:
            raise RequestError(f"{path}: {error}") from error

    def names(self) -> tuple[str, ...]:
        """Names of all programs."""
        return tuple(self.programs)

    def pin(self, name: str) -> Pin:
        """The pin of a program.

        Raises:
            NotFoundError: it is not in the catalog; says the nearest name.
        """
        if name in self.programs:
            return self.programs[name]
        near = difflib.get_close_matches(name, self.programs, n=1)
        raise NotFoundError(
            f"no program {name!r} is pinned",
            hint=f"did you mean {near[0]!r}?" if near else f"known: {', '.join(self.programs)}",
        )


def satisfies(version: str, wanted: str) -> bool:
    """Whether ``1.25.5`` satisfies ``>=1.25,<1.26``."""
    have = _numbers(version)
    for clause in wanted.split(","):
        operator, limit = clause.strip()[:2], clause.strip()
        if operator == ">=":
            good = have >= _numbers(limit[2:])
        elif operator[:1] == "<":
            good = have < _numbers(limit[1:])
        else:
            raise ValueError(f"not a range of versions: {wanted!r}")
        if not good:
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _catalog(data: Mapping[str, Any]) -> Catalog:
    _only(data, {"programs", "toolchains", "keyservers"}, "the file")
    programs = {name: _pin(name, table) for name, table in data.get("programs", {}).items()}
    toolchains = {
        name: _build(Toolchain, table, f"toolchains.{name}")
        for name, table in data.get("toolchains", {}).items()
    }
    for toolchain in toolchains.values():
        _check_all(_SHA256, toolchain.wheels.values(), "SHA-256")
    return Catalog(programs, toolchains, tuple(data.get("keyservers", ())))


def _pin(name: str, table: Mapping[str, Any]) -> Pin:
    where = f"programs.{name}"
    values = dict(table)
    if "release" in values:
        values["release"] = _build(Release, values["release"], f"{where}.release")
        _check_all(_FINGERPRINT, values["release"].keys, "OpenPGP fingerprint")
        _check_all(_SHA256, values["release"].sha256.values(), "SHA-256")
    if "module" in values:
        values["module"] = _build(Module, values["module"], f"{where}.module")
        satisfies("1", values["module"].go)
    pin = _build(Pin, {"name": name, **values}, where)
    if "version" not in re.compile(pin.version_pattern).groupindex:
        raise ValueError(f"{where}.version_pattern has no group named 'version'")
    return pin


def _build(kind: type[_T], table: Mapping[str, Any], where: str) -> _T:
    known = {item.name for item in fields(kind)}  # type: ignore[arg-type]
    _only(table, known, where)
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in table.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise TypeError(f"{where}: {error}") from error


def _only(table: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(set(table) - known):
        raise ValueError(f"{where}: unknown key {unknown[0]!r} (known: {', '.join(sorted(known))})")


def _check_all(pattern: re.Pattern[str], values: Any, what: str) -> None:
    for value in values:
        if not pattern.fullmatch(value):
            raise ValueError(f"not a {what}: {value!r}")
