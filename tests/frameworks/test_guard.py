"""The guard in every adapter: what it refuses does not reach the application.

What only one adapter does is tested in its own folder.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import corekit_asgi
import corekit_wsgi
from corekit import CorsPolicy
from corekit.browser import HttpRequest
from corekit.guard import CrossOriginGuard
from tests.frameworks.guard_table import (
    APP,
    CASES,
    EVIL,
    GUARDED,
    GUARDS,
    POLICY,
    READER,
    SITE,
    Case,
    Guarded,
)

CORS_ADAPTERS = {name: each for name, each in GUARDED.items() if each.writes_cors}

guarded = pytest.mark.parametrize("adapter", GUARDED.values(), ids=GUARDED)
guarded_with_cors = pytest.mark.parametrize("adapter", CORS_ADAPTERS.values(), ids=CORS_ADAPTERS)


def write(origin: str, *more: tuple[str, str], path: str = "/orders") -> HttpRequest:
    return HttpRequest("POST", f"{SITE}{path}", (("Origin", origin), *more))


@guarded
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_table(adapter: Guarded, case: Case) -> None:
    outcome = adapter.ask(GUARDS[case.guard], case.http_request)
    assert outcome.status == case.status
    assert outcome.ran is (case.status == 200)
    reasons = [event.verdict.reason.name for event in outcome.events]
    assert reasons == ([] if case.reason is None else [case.reason])


@guarded
def test_event_describes_the_request(adapter: Guarded) -> None:
    (event,) = adapter.ask(GUARDS["default"], write(EVIL, path="/caf%C3%A9")).events
    assert (event.method, event.path, event.origin) == ("POST", "/caf\u00e9", EVIL)
    assert (event.outcome, event.is_websocket) == ("refused", False)
    assert event.request is not None


@guarded
def test_refusal_is_logged(adapter: Guarded, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    adapter.ask(GUARDS["default"], write(EVIL))
    (record,) = (each for each in caplog.records if each.getMessage().startswith("Guard: "))
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith(f"Guard: POST '/orders' from '{EVIL}' refused: ")


@guarded
def test_refusal_is_the_response_of_the_verdict(adapter: Guarded) -> None:
    outcome = adapter.ask(GUARDS["default"], write(EVIL))
    (event,) = outcome.events
    _, headers, body = event.verdict.response()
    assert outcome.body == body
    assert outcome.headers.items() >= {name.lower(): value for name, value in headers}.items()


@guarded_with_cors
@pytest.mark.parametrize("cookie", [True, False])
def test_allowed_page_can_read_a_refusal(adapter: Guarded, cookie: bool) -> None:
    more = (("Cookie", "a=b"),) if cookie else ()
    outcome = adapter.ask(GUARDS["default"], write(READER, *more, path="/readable/x"))
    assert outcome.status == (403 if cookie else 200)
    assert outcome.headers["access-control-allow-origin"] == READER
    assert "Origin" in outcome.headers["vary"]


@guarded_with_cors
def test_other_page_cannot_read_a_refusal(adapter: Guarded) -> None:
    outcome = adapter.ask(GUARDS["default"], write(EVIL))
    assert "access-control-allow-origin" not in outcome.headers
    assert outcome.headers["vary"] == "Origin"


@guarded_with_cors
@pytest.mark.parametrize("origin", [APP, EVIL])
def test_preflight_is_not_judged(adapter: Guarded, origin: str) -> None:
    headers = (("Origin", origin), ("Access-Control-Request-Method", "POST"))
    outcome = adapter.ask(GUARDS["default"], HttpRequest("OPTIONS", f"{SITE}/orders", headers))
    assert (outcome.ran, outcome.events) == (False, [])
    assert (outcome.headers.get("access-control-allow-origin") == APP) is (origin == APP)


@guarded
def test_judged_reads_vary(adapter: Guarded) -> None:
    request = HttpRequest("GET", f"{SITE}/orders", (("Sec-Fetch-Site", "same-origin"),))
    outcome = adapter.ask(GUARDS["isolate"], request)
    assert outcome.ran
    vary = {name.strip() for name in outcome.headers["vary"].split(",")}
    assert vary >= {"Accept", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest"}
    outcome = adapter.ask(GUARDS["isolate"], HttpRequest("POST", f"{SITE}/orders", ()))
    assert "Sec-Fetch-Site" not in outcome.headers["vary"]


@guarded
@pytest.mark.parametrize("guard", GUARDS.values(), ids=GUARDS)
def test_methods_that_the_guard_skips_are_not_judged(
    adapter: Guarded, guard: CrossOriginGuard
) -> None:
    request = HttpRequest("GET", f"{SITE}/orders", (("Origin", EVIL),))
    assert bool(adapter.ask(guard, request).events) is ("GET" not in guard.skipped_methods)


@guarded
def test_http_page_is_not_the_own_one_of_an_https_server(adapter: Guarded) -> None:
    outcome = adapter.ask(GUARDS["default"], write("http://api.example.org"))
    assert outcome.ran is not adapter.knows_scheme


def header(name: str, values: list[str]) -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    """Draw a header that is missing, is there once, or twice."""
    return st.lists(st.sampled_from(values), max_size=2).map(
        lambda drawn: tuple((name, value) for value in drawn)
    )


headers_of_pages = st.tuples(
    header("Origin", [SITE, APP, READER, EVIL, "null", "http://api.example.org", "x"]),
    header("Sec-Fetch-Site", ["same-origin", "same-site", "cross-site", "none"]),
    st.sampled_from([(), (("Cookie", "a=b"),)]),
    st.sampled_from([(), (("Authorization", "Basic x"),), (("Authorization", "Bearer x"),)]),
).map(lambda parts: tuple(pair for part in parts for pair in part))
methods = st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE"])
paths = st.sampled_from(
    ["/orders", "/readable/x", "/public/x", "/saml/acs", "/webhooks/a", "/webhooks/../x"]
)


@guarded
@settings(max_examples=30)
@given(headers_of_pages, methods, paths, st.sampled_from([*GUARDS.values()]))
def test_adapter_judges_as_the_core(
    adapter: Guarded,
    headers: tuple[tuple[str, str], ...],
    method: str,
    path: str,
    guard: CrossOriginGuard,
) -> None:
    lines: dict[str, list[str]] = {}
    for name, value in headers:
        lines.setdefault(name.lower().replace("-", "_"), []).append(value)
    values: dict[str, Any] = {name: ", ".join(each) for name, each in lines.items()}
    scheme = "https" if adapter.knows_scheme else None
    verdict = guard.judge(method, path, host="api.example.org", scheme=scheme, **values)
    outcome = adapter.ask(guard, HttpRequest(method, f"{SITE}{path}", headers))
    assert outcome.ran is (verdict.status is None)
    assert outcome.status == (verdict.status or 200)
    judged = [] if method in guard.skipped_methods else [verdict]
    assert [event.verdict for event in outcome.events] == judged


@guarded
@settings(max_examples=30)
@given(
    origin=st.sampled_from([SITE, APP, READER, EVIL, "null"]),
    site=st.sampled_from([None, "same-origin", "same-site", "cross-site"]),
    has_cookie=st.booleans(),
    method=st.sampled_from(["POST", "PUT", "PATCH", "DELETE"]),
    path=st.sampled_from(["/orders", "/readable/x", "/public/x"]),
)
def test_page_changes_state_exactly_if_it_is_own_or_listed(
    adapter: Guarded, *, origin: str, site: str | None, has_cookie: bool, method: str, path: str
) -> None:
    cookie = {"Cookie": "a=b"} if has_cookie else {}
    fetch_site = {} if site is None else {"Sec-Fetch-Site": site}
    headers = {"Origin": origin, **fetch_site, **cookie}
    request = HttpRequest(method, f"{SITE}{path}", tuple(headers.items()))
    policy = POLICY.policy_for(path)
    assert policy is not None
    is_own = site == "same-origin" or (site is None and origin == SITE)
    is_listed = origin in policy.allow_origins and (policy.allow_credentials or not has_cookie)
    assert adapter.ask(GUARDS["default"], request).ran is (is_own or is_listed)


@pytest.mark.parametrize("middleware", [corekit_asgi.CorsMiddleware, corekit_wsgi.CorsMiddleware])
def test_guard_without_a_policy_is_an_error(middleware: Any) -> None:
    with pytest.raises(ValueError, match=r"the application has none\. Pass it to both\.$"):
        middleware(lambda: None, guard=CrossOriginGuard(CorsPolicy(allow_origins=["*"])))
