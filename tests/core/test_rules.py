"""Which entry of `allow_origins` matched, which route, and how to fix a denial."""

from __future__ import annotations

import pytest

from corekit import CorsPolicy, CorsRoutes
from corekit._containers import AnyOrigin
from corekit._origins import OriginPattern, OriginSet
from corekit.compat import RegexCorsPolicy
from corekit.routes import RouteMatch

APP = "https://app.example.com"
EVIL = "https://evil.example"
PATTERNS = ["https://*.example.com", "https://pr-*.example.org", "http://localhost:*"]


@pytest.mark.parametrize(
    ("origin", "rule"),
    [
        (APP, APP),
        ("https://a.b.example.com", "https://*.example.com"),
        ("https://pr-7.example.org", "https://pr-*.example.org"),
        ("http://localhost:3000", "http://localhost:*"),
        ("http://localhost", "http://localhost:*"),
        (EVIL, None),
        ("nonsense", None),
    ],
)
def test_rule_is_the_entry_that_matched(origin: str, rule: str | None) -> None:
    policy = CorsPolicy(allow_origins=[APP, *PATTERNS])
    assert policy.decide("GET", origin=origin).rule == rule
    assert policy.decide("OPTIONS", origin=origin, request_method="GET").rule == rule
    assert policy.engine.find_rule(origin) == rule
    found = OriginSet([APP], filter(None, map(OriginPattern.parse, PATTERNS)))
    assert found.find(origin) == rule
    assert (origin in found) is (rule is not None)


def test_rule_of_any_port_covers_subdomains() -> None:
    policy = CorsPolicy(allow_origins=["http://*.localhost:*", "http://*.localhost:1"])
    assert policy.decide("GET", origin="http://a.localhost:1").rule == "http://*.localhost:*"


def test_rule_of_any_origin_is_the_wildcard() -> None:
    policy = CorsPolicy(allow_origins=["*"])
    assert policy.decide("GET", origin=APP).rule == "*"
    assert policy.decide("GET").rule is None
    assert policy.decide("GET", origin="nonsense").rule == "*"
    assert AnyOrigin().find("nonsense") == "*"


def test_rule_may_be_a_regular_expression() -> None:
    policy = RegexCorsPolicy(allow_origins=[APP], allow_origin_regexes=[r"https://[a-z]+\.test"])
    assert policy.decide("GET", origin=APP).rule == APP
    assert policy.decide("GET", origin="https://a.test").rule == r"https://[a-z]+\.test"
    assert policy.decide("GET", origin="https://1.test").rule is None


def test_own_container_of_origins_has_no_rules() -> None:
    engine = CorsPolicy(allow_origins=[APP]).engine_for({EVIL})
    assert engine.allows(EVIL)
    assert engine.find_rule(EVIL) is None


def test_routes_return_the_route_that_matched() -> None:
    api = CorsPolicy(allow_origins=[APP])
    routes = CorsRoutes([("/api/", api)])
    assert routes.find("/api") == routes.find("/api/items") == RouteMatch(api, "/api/")
    assert routes.find("/other") is None
    assert routes.find("/api/../other") == RouteMatch(CorsPolicy.deny_all(), None)
    assert routes.find("/other/../api/") == RouteMatch(CorsPolicy.deny_all(), None)
    assert routes.find("/api/./items") == RouteMatch(api, "/api/")


POLICY = CorsPolicy(
    allow_origins=[APP], allow_methods=["PATCH"], allow_headers=["x-csrftoken", "x-a"]
)

