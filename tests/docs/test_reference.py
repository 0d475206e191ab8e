"""The reference pages say what there is, all of it and nothing else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from chainyard import clients
from chainyard.backends.process.backend import RETRIES, STEADY_SECONDS
from chainyard.cli.app import VERBS, parser_of
from chainyard.genesis.presets import ADJUSTABLE
from chainyard.spec.settings import Settings
from chainyard.spec.table import keys_of
from tests.docs.blocks import PAGES, ROOT
from tests.docs.schema_page import PAGE, page

DOCS = ROOT / "docs"
EVERYWHERE = {"--name", "--output", "--help"}
SOURCES = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))


def sections(name: str) -> dict[str, str]:
    """The second-level sections of a page, by heading."""
    parts = re.split(r"^## (.*)\n", (DOCS / name).read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def all_pages() -> str:
    return "\n".join(path.read_text() for path in PAGES)


class TestCommands:
    def test_every_verb_has_a_section_and_no_other(self) -> None:
        sections_of_verbs = set(sections("cli.md")) - {"Options of most verbs", "Environment"}
        assert sections_of_verbs == VERBS.keys()

    @pytest.mark.parametrize("verb", VERBS)
    def test_every_option_is_documented(self, verb: str) -> None:
        words = sections("cli.md")[verb]
        for action in parser_of(verb).options():
            if not EVERYWHERE & set(action.option_strings):
                missing = [name for name in action.option_strings if f"`{name}`" not in words]
                assert not missing

    @pytest.mark.parametrize("verb", VERBS)
    def test_nothing_is_documented_that_is_not_there(self, verb: str) -> None:
        parser = parser_of(verb)
        known = {name for action in parser.options() for name in action.option_strings}
        cells = re.findall(r"^\| (`-.*?) \|", sections("cli.md")[verb], re.MULTILINE)
        assert {name for cell in cells for name in re.findall(r"`(-[^`]*)`", cell)} <= known

    @pytest.mark.parametrize("verb", VERBS)
    def test_every_argument_is_documented(self, verb: str) -> None:
        words = sections("cli.md")[verb]
        for action in parser_of(verb).positionals():
            for name in str(action.metavar or action.dest).split("|"):
                assert f"`{name}`" in words

    @pytest.mark.parametrize("verb", VERBS)
    def test_options_of_most_verbs_are_those(self, verb: str) -> None:
        has = EVERYWHERE & set(parser_of(verb).option_names())
        assert has == ({"--help"} if verb == "completion" else EVERYWHERE)


class TestEnvironment:
    def test_every_variable_is_documented(self) -> None:
        read = set(re.findall(r'"(CHAINYARD_[A-Z_]+)"', SOURCES))
        assert "CHAINYARD_HOME" in read
        documented = set(re.findall(r"CHAINYARD_[A-Z0-9_]+", all_pages()))
        told = {"CHAINYARD_NETWORK", "CHAINYARD_CHAIN_ID", "CHAINYARD_RPC_NODE"}
        assert read - told <= documented

    def test_no_variable_is_made_up(self) -> None:
        documented = set(re.findall(r"CHAINYARD_[A-Z0-9_]+", all_pages()))
        made = re.compile(r"CHAINYARD_(NODE_\d+_)?(RPC|WS|BEACON)_URL")
        assert not {name for name in documented if name not in SOURCES and not made.fullmatch(name)}


class TestFiles:
    def test_the_schema_page_is_the_schema(self) -> None:
        assert PAGE.read_text() == page(), "run: .venv/bin/python -m tests.docs.schema_page"

    def test_every_setting_is_documented(self) -> None:
        table = re.findall(
            r"^\| `(\w+)` \|", (DOCS / "chainyard-yaml.md").read_text(), re.MULTILINE
        )
        assert set(table) == set(keys_of(Settings))

    def test_the_preset_values_are_those(self) -> None:
        text = sections("chainyard-yaml.md")["consensus_config"]
        assert set(re.findall(r"`([A-Z0-9_]{6,})`", text)) == ADJUSTABLE


class TestNumbers:
    def test_versions_are_the_pinned_ones(self) -> None:
        programs = tomllib.loads(Path(clients.VERSIONS_FILE).read_text())["programs"]
        pinned = {programs[name]["version"] for name in ("geth", "prysm-validator", "lighthouse")}
        for name in ("clients.md", "binaries.md"):
            assert set(re.findall(r"\b\d+\.\d+\.\d+\b", (DOCS / name).read_text())) == pinned
        assert set(re.findall(r"\b\d+\.\d+\.\d+\b", (ROOT / "README.md").read_text())) <= pinned | {
            "127.0.0"
        }

    def test_default_ports_are_the_adapters(self) -> None:
        from chainyard.clients.geth import PORTS as GETH
        from chainyard.clients.lighthouse import BEACON_PORTS as LIGHTHOUSE
        from chainyard.clients.prysm import BEACON_PORTS as PRYSM

        row = re.compile(r"^\| (.*?) \| (`.*?) \| ([\d, ]+) \|$", re.MULTILINE)
        rows = row.findall(sections("operating.md")["Ports"])
        shown = {
            what: dict(
                zip(re.findall(r"`(\w+)`", names), map(int, numbers.split(", ")), strict=True)
            )
            for what, names, numbers in rows
        }
        assert len(shown) == 5
        for what, ports in (
            ("geth", GETH),
            ("Prysm beacon node", PRYSM),
            ("Lighthouse beacon node", LIGHTHOUSE),
        ):
            assert shown[what] == {port.name: port.number for port in ports}

    def test_the_supervisor_gives_up_as_said(self) -> None:
        assert (RETRIES, STEADY_SECONDS) == (3, 10)
        text = " ".join(sections("operating.md")["Processes"].split())
        assert "three starts in a row of less than 10 seconds" in text


class TestLinks:
    @pytest.mark.parametrize("path", PAGES[:2], ids=lambda path: path.name)
    def test_files_that_the_front_pages_link_to_exist(self, path: Path) -> None:
        links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text())
        local = [link for link in links if "://" not in link]
        assert local
        assert not [link for link in local if not (ROOT / link).exists()]

    def test_every_page_is_in_the_navigation(self) -> None:
        listed = set(
            re.findall(r"- ([\w-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
        )
        assert listed == {path.name for path in DOCS.glob("*.md")}

    def test_files_named_in_the_documentation_exist(self) -> None:
        file = re.compile(r"`((?:examples|benchmarks|src|tests|\.github|\.ci)/[\w./-]+)`")
        # The comparison names files of other tools.
        pages = [path for path in PAGES if path.name != "comparison.md"]
        named = {name for path in pages for name in file.findall(path.read_text())}
        assert named
        assert not [name for name in named if not (ROOT / name).exists()]
