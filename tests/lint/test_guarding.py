"""Every rule of `corekit.lint` for guards: reported where it applies, and nowhere else."""

from __future__ import annotations

from typing import Any, Final

import pytest

from corekit import CorsPolicy, CorsRoutes
from corekit.guard import CrossOriginGuard
from corekit.lint import lint_guard
from corekit.problems import Dialect
from tests.lint.guard_table import GUARD_CASES

APP: Final = "https://app.example.com"
POLICY: Final = CorsPolicy(allow_origins=[APP])
PUBLIC: Final = CorsPolicy(allow_origins=["*"])
ROUTES: Final = CorsRoutes([("/webhooks/", POLICY), ("/health", PUBLIC), ("/", POLICY)])
LISTED: Final = CorsRoutes([("/webhooks/", POLICY), ("/health", POLICY), ("/", POLICY)])


@pytest.mark.parametrize(
    ("severity", "code", "subject", "value", "arguments"),
    GUARD_CASES,
    ids=[f"{case[1]}-{case[3]}" for case in GUARD_CASES],
)
def test_rule_reports_where_it_applies(
    severity: str, code: str, subject: str, value: object, arguments: dict[str, Any]
) -> None:
    given = {"policy": POLICY, **arguments}
    api = given.pop("api", None)
    found = lint_guard(CrossOriginGuard(given.pop("policy"), **given), api)
    assert [(each.severity, each.code, each.subject, each.value) for each in found] == [
        (severity, code, subject, value)
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"api": "https://api.example.com"},
        {"api": "http://localhost:8000", "hosts": ["localhost"]},
        {"own_origins": ["http://localhost:8000"], "hosts": ["localhost"]},
        {"own_origins": ["https://api.example.com"]},
        {"policy": LISTED, "exempt": ["/webhooks", "/webhooks/a", "/health/", "/web"]},
        {"exempt": ["/webhooks/"]},
        {"policy": PUBLIC, "writes": "ignore", "websockets": "ignore"},
    ],
)
def test_rule_is_silent_where_it_does_not_apply(arguments: dict[str, Any]) -> None:
    given = {"policy": POLICY, **arguments}
    api = given.pop("api", None)
    found = lint_guard(CrossOriginGuard(given.pop("policy"), **given), api)
    assert [each.code for each in found] == []


def test_each_route_is_named() -> None:
    found = lint_guard(CrossOriginGuard(ROUTES, own_origins=[APP]))
    assert [(each.code, each.route) for each in found] == [
        ("listed-own-origin", "/webhooks/"),
        ("listed-own-origin", "/"),
        ("any-origin-cannot-write", "/health"),
    ]


def test_warnings_come_first() -> None:
    guard = CrossOriginGuard(ROUTES, mode="report", exempt=["/health"])
    assert [each.severity for each in lint_guard(guard)] == ["warning", "info", "info"]


def test_texts_name_what_they_are_about() -> None:
    guard = CrossOriginGuard(ROUTES, own_origins=["http://localhost:8000"], exempt=["/webhooks/"])
    messages = [each.message for each in lint_guard(guard, "http://10.0.0.1:8000")]
    assert messages[0].startswith("http://10.0.0.1:8000 is internal, and Host is not checked")
    assert messages[1] == (
        "It exempts the whole route '/webhooks/', so every website may write there."
    )
    (listed,) = lint_guard(CrossOriginGuard(POLICY, own_origins=[APP]))
    assert listed.message.startswith("The policy lists it too")
    assert listed.hint == "Remove it from allow_origins."


def test_subject_is_the_users_own_setting() -> None:
    dialect = Dialect(names={"mode": "CORS_GUARD_MODE", "allow_origins": "CORS_ALLOW_ORIGINS"})
    policy = CorsPolicy.from_mapping({"allow_origins": ["*"]}, dialect=dialect)
    guard = CrossOriginGuard.from_mapping(policy, {"mode": "report"}, dialect=dialect)
    found = lint_guard(guard)
    assert [each.subject for each in found] == ["CORS_GUARD_MODE", "CORS_ALLOW_ORIGINS"]
