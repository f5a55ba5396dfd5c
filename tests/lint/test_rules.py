"""Every rule of `corekit.lint`: reported where it applies, and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy, CorsRoutes
from corekit.browser import CHROMIUM, WEBKIT
from corekit.diagnostics import SEVERITIES, Diagnostic
from corekit.lint import find_cross_site, lint_policy
from corekit.problems import Dialect
from tests.lint.guard_table import GUARD_CASES
from tests.lint.rule_table import API, APP, CASES, FREE, Case
from tests.properties.strategies import Setup, setups


def advice_on(api: str | None = None, **arguments: Any) -> tuple[Diagnostic, ...]:
    policy = CorsPolicy(**{"allow_origins": [APP], **arguments})
    return lint_policy(policy, api)


def reported(api: str | None = None, **arguments: Any) -> set[tuple[str, str, object]]:
    return {(each.code, each.subject, each.value) for each in advice_on(api, **arguments)}


@pytest.mark.parametrize(("severity", "case"), CASES, ids=[f"{c[0]}-{c[2]}" for _, c in CASES])
def test_rule_reports_where_it_applies(severity: str, case: Case) -> None:
    code, argument, value, arguments = case
    found = [
        each
        for each in advice_on(**arguments)
        if (each.code, each.subject) == (code, argument) and each.value == value
    ]
    assert [each.severity for each in found] == [severity]
    for text in (found[0].message, found[0].hint):
        assert text[0].isupper() or text[0] == "'" or text.startswith("http")
        assert "\n" not in text


@pytest.mark.parametrize(("code", "arguments"), FREE)
def test_rule_is_silent_where_it_does_not_apply(code: str, arguments: dict[str, Any]) -> None:
    assert code not in {each.code for each in advice_on(**arguments)}


def test_every_rule_is_documented_with_its_severity() -> None:
    page = (Path(__file__).parents[2] / "docs" / "command.md").read_text()
    page = page.partition("## corekit check")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z][a-z-]+)` \| ([a-z0-9, ]+) \|", page, re.MULTILINE)
    documented = {code: set(re.findall("warning|info", severity)) for code, severity in rows}
    given: dict[str, set[str]] = {}
    for severity, code in [
        *((each, case[0]) for each, case in CASES),
        *(c[:2] for c in GUARD_CASES),
    ]:
        given.setdefault(code, set()).add(severity)
    # Not rules for policies: one is about what is accepted, the other about a look-up.
    others = {"unused-accept": {"warning"}, "max-age-over-ttl": {"info"}}
    assert documented == {**given, **others}


def test_max_age_caps_come_from_the_browser_model() -> None:
    assert (WEBKIT.max_age_cap, CHROMIUM.max_age_cap) == (600, 7200)
    (advice,) = advice_on(max_age=86_400)
    assert "Chromium to 7200 seconds and WebKit to 600 seconds" in advice.message
    (advice,) = advice_on(max_age=3600)
    assert "WebKit to 600 seconds" in advice.message
    assert "Chromium" not in advice.message


def test_only_a_few_sites_are_named() -> None:
    origins = [f"https://a.s{number}.example" for number in range(5)]
    (advice,) = advice_on(allow_origins=origins, allow_credentials=True)
    assert "5 sites (s0.example, s1.example, s2.example, ...)" in advice.message


def test_origins_without_a_host_are_skipped() -> None:
    assert reported(allow_origins=["*"]) == set()
    assert reported(allow_origins=[APP], api=API) == set()
    assert reported(api=API, allow_origins=["null"], accept_risks=["opaque-origin"]) == {
        ("accepted-risk", "accept_risks", "opaque-origin")
    }


def test_each_route_is_checked_and_named() -> None:
    routes = CorsRoutes(
        [
            ("/api/", CorsPolicy(allow_origins=[APP], allow_methods=["PUT"])),
            ("/", CorsPolicy(allow_origins=[APP], allow_methods=["GET"], max_age=600)),
        ]
    )
    found = lint_policy(routes)
    assert [each.route for each in found[:2]] == ["/", "/api/"]


def test_hint_for_loopback_pages() -> None:
    (advice,) = advice_on(
        "http://127.0.0.1:8000", allow_origins=["http://localhost:5173"], allow_credentials=True
    )
    assert advice.hint == "Call the API as http://localhost:8000."


def test_policy_that_denies_all_has_no_advice() -> None:
    assert lint_policy(CorsPolicy.deny_all(), "http://localhost:8000") == ()


apis = st.sampled_from([None, API, "http://10.0.0.1:8000"])


@given(setups(), apis)
def test_warnings_come_first_in_the_order_of_arguments(setup: Setup, api: str | None) -> None:
    found = lint_policy(setup.policy, api)
    names = list(setup.arguments)
    order = [(SEVERITIES.index(each.severity), names.index(each.subject)) for each in found]
    assert order == sorted(order)
    assert {each.code for each in found} <= {case[0] for _, case in CASES}
    assert len({(each.code, each.subject, str(each.value)) for each in found}) == len(found)


@given(setups())
def test_removing_what_is_redundant_changes_no_decision(setup: Setup) -> None:
    """Follow the advice to remove a value: pages may still do all that they could."""
    policy = setup.policy
    for each in lint_policy(policy):
        if each.code in ("safelisted-method", "covered-origin"):
            kept = [value for value in getattr(policy, each.subject) if value != each.value]
            policy = policy.replace(**{each.subject: kept})
    for origin in setup.origins:
        if "*" not in origin:
            assert policy.decide("GET", origin=origin).allowed
            for method in ("GET", "HEAD", "POST", *setup.arguments["allow_methods"]):
                if method != "*":
                    asked = policy.decide("OPTIONS", origin=origin, request_method=method)
                    assert asked.allowed


def test_origins_without_a_host_are_not_cross_site() -> None:
    assert find_cross_site(["*", "null", APP], ["api.example.com"]) == []


@pytest.mark.filterwarnings("ignore::corekit.PolicyWarning")
def test_age_above_a_day_has_one_warning() -> None:
    policy = CorsPolicy(allow_origins=["https://app.example.com"], max_age=86_401)
    assert [each.code for each in lint_policy(policy)] == ["max-age"]


def test_what_the_adapter_adds_gets_no_advice() -> None:
    dialect = Dialect(added={"allow_origins": ["https://a.example.com"]})
    settings = {
        "allow_origins": ["https://a.example.com", "https://b.example.com", "https://*.example.com"]
    }
    policy = CorsPolicy.from_mapping(settings, dialect=dialect)
    covered = [each.value for each in lint_policy(policy) if each.code == "covered-origin"]
    assert covered == ["https://b.example.com"]
