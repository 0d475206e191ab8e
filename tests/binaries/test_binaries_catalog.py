"""The one readable place of pins: understood whole, and equal to the Go modules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import chainyard
from chainyard.binaries.catalog import Catalog, satisfies
from chainyard.binaries.outcome import UnavailableError
from chainyard.binaries.release import addresses
from chainyard.errors import RequestError

CLIENTS = Path(chainyard.__file__).parent / "clients"
PINS = Catalog.load(CLIENTS / "versions.toml")
BUILT = [name for name in PINS.names() if PINS.pin(name).module]


@pytest.mark.parametrize("name", BUILT)
def test_go_modules_pin_the_same_versions(name):
    pin = PINS.pin(name)
    text = (CLIENTS / "modules" / pin.module.dir / "go.mod").read_text()
    required = re.findall(rf"^\s*{re.escape(pin.module.requires)} (\S+)", text, re.MULTILINE)
    assert required == [f"v{pin.version}"]
    assert pin.module.package.startswith(pin.module.requires + "/")
    minimum = re.search(r"^go (\S+)", text, re.MULTILINE)[1]
    assert satisfies(PINS.toolchains["go"].version, f">={minimum}")
    assert satisfies(PINS.toolchains["go"].version, pin.module.go)
    sums = (CLIENTS / "modules" / pin.module.dir / "go.sum").read_text()
    assert f"{pin.module.requires} v{pin.version} h1:" in sums
    if "gitTag=" in pin.module.ldflags:
        assert pin.module.ldflags.endswith(f"gitTag=v{pin.version}")


def test_every_program_can_be_had_on_every_platform_that_is_promised():
    for name in PINS.names():
        pin = PINS.pin(name)
        for platform in ("linux-amd64", "linux-arm64", "darwin-arm64"):
            assert pin.module or platform in pin.release.platforms, (name, platform)


def test_addresses_have_no_holes():
    for name in PINS.names():
        for platform in PINS.pin(name).release.platforms:
            place = addresses(PINS.pin(name), platform)
            assert place.url.startswith("https://")
            assert PINS.pin(name).version in place.url
            assert "{" not in "".join(vars(place).values())
            assert place.signature.startswith(place.url)


def test_known_addresses():
    assert addresses(PINS.pin("geth"), "linux-arm64").url == (
        "https://gethstore.blob.core.windows.net/builds/geth-linux-arm64-1.16.8-abeb78c6.tar.gz"
    )
    assert (
        addresses(PINS.pin("geth"), "linux-arm64").member == "geth-linux-arm64-1.16.8-abeb78c6/geth"
    )
    with pytest.raises(UnavailableError, match="darwin-arm64"):
        addresses(PINS.pin("geth"), "darwin-arm64")
    assert addresses(PINS.pin("prysm-validator"), "darwin-arm64").checksum == (
        "https://github.com/OffchainLabs/prysm/releases/download/v7.1.2/"
        "validator-v7.1.2-darwin-arm64.sha256"
    )
    assert addresses(PINS.pin("lighthouse"), "linux-amd64").url.endswith(
        "/v8.2.2/lighthouse-v8.2.2-x86_64-unknown-linux-gnu.tar.gz"
    )


@pytest.mark.parametrize(
    ("name", "said", "version"),
    [
        ("geth", "geth version 1.16.8-stable-abeb78c6", "1.16.8"),
        ("prysm-beacon-chain", "beacon-chain version Prysm/v7.1.2/abc. Built at: x", "v7.1.2"),
        ("prysm-beacon-chain", "beacon-chain version Prysm/Unknown/Local build.", "Unknown"),
        ("prysm-beacon-chain", "validator version Prysm/v7.1.2/abc.", None),
        ("prysm-validator", "validator version Prysm/v7.1.2/abc. Built at: x", "v7.1.2"),
        ("prysm-validator", "validator 2.0 - checks HTML", None),
        ("lighthouse", "Lighthouse v8.2.2-e42406d\nBLS library: blst", "8.2.2"),
    ],
)
def test_versions_are_recognised(name, said, version):
    match = re.search(PINS.pin(name).version_pattern, said)
    assert (match and match["version"]) == version


def test_wheels_cover_the_platforms():
    wheels = " ".join(PINS.toolchains["go"].wheels)
    for tag in (
        "manylinux_2_17_x86_64",
        "manylinux_2_17_aarch64",
        "macosx_11_0_arm64",
        "macosx_10_12",
    ):
        assert tag in wheels


@pytest.mark.parametrize(
    ("version", "wanted", "good"),
    [
        ("1.25.5", ">=1.25,<1.26", True),
        ("1.26.0", ">=1.25,<1.26", False),
        ("1.26", ">=1.25,<1.26", False),
        ("1.24.9", ">=1.25,<1.26", False),
        ("1.25", ">=1.25", True),
        ("1.100.1", ">=1.25,<1.26", False),
    ],
)
def test_ranges(version, wanted, good):
    assert satisfies(version, wanted) is good


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('version = "1.2.3"', 'versoin = "1.2.3"'), "unknown key 'versoin'"),
        (('version = "1.2.3"\n', ""), "missing 1 required"),
        (("(?P<version>v?[0-9.]+)", "[0-9.]+"), "no group named 'version'"),
        (("[programs.tool]", "[programs.tool"), "cannot be read"),
        (('keys = ["', 'keys = ["12'), "not a OpenPGP fingerprint"),
        (("{version}", "{version}"), None),
    ],
)
def test_a_file_that_is_wrong_says_where(world, change, said):
    file = world.root / "pins.toml"
    file.write_text(world.catalog_text().replace(*change))
    if said is None:
        assert Catalog.load(file).names() == ("tool",)
        return
    with pytest.raises(RequestError, match=said) as caught:
        Catalog.load(file)
    assert str(file) in str(caught.value)


def test_a_missing_file(tmp_path):
    with pytest.raises(RequestError, match="cannot be read"):
        Catalog.load(tmp_path / "none.toml")


def test_the_room_knows_no_program_by_name():
    """What is pinned is data: a new program needs no code here."""
    names = {part for name in PINS.names() for part in (name, name.split("-", 1)[0])}
    pattern = re.compile(rf"\b({'|'.join(names)})\b", re.IGNORECASE)
    for file in (CLIENTS.parent / "binaries").glob("*.py"):
        assert pattern.findall(file.read_text()) == [], file
