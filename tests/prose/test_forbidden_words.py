"""Pages, messages, docstrings, comments and test names avoid the words of forbidden_words.txt."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = Path(__file__).parent
PATTERNS: Final = (
    *("*.md", "*.py", "*.toml", "Makefile", "docs/**/*.md", "corekit/**/*.py"),
    *("tests/**/*.py", "tests/**/*.toml", "benchmarks/**/*.py", "examples/**/*.py"),
    *("adapters/**/*.py", "adapters/**/*.html", "adapters/**/*.js"),
)
PATHS: Final = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in PATTERNS
    for path in ROOT.glob(pattern)
    if path.parent != FOLDER
)


def read_words() -> Iterator[tuple[re.Pattern[str], str]]:
    for line in (FOLDER / "forbidden_words.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            pattern, _, instead = line.partition(" -> ")
            pattern = pattern.replace(" ", r"[\s#]++")
            yield re.compile(rf"\b(?:{pattern})(?!\w)", re.IGNORECASE), instead


WORDS: Final = tuple(read_words())


def texts_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield every text of a file with the number of its first line."""
    source = path.read_text()
    if path.name == "CHANGELOG.md":
        # Its code spans include names of earlier versions.
        source = re.sub(r"`[^`]*`", "", source)
    if path.suffix != ".py":
        yield 1, source
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith(
            "test_"
        ):
            yield node.lineno, node.name.replace("_", " ")
    comments: dict[int, str] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            comments[token.start[0]] = token.string
    # A sentence may go on in the next line.
    for line, text in comments.items():
        yield line, f"{text}\n{comments.get(line + 1, '')}"


def find_words(path: Path) -> list[str]:
    found = {
        (first + text.count("\n", 0, match.start()), match[0], instead)
        for first, text in texts_of(path)
        for pattern, instead in WORDS
        for match in pattern.finditer(text)
    }
    return [f"line {line}: {word!r}, write: {instead}" for line, word, instead in sorted(found)]


@pytest.mark.parametrize("path", PATHS)
def test_text_has_no_forbidden_words(path: str) -> None:
    found = find_words(ROOT / path)
    assert not found, "\n".join([path, *found])
