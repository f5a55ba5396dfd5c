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
from tests.properties.strategies import Setup, setups

APP = "https://app.example.com"
SUB = "https://*.example.com"
API = "https://api.example.com"


def advice_on(api: str | None = None, **arguments: Any) -> tuple[Diagnostic, ...]:
    policy = CorsPolicy(**{"allow_origins": [APP], **arguments})
    return lint_policy(policy, api)


def reported(api: str | None = None, **arguments: Any) -> set[tuple[str, str, object]]:
    return {(each.code, each.subject, each.value) for each in advice_on(api, **arguments)}


Case = tuple[str, str, object, dict[str, Any]]

# Severity and code, argument, value; the arguments, `api` among them.
CASES: list[tuple[str, Case]] = [
    ("warning", ("covered-origin", "allow_origins", APP, {"allow_origins": [APP, SUB]})),
    (
        "warning",
        (
            "covered-origin",
            "allow_origins",
            "https://*.a.example.com",
            {"allow_origins": [SUB, "https://*.a.example.com"]},
        ),
    ),
    (
        "warning",
        (
            "open-pattern",
            "allow_origins",
            "https://*.github.io",
            {"allow_origins": ["https://*.github.io"]},
        ),
    ),
    (
        "warning",
        (
            "open-pattern",
            "allow_origins",
            "https://*example.com",
            {"allow_origins": ["https://*example.com"]},
        ),
    ),
    (
        "info",
        (
            "development-origin",
            "allow_origins",
            "http://localhost:*",
            {"allow_origins": [APP, "http://localhost:*"]},
        ),
    ),
    (
        "warning",
        (
            "development-origin",
            "allow_origins",
            "http://127.0.0.1:3000",
            {"allow_origins": [APP, "http://127.0.0.1:3000"], "allow_credentials": True},
        ),
    ),
    (
        "info",
        (
            "plain-http",
            "allow_origins",
            "http://app.example.com",
            {"allow_origins": ["http://app.example.com"]},
        ),
    ),
    (
        "info",
        (
            "every-subdomain",
            "allow_origins",
            SUB,
            {"allow_origins": [SUB], "allow_credentials": True},
        ),
    ),
    (
        "info",
        (
            "several-sites",
            "allow_credentials",
            True,
            {"allow_origins": [APP, "https://a.example.org"], "allow_credentials": True},
        ),
    ),
    ("warning", ("trailing-dot", "allow_origins", f"{APP}.", {"allow_origins": [f"{APP}."]})),
    (
        "warning",
        (
            "trailing-dot",
            "allow_origins",
            f"{SUB}.:8443",
            {"allow_origins": [APP, f"{SUB}.:8443"], "allow_credentials": True},
        ),
    ),
    ("warning", ("safelisted-method", "allow_methods", "GET", {"allow_methods": ["GET", "PUT"]})),
    ("warning", ("safelisted-method", "allow_methods", "HEAD", {"allow_methods": ["HEAD"]})),
    ("warning", ("safelisted-method", "allow_methods", "POST", {"allow_methods": ["POST"]})),
    ("warning", ("safelisted-header", "allow_headers", "accept", {"allow_headers": ["Accept"]})),
    (
        "warning",
        (
            "safelisted-header",
            "allow_headers",
            "accept-language",
            {"allow_headers": ["accept-language"]},
        ),
    ),
    (
        "warning",
        (
            "safelisted-header",
            "allow_headers",
            "content-language",
            {"allow_headers": ["content-language"]},
        ),
    ),
    ("warning", ("authorization-not-covered", "allow_headers", "*", {"allow_headers": ["*"]})),
    (
        "info",
        (
            "any-with-credentials",
            "allow_headers",
            "*",
            {"allow_headers": ["*"], "allow_credentials": True},
        ),
    ),
    (
        "info",
        (
            "any-with-credentials",
            "allow_methods",
            "*",
            {"allow_methods": ["*"], "allow_credentials": True},
        ),
    ),
    (
        "info",
        (
            "no-content-type",
            "allow_headers",
            ["x-a"],
            {"allow_methods": ["PUT"], "allow_headers": ["x-a"]},
        ),
    ),
    (
        "warning",
        (
            "safelisted-header",
            "expose_headers",
            "content-length",
            {"expose_headers": ["Content-Length"]},
        ),
    ),
    ("info", ("short-max-age", "max_age", None, {"allow_methods": ["PUT"]})),
    ("info", ("short-max-age", "max_age", 0, {"allow_headers": ["x-a"], "max_age": 0})),
    ("info", ("max-age-capped", "max_age", 601, {"max_age": 601})),
    ("info", ("max-age-capped", "max_age", 7200, {"max_age": 7200})),
    ("warning", ("max-age-capped", "max_age", 7201, {"max_age": 7201})),
    (
        "warning",
        ("private-network", "allow_private_network", True, {"allow_private_network": True}),
    ),
    (
        "info",
        (
            "accepted-risk",
            "accept_risks",
            "opaque-origin",
            {"allow_origins": ["null"], "accept_risks": ["opaque-origin"]},
        ),
    ),
    (
        "info",
        (
            "accepted-risk",
            "accept_risks",
            "insecure-origin",
            {
                "allow_origins": ["http://app.example.com"],
                "allow_credentials": True,
                "accept_risks": ["insecure-origin"],
            },
        ),
    ),
    (
        "info",
        (
            "accepted-risk",
            "accept_risks",
            "public-suffix",
            {
                "allow_origins": ["https://*.github.io"],
                "allow_credentials": True,
                "accept_risks": ["public-suffix"],
            },
        ),
    ),
    ("warning", ("own-origin", "allow_origins", API, {"api": API, "allow_origins": [APP, API]})),
    ("warning", ("mixed-content", "allow_origins", APP, {"api": "http://api.example.com"})),
    (
        "warning",
        (
            "third-party-cookies",
            "allow_origins",
            APP,
            {"api": "https://api.example.org", "allow_credentials": True},
        ),
    ),
    (
        "warning",
        (
            "third-party-cookies",
            "allow_origins",
            "https://*.example.org",
            {"api": API, "allow_origins": ["https://*.example.org"], "allow_credentials": True},
        ),
    ),
    (
        "warning",
        (
            "third-party-cookies",
            "allow_origins",
            "capacitor://localhost",
            {
                "api": "https://localhost",
                "allow_origins": ["capacitor://localhost"],
                "allow_credentials": True,
            },
        ),
    ),
    (
        "warning",
        (
            "third-party-cookies",
            "allow_origins",
            "capacitor://localhost",
            {
                "api": API,
                "allow_origins": [APP, "capacitor://localhost"],
                "allow_credentials": True,
            },
        ),
    ),
    (
        "warning",
        (
            "third-party-cookies",
            "allow_origins",
            "https://me.github.io",
            {
                "api": "https://api.github.io",
                "allow_origins": ["https://me.github.io"],
                "allow_credentials": True,
            },
        ),
    ),
    *(
        (
            "warning",
            ("internal-api", "allow_origins", "*", {"api": api, "allow_origins": ["*"]}),
        )
        for api in (
            "http://localhost:8000",
            "http://127.0.0.1",
            "http://192.168.1.10:8080",
            "http://10.1.2.3",
            "http://[fd00::1]",
            "https://wiki",
            "https://wiki.internal",
            "https://printer.local",
            "https://nas.home.arpa",
        )
    ),
]


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


