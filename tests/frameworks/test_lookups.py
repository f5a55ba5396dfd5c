"""Origins that a function knows, in every adapter: who is asked when, and what follows from it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from flask import Flask
from sanic import Sanic
from starlette.applications import Starlette

import corekit_aiohttp
import corekit_flask
import corekit_sanic
import corekit_starlette
from corekit import CorsPolicy, CorsRoutes, LivePolicy, Reason
from corekit.adapter import MARKS
from corekit.browser import HttpRequest
from corekit.guard import CrossOriginGuard
from corekit_lookups import LookupRequest, OriginLookup
from tests.clock import Clock
from tests.frameworks.guard_table import SITE, Guarded
from tests.frameworks.looked_up import (
    EVIL,
    LATE,
    LISTED,
    PLAIN,
    POLICY,
    ROUTES,
    SERVED,
    SHOP,
    THREADS,
    UNKNOWN,
    Served,
    Table,
    cors_of,
    varies,
)
from tests.properties.application import Application

adapters = pytest.mark.parametrize("adapter", SERVED.values(), ids=SERVED)
kinds = pytest.mark.parametrize("is_preflight", [False, True], ids=["actual", "preflight"])


def logged(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return the lines of look-ups; a thread may write one after the response."""
    records: list[logging.LogRecord] = []
    for _ in range(500):
        records = [each for each in caplog.records if each.name == "corekit.lookups"]
        if records:
            break
        time.sleep(0.01)
    return records


@adapters
@kinds
def test_looked_up_origin_gets_what_a_listed_one_does(adapter: Guarded, is_preflight: bool) -> None:
    table = Table()
    served = Served(adapter, table)
    response = served.ask(SHOP, is_preflight=is_preflight)
    listed = served.ask(LISTED, is_preflight=is_preflight)
    assert (response.status, response.body) == (listed.status, listed.body)
    assert cors_of(response) == {**cors_of(listed), "access-control-allow-origin": SHOP}
    assert cors_of(response)["access-control-allow-credentials"] == "true"
    assert varies(response)
    assert [event.outcome for event in served.events] == ["granted", "granted"]
    assert [event.decision.lookup for event in served.events] == ["allowed", None]
    assert [event.decision.rule for event in served.events] == [None, LISTED]
    assert table.calls == [SHOP]


@adapters
@kinds
def test_other_origin_is_denied(adapter: Guarded, is_preflight: bool) -> None:
    served = Served(adapter, Table())
    response = served.ask(EVIL, is_preflight=is_preflight)
    assert response.status == (403 if is_preflight else 200)
    assert cors_of(response) == ({} if is_preflight else {"cache-control": "max-age=60"})
    assert varies(response)
    (event,) = served.events
    assert (event.decision.reason, event.decision.lookup) == (Reason.ORIGIN_NOT_ALLOWED, "denied")


@adapters
@kinds
@pytest.mark.parametrize("origin", [UNKNOWN, LATE])
def test_ignorance_is_not_a_denial(adapter: Guarded, is_preflight: bool, origin: str) -> None:
    served = Served(adapter, Table(), timeout=0.005 if origin == LATE else 10)
    response = served.ask(origin, is_preflight=is_preflight)
    unknown = {"cache-control": "no-store"}
    if is_preflight:
        assert response.status == 503
        assert cors_of(response) == {**unknown, "retry-after": "1"}
        assert served.application.reached == []
    else:
        assert (response.status, response.body) == (200, b"secret")
        assert cors_of(response) == unknown
    assert varies(response)
    (event,) = served.events
    outcome = "timed_out" if origin == LATE else "failed"
    assert (event.outcome, event.decision.reason) == ("denied", Reason.ORIGIN_UNKNOWN)
    assert str(event).endswith(f"[ORIGIN_UNKNOWN, look-up {outcome}]")


@adapters
def test_result_that_is_not_a_bool_allows_nothing(
    adapter: Guarded, caplog: pytest.LogCaptureFixture
) -> None:
    served = Served(adapter, lambda origin: "yes")
    assert served.ask(SHOP, is_preflight=True).status == 503
    assert served.ask(SHOP).status == 200
    assert [event.decision.reason for event in served.events] == [Reason.ORIGIN_UNKNOWN] * 2
    (record,) = logged(caplog)
    assert record.levelno == logging.ERROR
    text = f"{record.getMessage()} {record.exc_info}"
    assert "returned 'yes', of type str. Return True or False." in text


@adapters
def test_old_answer_is_used_and_named(adapter: Guarded) -> None:
    clock, results = Clock(), iter([True])
    served = Served(adapter, lambda origin: next(results), stale_if_error=60, clock=clock)
    served.ask(SHOP)
    clock.now = 61
    assert cors_of(served.ask(SHOP))["access-control-allow-origin"] == SHOP
    assert [event.decision.lookup for event in served.events] == ["allowed", "stale_allowed"]


