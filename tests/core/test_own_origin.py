"""Requests from pages of the server itself, which browsers send with Origin too."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy, DecisionEvent, Reason, RequestKind
from corekit._own_origin import is_own_origin
from corekit.events import Observer

SITE = "https://example.com"
HOSTS = ["example.com", "www.example.com", "localhost", "127.0.0.1", "[::1]"]


@pytest.mark.parametrize(
    ("origin", "host", "site", "expected"),
    [
        # What Chromium sends: the same origin has the header on HTTPS and on loopback.
        (SITE, "example.com", "same-origin", True),
        (SITE, "internal:8000", "same-origin", True),
        ("null", "example.com", "same-origin", True),
        ("null", "example.com", "cross-site", False),
        (SITE, "example.com", "same-site", False),
        (SITE, "example.com", "none", False),
        (SITE, "example.com", "same-origin, same-origin", False),
        (SITE, "example.com", "", False),
        # Plain HTTP, and older browsers.
        (SITE, "example.com", None, True),
        ("http://example.com", "example.com", None, True),
        (SITE, "example.com:443", None, True),
        (SITE, "EXAMPLE.com", None, True),
        ("https://example.com:8443", "example.com:8443", None, True),
        ("http://[::1]:8000", "[::1]:8000", None, True),
        ("http://[::1]", "[::1]", None, True),
        (SITE, "example.com:80", None, False),
        ("http://example.com", "example.com:443", None, False),
        ("https://example.com:8443", "example.com", None, False),
        ("http://localhost:5173", "localhost:8000", None, False),
        ("http://127.0.0.1:8000", "localhost:8000", None, False),
        ("https://www.example.com", "example.com", None, False),
        (SITE, "example.com.evil.example", None, False),
        (SITE, "example.com, example.com", None, False),
        (SITE, "example.com.", None, False),
        (SITE, "example.com:", None, False),
        (SITE, "", None, False),
        (SITE, None, None, False),
        ("null", "null", None, False),
        ("file://", "", None, False),
        ("not an origin", "not an origin", None, False),
        (None, "example.com", None, False),
        (None, "example.com", "same-origin", False),
    ],
)
def test_own_origin(origin: str | None, host: str | None, site: str | None, expected: bool) -> None:
    assert is_own_origin(origin, host, site) is expected


@given(
    st.sampled_from(["http", "https"]),
    st.tuples(st.sampled_from(HOSTS), st.sampled_from(["", "8000", "8443"])),
    st.tuples(st.sampled_from(HOSTS), st.sampled_from(["", "80", "443", "8000", "8443"])),
)
def test_host_and_port_are_compared(
    scheme: str, page: tuple[str, str], server: tuple[str, str]
) -> None:
    def write(host: str, port: str) -> str:
        return f"{host}:{port}" if port else host

    default = {"http": "80", "https": "443"}[scheme]
    expected = (page[0], page[1] or default) == (server[0], server[1] or default)
    origin = f"{scheme}://{write(*page)}"
    assert is_own_origin(origin, write(*server), None) is expected
    assert is_own_origin(origin, write(*server).upper(), None) is expected


def test_decision_on_a_page_of_the_server_itself() -> None:
    policy = CorsPolicy(allow_origins=["https://app.example.com"])
    denied = policy.decide("POST", origin=SITE)
    own = policy.decide("POST", origin=SITE, host="example.com")
    assert (own.kind, own.reason, own.allowed) == (RequestKind.NOT_CORS, Reason.SAME_ORIGIN, True)
    assert own.hint == ""
    assert (own.headers, own.vary, own.status) == (denied.headers, denied.vary, denied.status)
    assert own != denied
    assert policy.decide("POST", origin=SITE.encode(), host=b"example.com") == own
    assert policy.decide("POST", origin="null", sec_fetch_site="same-origin").allowed
    assert not policy.decide(
        "POST", origin=SITE, host="example.com", sec_fetch_site="cross-site"
    ).allowed


def test_preflight_is_never_for_the_own_server() -> None:
    policy = CorsPolicy(allow_origins=["https://app.example.com"])
    decision = policy.decide(
        "OPTIONS",
        origin=SITE,
        request_method="PUT",
        host="example.com",
        sec_fetch_site="same-origin",
    )
    assert (decision.kind, decision.reason) == (RequestKind.PREFLIGHT, Reason.ORIGIN_NOT_ALLOWED)


@pytest.mark.parametrize(
    ("origin", "site", "reason"),
    [
        (SITE, None, Reason.SAME_ORIGIN),
        (SITE, "same-origin", Reason.SAME_ORIGIN),
        (SITE, "cross-site", Reason.ORIGIN_NOT_ALLOWED),
        ("https://www.example.com", None, Reason.ORIGIN_NOT_ALLOWED),
    ],
)
def test_observer_knows_the_origins_of_a_server_behind_a_proxy(
    origin: str, site: str | None, reason: Reason
) -> None:
    events: list[DecisionEvent] = []
    logger = logging.getLogger("corekit.tests")
    observer = Observer("asgi", logger, on_decision=events.append, own_origins=[SITE])
    engine = CorsPolicy.deny_all().engine
    observer.observe(
        engine,
        engine.actual(origin),
        method="POST",
        path="/",
        origin=origin,
        host="internal:8000",
        sec_fetch_site=site,
        request=None,
    )
    assert [event.decision.reason for event in events] == [reason]
