"""The guard gives each request of the tables the verdict that they name."""

from __future__ import annotations

from typing import Any, Final

import pytest

from corekit import CorsPolicy, CorsRoutes
from corekit.guard import LOCAL_HOSTS, CrossOriginGuard, GuardReason
from tests.guard.rule_table import (
    CREDENTIALS,
    ENFORCED,
    EVIL,
    HOST,
    ISOLATED,
    LISTED,
    LISTED_OWN,
    OWN,
    PUBLIC,
    WEBSOCKETS,
    WRITES,
)


def describe(case: object) -> str | None:
    if isinstance(case, CorsPolicy):
        names = {CREDENTIALS: "credentials", PUBLIC: "public", LISTED_OWN: "own"}
        return names.get(case, "anybody")
    if isinstance(case, dict):
        return " ".join(f"{name}={value}" for name, value in case.items()) or "nothing"
    return None


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "get", "X"])
@pytest.mark.parametrize(("policy", "headers", "reason"), WRITES, ids=describe)
def test_writes(policy: CorsPolicy, headers: dict[str, Any], reason: str, method: str) -> None:
    verdict = CrossOriginGuard(policy).judge(method, "/orders", **{"host": HOST, **headers})
    assert verdict.reason is GuardReason[reason]
    assert verdict.allowed is (
        reason in ("SAME_ORIGIN", "USER", "LISTED_ORIGIN", "NO_BROWSER", "EXEMPT")
    )
    assert verdict.is_proven is (reason in ("SAME_ORIGIN", "LISTED_ORIGIN"))
    assert verdict.status == (None if verdict.allowed else 403)
    assert verdict.vary == ()


@pytest.mark.parametrize(("policy", "headers", "reason"), WRITES, ids=describe)
def test_values_may_be_bytes(policy: CorsPolicy, headers: dict[str, Any], reason: str) -> None:
    values: dict[str, Any] = {
        name: value.encode() if isinstance(value, str) and name != "scheme" else value
        for name, value in {"host": HOST, **headers}.items()
    }
    assert CrossOriginGuard(policy).judge("POST", "/", **values).reason is GuardReason[reason]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "QUERY"])
@pytest.mark.parametrize(("policy", "headers", "reason"), WRITES, ids=describe)
def test_safe_methods_are_not_judged(
    policy: CorsPolicy, headers: dict[str, Any], reason: str, method: str
) -> None:
    guard = CrossOriginGuard(policy)
    assert guard.judge(method, "/orders", **headers).reason is GuardReason.SAFE
    assert method in guard.skipped_methods


EXEMPTED: Final = [
    # Exemptions are asked last: what is allowed anyway has its own reason.
    ({"sec_fetch_site": "same-origin"}, "SAME_ORIGIN"),
    ({"sec_fetch_site": "cross-site", "origin": LISTED}, "LISTED_ORIGIN"),
    ({}, "NO_BROWSER"),
    ({"origin": OWN}, "SAME_ORIGIN"),
    # What has more than one reading, or credentials that the policy does not allow, stays refused.
    ({"sec_fetch_site": "none, cross-site"}, "SEVERAL_FETCH_SITES"),
    ({"sec_fetch_site": "cross-site", "origin": EVIL}, "EXEMPT"),
    ({"sec_fetch_site": "same-site", "origin": EVIL}, "EXEMPT"),
    ({"sec_fetch_site": "?"}, "EXEMPT"),
    ({"origin": "null"}, "EXEMPT"),
    ({"origin": EVIL}, "EXEMPT"),
]


@pytest.mark.parametrize(("headers", "reason"), EXEMPTED)
def test_exempt_path(headers: dict[str, Any], reason: str) -> None:
    guard = CrossOriginGuard(CREDENTIALS, exempt=["/saml/acs"])
    assert guard.judge("POST", "/saml/acs", host=HOST, **headers).reason is GuardReason[reason]


@pytest.mark.parametrize(
    ("path", "exempt"),
    [
        ("/saml/acs", True),
        ("/saml/acs/", False),
        ("/saml/acs/x", False),
        ("/saml", False),
        ("/SAML/acs", False),
        ("/hooks/", True),
        ("/hooks/a", True),
        ("/hooks/a/b/", True),
        ("/hooks", False),
        ("/hooksx", False),
        ("/hooks/../admin", False),
        ("/hooks/./a", False),
        ("/hooks//a", False),
        ("/hooks/a\\..\\b", False),
        ("/hooks/a\x00", False),
        ("/hooks/\ufffd", False),
        ("/admin", False),
        ("", False),
    ],
)
def test_exemptions_are_read_narrowly(path: str, exempt: bool) -> None:
    guard = CrossOriginGuard(CREDENTIALS, exempt=["/saml/acs", "/hooks/"])
    assert guard.is_exempt(path) is exempt
    verdict = guard.judge("POST", path, host=HOST, origin=EVIL)
    assert verdict.reason is (GuardReason.EXEMPT if exempt else GuardReason.OTHER_ORIGIN)


