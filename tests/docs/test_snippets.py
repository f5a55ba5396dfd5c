"""Sessions, tables and links of the README and of all pages of the documentation."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks

DOCS = ROOT / "docs"
PAGES = [*ROOT.glob("*.md"), *sorted(DOCS.rglob("*.md"))]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_sessions_print_what_is_shown(page: Path) -> None:
    # The sessions of a page continue each other.
    session = "\n".join(blocks(page, "pycon"))
    test = doctest.DocTestParser().get_doctest(session, {}, page.name, str(page), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    failed, tried = runner.run(test)
    assert failed == 0
    assert (tried > 0) == (">>>" in page.read_text())


def test_every_problem_code_is_documented() -> None:
    from corekit.problems import CODES, RISKS

    table = (DOCS / "policy.md").read_text()
    table = table.partition("## Problems")[2].partition("## Routes")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| `")]
    documented = {
        code: meaning.startswith(" risk:")
        for codes, meaning in rows
        for code in re.findall(r"`([a-z-]+)`", codes)
    }
    assert documented.keys() == CODES
    assert {code for code, is_risk in documented.items() if is_risk} == RISKS


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)", page.read_text()):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            found = (page.parent / path).resolve() if path else page
            assert found.exists(), target
            assert not anchor or anchor in anchors(found), target


def test_index_links_every_page() -> None:
    linked = re.findall(r"\]\(([^)#\s]+)", (DOCS / "README.md").read_text())
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
    assert pages - {"README.md"} <= set(linked)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_lines_are_short(page: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    lines = [line for line in prose.splitlines() if not line.startswith(("|", "[", "!"))]
    assert [line for line in lines if len(line) > 125] == []
