"""What explanations say about a guard, and about WebSockets."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from corekit import CorsPolicy, CorsRoutes
from corekit.adapter import SAFELISTED_METHODS
from corekit.browser import BrowserModel, Fetch, HttpResponse
from corekit.browser.urls import parse_url
from corekit.explain import Explanation, explain, explain_handshake, explain_outcome
from corekit.explain.guarding import GUARD_HINTS, find_fetch_site
from corekit.guard import CrossOriginGuard, GuardReason, Verdict
from tests.explain.calls import details, fetches, titles

APP: Final = "https://app.example.com"
EVIL: Final = "https://evil.example"
API: Final = "https://api.example.com"
ITEMS: Final = f"{API}/items"
LISTED: Final = CorsPolicy(allow_origins=[APP])
TRUSTED: Final = CorsPolicy(allow_origins=[APP], allow_credentials=True)
ANY: Final = CorsPolicy(allow_origins=["*"])


def guarded(
    page: str, fetch: Any = None, policy: Any = LISTED, host: str | None = None, **arguments: Any
) -> Explanation:
    """Explain a POST, or another fetch, to a server with a guard."""
    guard = CrossOriginGuard(policy, **arguments)
    return explain(policy, fetch or Fetch(ITEMS, method="POST"), page=page, guard=guard, host=host)


def reason_of(explanation: Explanation) -> str | None:
    return None if explanation.verdict is None else explanation.verdict.reason.name


@pytest.mark.parametrize(
    ("page", "policy", "credentials", "readable", "reason"),
    [
        (APP, LISTED, "omit", True, "LISTED_ORIGIN"),
        (APP, TRUSTED, "include", True, "LISTED_ORIGIN"),
        (APP, LISTED, "include", False, "CREDENTIALS_NOT_ALLOWED"),
        (EVIL, LISTED, "include", False, "CROSS_SITE"),
        ("https://other.example.com", LISTED, "include", False, "SAME_SITE"),
        ("null", LISTED, "include", False, "CROSS_SITE"),
        (API, LISTED, "same-origin", True, "SAME_ORIGIN"),
        (EVIL, ANY, "omit", True, "CROSS_SITE"),
    ],
)
def test_write(page: str, policy: Any, credentials: str, readable: bool, reason: str) -> None:
    fetch = Fetch(ITEMS, method="POST", credentials=credentials)
    explanation = guarded(page, fetch, policy)
    assert explanation.allowed == readable
    assert reason_of(explanation) == reason
    passes = reason in ("LISTED_ORIGIN", "SAME_ORIGIN")
    assert explanation.succeeds == (readable and passes)
    last = explanation.outcome.exchanges[-1].response
    assert last.status == (200 if passes else 403)
    if not passes and readable:
        refusal = ", but it is a 403 of the guard, which refuses this: the page"
        assert f" can read the response to POST {ITEMS}{refusal}" in explanation.summary
    else:
        act = "lets the request pass" if passes else "refuses the request"
        assert f" The guard {act}: " in explanation.summary
    assert explanation.summary.endswith(f"[{reason}]")


@pytest.mark.parametrize(
    ("page", "url", "reason"),
    [
        ("http://evil.example", "http://api.example.com/", "OTHER_ORIGIN"),
        ("http://api.example.com", "http://api.example.com/", "SAME_ORIGIN"),
        ("null", "http://api.example.com/", "OPAQUE_ORIGIN"),
        ("http://localhost:5173", "http://localhost:8000/", "SAME_SITE"),
        ("http://127.0.0.1:5173", "http://localhost:8000/", "CROSS_SITE"),
    ],
)
def test_fetch_metadata_is_sent_to_trustworthy_servers(page: str, url: str, reason: str) -> None:
    assert reason_of(guarded(page, Fetch(url, method="POST"))) == reason


@pytest.mark.parametrize(
    ("page", "urls", "site"),
    [
        (APP, [APP], "same-origin"),
        (APP, [API], "same-site"),
        (APP, [EVIL], "cross-site"),
        (APP, [EVIL, API], "cross-site"),
        (APP, [API, APP], "same-site"),
        ("null", [API], "cross-site"),
        (APP, ["http://api.example.com"], None),
        (APP, [EVIL, "http://api.example.com"], None),
        ("http://localhost:1", ["http://localhost:2"], "same-site"),
    ],
)
def test_fetch_site(page: str, urls: list[str], site: str | None) -> None:
    assert find_fetch_site(page, [parse_url(url) for url in urls]) == site


def test_steps_of_a_refused_write() -> None:
    explanation = guarded(EVIL)
    assert titles(explanation)[2:] == [
        f"browser: Sends the request: POST {ITEMS}",
        "server: Refuses the request by the guard: 403 [CROSS_SITE]",
        "server: Responds to the request: 403",
        "browser: Blocks the response: MissingAllowOriginHeader",
    ]
    assert details(explanation, "guard") == ("The page belongs to another site.",)
    end = details(explanation, "end")
    assert end[-1] == "The guard refused the request, so the application did not process it."
    assert "processed" not in "".join(end[:-1])


@pytest.mark.parametrize("policy", [LISTED, TRUSTED, ANY])
@pytest.mark.parametrize("page", [APP, EVIL, API, "null"])
def test_live_server_with_verdicts_is_explained_alike(page: str, policy: Any) -> None:
    fetch = Fetch(ITEMS, method="POST")
    expected = guarded(page, fetch, policy)
    assert expected.verdict is not None
    found = explain_outcome(
        expected.outcome, fetch, page=page, policy=policy, verdicts=[expected.verdict]
    )
    for name in ("allowed", "summary", "steps", "fixes", "verdict"):
        assert getattr(found, name) == getattr(expected, name), name
    bare = explain_outcome(expected.outcome, fetch, page=page, policy=policy)
    assert bare.verdict is None
    assert "guard" not in bare.summary


def test_steps_of_an_allowed_write() -> None:
    explanation = guarded(APP)
    assert "server: Lets the request pass the guard [LISTED_ORIGIN]" in titles(explanation)
    assert titles(explanation)[-1] == "browser: Gives the page the response, status 200"


def test_request_that_is_not_sent_is_not_judged() -> None:
    explanation = guarded(APP, Fetch(ITEMS, method="PUT"))
    assert explanation.verdict is None
    assert not explanation.succeeds
    assert "guard" not in explanation.summary
    assert explanation.to_dict()["guard"] is None


def test_only_the_request_after_a_preflight_is_judged() -> None:
    policy = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"])
    explanation = guarded(APP, Fetch(ITEMS, method="PUT"), policy)
    assert [step.kind for step in explanation.steps].count("guard") == 1
    assert reason_of(explanation) == "LISTED_ORIGIN"


def test_report_mode_lets_the_request_pass() -> None:
    explanation = guarded(EVIL, policy=ANY, mode="report")
    assert explanation.succeeds
    assert "The guard only reports the request: the page belongs" in explanation.summary
    assert details(explanation, "guard") == (
        "The page belongs to another site.",
        "With mode 'enforce', the guard would refuse it.",
    )
    assert titles(explanation)[-1] == "browser: Gives the page the response, status 200"
    assert [str(fix) for fix in explanation.fixes] == [
        "With '*' every page may read. List the origins that may do more in allow_origins."
    ]


@pytest.mark.parametrize("page", [APP, EVIL])
def test_host_that_is_not_listed(page: str) -> None:
    explanation = guarded(page, Fetch(ITEMS), hosts=["other.example"])
    assert reason_of(explanation) == "HOST_NOT_ALLOWED"
    assert not explanation.succeeds
    assert "browser: Tries once more, over a new connection" in titles(explanation)
    fix = "Call the server by another name, or add 'api.example.com' to hosts."
    assert str(explanation.fixes[-1]) == fix
    assert len(explanation.fixes) == (1 if page == APP else 2)


def test_host_may_differ_from_that_of_the_url() -> None:
    explanation = guarded(APP, host="internal:8000", hosts=["internal:8000"])
    assert explanation.succeeds
    assert not guarded(APP, hosts=["internal:8000"]).succeeds
    own = Fetch("http://api.example.com/", method="POST")
    assert reason_of(guarded("http://api.example.com", own)) == "SAME_ORIGIN"
    assert reason_of(guarded("http://api.example.com", own, host="internal")) == "OTHER_ORIGIN"


def test_fix_of_the_policy_also_passes_the_guard() -> None:
    explanation = guarded(EVIL)
    fixed = explanation.fixes[0].apply(LISTED)
    assert guarded(EVIL, policy=fixed).succeeds


def test_policy_of_the_route_is_asked() -> None:
    routes = CorsRoutes([("/items", LISTED)])
    assert reason_of(guarded(APP, policy=routes)) == "LISTED_ORIGIN"
    other = guarded(APP, Fetch(f"{API}/other", method="POST"), routes)
    assert reason_of(other) == "SAME_SITE"


def test_guard_of_another_policy_is_an_error() -> None:
    with pytest.raises(ValueError, match="another policy"):
        explain(LISTED, Fetch(ITEMS), page=APP, guard=CrossOriginGuard(TRUSTED))


def test_data_has_the_verdict() -> None:
    data = guarded(EVIL).to_dict()
    assert json.loads(json.dumps(data)) == data
    assert data["guard"] == {
        "allowed": False,
        "status": 403,
        "reason": "CROSS_SITE",
        "message": "The page belongs to another site.",
        "hint": "Add 'https://evil.example' to allow_origins.",
    }


def test_vary_is_not_repeated() -> None:
    explanation = guarded(APP, Fetch(ITEMS), reads="enforce", hosts=["x.example"])
    headers = explanation.outcome.exchanges[-1].response.headers
    assert [value for name, value in headers if name == "Vary"] == ["Origin"]


@given(fetches, st.sampled_from([APP, EVIL, API, "null", "http://localhost:8000"]))
def test_without_refusal_a_guard_changes_nothing(fetch: Fetch, page: str) -> None:
    assume(fetch.mode != "no-cors" or fetch.method.upper() in SAFELISTED_METHODS)
    plain = explain(TRUSTED, fetch, page=page)
    explanation = guarded(page, fetch, TRUSTED)
    verdict = explanation.verdict
    assert explanation.allowed == plain.allowed
    assert explanation.failure == plain.failure
    steps = [step for step in explanation.steps if step.kind != "guard"]
    if verdict is None or verdict.status is None:
        assert tuple(steps) == plain.steps
        assert explanation.outcome == plain.outcome
    else:
        assert [step.kind for step in steps] == [step.kind for step in plain.steps]
        assert explanation.outcome.exchanges[-1].response.status == verdict.status


@pytest.mark.parametrize(
    ("page", "url", "policy", "cookies", "reason"),
    [
        (APP, "wss://api.example.com/live", TRUSTED, True, "LISTED_ORIGIN"),
        (APP, "wss://api.example.com/live", LISTED, False, "LISTED_ORIGIN"),
        (APP, "wss://api.example.com/live", LISTED, True, "CREDENTIALS_NOT_ALLOWED"),
        (EVIL, "wss://api.example.com/live", TRUSTED, True, "WEBSOCKET_ORIGIN"),
        (EVIL, "wss://api.example.com/live", ANY, False, "WEBSOCKET_ORIGIN"),
        (API, "WSS://api.example.com", LISTED, True, "SAME_ORIGIN"),
        ("http://localhost:8000", "ws://localhost:8000/live", LISTED, True, "SAME_ORIGIN"),
        ("http://localhost:5173", "ws://localhost:8000/live", LISTED, True, "WEBSOCKET_ORIGIN"),
        ("null", "ws://localhost:8000/live", LISTED, True, "WEBSOCKET_ORIGIN"),
    ],
)
def test_handshake(page: str, url: str, policy: Any, cookies: bool, reason: str) -> None:
    guard = CrossOriginGuard(policy)
    explanation = explain_handshake(guard, url, page=page, cookies=cookies)
    opens = reason in ("LISTED_ORIGIN", "SAME_ORIGIN")
    assert reason_of(explanation) == reason
    assert explanation.allowed == explanation.succeeds == opens
    (exchange,) = explanation.outcome.exchanges
    assert exchange.response.status == (101 if opens else 403)
    assert exchange.request.credentials == cookies
    assert bool(explanation.fixes) != opens
    assert explanation.summary.startswith(f"A page from {page} {'can' if opens else 'cannot'} open")
    data = explanation.to_dict()
    assert json.loads(json.dumps(data)) == data


def test_steps_of_a_handshake() -> None:
    explanation = explain_handshake(
        CrossOriginGuard(LISTED), "wss://api.example.com:443/live?x=1#y", page=EVIL
    )
    assert titles(explanation) == [
        f"page: Opens a WebSocket to wss://api.example.com/live?x=1 from {EVIL}",
        "browser: Sends the handshake: GET wss://api.example.com/live?x=1",
        "server: Refuses the request by the guard: 403 [WEBSOCKET_ORIGIN]",
        "server: Responds to the handshake: 403",
        "browser: Reports an error to the page, without the reason",
    ]
    assert details(explanation, "request")[0] == f"Origin: {EVIL}"
    assert details(explanation, "request")[1].startswith("api.example.com is another site")
    own = "If it is this server's own, add it to own_origins."
    assert [str(fix) for fix in explanation.fixes] == [f"Add '{EVIL}' to allow_origins. {own}"]


def test_hint_leaves_out_what_pages_cannot_do() -> None:
    explanation = explain_handshake(CrossOriginGuard(LISTED), "wss://api.example.com", page=APP)
    assert [str(fix) for fix in explanation.fixes] == [
        "Turn on allow_credentials if pages of this origin may act as the user."
    ]


def test_handshake_without_a_guard_is_open_to_every_page() -> None:
    explanation = explain_handshake(None, "ws://api.example.com/", page="evil.example")
    assert explanation.succeeds
    assert explanation.verdict is None
    assert explanation.summary.endswith("Without a guard, every page can open it.")
    assert f"from {EVIL}" in titles(explanation)[0]
    assert titles(explanation)[-1] == "browser: Opens the WebSocket"


def test_handshake_has_the_host_of_a_proxy() -> None:
    guard = CrossOriginGuard(TRUSTED, hosts=["internal"])
    explanation = explain_handshake(guard, "wss://api.example.com/", page=APP, host="internal")
    assert explanation.succeeds
    refused = explain_handshake(guard, "wss://api.example.com/", page=APP)
    assert reason_of(refused) == "HOST_NOT_ALLOWED"
    assert refused.outcome.exchanges[-1].response.status == 421


@pytest.mark.parametrize(
    ("url", "page", "message"),
    [
        ("https://a.example/", APP, "not the URL of a WebSocket: https://a.example/"),
        ("a.example", APP, "not the URL of a WebSocket: a.example"),
        ("", APP, "not the URL of a WebSocket: "),
        ("ws://", APP, "not a host and port: ''"),
        ("ws://a.example", "https://*.example.com", "not the origin of a page: "),
    ],
)
def test_handshake_that_no_page_can_make(url: str, page: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        explain_handshake(None, url, page=page)


ALLOWED: Final = ("Access-Control-Allow-Origin", APP)


def refused(
    reason: str, *headers: tuple[str, str], status: int | None = None, **options: Any
) -> Explanation:
    """Explain a POST that a live server's guard refused."""
    verdict = Verdict(GuardReason[reason])
    response = HttpResponse(status or verdict.response()[0], headers, verdict.body)
    fetch = Fetch(ITEMS, method="POST")
    outcome = BrowserModel(clock=lambda: 0.0).fetch(lambda _: response, APP, fetch)
    return explain_outcome(outcome, fetch, page=APP, **options)


