"""Every promise of the README and of the documentation has a test, named in tests/docs/claims/.

A page has a table of the same name there. `claims` has the promises, as they are quoted from the
page, with the tests that would fail if they were false. The other lists have sentences with the
same words that promise nothing: `instructions` to the reader, facts about `browsers` and standards
or about `others` (frameworks, servers, other libraries), and what a row or option `means`.

The words of a promise that appear in neither fail the test. To add a promise, add it with its test.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from tests.docs.named_tests import is_collected
from tests.docs.pages import ROOT

TABLES: Final = Path(__file__).parent / "claims"
LISTS: Final = ("instructions", "browsers", "others", "means")

GENERATED: Final = {"matrix.md", "threat-model.md"}
"""Pages of which a test checks every row."""

PAGES: Final = [
    page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if page.name not in GENERATED
]
WORDS: Final = re.compile(
    r"\b(?:always|never|every|no|none|nothing|neither|nor)\b"
    r"|\b(?:only|exactly|same|cannot|at (?:least|most))\b",
    re.IGNORECASE,
)


def table_of(page: Path) -> dict[str, Any]:
    """Return the table of a page."""
    name = "index" if page == ROOT / "docs" / "README.md" else page.stem.lower()
    return tomllib.loads((TABLES / f"{name}.toml").read_text())


@cache
def prose_of(page: Path) -> str:
    """Return the text of a page on one line, without code blocks and written tables."""
    text = page.read_text()
    text = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"<!-- (\w+): written by.*?<!-- end of \1 -->", "", text, flags=re.DOTALL)
    if page.name == "troubleshooting.md":  # written from the error reference
        text = text.partition("\n## Console messages\n")[0]
    if page.name == "browsers.md":  # each row is a quirk of the model: tests/browsers/test_docs.py
        text = re.sub(r"^\|.*$", "", text, flags=re.MULTILINE)
    return " ".join(text.split())


def words_outside(text: str, quotes: list[str]) -> list[str]:
    """Return what surrounds each promising word of a text that no quote covers."""
    covered = bytearray(len(text))
    for quote in quotes:
        for match in re.finditer(re.escape(quote), text):
            covered[match.start() : match.end()] = b"x" * len(quote)
    # Code, the targets of links and cells of one word promise nothing.
    for match in re.finditer(r"`[^`]*`|\]\([^)]*\)|(?<=\| )\S+(?= \|)", text):
        covered[match.start() : match.end()] = b"x" * (match.end() - match.start())
    found = (match for match in WORDS.finditer(text) if not covered[match.start()])
    return [text[max(0, match.start() - 60) : match.end() + 60] for match in found]


def quotes_of(table: dict[str, Any]) -> list[str]:
    return [*table.get("claims", {}), *(quote for name in LISTS for quote in table.get(name, ()))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_quotes_are_in_their_page(page: Path) -> None:
    quotes = quotes_of(table_of(page))
    assert [quote for quote in quotes if quote not in prose_of(page)] == []
    assert len(quotes) == len(set(quotes))
    # What promises nothing need not be listed, unless it has one of the words.
    listed = [quote for name in LISTS for quote in table_of(page).get(name, ())]
    assert [quote for quote in listed if not WORDS.search(quote)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_claim_names_tests_that_exist(page: Path) -> None:
    claims: dict[str, list[str]] = table_of(page).get("claims", {})
    assert all(claims.values())
    assert [name for names in claims.values() for name in names if not is_collected(name)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_promise_is_in_the_table(page: Path) -> None:
    assert words_outside(prose_of(page), quotes_of(table_of(page))) == []


def test_every_table_has_a_page_and_known_lists() -> None:
    names = {"index", *(page.stem.lower() for page in PAGES)}
    assert {path.name for path in TABLES.iterdir()} == {f"{name}.toml" for name in names}
    for page in PAGES:
        assert table_of(page).keys() <= {"claims", *LISTS}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It never fails.", 1),
        ("It Never fails, and always ends.", 2),
        ("It works every time. It never stops.", 1),
        ("Nevertheless, [it](never.md) is `only` code.", 0),
        ("| no | none |", 0),
        ("| no such thing |", 1),
    ],
)
def test_uncovered_promise_is_found(text: str, found: int) -> None:
    assert len(words_outside(text, ["It works every time."])) == found