HINTS: dict[str, tuple[str, str | None, str | None, str]] = {
    "typo in origin": (
        "https://ap.example.com",
        None,
        None,
        f"Nearest allowed origin: '{APP}'. Add 'https://ap.example.com' to allow_origins.",
    ),
    "unknown origin": (EVIL, None, None, f"Add '{EVIL}' to allow_origins."),
    "opaque origin": (
        "null",
        None,
        None,
        "Browsers send it for sandboxed iframes and local files: use a page with an origin.",
    ),
    "malformed origin": ("nonsense", None, None, ""),
    "case of method": (
        APP,
        "patch",
        None,
        "Send 'PATCH' instead of 'patch': method names are case-sensitive.",
    ),
    "typo in method": (
        APP,
        "PATC",
        None,
        "Nearest allowed method: 'PATCH'. Add 'PATC' to allow_methods.",
    ),
    "unknown method": (APP, "DELETE", None, "Add 'DELETE' to allow_methods."),
    "malformed method": (APP, "@", None, ""),
    "typo in header": (
        APP,
        "GET",
        "x-csrf-token",
        "Nearest allowed header: 'x-csrftoken'. Add 'x-csrf-token' to allow_headers.",
    ),
    "many unknown headers": (
        APP,
        "GET",
        "h1,h2,h3,h4,h5,h6,h7,x-a",
        "Add 'h1', 'h2', 'h3', 'h4', 'h5' and 2 more to allow_headers.",
    ),
    "malformed headers": (APP, "GET", "@@", ""),
    "allowed": (APP, "GET", "x-a", ""),
}


@pytest.mark.parametrize("name", HINTS)
def test_hint_fixes_the_denial(name: str) -> None:
    origin, method, headers, hint = HINTS[name]
    decision = POLICY.decide(
        "OPTIONS", origin=origin, request_method=method, request_headers=headers
    )
    assert decision.hint == decision.hint == hint


def test_only_uncovered_headers_are_missing() -> None:
    public = CorsPolicy(allow_origins=["*"], allow_headers=["*"]).engine
    assert public.missing_headers("x-a,authorization") == ["authorization"]
    private = CorsPolicy(allow_origins=[APP], allow_credentials=True, allow_headers=["*"]).engine
    assert private.missing_headers("*,x-a") == ["*"]
    assert private.missing_headers("@@") == []


def test_request_without_origin_has_no_hint() -> None:
    assert POLICY.decide("GET").hint == ""


def test_near_origin_is_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from corekit import _hints

    searched: list[str] = []
    monkeypatch.setattr(_hints, "find_near_origins", lambda _, origin: searched.append(origin))
    decision = POLICY.decide("GET", origin=EVIL)
    assert decision.hint == decision.hint
    assert searched == [EVIL]


CREDENTIALS = CorsPolicy(
    allow_origins=["https://app.example.com"],
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["*"],
)


@pytest.mark.parametrize(
    ("method", "headers", "hint"),
    [
        ("*", None, "Send the name of a method."),
        ("PUT", "*", "Send the names of headers that a page can set."),
    ],
)
def test_hint_does_not_repeat_a_wildcard(method: str, headers: str | None, hint: str) -> None:
    decision = CREDENTIALS.decide(
        "OPTIONS",
        origin="https://app.example.com",
        request_method=method,
        request_headers=headers,
    )
    assert not decision.allowed
    assert decision.hint == hint


@pytest.mark.parametrize(
    ("method", "headers", "hint"),
    [
        ("delete", None, "Add 'DELETE' to allow_methods, and send it in upper case."),
        ("GET", "cookie", "Send the names of headers that a page can set."),
        ("GET", "cookie, x-a", "Add 'x-a' to allow_headers."),
    ],
)
def test_hint_is_accepted_by_the_policy(method: str, headers: str | None, hint: str) -> None:
    policy = CorsPolicy(allow_origins=["https://app.example.com"])
    decision = policy.decide(
        "OPTIONS",
        origin="https://app.example.com",
        request_method=method,
        request_headers=headers,
    )
    assert decision.hint == hint


def test_near_miss_is_not_searched_in_a_long_list() -> None:
    origins = [f"https://tenant-{number}.example" for number in range(501)]
    for count, nearest in ((500, True), (501, False)):
        policy = CorsPolicy(allow_origins=origins[:count])
        hint = policy.decide("GET", origin="https://tenant-0.example:8443").hint
        assert hint.startswith("Nearest allowed origin: 'https://tenant-0.example'.") is nearest


def test_container_is_not_asked_for_the_rule_of_an_impossible_origin() -> None:
    class Everything:
        def __contains__(self, origin: str) -> bool:
            return True

        def find(self, origin: str) -> str | None:
            return "everything"

    policy = CorsPolicy(allow_origins=[APP], allow_credentials=True)
    engine = policy.engine_for(Everything())
    assert engine.find_rule("https://other.example") == "everything"
    for origin in ("null", "not an origin", "https://a.example/"):
        assert engine.find_rule(origin) is None