@pytest.mark.parametrize("reason", [each.name for each in GuardReason if each.status])
@pytest.mark.parametrize("headers", [[], [ALLOWED]], ids=["blocked", "readable"])
def test_refusal_of_a_live_server(reason: str, headers: list[tuple[str, str]]) -> None:
    explanation = refused(reason, *headers)
    status = GuardReason[reason].status
    assert reason_of(explanation) == reason
    assert explanation.allowed == bool(headers)
    assert not explanation.succeeds
    assert "processed the request" not in str(explanation)
    assert f"server: Refuses the request by the guard: {status} [{reason}]" in titles(explanation)
    assert explanation.summary.endswith(f"[{reason}]")
    assert [str(fix) for fix in explanation.fixes] == [GUARD_HINTS[GuardReason[reason]]]
    data = explanation.to_dict()
    assert data["guard"]["status"] == status
    assert json.loads(json.dumps(data)) == data


def test_refusal_is_compared_with_the_policy() -> None:
    policy = CorsPolicy(allow_origins=["https://other.example"])
    fixes = refused("CROSS_SITE", policy=policy).fixes
    assert fixes[0].changes == {"allow_origins": ("https://other.example", APP)}


@pytest.mark.parametrize("reason", ["SAFE", "CROSS_SITE"])
def test_other_responses_are_no_refusals(reason: str) -> None:
    explanation = refused(reason, status=500)
    assert explanation.verdict is None
    assert "The server received and processed the request" in str(explanation)


def test_only_the_response_after_a_redirect_is_a_refusal() -> None:
    verdict = Verdict(GuardReason.SAME_SITE)
    responses = [
        HttpResponse(307, (ALLOWED, ("Location", "/other"))),
        HttpResponse(403, (ALLOWED,), verdict.body),
    ]
    fetch = Fetch(ITEMS, method="POST")
    outcome = BrowserModel(clock=lambda: 0.0).fetch(lambda _: responses.pop(0), APP, fetch)
    explanation = explain_outcome(outcome, fetch, page=APP)
    assert reason_of(explanation) == "SAME_SITE"
    kinds = [step.kind for step in explanation.steps]
    assert kinds[2:] == [
        "request", "response", "redirect", "request", "guard", "response", "end",
    ]  # fmt: skip
