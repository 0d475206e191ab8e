"""The page docs/network_params.md, generated from the schema.

.venv/bin/python -m tests.docs.schema_page writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from chainyard.backends import make_backend
from chainyard.plan.acted import FEATURES, UNSUPPORTED
from chainyard.spec.reference import Row, schema_rows

PAGE = Path(__file__).parents[2] / "docs" / "network_params.md"

INTRODUCTION = """\
# network_params.yaml

This page is generated from the schema that Chainyard checks files against.

The format is that of [ethereum-package](https://github.com/ethpandaops/ethereum-package): a file
that runs there is understood here. Not every key has an effect here: see
[what nothing acts on](#what-nothing-acts-on). Chainyard's own settings are in
[chainyard.yaml](chainyard-yaml.md).

Check a file with `chainyard validate FILE`. It reports all mistakes at once, each with its line.

A dot goes into a map, `[]` into each item of a list. ADDRESS and the like stand for names of your
own. Defaults are written as YAML. For some keys an empty text, a 0 or null means a default that
depends on other keys: the meaning says so.
"""

NOT_ACTED = """\
## What nothing acts on

A key of these lists that your file sets is listed before anything starts. With `--strict` it is
an error.

The process backend runs programs, so it leaves out what only containers and clusters have:
"""


def page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *_sections(), NOT_ACTED, *_features(), "", *_unsupported(), ""])


def _sections() -> Iterator[str]:
    for title, rows in groupby(schema_rows(), key=_parent):
        yield f"## {title}\n" if title else "## Top level\n"
        yield from _table(rows)
        yield ""


def _parent(row: Row) -> str:
    return row[0].rpartition(".")[0]


def _table(rows: Iterable[Row]) -> Iterator[str]:
    yield "| key | type | default | meaning |"
    yield "|---|---|---|---|"
    for key, kind, default, meaning in rows:
        name = key.rpartition(".")[2]
        yield f"| `{name}` | {_cell(kind)} | {_code(default)} | {_cell(meaning)} |"


def _features() -> Iterator[str]:
    """Features that the process backend lacks, with the keys that ask for them."""
    has = make_backend("process", Path()).capabilities
    yield "| not there | keys |"
    yield "|---|---|"
    for feature, (words, patterns) in FEATURES.items():
        if feature not in has:
            yield f"| {words} | {', '.join(map(_code, patterns))} |"


def _unsupported() -> Iterator[str]:
    yield "Whatever the backend, nothing acts on these yet:\n"
    yield "| keys | why |"
    yield "|---|---|"
    for pattern, reason in UNSUPPORTED:
        yield f"| {_code(pattern)} | {reason} |"
    yield "| `additional_services`, and the `_params` of each service | no service is run yet |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text else ""


if __name__ == "__main__":
    PAGE.write_text(page())
