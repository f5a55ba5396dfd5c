"""The candidate of a `LivePolicy`, in every adapter: it is compared, and changes no response."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, Final

import pytest

from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit.adapter import MARKS
from corekit.browser import HttpRequest, HttpResponse
from corekit.shadow import ShadowEvent
from tests.frameworks.live_apps import LIVE_APPS, Setup
from tests.frameworks.observing import HEADERS, METHOD
from tests.properties.adapters import ADAPTERS
from tests.properties.application import Application, Send

APP: Final = "https://app.example.com"
ADMIN: Final = "https://admin.example.com"
SITE: Final = "https://api.example.org"

ENFORCED: Final = CorsPolicy(
    allow_origins=[APP, ADMIN], allow_credentials=True, allow_methods=["PUT"], max_age=600
)
CANDIDATE: Final = CorsPolicy(
    allow_origins=[APP, "https://new.example.com"],
    allow_methods=["PUT"],
    allow_headers=["x-a"],
    expose_headers=["x-total"],
)
EXPECTED: Final = [
    ("GET", None, {}, None),
    ("GET", APP, {}, "would_differ CREDENTIALS_DENIED READING_GRANTED"),
    ("GET", ADMIN, {}, "would_deny ORIGIN_DENIED"),
    ("POST", "https://new.example.com", {}, "would_grant ORIGIN_GRANTED"),
    ("GET", "https://evil.example", {}, None),
    ("POST", SITE, {}, None),
    ("OPTIONS", APP, {METHOD: "PUT"}, "would_differ CREDENTIALS_DENIED"),
    ("OPTIONS", APP, {METHOD: "PUT", HEADERS: "x-a"}, "would_differ HEADERS_GRANTED"),
    ("OPTIONS", ADMIN, {METHOD: "PUT"}, "would_deny ORIGIN_DENIED"),
    ("OPTIONS", "https://evil.example", {METHOD: "PUT"}, None),
    ("OPTIONS", ADMIN, {}, "would_deny ORIGIN_DENIED"),
]
"""Requests, and the kind and the reasons of the event, None for no event."""

in_adapters = pytest.mark.parametrize("name", ADAPTERS)


def ask(
    send: Send, method: str, origin: str | None, more: dict[str, str], path: str = "/items"
) -> HttpResponse:
    own = {} if origin is None else {"Origin": origin}
    return send(HttpRequest(method, f"{SITE}{path}", (*own.items(), *more.items())))


def serve(name: str, policy: CorsPolicy | CorsRoutes | LivePolicy) -> Send:
    return ADAPTERS[name](policy, Application(200, [("X-Total", "1"), ("Vary", "Accept")]))


def summarize(event: ShadowEvent) -> str:
    return " ".join([event.kind.value, *(reason.name for reason in event.reasons)])


@in_adapters
@pytest.mark.parametrize("has_marks", [True, False])
@pytest.mark.parametrize("enforced", [ENFORCED, CorsRoutes([("/", ENFORCED)])])
def test_differences_are_reported_and_responses_stay(
    monkeypatch: pytest.MonkeyPatch, name: str, has_marks: bool, enforced: CorsPolicy | CorsRoutes
) -> None:
    monkeypatch.setattr(MARKS, "exist", has_marks)
    monkeypatch.setattr(logging.getLogger(f"corekit.{name}"), "disabled", True)
    events: list[ShadowEvent] = []
    live = LivePolicy(enforced, candidate=CANDIDATE, on_difference=events.append)
    send, send_without = serve(name, live), serve(name, enforced)
    for method, origin, more, expected in EXPECTED:
        events.clear()
        response, usual = (ask(each, method, origin, more) for each in (send, send_without))
        assert response == usual
        assert [*map(summarize, events)] == ([] if expected is None else [expected])
        for event in events:
            assert (event.adapter, event.method, event.path) == (name, method, "/items")
            assert (event.origin, event.request_method) == (origin, more.get(METHOD))
            assert event.request is not None


def fail(event: ShadowEvent) -> None:
    raise LookupError("a bug of the function")


class Broken(CorsRoutes):
    def policy_for(self, path: str) -> CorsPolicy | None:
        raise LookupError("a bug of the candidate")


@in_adapters
@pytest.mark.parametrize(
    ("candidate", "function"), [(CANDIDATE, fail), (Broken([("/", CANDIDATE)]), None)]
)
def test_exceptions_do_not_reach_the_response(
    name: str,
    candidate: CorsPolicy | CorsRoutes,
    function: Callable[[ShadowEvent], None] | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    live = LivePolicy(ENFORCED, candidate=candidate, on_difference=function)
    send, send_without = serve(name, live), serve(name, ENFORCED)
    for method, more in (("GET", {}), ("OPTIONS", {METHOD: "PUT"})):
        response, usual = (ask(each, method, ADMIN, more) for each in (send, send_without))
        assert response == usual
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert [record.name for record in errors] == [f"corekit.{name}"] * 2


@in_adapters
def test_first_difference_is_a_warning(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, f"corekit.{name}")
    send = serve(name, LivePolicy(ENFORCED, candidate=CANDIDATE))
    for _ in range(2):
        ask(send, "GET", ADMIN, {})
    found = [record for record in caplog.records if "CORS shadow: " in record.getMessage()]
    assert [record.levelname for record in found] == ["WARNING", "INFO"]


@in_adapters
def test_candidate_changes_while_serving(name: str) -> None:
    events: list[ShadowEvent] = []
    live = LivePolicy(ENFORCED, on_difference=events.append)
    send = serve(name, live)
    found = []
    for change in (
        lambda: None,
        lambda: setattr(live, "candidate", CANDIDATE),
        lambda: live.replace(CANDIDATE),
        lambda: setattr(live, "candidate", None),
    ):
        change()
        events.clear()
        response = ask(send, "GET", ADMIN, {})
        granted = any(
            field.lower() == "access-control-allow-origin" for field, _ in response.headers
        )
        found.append((granted, len(events)))
    assert found == [(True, 0), (True, 1), (False, 0), (False, 0)]


@in_adapters
def test_candidate_is_asked_for_the_path_that_chooses_the_policy(name: str) -> None:
    events: list[Any] = []
    routes = CorsRoutes([("/public/", CorsPolicy(allow_origins=["*"])), ("/", ENFORCED)])
    send = serve(name, LivePolicy(ENFORCED, candidate=routes, on_difference=events.append))
    for path in ("/public/caf%C3%A9", "/private"):
        ask(send, "GET", "https://evil.example", {}, path)
    assert [event.path for event in events] == ["/public/caf\u00e9"]


@pytest.fixture
def site() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.parametrize("make", LIVE_APPS, ids=lambda make: make.__name__)
@pytest.mark.parametrize(
    ("own", "default"), [(True, False), (True, True), (False, True)], ids=["own", "both", "default"]
)
def test_policy_of_a_handler_is_compared_with_its_own_candidate(
    make: Callable[[Setup], Send], site: ExitStack, own: bool, default: bool
) -> None:
    """Also if the same live policy is that of the application, and hidden handlers run under it."""
    events: list[ShadowEvent] = []
    live = LivePolicy(ENFORCED, candidate=CANDIDATE, on_difference=events.append)
    send = make(
        Setup(
            live if default else ENFORCED,
            live if own else ENFORCED,
            lambda: None,
            not (own and default),
            site,
        )
    )
    response = ask(send, "GET", ADMIN, {}, "/own")
    assert (response.status, response.body.strip(b'"')) == (200, b"secret")
    ask(send, "OPTIONS", ADMIN, {METHOD: "PUT"}, "/own")
    assert [*map(summarize, events)] == ["would_deny ORIGIN_DENIED"] * (2 if own else 0)
