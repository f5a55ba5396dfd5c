"""The page of the guard has every rule, as the guard has it."""

from __future__ import annotations

from corekit.guard import GuardReason
from tests.docs.guard_rules import BEGIN, END, PAGE, TABLES, tables


def test_page_has_the_tables() -> None:
    text = PAGE.read_text()
    assert text.count(BEGIN) == text.count(END) == 1
    assert text.partition(BEGIN)[2].partition(END)[0] == f"\n{tables()}\n"


def test_tables_have_every_reason() -> None:
    shown = {rule.reason for rules in TABLES.values() for rule in rules}
    assert shown == set(GuardReason) - {GuardReason.IGNORED, GuardReason.BROWSERS_ONLY}
