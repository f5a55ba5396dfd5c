"""The tables of rules: an exemption needs every path that an application may read."""

from __future__ import annotations

import pytest

from corekit import CorsPolicy
from corekit.guard import CrossOriginGuard, GuardedRequest, GuardReason
from corekit.guard.rules import READ_RULES, SAFE_RULES, WEBSOCKET_RULES, WRITE_RULES, Rule, always

GUARD = CrossOriginGuard(CorsPolicy.deny_all(), exempt=["/hooks/"])


@pytest.mark.parametrize(
    ("paths", "reason"),
    [
        (("/hooks/a",), "EXEMPT"),
        (("/hooks/a", "/hooks/b"), "EXEMPT"),
        (("/hooks/a", "/admin"), "OTHER_ORIGIN"),
        (("/hooks/../admin", "/admin"), "OTHER_ORIGIN"),
        # A path that is too ambiguous to tell has no readings.
        ((), "OTHER_ORIGIN"),
    ],
)
def test_every_reading_has_to_be_exempt(paths: tuple[str, ...], reason: str) -> None:
    request = GuardedRequest(GUARD, "POST", paths, None, origin="https://evil.example")
    assert GUARD.judge_request(request).reason is GuardReason[reason]


TABLES = [SAFE_RULES, *READ_RULES.values(), *WEBSOCKET_RULES.values(), *WRITE_RULES.values()]


@pytest.mark.parametrize("table", TABLES)
def test_last_row_of_each_table_always_holds(table: tuple[Rule, ...]) -> None:
    assert [condition is always for condition, _ in table] == [False] * (len(table) - 1) + [True]
