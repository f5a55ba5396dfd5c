"""A policy that is replaced while an application serves, in every adapter.

Each response is that of one policy: the one that the request found when it arrived.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice, product
from threading import Semaphore, Thread
from typing import Final

import pytest

from corekit import CorsPolicy, CorsRoutes, DecisionEvent, LivePolicy
from corekit.adapter import MARKS
from corekit.browser import HttpRequest, HttpResponse
from corekit.guard import CrossOriginGuard, GuardEvent
from tests.frameworks.guard_table import GUARDED, SITE, Guarded
from tests.frameworks.live_holder import CountingPolicy
from tests.properties.adapters import ADAPTERS
from tests.properties.application import Application, Send

APP: Final = "https://app.example.com"
ADMIN: Final = "https://admin.example.com"

OLD: Final = CorsPolicy(
    allow_origins=[APP], allow_credentials=True, allow_methods=["PUT"], expose_headers=["x-old"]
)
NEW: Final = CorsRoutes(
    [
        (
            "/",
            CorsPolicy(
                allow_origins=[ADMIN],
                allow_credentials=True,
                allow_methods=["DELETE"],
                allow_headers=["x-new"],
                expose_headers=["x-new"],
                max_age=600,
            ),
        )
    ]
)
ANYONE: Final = CorsPolicy(allow_origins=["*"], expose_headers=["x-any"])

CORS_ADAPTERS: Final = {name: each for name, each in GUARDED.items() if each.writes_cors}
SHARES: Final = {"asgi": 15, "wsgi": 15, "starlette": 5, "fastapi": 5}
"""How many of the requests are for fast adapters, if the others get one each."""

guarded = pytest.mark.parametrize("adapter", GUARDED.values(), ids=GUARDED)
guarded_with_cors = pytest.mark.parametrize("adapter", CORS_ADAPTERS.values(), ids=CORS_ADAPTERS)


def request(method: str, origin: str | None, *more: tuple[str, str]) -> HttpRequest:
    own = () if origin is None else (("Origin", origin),)
    return HttpRequest(method, f"{SITE}/orders", (*own, *more))


def preflight(origin: str) -> HttpRequest:
    return request("OPTIONS", origin, ("Access-Control-Request-Method", "PUT"))


REQUESTS: Final = [
    *(request(method, origin) for method, origin in product(("GET", "POST"), (APP, ADMIN, None))),
    preflight(APP),
    preflight(ADMIN),
]


@dataclass(frozen=True)
class Summary:
    """What differs between the responses of two policies."""

    status: int
    body: bytes
    headers: frozenset[tuple[str, str]]


def summarize(response: HttpResponse) -> Summary:
    names = ("access-control-", "vary", "content-length")
    headers = [(name.lower(), value) for name, value in response.headers]
    kept = frozenset(each for each in headers if each[0].startswith(names))
    return Summary(response.status, response.body, kept)


class Working(Application):
    """An application during whose work a policy is replaced."""

    def __init__(self, live: LivePolicy, new: CorsPolicy | CorsRoutes) -> None:
        super().__init__(200, [("Vary", "Accept")])
        self.reached = _Replacing(live, new)


class _Replacing(list[str]):
    def __init__(self, live: LivePolicy, new: CorsPolicy | CorsRoutes) -> None:
        self._live = live
        self._new = new

    def append(self, method: str) -> None:
        super().append(method)
        self._live.replace(self._new)


def serve(
    adapter: Guarded,
    policy: CorsPolicy | CorsRoutes | LivePolicy,
    application: Application | None = None,
) -> Send:
    """Return what sends a request to a small application with this policy and its guard."""
    guard = CrossOriginGuard(policy, reads="enforce")
    return adapter.protect(guard, application or Application(200, []), lambda _: None)


@guarded_with_cors
@pytest.mark.parametrize(
    ("old", "new"),
    [(OLD, NEW), (NEW, OLD), (OLD, ANYONE), (ANYONE, NEW), (OLD, CorsPolicy.deny_all())],
)
def test_next_request_is_answered_by_the_new_policy(
    adapter: Guarded, old: CorsPolicy | CorsRoutes, new: CorsPolicy | CorsRoutes
) -> None:
    live = LivePolicy(old)
    send = serve(adapter, live)
    for policy in (old, new, old):
        live.replace(policy)
        send_static = serve(adapter, policy)
        for each in REQUESTS:
            assert summarize(send(each)) == summarize(send_static(each))


@guarded_with_cors
@pytest.mark.parametrize(("old", "new"), [(OLD, NEW), (NEW, OLD), (OLD, ANYONE), (ANYONE, OLD)])
@pytest.mark.parametrize("origin", [APP, ADMIN, None])
def test_request_keeps_the_policy_that_it_found(
    adapter: Guarded,
    old: CorsPolicy | CorsRoutes,
    new: CorsPolicy | CorsRoutes,
    origin: str | None,
) -> None:
    live = LivePolicy(old)
    guard = CrossOriginGuard(live)
    application = Working(live, new)
    send = adapter.protect(guard, application, lambda _: None)
    expected = [
        summarize(
            adapter.protect(
                CrossOriginGuard(policy), Application(200, [("Vary", "Accept")]), lambda _: None
            )(request("GET", origin))
        )
        for policy in (old, new)
    ]
    found = [summarize(send(request("GET", origin))) for _ in range(2)]
    assert len(application.reached) == 2
    assert live.policy is new
    assert found == expected


@pytest.mark.parametrize("name", ADAPTERS)
@pytest.mark.parametrize("has_marks", [True, False])
def test_request_without_a_guard_keeps_its_policy(
    monkeypatch: pytest.MonkeyPatch, name: str, has_marks: bool
) -> None:
    monkeypatch.setattr(MARKS, "exist", has_marks)
    live = LivePolicy(OLD)
    events: list[DecisionEvent] = []
    send = ADAPTERS[name](live, Working(live, NEW), events.append)
    found = [summarize(send(request("GET", ADMIN))) for _ in range(2)]
    static = [
        ADAPTERS[name](policy, Application(200, [("Vary", "Accept")])) for policy in (OLD, NEW)
    ]
    assert found == [summarize(each(request("GET", ADMIN))) for each in static]
    # The event names the policy that answered.
    assert isinstance(NEW, CorsRoutes)
    names = [OLD.fingerprint, NEW.routes[0][1].fingerprint]
    assert [event.fingerprint for event in events] == names
    assert [event.outcome for event in events] == ["denied", "granted"]


@guarded
def test_guard_judges_by_the_policy_that_the_request_found(adapter: Guarded) -> None:
    live = LivePolicy(OLD)
    events: list[GuardEvent] = []
    application = Working(live, NEW)
    send = adapter.protect(CrossOriginGuard(live), application, events.append)
    write = request("POST", APP, ("Sec-Fetch-Site", "cross-site"))
    assert send(write).status == 200
    assert send(write).status == 403
    assert [event.verdict.allowed for event in events] == [True, False]


@pytest.mark.parametrize("has_marks", [True, False])
@pytest.mark.parametrize("name", [name for name in GUARDED if "django" not in name])
def test_holder_is_read_once_for_each_request(
    monkeypatch: pytest.MonkeyPatch, name: str, has_marks: bool
) -> None:
    """The settings of Django are read again for each request of these tests: see tests/django."""
    monkeypatch.setattr(MARKS, "exist", has_marks)
    adapter, live = GUARDED[name], CountingPolicy(OLD)
    send = serve(adapter, live)
    # Starlette builds its layers with the first request.
    send(REQUESTS[0])
    for policy in (OLD, NEW, ANYONE):
        live.replace(policy)
        for each in REQUESTS:
            before = live.reads
            send(each)
            is_skipped = each.method == "OPTIONS" and not adapter.writes_cors
            assert live.reads - before == (0 if is_skipped else 1)


@contextmanager
def quick_switching() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        sys.setswitchinterval(interval)


def test_no_response_is_a_mix_under_load() -> None:
    """10,000 requests in all adapters, while another thread replaces the policy 1,000 times."""
    live = LivePolicy(OLD, on_widen="allow")
    expected = {
        (name, number): [summarize(serve(adapter, policy)(each)) for policy in (OLD, NEW)]
        for name, adapter in CORS_ADAPTERS.items()
        for number, each in enumerate(REQUESTS)
    }
    sends = {name: serve(adapter, live) for name, adapter in CORS_ADAPTERS.items()}
    turns = Semaphore(0)

    def replace() -> None:
        policies: Iterator[CorsPolicy | CorsRoutes] = cycle((NEW, OLD))
        for policy in islice(policies, 1_000):
            turns.acquire(timeout=10)
            live.replace(policy)

    thread = Thread(target=replace)
    policies_of = set()
    with quick_switching():
        thread.start()
        try:
            names = [name for name in sends for _ in range(SHARES.get(name, 1))]
            work = cycle(product(enumerate(REQUESTS), names))
            for sent, ((number, each), name) in enumerate(islice(work, 10_000)):
                if sent % 10 == 0:
                    # The thread runs while the next requests do.
                    turns.release()
                response = summarize(sends[name](each))
                assert response in expected[name, number]
                policies_of.add((name, expected[name, number].index(response)))
        finally:
            turns.release(1_000)
            thread.join(60)
    assert live.generation == 1_001
    assert policies_of == set(product(sends, (0, 1)))