FREE: list[tuple[str, dict[str, Any]]] = [
    ("covered-origin", {"allow_origins": [SUB, "https://example.com"]}),
    ("open-pattern", {"allow_origins": [SUB, "http://*.localhost:*", "http://localhost:*"]}),
    ("open-pattern", {"allow_origins": ["*"]}),
    ("development-origin", {"allow_origins": ["http://localhost:*", "http://127.0.0.1:1"]}),
    ("development-origin", {"allow_origins": [APP]}),
    ("development-origin", {"allow_origins": [APP, "capacitor://localhost"]}),
    (
        "development-origin",
        {
            "allow_origins": [
                APP,
                "http://tauri.localhost",
                "https://localhost",
                "tauri://localhost",
                "ionic://localhost",
            ],
            "allow_credentials": True,
        },
    ),
    ("open-pattern", {"allow_origins": [APP, "chrome-extension://*", "app://*.com"]}),
    (
        "several-sites",
        {
            "allow_origins": [APP, "moz-extension://*"],
            "allow_credentials": True,
            "accept_risks": ["any-extension"],
        },
    ),
    ("plain-http", {"allow_origins": ["http://localhost:*", APP]}),
    ("trailing-dot", {"allow_origins": [APP, SUB, "http://127.0.0.1:8000"]}),
    ("every-subdomain", {"allow_origins": [SUB]}),
    ("every-subdomain", {"allow_credentials": True}),
    ("every-subdomain", {"allow_origins": ["https://a-*.example.com"], "allow_credentials": True}),
    ("several-sites", {"allow_origins": [APP, "https://a.example.org"]}),
    ("several-sites", {"allow_origins": [APP, SUB], "allow_credentials": True}),
    (
        "several-sites",
        {"allow_origins": [APP, "http://localhost:1"], "allow_credentials": True},
    ),
    (
        "several-sites",
        {"api": API, "allow_origins": [APP, "https://a.example.org"], "allow_credentials": True},
    ),
    ("safelisted-method", {"allow_methods": ["PUT", "*"]}),
    ("safelisted-header", {"allow_headers": ["content-type", "range", "authorization"]}),
    ("authorization-not-covered", {"allow_headers": ["*", "Authorization"]}),
    ("authorization-not-covered", {"allow_headers": ["*"], "allow_credentials": True}),
    ("authorization-not-covered", {"allow_headers": ["x-a"]}),
    ("any-with-credentials", {"allow_headers": ["*"], "allow_methods": ["*"]}),
    ("no-content-type", {"allow_methods": ["PUT"], "allow_headers": ["content-type"]}),
    ("no-content-type", {"allow_methods": ["PUT"], "allow_headers": ["*"]}),
    ("no-content-type", {"allow_methods": ["DELETE"], "allow_headers": ["x-a"]}),
    ("short-max-age", {}),
    ("short-max-age", {"allow_methods": ["PUT"], "max_age": 1}),
    ("max-age-capped", {"max_age": 600}),
    ("accepted-risk", {}),
    ("own-origin", {"api": API}),
    ("mixed-content", {"api": "http://localhost:8000"}),
    ("mixed-content", {"api": API}),
    ("mixed-content", {"api": "http://api.example.com", "allow_origins": ["http://a.example"]}),
    ("third-party-cookies", {"api": "https://api.example.org"}),
    ("third-party-cookies", {"api": API, "allow_origins": [APP, SUB], "allow_credentials": True}),
    (
        "third-party-cookies",
        {"api": API, "allow_origins": ["http://localhost:1"], "allow_credentials": True},
    ),
    (
        "third-party-cookies",
        {
            "api": "http://localhost:8000",
            "allow_origins": ["http://localhost:3000"],
            "allow_credentials": True,
        },
    ),
    ("internal-api", {"api": API, "allow_origins": ["*"]}),
    ("internal-api", {"api": "https://8.8.8.8", "allow_origins": ["*"]}),
    (
        "internal-api",
        {
            "api": "http://192.168.1.5",
            "allow_origins": ["file://"],
            "accept_risks": ["opaque-origin"],
        },
    ),
    ("internal-api", {"api": "http://localhost:8000"}),
]


@pytest.mark.parametrize(("code", "arguments"), FREE)
def test_rule_is_silent_where_it_does_not_apply(code: str, arguments: dict[str, Any]) -> None:
    assert code not in {each.code for each in advice_on(**arguments)}


def test_every_rule_is_documented_with_its_severity() -> None:
    page = (Path(__file__).parents[2] / "docs" / "command.md").read_text()
    page = page.partition("## corekit check")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z][a-z-]+)` \| ([a-z0-9, ]+) \|", page, re.MULTILINE)
    documented = {code: set(re.findall("warning|info", severity)) for code, severity in rows}
    given: dict[str, set[str]] = {}
    for severity, case in CASES:
        given.setdefault(case[0], set()).add(severity)
    # Not a rule for policies: it is about what is accepted.
    assert documented == {**given, "unused-accept": {"warning"}}


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
