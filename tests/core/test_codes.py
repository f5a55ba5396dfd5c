"""Every code of a diagnostic is documented, and means the same in every table that has it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from corekit.export import REFUSALS
from corekit.lint.advice import ADVICE
from corekit.probe.finding_kinds import FINDINGS
from corekit.problems import KINDS

DOCS: Final = Path(__file__).parents[2] / "docs"

PROBLEMS: Final = {kind.code for kind in KINDS}

SHARED: Final = {
    "authorization-not-covered",
    "max-age",
    "mixed-content",
    "opaque-origin",
    "private-network",
}
"""What can be found both in a policy and in a live server's responses."""


def documented(page: str, heading: str) -> set[str]:
    text = (DOCS / page).read_text(encoding="utf-8").split(f"\n## {heading}\n")[1]
    rows = re.findall(r"^\| (`.*?) \|", text.split("\n## ")[0], re.MULTILINE)
    return {code for row in rows for code in re.findall(r"`([a-z][a-z-]+)`", row)}


@pytest.mark.parametrize(
    ("codes", "page", "heading"),
    [
        (PROBLEMS, "policy.md", "Problems"),
        (set(ADVICE), "command.md", "corekit check"),
        (set(FINDINGS), "command.md", "corekit probe"),
        (set(REFUSALS), "command.md", "corekit export"),
    ],
)
def test_codes_are_documented(codes: set[str], page: str, heading: str) -> None:
    assert codes == documented(page, heading)


def test_tables_share_only_these_codes() -> None:
    tables = (PROBLEMS, set(ADVICE), set(FINDINGS), set(REFUSALS))
    assert {
        code for each in tables for code in each if sum(code in t for t in tables) > 1
    } == SHARED