@adapters
@kinds
@pytest.mark.parametrize(
    ("origin", "path"),
    [
        (LISTED, "/orders"),
        ("null", "/orders"),
        ("file://", "/orders"),
        ("http://shop-1.example", "/orders"),
        (f"{SHOP}/", "/orders"),
        (f"{SHOP}, {EVIL}", "/orders"),
        (SHOP, "/public/feed"),
        ("null", "/public/feed"),
    ],
)
def test_look_up_is_not_asked(adapter: Guarded, is_preflight: bool, origin: str, path: str) -> None:
    table = Table()
    served = Served(adapter, table, ROUTES)
    served.ask(origin, is_preflight=is_preflight, url=SITE + path)
    assert table.calls == []
    assert [event.decision.lookup for event in served.events] == [None]


@adapters
def test_page_of_the_server_is_not_looked_up(adapter: Guarded) -> None:
    table = Table()
    served = Served(adapter, table)
    assert served.ask(SITE, ("Sec-Fetch-Site", "same-origin"), method="POST").status == 200
    assert table.calls == []
    served.ask(SITE, method="POST")
    assert table.calls == [SITE]


@pytest.mark.parametrize("name", [*PLAIN, "django", "django, asgi"])
def test_origin_with_line_breaks_is_not_looked_up(name: str) -> None:
    table = Table()
    served = Served(SERVED[name], table)
    served.ask("https://shop-1.example\r\nx-injected: 1")
    assert table.calls == []


@adapters
def test_request_asks_once_and_its_answer_is_remembered(adapter: Guarded) -> None:
    table = Table()
    served = Served(adapter, table, ROUTES, ttl=60, clock=Clock())
    cross_site = ("Sec-Fetch-Site", "cross-site")
    assert served.ask(SHOP, is_preflight=True).status == 204
    assert sum(served.lookup.counts.values()) == 1
    assert served.ask(SHOP, cross_site, method="PUT").status == 200
    assert sum(served.lookup.counts.values()) == 2
    assert served.ask(SHOP).status == 200
    assert sum(served.lookup.counts.values()) == 3
    assert table.calls == [SHOP]
    assert [event.decision.lookup for event in served.events] == [
        "allowed",
        "cached_allowed",
        "cached_allowed",
    ]


@adapters
def test_request_asks_once_in_vain(adapter: Guarded) -> None:
    served = Served(adapter, Table())
    served.ask(EVIL, ("Sec-Fetch-Site", "cross-site"), method="POST")
    assert sum(served.lookup.counts.values()) == 1


@adapters
def test_guard_takes_looked_up_origins_for_listed_ones(adapter: Guarded) -> None:
    served = Served(adapter, Table())
    found = [
        served.ask(origin, ("Sec-Fetch-Site", "cross-site"), ("Cookie", "a=b"), method="POST")
        for origin in (LISTED, SHOP, EVIL, UNKNOWN)
    ]
    assert [response.status for response in found] == [200, 200, 403, 403]
    assert [event.verdict.reason.name for event in served.verdicts] == [
        "LISTED_ORIGIN",
        "LISTED_ORIGIN",
        "CROSS_SITE",
        "CROSS_SITE",
    ]
    assert cors_of(found[3])["cache-control"] == "no-store"
    assert served.application.reached != []


@adapters
def test_tenant_is_that_of_the_host(adapter: Guarded) -> None:
    seen: list[LookupRequest] = []

    def tenant_of(request: LookupRequest) -> str:
        seen.append(request)
        return request.host.partition(".")[0]

    served = Served(
        adapter, lambda origin, tenant: (origin, tenant) == (SHOP, "one"), tenant=tenant_of
    )
    for host, is_granted in (("one", True), ("two", False), ("one", True), ("two", False)):
        for is_preflight in (True, False):
            url = f"https://{host}.example.com/a%20b"
            response = served.ask(SHOP, is_preflight=is_preflight, url=url)
            assert ("access-control-allow-origin" in cors_of(response)) is is_granted
    assert {(request.host, request.path) for request in seen} == {
        ("one.example.com", "/a b"),
        ("two.example.com", "/a b"),
    }
    assert {request.scheme for request in seen} <= {"http", "https"}


@adapters
def test_tenant_that_cannot_be_found_allows_nothing(adapter: Guarded) -> None:
    served = Served(adapter, lambda origin, tenant: True, tenant=lambda request: request.path[99])
    assert served.ask(SHOP, is_preflight=True).status == 503
    assert cors_of(served.ask(SHOP)) == {"cache-control": "no-store"}


@adapters
def test_live_policy_is_asked_for_what_it_is_now(adapter: Guarded) -> None:
    table = Table()
    live = LivePolicy(CorsPolicy(allow_origins=["*"]), on_widen="allow")
    served = Served(adapter, table, live)
    served.ask(SHOP)
    assert table.calls == []
    live.replace(POLICY.replace(max_age=61))
    assert cors_of(served.ask(SHOP))["access-control-allow-origin"] == SHOP
    live.replace(CorsPolicy.deny_all())
    assert "access-control-allow-origin" not in cors_of(served.ask(SHOP))
    assert table.calls == [SHOP]


