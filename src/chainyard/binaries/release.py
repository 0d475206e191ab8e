"""A program's official release: downloaded, verified, unpacked into the cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from chainyard.binaries.archive import ARCHIVES, extract_member
from chainyard.binaries.cache import Cache, Record, enforced_sha256
from chainyard.binaries.catalog import Pin, Release
from chainyard.binaries.fetch import Fetcher, MissingError
from chainyard.binaries.files import disk_errors, locked, scratch, sha256_of
from chainyard.binaries.outcome import LockedProgram, RefusedError, Resolved, UnavailableError
from chainyard.binaries.signatures import Keys, check_signature, published_sha256
from chainyard.progress import Progress


@dataclass(frozen=True)
class Addresses:
    """The URLs of one release on one platform, and the path inside its archive."""

    url: str
    member: str
    checksum: str
    signature: str


def addresses(pin: Pin, platform: str) -> Addresses:
    """Where the release for a platform is.

    Raises:
        UnavailableError: there is none.
    """
    release = pin.release
    if release is None:
        raise UnavailableError("no official release is pinned")
    if platform not in release.platforms:
        offered = ", ".join(sorted(release.platforms))
        raise UnavailableError(f"no official release for {platform} (there is one for {offered})")
    values = _values(pin, release, release.platforms[platform])
    url = release.url.format(**values)
    return Addresses(
        url=url,
        member=release.member.format(**values),
        checksum=release.checksum.format(url=url, **values),
        signature=release.signature.format(url=url, **values),
    )


def _values(pin: Pin, release: Release, platform: str) -> Mapping[str, str]:
    return {"version": pin.version, "platform": platform, **release.variables}


class Releases:
    """Fetches official releases into the cache."""

    def __init__(self, cache: Cache, fetcher: Fetcher, keys: Keys, progress: Progress) -> None:
        self._cache = cache
        self._fetcher = fetcher
        self._keys = keys
        self._progress = progress

    def fetch(
        self, pin: Pin, lock: LockedProgram | None, recheck: Callable[[], Resolved]
    ) -> Resolved:
        """Download and verify one program.

        Args:
            lock: what the network's lock records of it, enforced.
            recheck: looks into the cache, for when another process was just fetching it.

        Raises:
            UnavailableError: there is no such release, or it cannot be reached.
            RefusedError: it is not what was recorded, published or signed.
            DownloadError: the disk is full or not writable.
        """
        place = addresses(pin, self._cache.platform)
        task = f"download {pin.name} {pin.version}"
        lock_file = self._cache.lock_file(f"{pin.name}-{pin.version}-{self._cache.platform}")
        with (
            disk_errors(self._cache.root, f"cannot store {pin.name}"),
            locked(lock_file, task, self._progress) as waited,
        ):
            if waited:
                try:
                    return recheck()
                except UnavailableError:
                    pass
            return self._fetch(pin, place, lock, task)

    def _fetch(self, pin: Pin, place: Addresses, lock: LockedProgram | None, task: str) -> Resolved:
        url = self._fetcher.mirrored(place.url)
        part = self._cache.root / "downloads" / f"{pin.version}-{url.rsplit('/', 1)[-1]}.part"
        self._fetcher.download(url, part, task)
        try:
            signature, notes = self._verify(pin, place, part)
            with scratch(self._cache.root / "programs", pin.name) as folder:
                program = folder / pin.name
                _unpack(part, url, place.member, program)
                have = sha256_of(program)
                _enforce(pin, lock, self._cache.platform, have)
                record = Record(have, "release", signature, url)
                path = self._cache.store(pin, program, record)
        finally:
            # Complete but refused, or no longer needed: either way nothing to resume.
            part.unlink(missing_ok=True)
        return Resolved(
            pin.name, path, pin.version, "release", have, signature, "release",
            self._cache.platform, url, notes,
        )  # fmt: skip

    def _verify(self, pin: Pin, place: Addresses, part: Path) -> tuple[str, tuple[str, ...]]:
        have = sha256_of(part)
        notes: list[str] = []
        pinned = pin.release.sha256.get(self._cache.platform) if pin.release else None
        _same(have, pinned, f"{place.url}", "the pinned versions record")
        if place.checksum:
            self._check_published(have, place, notes)
        signature = self._check_signature(pin, place, part)
        if not signature.startswith("good"):
            notes.append(f"{pin.name} {pin.version}: signature {signature}")
        return signature, tuple(notes)

    def _check_published(self, have: str, place: Addresses, notes: list[str]) -> None:
        url = self._fetcher.mirrored(place.checksum)
        try:
            published = published_sha256(self._fetcher.small(url))
        except UnavailableError as error:
            notes.append(f"published checksum not checked: {error.reason}")
            return
        if published is None:
            notes.append(f"published checksum not checked: {url} holds no SHA-256")
        _same(have, published, place.url, f"{url} says")

    def _check_signature(self, pin: Pin, place: Addresses, part: Path) -> str:
        if not place.signature or pin.release is None:
            return "not checked: none is published"
        try:
            signature = self._fetcher.small(self._fetcher.mirrored(place.signature))
        except MissingError:
            return "not checked: none is published for this release"
        except UnavailableError as error:
            return f"not checked: {error.reason}"
        return check_signature(part, signature, pin.release.keys, self._keys)


def _unpack(part: Path, url: str, member: str, program: Path) -> None:
    if url.endswith(ARCHIVES):
        extract_member(part, member, program)
    else:
        part.replace(program)


def _enforce(pin: Pin, lock: LockedProgram | None, platform: str, have: str) -> None:
    expected = enforced_sha256(lock, pin.version, platform)
    _same(have, expected, f"{pin.name} {pin.version}", "the network's lock records")


def _same(have: str, expected: str | None, what: str, who: str) -> None:
    if expected is None or have == expected:
        return
    raise RefusedError(
        f"{what}: the SHA-256 of the download is {have}, but {who} {expected}; it is not used",
        cause="the release was replaced, or the download was damaged or tampered with",
        hint="compare both with the release's own page. Try again if it may have been damaged; "
        "name your own copy of the program in the spec to go on without the release",
    )
