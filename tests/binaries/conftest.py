"""A small world: a release server, a catalog that points at it, an empty cache and PATH."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest
from release_server import ReleaseServer
from signing import ModernKey

from chainyard.binaries.catalog import Catalog
from chainyard.binaries.platforms import this_platform
from chainyard.binaries.resolver import Resolver

PROGRAM = b"#!/bin/sh\necho tool version 1.2.3-stable\n"
PLATFORM = this_platform()


class Watcher:
    """Progress that is remembered."""

    def __init__(self) -> None:
        self.totals: dict[str, tuple[int | None, str]] = {}
        self.done: dict[str, list[int]] = {}
        self.notes: dict[str, str] = {}

    def started(self, task: str, total: int | None, unit: str) -> None:
        self.totals[task] = (total, unit)

    def advanced(self, task: str, done: int) -> None:
        self.done.setdefault(task, []).append(done)

    def finished(self, task: str, note: str) -> None:
        assert task in self.totals, f"{task} finished before it started"
        self.notes[task] = note


class World:
    def __init__(self, root: Path, server: ReleaseServer, key: ModernKey) -> None:
        self.root = root
        self.server = server
        self.key = key
        self.cache = root / "cache"
        self.modules = root / "modules"
        self.path = root / "bin"
        self.path.mkdir()
        self.progress = Watcher()
        self.environ = {"PATH": str(self.path), "HOME": str(root)}
        self.keyserver = f"{server.url}/keys/{{fingerprint}}"
        self.extra = ""
        self.publish(PROGRAM)

    def publish(self, program: bytes, member: str = "tool-1.2.3/tool") -> None:
        """Put a release of the program on the server, signed, with its checksum and key."""
        self.serve_archive(tarball({member: program}))

    def serve_archive(self, archive: bytes) -> None:
        self.archive = archive
        self.server.add("/tool-1.2.3.tar.gz", archive)
        self.server.add("/tool-1.2.3.tar.gz.asc", self.key.sign(archive))
        digest = hashlib.sha256(archive).hexdigest()
        self.server.add("/tool-1.2.3.tar.gz.sha256", f"{digest}  tool.tar.gz\n".encode())
        self.server.add(f"/keys/{self.key.fingerprint}", self.key.public)

    def catalog_text(self) -> str:
        return f"""
keyservers = ["{self.keyserver}"]
[programs.tool]
version = "1.2.3"
path_names = ["tool", "generic"]
version_command = ["--version"]
version_pattern = 'tool version (?P<version>v?[0-9.]+)'
[programs.tool.release]
url = "{self.server.url}/tool-{{version}}.tar.gz"
member = "tool-{{version}}/tool"
checksum = "{{url}}.sha256"
signature = "{{url}}.asc"
keys = ["{self.key.fingerprint}"]
platforms = {{ {PLATFORM} = "any" }}
{self.extra}
"""

    def catalog(self) -> Catalog:
        file = self.root / "versions.toml"
        file.write_text(self.catalog_text())
        return Catalog.load(file)

    def resolver(self, **environ: str) -> Resolver:
        return Resolver(
            self.catalog(),
            self.cache,
            self.modules,
            progress=self.progress,
            environ={**self.environ, **environ},
        )

    def executable(self, name: str, text: str, folder: Path | None = None) -> Path:
        path = (folder or self.path) / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def leftovers(self) -> list[str]:
        """Files of the cache that should not be there when nothing runs: temporary or partial."""
        return [
            str(path.relative_to(self.cache))
            for path in self.cache.rglob("*")
            if path.suffix == ".part" or path.name.startswith(".")
        ]


def tarball(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    """A .tar.gz with these names, taken as they are."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.mode = 0o755
            tar.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def key() -> ModernKey:
    return ModernKey()


@pytest.fixture
def server():
    server = ReleaseServer()
    yield server
    server.close()


@pytest.fixture
def world(tmp_path, server, key, monkeypatch):
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("chainyard.binaries.fetch.BACK_OFF_SECONDS", 0.001)
    return World(tmp_path, server, key)
