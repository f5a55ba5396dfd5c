"""What a probe finds about the pages that should be allowed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest

from corekit import CorsPolicy
from corekit.browser import FAILURES, Failure, Fetch
from corekit.probe import Plan, run_probe
from tests.browsers.broken_servers import BROKEN_SERVERS, BrokenServer
from tests.probe.bugs import BUGS, SIMILAR
from tests.probe.servers import (
    ALLOW,
    CREDENTIALS,
    PAGE,
    POLICY,
    URL,
    WITH_COOKIES,
    Headers,
    codes,
    connect,
    is_get,
    is_missing_page,
    is_preflight,
    probe,
    replace,
    respond,
    right,
    without,
    wrong,
)


@pytest.mark.parametrize("policy", [POLICY, WITH_COOKIES], ids=["plain", "credentials"])
@pytest.mark.parametrize("credentials", ["omit", "include"])
def test_server_without_bugs_has_no_findings(policy: CorsPolicy, credentials: str) -> None:
    found = probe(right(policy), credentials=credentials)
    if credentials == "include" and not policy.allow_credentials:
        names = [finding.failure for finding in found]
        assert names == ["InvalidAllowCredentials", "PreflightInvalidAllowCredentials"]
    else:
        assert found == ()


@pytest.mark.parametrize("case", BUGS)
def test_bug_is_found(case: str) -> None:
    app, expected, severity = BUGS[case]
    found = probe(app)
    assert sorted(finding.code for finding in found) == sorted(expected)
    assert found[0].severity == severity
    assert all(finding.hint and finding.message.endswith(".") for finding in found)


@pytest.mark.parametrize(
    ("origin", "page", "is_mixed"),
    [
        ("http://a.test", "https://app.example.com", True),
        ("http://a.test", "http://app.example.com", False),
        ("http://127.0.0.1", "https://app.example.com", False),
        ("https://a.test", "https://app.example.com", False),
    ],
)
def test_mixed_content_is_an_info(origin: str, page: str, is_mixed: bool) -> None:
    send = connect(right(POLICY.replace(allow_origins=[page])))
    _, found = run_probe(Plan((page,), Fetch(f"{origin}/items", "PUT")), send)
    kinds = [(each.code, each.severity, each.failure, each.subject) for each in found]
    assert kinds == [("mixed-content", "info", "MixedContent", page)] * is_mixed
    message = FAILURES["MixedContent"].describe(page, f"{origin}/items")
    assert [each.message for each in found] == [message] * is_mixed


def test_bug_of_the_unsafe_request_is_found_if_it_is_sent() -> None:
    def bug(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        return status, without(headers, ALLOW) if environ["REQUEST_METHOD"] == "PUT" else headers

    send = connect(wrong(bug))
    assert probe(wrong(bug)) == ()
    _, everything = run_probe(Plan((PAGE,), Fetch(URL, "PUT"), send_unsafe=True), send)
    found, forged = everything
    assert forged.code == "forged-write"
    assert (found.code, found.severity, found.subject) == ("refused", "error", PAGE)
    assert found.message.startswith("PUT: The response has no ")


def test_each_page_is_checked() -> None:
    other = "https://b.example"
    found = probe(right(), others=(other,))
    assert [(each.code, each.subject) for each in found] == [
        ("refused", other),
        ("preflight-refused", other),
    ]


def test_unreadable_error_page_is_reported_with_its_status() -> None:
    found = probe(wrong(lambda _, status, changed: (401, [])))
    assert found[0].message.startswith("GET, status 401: The response has no ")


SHOWN: Final = [
    case
    for case in BROKEN_SERVERS
    # Redirects are shown, not followed; and of the page's own mode no server knows.
    if case.url == "{url}" and case.status != 302 and "mode" not in case.call
]


@pytest.mark.parametrize("case", SHOWN, ids=lambda case: case.name)
def test_every_failure_of_browsers_is_named(case: BrokenServer) -> None:
    fetch = Fetch(URL, **case.call)
    plan = Plan((PAGE,), fetch, send_unsafe=True)
    _, found = run_probe(plan, lambda request: case.respond(request, PAGE))
    assert case.name in {finding.failure for finding in found}


def test_only_failures_of_redirects_are_not_named() -> None:
    names = {name for name in FAILURES if Failure(name, "GET", "", "").is_cors}
    elsewhere = {"RedirectContainsCredentials", "CorsDisabledScheme", "DisallowedByMode"}
    assert {case.name for case in SHOWN} == names - elsewhere


def test_every_finding_is_documented_with_its_severity() -> None:
    page = Path(__file__).parents[2] / "docs" / "command.md"
    section = page.read_text().partition("## corekit probe")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+`) \| ([^|]+) \|", section, re.MULTILINE)
    documented = {
        code: severity.split(",")[0].strip()
        for names, severity in rows
        for code in re.findall(r"`([a-z-]+)`", names)
    }
    expected: dict[str, str] = {code: with_ for code, (_, _, with_) in SIMILAR.items()}
    expected |= {"any-origin": "error", "opaque-origin": "error", "preflight-refused": "error"}
    for _, found, severity in BUGS.values():
        if len(found) == 1:
            expected.setdefault(next(iter(found)), severity)
    assert documented == {
        **expected,
        "repeated-header": "warning",
        "no-methods": "info",
        "mixed-content": "info",
        "authorization-not-covered": "info",
        "denied-origin": "error",
        "less-than-policy": "error",
        "more-than-policy": "error",
        "forged-write": "warning",
        "forged-handshake": "warning",
        "read-not-refused": "warning",
        "host-not-checked": "warning",
        "unknown-origin": "error",
    }


@pytest.mark.parametrize("vary", ["Origin,Accept-Encoding", "accept,ORIGIN", "Accept , *", "*"])
def test_origin_may_be_anywhere_in_vary(vary: str) -> None:
    assert probe(wrong(replace("Vary", vary))) == ()
    assert codes(probe(wrong(replace("Vary", f"X-{vary.replace(',', ',X-')}")))) == {"no-vary"}


def test_response_that_is_not_cached_needs_no_vary() -> None:
    def never_kept(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        return status, [*without(headers, "Vary"), ("Cache-Control", "No-Store,private")]

    def kept_by_browsers(_: Any, status: int, headers: Headers) -> tuple[int, Headers]:
        return status, [*without(headers, "Vary"), ("Cache-Control", "private")]

    assert probe(wrong(never_kept)) == ()
    assert codes(probe(wrong(kept_by_browsers))) == {"no-vary"}


@pytest.mark.parametrize("credentials", ["omit", "include"])
def test_cached_wildcard_needs_no_vary_without_credentials(
    credentials: str,
) -> None:
    # As flask-cors answers by default: each origin by name, with Vary, and all others with a star.
    def star_without_origin(environ: dict[str, Any], status: int, headers: Headers) -> Any:
        if not is_preflight(environ) and (origin := environ.get("HTTP_ORIGIN", "*")) != PAGE:
            headers = [*without(headers, ALLOW), (ALLOW, origin)]
            headers = without(headers, "Vary") if origin == "*" else headers
        return status, headers

    plain = probe(wrong(star_without_origin), credentials=credentials)
    with_cookies = probe(wrong(star_without_origin, WITH_COOKIES), credentials=credentials)
    assert "no-vary" not in codes(plain)
    assert codes(with_cookies) == {"any-origin", "no-vary"}


def test_wildcard_cached_for_others_needs_vary() -> None:
    def star_without_origin(environ: dict[str, Any], status: int, headers: Headers) -> Any:
        if "HTTP_ORIGIN" not in environ:
            headers = [*without(headers, "Vary"), (ALLOW, "*")]
        return status, headers

    assert codes(probe(wrong(star_without_origin))) == {"no-vary"}


def test_vary_is_missing_in_the_response_to_the_page() -> None:
    # https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches: others may be allowed too.
    (found,) = probe(wrong(replace("Vary", when=lambda each: each.get("HTTP_ORIGIN") == PAGE)))
    assert found.code == "no-vary"


@pytest.mark.parametrize("page", [PAGE, "https://b.example"])
def test_vary_is_missing_in_the_response_to_any_page(page: str) -> None:
    policy = POLICY.replace(allow_origins=[PAGE, "https://b.example"])
    app = wrong(replace("Vary", when=lambda each: each.get("HTTP_ORIGIN") == page), policy)
    (found,) = probe(app, others=("https://b.example",))
    assert found.code == "no-vary"
    assert f"The responses to requests from {page} have no Vary: Origin" in found.message


@pytest.mark.parametrize(
    ("status", "expected"),
    [(200, set()), (302, set()), (400, {"headers-lost-on-errors"})],
)
def test_only_error_pages_can_lose_headers(status: int, expected: set[str]) -> None:
    def bug(environ: dict[str, Any], _: int, headers: Headers) -> tuple[int, Headers]:
        return (status, []) if is_missing_page(environ) else (200, headers)

    assert codes(probe(wrong(bug))) == expected


def test_redirect_status_without_location_is_fine() -> None:
    # https://fetch.spec.whatwg.org/#concept-http-redirect-fetch: without Location it is an answer.
    assert probe(wrong(respond(300, when=is_get))) == ()
    assert probe(wrong(respond(302, when=is_get))) == ()


def test_failures_have_chromiums_names() -> None:
    app, _, _ = BUGS["two origins in one response"]
    (found,) = probe(app)
    assert found.failure == "MultipleAllowOriginValues"
    app, _, _ = BUGS["preflights are redirected"]
    (found,) = probe(app)
    assert found.failure == "PreflightDisallowedRedirect"
    assert "/there" in found.message


@pytest.mark.parametrize(
    ("case", "failure"),
    [
        ("a wildcard, with credentials", "WildcardOriginNotAllowed"),
        ("a wildcard in preflights, with credentials", "PreflightWildcardOriginNotAllowed"),
        ("True for true", "InvalidAllowCredentials"),
        ("True for true in preflights", "PreflightInvalidAllowCredentials"),
    ],
)
def test_failures_of_preflights_have_their_own_names(case: str, failure: str) -> None:
    (found,) = probe(BUGS[case][0])
    assert found.failure == failure


def test_bug_of_every_response_is_reported_once() -> None:
    found = probe(wrong(replace(CREDENTIALS, "True"), WITH_COOKIES))
    assert [finding.code for finding in found] == ["credentials-not-true"]


def test_values_of_the_server_are_escaped() -> None:
    (found,) = probe(wrong(replace(ALLOW, "\x1b[2Jhttps://evil.example" + "x" * 500, when=is_get)))
    assert found.message.isprintable()
    assert found.message.isascii()
    assert len(found.message) < 400


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("\xe9", r"'\xe9'"),
        ("a\\b", r"'a\\b'"),
        ("it's", '"it\'s"'),
        ("x" * 500, f"'{'x' * 200}...'"),
    ],
    ids=["latin-1", "backslash", "quote", "long"],
)
def test_values_are_shown_as_python_literals(sent: str, shown: str) -> None:
    found = probe(wrong(replace(ALLOW, sent, when=is_get)))
    assert found[0].message == (
        f"GET: Access-Control-Allow-Origin in the response is not a valid origin: {shown}."
    )
