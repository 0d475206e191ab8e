"""Files, Python code and workflows that the documentation and examples show are right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chainyard.cli.request import Request
from chainyard.network.preview import preview_plan
from chainyard.spec import load_settings, load_spec
from chainyard.spec.reading import Reading
from chainyard.spec.yaml_reader import read_yaml
from tests.docs.blocks import PAGES, ROOT, Block, blocks, blocks_of

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
YAML = blocks("yaml")
PYTHON = blocks("python")


def load(path: Path) -> None:
    """Load a file as what its name says, and have the clients look at it.

    Raises:
        SpecError: it is wrong.
    """
    if path.name == "chainyard.yaml":
        load_settings(path)
        return
    spec = load_spec(path)
    preview_plan(spec, "sample", load_settings(None))
    request = Request(spec, load_settings(None), "sample", "process")
    assert not request.not_acted_on()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_right_and_acted_on_in_full(path: Path, home: Path) -> None:
    load(path)


def test_the_fork_schedule_is_what_it_says(home: Path) -> None:
    params = load_spec(ROOT / "examples" / "fork-schedule.yaml").network_params
    assert params.genesis_fork == "electra"
    assert params.fork_epochs["fulu"] == 1
    assert (params.bpo_1_epoch, params.bpo_2_epoch) == (2, 3)


@pytest.mark.parametrize("block", YAML, ids=str)
def test_a_yaml_block_is_right(block: Block, home: Path, tmp_path: Path) -> None:
    assert block.title in ("network_params.yaml", "chainyard.yaml")
    path = tmp_path / block.title
    path.write_text(block.text)
    load(path)


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_a_json_block_is_json(block: Block) -> None:
    json.loads(block.text)


def test_blocks_of_known_languages_only() -> None:
    known = {"sh", "text", "python", "yaml", "json", "ini"}
    pages = [page for page in PAGES if page.name != "architecture.md"]
    assert {block.language for page in pages for block in blocks_of(page)} == known


def test_python_code_passes_mypy(tmp_path: Path) -> None:
    assert len(PYTHON) > 5
    files = [ROOT / "examples" / "python_api.py", ROOT / "examples" / "test_with_pytest.py"]
    for number, block in enumerate(PYTHON):
        path = (
            tmp_path / f"block_{number}_{block.page.stem.lower().replace('-', '_')}_{block.line}.py"
        )
        path.write_text(block.text)
        files.append(path)
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
    done = subprocess.run(
        [*command, *map(str, files)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=str)
def test_a_workflow_is_yaml(path: Path) -> None:
    reading = Reading(str(path))
    assert read_yaml(path.read_text(), reading) is not None
    reading.finish()
