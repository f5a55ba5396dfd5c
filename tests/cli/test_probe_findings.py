"""What a probe finds: each fault of a server, for what it is, and nothing where none is."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from corekit import CorsPolicy
from corekit.browser import FAILURES, Failure, Fetch, HttpRequest, HttpResponse
from corekit.browser.fields import unsafe_names
from corekit_cli.asking import Asker, Pace
from corekit_cli.probe.findings import Finding, Severity, find_faults
from corekit_cli.probe.intrusions import find_intrusions
from corekit_cli.probe.preflights import find_preflight_faults
from corekit_cli.probe.questions import Answers, Plan, ask_all, make_questions
from corekit_cli.probe.strangers import STRANGER, strangers_to
from tests.browsers.faults import FAULTS as BROWSER_FAULTS
from tests.browsers.faults import Fault as BrowserFault
from tests.browsers.faults import as_wsgi
from tests.cli.live import PAGE, POLICY, Fault, Headers, right, serving, without, wrong

PACE: Final = Pace(timeout=10, delay=0, limit=60)
ALLOW, CREDENTIALS = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"
PRIVATE = "Access-Control-Allow-Private-Network"
WITH_COOKIES: Final = POLICY.replace(allow_credentials=True)


def probe(
    app: Any,
    *,
    origin: str = PAGE,
    others: tuple[str, ...] = (),
    credentials: str = "omit",
    is_asked: bool = True,
    method: str = "PUT",
    names: tuple[str, ...] = (),
) -> list[Finding]:
    with serving(app) as live, Asker(PACE, send_unsafe=False) as asker:
        fetch = Fetch(live.url, method, credentials=credentials)
        plan = Plan((origin, *others), fetch, names, is_asked=is_asked)
        answers = ask_all(plan, make_questions(plan, send_unsafe=False), asker.send)
    assert live.sent("REQUEST_METHOD") == {"GET", "OPTIONS"}
    return find_all(answers)


def find_all(answers: Answers) -> list[Finding]:
    return [*find_intrusions(answers), *find_faults(answers), *find_preflight_faults(answers)]


def codes(findings: list[Finding]) -> set[str]:
    return {finding.code for finding in findings}


def is_preflight(environ: dict[str, Any]) -> bool:
    return str(environ["REQUEST_METHOD"]) == "OPTIONS"


def admit(origin: str, *, credentials: bool = False) -> Fault:
    """Let in one origin beside those that are right."""

    def fault(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        if environ.get("HTTP_ORIGIN") == origin and not is_preflight(environ):
            headers = [*headers, (ALLOW, origin)]
            headers += [(CREDENTIALS, "true")] if credentials else []
        return status, headers

    return fault


def replace(name: str, *values: str, when: Callable[[dict[str, Any]], bool] = bool) -> Fault:
    """Send other values of a header wherever it was sent."""

    def fault(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        if len(without(headers, name)) < len(headers) and when(environ):
            headers = [*without(headers, name), *((name, value) for value in values)]
        return status, headers

    return fault


def answer(status: int, *headers: tuple[str, str], when: Callable[[dict[str, Any]], bool]) -> Fault:
    def fault(environ: dict[str, Any], right: int, told: Headers) -> tuple[int, Headers]:
        return (status, [*told, *headers]) if when(environ) else (right, told)

    return fault


def is_get(environ: dict[str, Any]) -> bool:
    return str(environ["PATH_INFO"]) == "/items" and not is_preflight(environ)


def is_nowhere(environ: dict[str, Any]) -> bool:
    return str(environ["PATH_INFO"]) != "/items"


def for_private(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
    if environ.get("HTTP_ORIGIN") == STRANGER and is_preflight(environ):
        headers = [*headers, (PRIVATE, "true")]
    return status, headers


def reflect(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
    if environ.get("HTTP_ORIGIN") not in (None, PAGE, "null"):
        headers = [*without(headers, ALLOW), (ALLOW, environ["HTTP_ORIGIN"])]
    return status, headers


def to_strangers(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
    if environ.get("HTTP_ORIGIN") == STRANGER:
        headers = [*headers, (CREDENTIALS, "true")]
    return status, headers


@pytest.mark.parametrize("policy", [POLICY, WITH_COOKIES], ids=["plain", "credentials"])
@pytest.mark.parametrize("credentials", ["omit", "include"])
def test_a_server_that_is_right_has_no_findings(policy: CorsPolicy, credentials: str) -> None:
    found = probe(right(policy), credentials=credentials)
    if credentials == "include" and not policy.allow_credentials:
        names = [finding.failure for finding in found]
        assert names == ["InvalidAllowCredentials", "PreflightInvalidAllowCredentials"]
    else:
        assert found == []


FAULTS: Final[dict[str, tuple[Any, set[str], Severity]]] = {
    "it grants nothing to the page": (
        wrong(replace(ALLOW, when=is_get)),
        {"refused"},
        Severity.HIGH,
    ),
    "two origins in one answer": (
        wrong(replace(ALLOW, PAGE, "*", when=is_get)),
        {"refused"},
        Severity.HIGH,
    ),
    "any origin is reflected": (wrong(reflect), {"any-origin"}, Severity.LOW),
    "any origin is reflected, with cookies": (
        wrong(admit(STRANGER, credentials=True)),
        {"any-origin"},
        Severity.HIGH,
    ),
    "null is let in": (wrong(admit("null")), {"opaque-origin"}, Severity.MEDIUM),
    "null is let in, with cookies": (
        wrong(admit("null", credentials=True)),
        {"opaque-origin"},
        Severity.HIGH,
    ),
    "a star for all": (
        right(CorsPolicy(allow_origins=["*"], allow_methods=["PUT"], max_age=600)),
        {"wildcard"},
        Severity.INFO,
    ),
    "a star for all, with cookies": (
        wrong(
            replace(ALLOW, "*", when=is_get),
            WITH_COOKIES,
        ),
        {"wildcard-with-credentials"},
        Severity.MEDIUM,
    ),
    "a star in preflights, with cookies": (
        wrong(replace(ALLOW, "*", when=is_preflight), WITH_COOKIES),
        {"wildcard-with-credentials"},
        Severity.MEDIUM,
    ),
    "no Vary": (wrong(replace("Vary")), {"no-vary"}, Severity.MEDIUM),
    "no Vary without Origin": (
        wrong(replace("Vary", when=lambda environ: "HTTP_ORIGIN" not in environ)),
        {"no-vary"},
        Severity.MEDIUM,
    ),
    "a number twice": (
        wrong(replace("Access-Control-Max-Age", "600", "600")),
        {"doubled-header", "malformed-max-age"},
        Severity.MEDIUM,
    ),
    "True for true": (
        wrong(replace(CREDENTIALS, "True", when=is_get), WITH_COOKIES),
        {"credentials-not-true"},
        Severity.LOW,
    ),
    "True for true in preflights": (
        wrong(replace(CREDENTIALS, "True", when=is_preflight), WITH_COOKIES),
        {"credentials-not-true"},
        Severity.LOW,
    ),
    "preflights need a login": (
        wrong(answer(401, when=is_preflight)),
        {"preflight-refused"},
        Severity.HIGH,
    ),
    "preflights are redirected": (
        wrong(answer(308, ("Location", "/there"), when=is_preflight)),
        {"preflight-refused"},
        Severity.HIGH,
    ),
    "the method is not granted": (
        wrong(replace("Access-Control-Allow-Methods", "put")),
        {"preflight-refused"},
        Severity.HIGH,
    ),
    "no methods at all": (
        wrong(replace("Access-Control-Allow-Methods")),
        {"preflight-refused", "no-methods"},
        Severity.HIGH,
    ),
    "methods that are no list": (
        wrong(replace("Access-Control-Allow-Methods", "PUT; DELETE")),
        {"preflight-refused"},
        Severity.HIGH,
    ),
    "exposed headers that are no list": (
        wrong(replace("Access-Control-Expose-Headers", "x b")),
        {"malformed-list"},
        Severity.MEDIUM,
    ),
    "a star among the exposed headers, with cookies": (
        wrong(replace("Access-Control-Expose-Headers", "*"), WITH_COOKIES),
        {"wildcard-list-with-credentials"},
        Severity.LOW,
    ),
    "no max-age": (right(POLICY.replace(max_age=None)), {"no-max-age"}, Severity.INFO),
    "a max-age of 0": (right(POLICY.replace(max_age=0)), {"no-max-age"}, Severity.INFO),
    "a max-age that is no number": (
        wrong(replace("Access-Control-Max-Age", "10m")),
        {"malformed-max-age"},
        Severity.LOW,
    ),
    "a max-age that no browser heeds": (
        wrong(replace("Access-Control-Max-Age", "86401")),
        {"max-age"},
        Severity.INFO,
    ),
    "a max-age of a thousand digits": (
        wrong(replace("Access-Control-Max-Age", "9" * 1000)),
        {"max-age"},
        Severity.INFO,
    ),
    "errors without headers": (
        wrong(replace(ALLOW, when=is_nowhere)),
        {"headers-lost-on-errors"},
        Severity.MEDIUM,
    ),
    "a redirect": (
        wrong(answer(301, ("Location", "/items/"), when=is_get)),
        {"redirect"},
        Severity.INFO,
    ),
    "an address that is not there": (
        wrong(answer(404, when=is_get)),
        {"error-status"},
        Severity.INFO,
    ),
    "strangers learn of credentials": (
        wrong(to_strangers),
        {"credentials-for-strangers"},
        Severity.LOW,
    ),
    "the private network": (
        right(POLICY.replace(allow_private_network=True)),
        {"private-network"},
        Severity.INFO,
    ),
    "the private network for strangers": (
        wrong(for_private),
        {"private-network-for-strangers"},
        Severity.MEDIUM,
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_found_for_what_it_is(case: str) -> None:
    app, expected, severity = FAULTS[case]
    found = probe(app)
    assert sorted(finding.code for finding in found) == sorted(expected)
    assert max(finding.severity for finding in found) == severity
    assert all(finding.hint and finding.message.endswith(".") for finding in found)


NEAR: Final = {
    "suffix": (f"{PAGE}.evil.example", Severity.MEDIUM, Severity.HIGH),
    "prefix": ("https://evilexample.com", Severity.MEDIUM, Severity.HIGH),
    "unescaped-dot": ("https://appxexample.com", Severity.MEDIUM, Severity.HIGH),
    "cut-short": ("https://app.example.co", Severity.MEDIUM, Severity.HIGH),
    "scheme-downgrade": ("http://app.example.com", Severity.LOW, Severity.MEDIUM),
    "any-port": (f"{PAGE}:8443", Severity.INFO, Severity.LOW),
    "any-sibling": ("https://evilapp.example.com", Severity.INFO, Severity.INFO),
    "any-subdomain": ("https://evil.app.example.com", Severity.INFO, Severity.INFO),
}


@pytest.mark.parametrize("code", NEAR)
@pytest.mark.parametrize("credentials", [False, True])
def test_an_origin_that_is_nearly_right_is_found_to_be_let_in(code: str, credentials: bool) -> None:
    origin, *severities = NEAR[code]
    (found,) = probe(wrong(admit(origin, credentials=credentials)))
    assert (found.code, found.origin) == (code, origin)
    assert found.severity == severities[credentials]
    assert origin in found.message


OTHERS: Final = {"any-origin": STRANGER, "opaque-origin": "null", "suffix": NEAR["suffix"][0]}


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("credentials", [False, True])
@pytest.mark.parametrize("status", [200, 204, 403])
def test_a_stranger_whose_preflights_alone_are_granted_may_act_but_not_read(
    code: str, credentials: bool, status: int
) -> None:
    def fault(environ: dict[str, Any], right: int, headers: Headers) -> tuple[int, Headers]:
        if environ.get("HTTP_ORIGIN") != OTHERS[code] or not is_preflight(environ):
            return right, headers
        headers = [*headers, (ALLOW, OTHERS[code])]
        return status, headers + [(CREDENTIALS, "true")] * credentials

    found = probe(wrong(fault))
    if status == 403:  # https://fetch.spec.whatwg.org/#ok-status
        assert found == []
        return
    (finding,) = found
    assert (finding.code, finding.origin) == (code, OTHERS[code])
    less = Severity.LOW if code == "any-origin" else Severity.MEDIUM
    assert finding.severity == (Severity.HIGH if credentials else less)
    assert "though not read the answers" in finding.message


@pytest.mark.parametrize(
    ("to_any", "to_near", "expected"),
    [
        (False, False, {"any-origin"}),
        (True, True, {"any-origin"}),
        (True, False, {"any-origin"}),
        (False, True, {"any-origin", "suffix"}),
    ],
)
def test_cookies_that_a_near_origin_alone_gets_are_more_than_any_origin_gets(
    to_any: bool, to_near: bool, expected: set[str]
) -> None:
    near, _, _ = NEAR["suffix"]

    def fault(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        status, headers = admit(STRANGER, credentials=to_any)(environ, status, headers)
        return admit(near, credentials=to_near)(environ, status, headers)

    assert codes(probe(wrong(fault))) == expected


def test_an_error_that_a_stranger_may_read_is_let_in_too() -> None:
    def fault(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        status, headers = admit("null")(environ, status, headers)
        return 404 if environ.get("HTTP_ORIGIN") == "null" else status, headers

    (found,) = probe(wrong(fault))
    assert (found.code, found.severity) == ("opaque-origin", Severity.MEDIUM)
    assert "may read what it answers" in found.message


def test_credentials_that_a_preflight_alone_grants_a_stranger_are_grave() -> None:
    def fault(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        if environ.get("HTTP_ORIGIN") == "null":
            granted = [(ALLOW, "null")] + [(CREDENTIALS, "true")] * is_preflight(environ)
            return 200, [*headers, *granted]
        return status, headers

    (found,) = probe(wrong(fault))
    assert (found.code, found.severity) == ("opaque-origin", Severity.HIGH)


def test_what_is_nearly_right_is_told_where_it_gets_more_than_any_other() -> None:
    near, _, _ = NEAR["suffix"]

    def fault(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        if environ.get("HTTP_ORIGIN") == near and not is_preflight(environ):
            return status, [*headers, (ALLOW, near)]
        if environ.get("HTTP_ORIGIN") in (near, STRANGER) and is_preflight(environ):
            return 204, [*headers, (ALLOW, environ["HTTP_ORIGIN"])]
        return status, headers

    assert codes(probe(wrong(fault))) == {"any-origin", "suffix"}


@pytest.mark.parametrize(
    ("host", "page", "expected"),
    [
        ("a.test", "https://app.example.com", {"mixed-content"}),
        ("a.test", "http://app.example.com", set()),
        ("127.0.0.1", "https://app.example.com", set()),
    ],
)
def test_pages_of_https_and_a_server_without_are_told_apart_from_faults(
    host: str, page: str, expected: set[str]
) -> None:
    policy = POLICY.replace(allow_origins=[page])
    url = f"http://{host}/items"
    with serving(right(policy)) as live, Asker(PACE, send_unsafe=False) as asker:

        def send(request: HttpRequest) -> HttpResponse:
            there = request.url.replace(f"http://{host}", live.origin)
            return asker.send(dataclasses.replace(request, url=there))

        plan = Plan((page,), Fetch(url, "PUT"), (), is_asked=True)
        answers = ask_all(plan, make_questions(plan, send_unsafe=False), send)
    found = find_all(answers)
    assert codes(found) == expected
    assert {finding.severity for finding in found} <= {Severity.INFO}
    assert {finding.failure for finding in found} <= {"MixedContent"}


def test_an_error_that_pages_cannot_read_is_told_with_its_status() -> None:
    found = probe(wrong(lambda _, status, told: (401, [])))
    assert found[0].message.startswith("GET, answered 401: The response has no ")


SHOWN: Final = [
    fault
    for fault in BROWSER_FAULTS
    # Redirects are shown, not followed; and of the page's own mode no server knows.
    if fault.url == "{url}" and fault.status != 302 and "mode" not in fault.call
]


@pytest.mark.parametrize("fault", SHOWN, ids=lambda fault: fault.name)
def test_every_failure_that_browsers_show_is_named_by_a_probe(fault: BrowserFault) -> None:
    app = as_wsgi(lambda request: fault.answer(request, PAGE))
    with serving(app) as live, Asker(PACE, send_unsafe=True) as asker:
        fetch = Fetch(live.url, **fault.call)
        plan = Plan((PAGE,), fetch, unsafe_names(fetch.headers), is_asked=True)
        answers = ask_all(plan, make_questions(plan, send_unsafe=True), asker.send)
    assert fault.name in {finding.failure for finding in find_all(answers)}


def test_a_probe_names_all_that_a_server_can_do_wrong_but_for_redirects() -> None:
    names = {name for name in FAILURES if Failure(name, "GET", "", "").is_cors}
    elsewhere = {"RedirectContainsCredentials", "CorsDisabledScheme", "DisallowedByMode"}
    assert {fault.name for fault in SHOWN} == names - elsewhere


def test_every_stranger_is_in_these_tables() -> None:
    made = {stranger.code: stranger.origin for stranger in strangers_to(PAGE)}
    assert made == {
        "any-origin": STRANGER,
        "opaque-origin": "null",
        **{code: origin for code, (origin, *_) in NEAR.items()},
    }


@pytest.mark.parametrize(
    ("origin", "others"),
    [
        ("null", [STRANGER]),
        ("http://localhost:3000", [STRANGER, "null", "http://localhost:8443"]),
        ("http://127.0.0.1", [STRANGER, "null", "http://127.0.0.1:8443"]),
        ("http://[::1]:8443", [STRANGER, "null", "http://[::1]:9443"]),
    ],
)
def test_strangers_are_made_where_they_make_sense(origin: str, others: list[str]) -> None:
    made = [stranger.origin for stranger in strangers_to(origin)]
    assert made[: len(others)] == others or set(others) <= set(made)
    assert origin not in made


@pytest.mark.parametrize(
    ("origin", "code", "near"),
    [
        ("https://example.com", "prefix", "https://evilexample.com"),
        ("https://a.b.example.co.uk", "prefix", "https://evilexample.co.uk"),
        ("https://me.github.io", "prefix", "https://evilme.github.io"),
        ("https://example.com", "unescaped-dot", None),
        ("https://a.b.example.com", "unescaped-dot", "https://a.bxexample.com"),
        ("https://example.co.uk", "unescaped-dot", "https://examplexco.uk"),
        ("https://me.github.io", "unescaped-dot", "https://mexgithub.io"),
        ("http://10.0.0.1", "unescaped-dot", None),
        ("https://example.com", "any-sibling", None),
        ("https://me.github.io", "any-sibling", None),
        ("http://10.0.0.1", "any-sibling", None),
        ("http://[::1]", "any-sibling", None),
        ("https://example.com:8443", "scheme-downgrade", "http://example.com"),
        ("https://localhost", "scheme-downgrade", None),
        ("https://example.com:8443", "cut-short", None),
        ("http://10.0.0.12", "cut-short", None),
        ("http://localhost", "cut-short", None),
        ("http://example.com:8080", "scheme-downgrade", None),
    ],
)
def test_only_names_that_others_can_have_are_those_of_others(
    origin: str, code: str, near: str | None
) -> None:
    made = {stranger.code: stranger.origin for stranger in strangers_to(origin)}
    assert made.get(code) == near


@pytest.mark.parametrize("page", [PAGE, "https://a.b.example.com"])
def test_a_pattern_for_the_names_of_a_site_is_no_grave_finding(page: str) -> None:
    found = probe(right(WITH_COOKIES.replace(allow_origins=["https://*.example.com"])), origin=page)
    assert codes(found) == {"any-sibling", "any-subdomain"}
    assert {finding.severity for finding in found} == {Severity.INFO}


def test_the_servers_own_origin_is_no_stranger() -> None:
    fetch = Fetch("http://localhost:8443/items")
    plan = Plan(("http://localhost:3000",), fetch, (), is_asked=False)
    asked = {question.origin for question in make_questions(plan, send_unsafe=False)}
    assert "http://localhost:8443" not in asked


def test_every_finding_is_documented_with_its_severity() -> None:
    page = Path(__file__).parents[2] / "docs" / "command.md"
    section = page.read_text().partition("## corekit probe")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+`) \| ([^|]+) \|", section, re.MULTILINE)
    severities = {
        code: severity.split()[0]
        for codes, severity in rows
        for code in re.findall(r"`([a-z-]+)`", codes)
    }
    worst = {code: str(severities[True]) for code, (_, *severities) in NEAR.items()}
    worst |= {"any-origin": "high", "opaque-origin": "high", "preflight-refused": "high"}
    for _, found, severity in FAULTS.values():
        if len(found) == 1:
            worst.setdefault(next(iter(found)), str(severity))
    assert severities == {
        **worst,
        "doubled-header": "medium",
        "no-methods": "low",
        "mixed-content": "info",
        "authorization-not-covered": "low",
    }


def test_the_stranger_is_none_where_it_is_named() -> None:
    policy = POLICY.replace(allow_origins=[STRANGER], allow_private_network=True)
    assert codes(probe(right(policy), origin=STRANGER)) == {"private-network"}


def add(*headers: tuple[str, str]) -> Fault:
    return lambda _, status, told: (status, [*told, *headers])


@pytest.mark.parametrize("value", ["false", "1", "True"])
def test_private_network_access_is_granted_by_true_alone(value: str) -> None:
    # https://wicg.github.io/private-network-access/#cors-check; flask-cors says false to all.
    assert probe(wrong(add((PRIVATE, value)))) == []


def test_what_no_cache_keeps_needs_no_vary() -> None:
    def never_kept(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        return status, [*without(headers, "Vary"), ("Cache-Control", "private, No-Store")]

    def kept_by_browsers(_: Any, status: int, headers: Headers) -> tuple[int, Headers]:
        return status, [*without(headers, "Vary"), ("Cache-Control", "private")]

    assert probe(wrong(never_kept)) == []
    assert codes(probe(wrong(kept_by_browsers))) == {"no-vary"}


@pytest.mark.parametrize("credentials", ["omit", "include"])
def test_a_star_that_a_cache_hands_on_needs_no_vary_unless_cookies_are_granted(
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


def test_a_star_that_a_cache_hands_to_strangers_needs_vary() -> None:
    def star_without_origin(environ: dict[str, Any], status: int, headers: Headers) -> Any:
        if "HTTP_ORIGIN" not in environ:
            headers = [*without(headers, "Vary"), (ALLOW, "*")]
        return status, headers

    assert codes(probe(wrong(star_without_origin))) == {"no-vary"}


def test_vary_is_missed_in_the_answer_to_the_one_page_that_is_known() -> None:
    # https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches: others may be let in as well.
    (found,) = probe(wrong(replace("Vary", when=lambda each: each.get("HTTP_ORIGIN") == PAGE)))
    assert found.code == "no-vary"


@pytest.mark.parametrize("page", [PAGE, "https://b.example"])
def test_vary_is_missed_in_the_answer_to_any_page(page: str) -> None:
    policy = POLICY.replace(allow_origins=[PAGE, "https://b.example"])
    app = wrong(replace("Vary", when=lambda each: each.get("HTTP_ORIGIN") == page), policy)
    (found,) = probe(app, others=("https://b.example",))
    assert found.code == "no-vary"
    assert f"in the answer to {page}, though" in found.message


@pytest.mark.parametrize(
    ("status", "expected"),
    [(200, set()), (302, set()), (400, {"headers-lost-on-errors"})],
)
def test_only_an_error_can_lose_the_headers_of_errors(status: int, expected: set[str]) -> None:
    def fault(environ: dict[str, Any], _: int, headers: Headers) -> tuple[int, Headers]:
        return (status, []) if is_nowhere(environ) else (200, headers)

    assert codes(probe(wrong(fault))) == expected


def test_a_redirect_that_leads_nowhere_is_none() -> None:
    # https://fetch.spec.whatwg.org/#concept-http-redirect-fetch: without Location it is an answer.
    assert probe(wrong(answer(300, when=is_get))) == []
    assert probe(wrong(answer(302, when=is_get))) == []


def test_what_was_only_tried_is_no_grave_finding() -> None:
    app = right(POLICY.replace(allow_methods=[]))
    (asked,) = probe(app)
    (tried,) = probe(app, is_asked=False)
    assert (asked.severity, tried.severity) == (Severity.HIGH, Severity.INFO)
    assert asked.failure == tried.failure == "MethodDisallowedByPreflightResponse"


def of_put(environ: dict[str, Any]) -> bool:
    return environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD") == "PUT"


@pytest.mark.parametrize("has_headers", [True, False])
def test_a_layer_that_says_no_to_what_was_only_tried_is_right(has_headers: bool) -> None:
    # Starlette answers a method that is not granted with 400, others without any header.
    def fault(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        if of_put(environ):
            return (400, headers if has_headers else [])
        return status, headers

    (tried,) = probe(wrong(fault), is_asked=False)
    assert (tried.code, tried.severity) == ("preflight-refused", Severity.INFO)
    assert tried.hint == "Nothing has to be done, unless pages call with PUT: then grant it."
    (asked,) = probe(wrong(fault))
    assert asked.severity == Severity.HIGH


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_call_that_needs_no_preflight_is_not_kept_out_by_one(method: str) -> None:
    app = wrong(answer(405, when=is_preflight))
    (found,) = probe(app, method=method)
    assert (found.code, found.severity) == ("preflight-refused", Severity.INFO)
    assert found.hint == "Nothing has to be done: pages make this call without a preflight."
    (found,) = probe(app, method=method, names=("x-a",))
    assert found.severity == Severity.HIGH


def test_a_star_that_browsers_take_for_authorization_keeps_nobody_out() -> None:
    # https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name, which none heeds yet.
    app = wrong(replace("Access-Control-Allow-Headers", "*"))
    (found,) = probe(app, names=("authorization", "x-a"))
    assert (found.code, found.severity) == ("authorization-not-covered", Severity.LOW)
    assert found.failure is None
    assert probe(app, names=("x-a",)) == []
    (found,) = probe(right(), names=("authorization", "x-a"))
    assert (found.code, found.severity) == ("preflight-refused", Severity.HIGH)


@pytest.mark.parametrize(
    ("name", "kept_to"),
    [
        ("Access-Control-Allow-Methods", is_get),
        ("Access-Control-Allow-Headers", is_get),
        ("Access-Control-Expose-Headers", is_preflight),
    ],
)
@pytest.mark.parametrize("value", ["*", "x; b"])
def test_a_list_that_no_browser_reads_there_is_no_fault(
    name: str, kept_to: Callable[[dict[str, Any]], bool], value: str
) -> None:
    def fault(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        return status, [*headers, (name, value)] if kept_to(environ) else headers

    assert probe(wrong(fault, WITH_COOKIES)) == []


@pytest.mark.parametrize("name", ["Access-Control-Allow-Methods", "Access-Control-Allow-Headers"])
def test_a_star_in_a_list_of_preflights_is_no_wildcard_with_cookies(name: str) -> None:
    app = wrong(replace(name, "*, PUT", when=is_preflight), WITH_COOKIES)
    (found,) = probe(app)
    assert (found.code, found.severity) == ("wildcard-list-with-credentials", Severity.LOW)


def test_a_server_that_answers_no_preflight_is_wrong_whatever_was_tried() -> None:
    (found,) = probe(wrong(answer(401, when=is_preflight)), is_asked=False)
    assert (found.severity, found.failure) == (Severity.HIGH, "PreflightInvalidStatus")


def test_where_what_was_tried_is_refused_another_preflight_is_looked_at() -> None:
    def fault(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        return (
            (400, []) if of_put(environ) else (status, without(headers, "Access-Control-Max-Age"))
        )

    assert codes(probe(wrong(fault), is_asked=False)) == {"preflight-refused", "no-max-age"}


def test_the_failures_have_chromiums_names() -> None:
    app, _, _ = FAULTS["two origins in one answer"]
    (found,) = probe(app)
    assert found.failure == "MultipleAllowOriginValues"
    app, _, _ = FAULTS["preflights are redirected"]
    (found,) = probe(app)
    assert found.failure == "PreflightDisallowedRedirect"
    assert "/there" in found.message


@pytest.mark.parametrize(
    ("case", "failure"),
    [
        ("a star for all, with cookies", "WildcardOriginNotAllowed"),
        ("a star in preflights, with cookies", "PreflightWildcardOriginNotAllowed"),
        ("True for true", "InvalidAllowCredentials"),
        ("True for true in preflights", "PreflightInvalidAllowCredentials"),
    ],
)
def test_a_preflights_failures_are_named_as_its_own(case: str, failure: str) -> None:
    (found,) = probe(FAULTS[case][0])
    assert found.failure == failure


def test_what_is_wrong_with_every_answer_is_told_once() -> None:
    found = probe(wrong(replace(CREDENTIALS, "True"), WITH_COOKIES))
    assert [finding.code for finding in found] == ["credentials-not-true"]


def test_what_a_server_says_is_escaped() -> None:
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
def test_what_a_server_says_is_shown_as_python_writes_it(sent: str, shown: str) -> None:
    found = probe(wrong(replace(ALLOW, sent, when=is_get)))
    assert found[0].message == (
        f"GET: Access-Control-Allow-Origin in the response is not a valid origin: {shown}."
    )
