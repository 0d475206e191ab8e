"""What the documentation says, taken apart: fenced blocks, and the commands in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

_FENCE = re.compile(r"^```(\w+)?([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INNER = re.compile(r"\$\(([^()]+)\)")
_ENDS = {"|", "||", "&&", ";", "&"}
_ASSIGNMENT = re.compile(r"[A-Z_][A-Z0-9_]*=.*", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what stands beside that, its text, and its place."""

    page: Path
    line: int
    language: str
    title: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True)
class Command:
    """A command of a block, as words; variables set for it alone are left out."""

    block: Block
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.block} {shlex.join(self.words)}"


def blocks_of(page: Path) -> Iterator[Block]:
    """All fenced blocks of a page."""
    text = page.read_text()
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        title = re.search(r'title="([^"]*)"', match[2])
        yield Block(page, line, match[1] or "", title[1] if title else "", match[3])


def blocks(language: str) -> list[Block]:
    """All fenced blocks of a language, on all pages."""
    return [block for page in PAGES for block in blocks_of(page) if block.language == language]


def commands_of(block: Block) -> Iterator[Command]:
    """The commands of a shell block: pipelines and substitutions taken apart."""
    for line in block.text.replace("\\\n", " ").splitlines():
        for inner in _INNER.findall(line):
            yield from _split(block, inner)
        yield from _split(block, _INNER.sub("SUBSTITUTED", line))


def _split(block: Block, line: str) -> Iterator[Command]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if word not in _ENDS:
            words.append(word)
            continue
        while words and _ASSIGNMENT.fullmatch(words[0]):
            del words[0]
        if words:
            yield Command(block, tuple(words))
        words = []


def all_commands() -> list[Command]:
    """Every command of every shell block."""
    return [command for block in blocks("sh") for command in commands_of(block)]