@pytest.mark.parametrize(
    ("headers", "path", "reason"),
    [
        ({}, "/", "BROWSERS_ONLY"),
        ({"cookie": "a=b"}, "/", "BROWSERS_ONLY"),
        ({}, "/hooks/", "EXEMPT"),
        ({"sec_fetch_site": "none"}, "/", "USER"),
        ({"origin": OWN}, "/", "SAME_ORIGIN"),
        ({"origin": EVIL}, "/", "OTHER_ORIGIN"),
        ({"sec_fetch_site": "cross-site"}, "/", "CROSS_SITE"),
    ],
)
def test_writes_of_browsers_only(headers: dict[str, Any], path: str, reason: str) -> None:
    guard = CrossOriginGuard(CREDENTIALS, writes="browsers", exempt=["/hooks/"])
    assert guard.judge("POST", path, host=HOST, **headers).reason is GuardReason[reason]


@pytest.mark.parametrize("method", ["GET", "CONNECT"])
@pytest.mark.parametrize(("policy", "headers", "reason"), WEBSOCKETS, ids=describe)
def test_handshakes(policy: CorsPolicy, headers: dict[str, Any], reason: str, method: str) -> None:
    guard = CrossOriginGuard(policy, exempt=["/live"])
    verdict = guard.judge(method, "/live", websocket=True, **{"host": HOST, **headers})
    assert verdict.reason is GuardReason[reason]


def test_handshakes_of_browsers_only() -> None:
    guard = CrossOriginGuard(CREDENTIALS, websockets="browsers")
    assert guard.judge("GET", "/", websocket=True).reason is GuardReason.BROWSERS_ONLY
    own = guard.judge("GET", "/", websocket=True, host=HOST, origin=OWN)
    assert own.reason is GuardReason.SAME_ORIGIN


def test_what_is_ignored() -> None:
    guard = CrossOriginGuard(CREDENTIALS, writes="ignore", websockets="ignore", hosts=[HOST])
    assert guard.judge("POST", "/", host=HOST, origin=EVIL).reason is GuardReason.IGNORED
    handshake = guard.judge("GET", "/", host=HOST, origin=EVIL, websocket=True)
    assert handshake.reason is GuardReason.IGNORED
    assert guard.judge("POST", "/", host="x").reason is GuardReason.HOST_NOT_ALLOWED
    assert guard.judge("GET", "/", host="x", websocket=True).status == 421


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "QUERY", "POST", "DELETE"])
@pytest.mark.parametrize("websocket", [False, True])
@pytest.mark.parametrize(
    ("host", "reason"),
    [
        (None, "HOST_MALFORMED"),
        ("", "HOST_MALFORMED"),
        ("a.example, a.example", "HOST_MALFORMED"),
        ("http://shop.example.com", "HOST_MALFORMED"),
        ("shop.example.com/", "HOST_MALFORMED"),
        ("user@shop.example.com", "HOST_MALFORMED"),
        ("shop.example.com:80:80", "HOST_MALFORMED"),
        ("shop.example.com:x", "HOST_MALFORMED"),
        ("[::1", "HOST_MALFORMED"),
        ("\x00", "HOST_MALFORMED"),
        ("b\xfccher.example", "HOST_MALFORMED"),
        ("rebind.example", "HOST_NOT_ALLOWED"),
        ("shop.example.com.evil.example", "HOST_NOT_ALLOWED"),
        ("shop.example.com", None),
        ("SHOP.Example.com.", None),
        ("shop.example.com:8000", None),
    ],
)
def test_hosts(host: str | None, reason: str | None, method: str, websocket: bool) -> None:
    guard = CrossOriginGuard(CREDENTIALS, hosts=["shop.example.com"])
    assert not guard.skipped_methods
    verdict = guard.judge(method, "/", host=host, websocket=websocket, sec_fetch_site="same-origin")
    if reason is None:
        assert verdict.allowed
    else:
        assert verdict.reason is GuardReason[reason]
        assert verdict.status == {"HOST_MALFORMED": 400, "HOST_NOT_ALLOWED": 421}[reason]


