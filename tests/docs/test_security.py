"""The pages about security name tests and pages that exist."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

import pytest

from tests.docs.named_tests import is_collected
from tests.docs.pages import ROOT

SECURITY: Final = ROOT / "SECURITY.md"
THREATS: Final = (ROOT / "docs" / "threat-model.md").read_text()
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ROWS: Final = [
    [cell.strip() for cell in line.split(" | ")]
    for line in re.findall(r"^\| (.+) \|$", THREATS, re.MULTILINE)
    if not line.endswith("| tests")
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_row_names_tests_that_exist(row: list[str]) -> None:
    _, holds, tests = row
    assert holds.endswith(".")
    names = re.findall(r"`([^`]+)`", tests)
    assert tests == ", ".join(f"`{name}`" for name in names)
    assert names
    assert [name for name in names if not is_collected(name)] == []


def test_every_attacker_has_rows() -> None:
    sections = re.split(r"^## ", THREATS, flags=re.MULTILINE)[1:]
    assert len(sections) == 7
    *attackers, limits = sections
    assert all(section.count("::test_") >= 5 for section in attackers)
    assert limits.startswith("What does not hold\n")
    assert "|" not in limits


@pytest.mark.parametrize(
    ("name", "exists"),
    [
        ("tests/docs/test_security.py::test_every_attacker_has_rows", True),
        ("tests/core/test_events.py::TestForging::test_64_kib_in_every_value_are_cut", True),
        ("tests/core/test_events.py::test_64_kib_in_every_value_are_cut", False),
        ("tests/docs/test_security.py::test_that_was_renamed", False),
        ("tests/docs/test_security.py", False),
        ("tests/docs/named_tests.py::is_collected", False),
        ("tests/docs/test_missing.py::test_every_attacker_has_rows", False),
    ],
)
def test_missing_tests_are_detected(name: str, exists: bool) -> None:
    assert is_collected(name) is exists


def test_reports_go_to_the_repository_of_the_project() -> None:
    source = PROJECT["urls"]["Source"]
    assert f"]({source}/security/advisories/new)" in SECURITY.read_text()