@pytest.mark.parametrize("name", [name for name in SERVED if name not in THREADS])
@kinds
def test_async_function_is_awaited(name: str, is_preflight: bool) -> None:
    async def look_up(origin: str) -> bool:
        if origin == UNKNOWN:
            raise OSError
        return origin == SHOP

    served = Served(SERVED[name], look_up)
    found = [served.ask(each, is_preflight=is_preflight) for each in (SHOP, EVIL, UNKNOWN)]
    granted = ["access-control-allow-origin" in cors_of(response) for response in found]
    assert granted == [True, False, False]
    statuses = [204, 403, 503] if is_preflight else [200, 200, 200]
    assert [response.status for response in found] == statuses


@pytest.mark.parametrize("name", THREADS)
def test_async_function_is_an_error_without_a_loop(name: str) -> None:
    async def look_up(origin: str) -> bool:
        return True

    with pytest.raises(Exception, match=r"(?s)lookup.*async function"):
        Served(SERVED[name], look_up).ask(SHOP)


@adapters
@pytest.mark.parametrize("wrong", [Table(), OriginLookup, "app.lookup_of"])
def test_anything_but_a_look_up_is_an_error(adapter: Guarded, wrong: Any) -> None:
    with pytest.raises(Exception, match="OriginLookup") as caught:
        adapter.protect(
            CrossOriginGuard(POLICY), Application(200, []), lambda _: None, lookup=wrong
        )(HttpRequest("GET", f"{SITE}/"))
    assert type(caught.value).__name__ in {"TypeError", "ImproperlyConfigured"}


@adapters
@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (CorsPolicy(allow_origins=["*"]), "the policy allows any origin"),
        (CorsPolicy.deny_all(), "the policy grants nothing"),
        (
            CorsRoutes([("/a/", CorsPolicy(allow_origins=["*"])), ("/", CorsPolicy.deny_all())]),
            "each route allows any origin or grants nothing",
        ),
    ],
)
def test_look_up_that_is_never_asked_is_an_error(
    adapter: Guarded, policy: CorsPolicy | CorsRoutes, reason: str
) -> None:
    with pytest.raises(Exception, match=f"never .*, since {reason}") as caught:
        Served(adapter, Table(), policy).ask(SHOP)
    assert type(caught.value).__name__ in {"ValueError", "ImproperlyConfigured"}
    assert "an origin, such as that of your own application, or remove " in str(caught.value)


@pytest.mark.parametrize(
    "install",
    [
        lambda lookup: corekit_starlette.install(Starlette(), lookup=lookup),
        lambda lookup: corekit_flask.Cors(Flask("shop"), lookup=lookup),
        lambda lookup: corekit_flask.Cors(lookup=lookup).init_app(Flask("shop")),
        lambda lookup: corekit_aiohttp.install(web.Application(), lookup=lookup),
        lambda lookup: corekit_sanic.install(Sanic("never_asked"), lookup=lookup),
    ],
)
def test_look_up_without_a_policy_is_an_error(install: Callable[[OriginLookup], object]) -> None:
    try:
        with pytest.raises(ValueError, match=r"^lookup is never asked, since the application has"):
            install(OriginLookup(Table()))
    finally:
        Sanic._app_registry.pop("never_asked", None)


class Failing:
    """A look-up that breaks its promise."""

    is_async = False
    recall = staticmethod(lambda origin: None)

    def is_asked(self, engine: object, origin: str) -> bool:
        return True

    def ask_sync(self, origin: str, request: LookupRequest) -> Any:
        raise RuntimeError("no running event loop")

    async def ask_async(self, origin: str, request: LookupRequest) -> Any:
        raise RuntimeError("no running event loop")


@adapters
def test_look_up_that_fails_itself_loses_no_response(
    adapter: Guarded, caplog: pytest.LogCaptureFixture
) -> None:
    application = Application(200, [])
    # Another policy than that of other tests, whose engine remembers what was allowed.
    guard = CrossOriginGuard(POLICY.replace(max_age=62))
    send = adapter.protect(guard, application, lambda _: None, lookup=Failing())
    response = send(HttpRequest("GET", f"{SITE}/orders", (("Origin", SHOP),)))
    assert (response.status, cors_of(response)) == (200, {"cache-control": "no-store"})
    (record,) = logged(caplog)
    assert record.getMessage() == (
        "CORS: the look-up of 'https://shop-1.example' raised RuntimeError, so it is not known"
        " whether the origin is allowed."
    )


@adapters
def test_requests_know_what_is_applied(adapter: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as any handler of the process has its own policy."""
    monkeypatch.setattr(MARKS, "exist", True)
    test_looked_up_origin_gets_what_a_listed_one_does(adapter, is_preflight=False)
    test_ignorance_is_not_a_denial(adapter, is_preflight=False, origin=UNKNOWN)