def test_rebinding_is_stopped_by_host_alone() -> None:
    # Both requests look like those of the server's own page.
    post: dict[str, Any] = {"host": "rebind.test:18501", "origin": "http://rebind.test:18501"}
    get: dict[str, Any] = {"host": "rebind.test:18501"}
    guard = CrossOriginGuard(CREDENTIALS)
    assert guard.judge("POST", "/", **post).allowed
    assert guard.judge("GET", "/", **get).allowed
    guard = CrossOriginGuard(CREDENTIALS, hosts=LOCAL_HOSTS)
    assert guard.judge("POST", "/", **post).status == 421
    assert guard.judge("GET", "/", **get).status == 421


@pytest.mark.parametrize("method", ["GET", "HEAD", "QUERY"])
@pytest.mark.parametrize(("policy", "headers", "reason"), ENFORCED, ids=describe)
def test_enforced_reads(
    policy: CorsPolicy, headers: dict[str, Any], reason: str, method: str
) -> None:
    guard = CrossOriginGuard(policy, reads="enforce", exempt=["/feed"])
    verdict = guard.judge(method, "/items", host=HOST, **headers)
    assert verdict.reason is GuardReason[reason]
    assert verdict.vary == ("Origin",)
    assert method not in guard.skipped_methods
    exempt = guard.judge(method, "/feed", host=HOST, **headers)
    assert exempt.allowed


@pytest.mark.parametrize(("method", "policy", "headers", "reason"), ISOLATED, ids=describe)
def test_isolated_reads(
    method: str, policy: CorsPolicy, headers: dict[str, Any], reason: str
) -> None:
    guard = CrossOriginGuard(policy, reads="isolate", exempt=["/feed"])
    verdict = guard.judge(method, "/items", host=HOST, **headers)
    assert verdict.reason is GuardReason[reason]
    assert verdict.vary == ("Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest")
    exempt = guard.judge(method, "/feed", host=HOST, **headers)
    assert exempt.allowed is (reason != "SEVERAL_FETCH_SITES")


@pytest.mark.parametrize("reads", ["enforce", "isolate"])
def test_options_are_not_reads(reads: Any) -> None:
    guard = CrossOriginGuard(PUBLIC, reads=reads)
    verdict = guard.judge("OPTIONS", "/", origin=EVIL, sec_fetch_site="cross-site")
    assert verdict.reason is GuardReason.SAFE
    assert guard.skipped_methods == {"OPTIONS"}


def test_own_origins_behind_a_proxy_that_changes_host() -> None:
    guard = CrossOriginGuard(PUBLIC, own_origins=[OWN], reads="enforce")
    for method, websocket in (("POST", False), ("GET", False), ("GET", True)):
        for origin, allowed in ((OWN, True), (EVIL, False), ("http://shop.example.com", False)):
            verdict = guard.judge(
                method, "/", host="internal:8000", origin=origin, websocket=websocket
            )
            assert verdict.allowed is allowed
    # The browser knows better.
    verdict = guard.judge("POST", "/", host="internal", origin=OWN, sec_fetch_site="cross-site")
    assert verdict.reason is GuardReason.CROSS_SITE


def test_policy_of_the_path_decides() -> None:
    partner = "https://partner.example"
    routes = CorsRoutes(
        [
            ("/partner/", CorsPolicy(allow_origins=[partner], allow_credentials=True)),
            ("/api/", CREDENTIALS),
        ]
    )
    guard = CrossOriginGuard(routes)
    for path, origin, allowed in (
        ("/partner/x", partner, True),
        ("/partner/x", LISTED, False),
        ("/api/x", LISTED, True),
        ("/api/x", partner, False),
        ("/other", LISTED, False),
        ("/api/../partner/x", LISTED, False),
        ("/api/../partner/x", partner, False),
    ):
        assert guard.judge("POST", path, host=HOST, origin=origin).allowed is allowed, path
    # Without a policy, only the server's own pages may write.
    assert guard.judge("POST", "/other", host=HOST, origin=OWN).allowed


def test_report_mode_refuses_nothing() -> None:
    guard = CrossOriginGuard(PUBLIC, hosts=[HOST], reads="enforce", mode="report")
    requests: list[dict[str, Any]] = [{"host": "x"}, {"host": HOST, "origin": EVIL}]
    for headers in requests:
        for method in ("GET", "POST"):
            verdict = guard.judge(method, "/", **headers)
            assert (verdict.allowed, verdict.is_enforced, verdict.status) == (False, False, None)
