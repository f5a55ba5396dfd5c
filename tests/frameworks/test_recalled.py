"""Answers of a look-up that are remembered, in every adapter: they decide as the look-up would."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit.browser import HttpRequest
from corekit_lookups import LookupRequest, OriginLookup
from tests.frameworks.guard_table import SITE, Guarded
from tests.frameworks.live_apps import LIVE_APPS, Setup
from tests.frameworks.looked_up import (
    LISTED,
    POLICY,
    ROUTES,
    SERVED,
    SHOP,
    Served,
    Table,
    cors_of,
)
from tests.properties.application import Send

adapters = pytest.mark.parametrize("adapter", SERVED.values(), ids=SERVED)
kinds = pytest.mark.parametrize("is_preflight", [False, True], ids=["actual", "preflight"])

PLAIN_HTTP = "http://shop-2.example"
TIMES = 4


def is_granted(served: Served, origin: str, *, is_preflight: bool) -> bool:
    return "access-control-allow-origin" in cors_of(served.ask(origin, is_preflight=is_preflight))


@adapters
@kinds
@pytest.mark.parametrize("policy", [POLICY, ROUTES])
def test_response_is_that_of_the_look_up(
    adapter: Guarded, is_preflight: bool, policy: CorsPolicy | CorsRoutes
) -> None:
    table = Table()
    served = Served(adapter, table, policy)
    responses = [served.ask(SHOP, is_preflight=is_preflight) for _ in range(TIMES)]
    assert responses == [responses[0]] * TIMES
    assert cors_of(responses[0])["access-control-allow-origin"] == SHOP
    assert [event.outcome for event in served.events] == ["granted"] * TIMES
    known = ["allowed", *["cached_allowed"] * (TIMES - 1)]
    assert [event.decision.lookup for event in served.events] == known
    assert served.lookup.counts["cached_allowed"] == TIMES - 1
    assert table.calls == [SHOP]


@adapters
@kinds
def test_policy_that_grants_nothing_grants_nothing_that_was_remembered(
    adapter: Guarded, is_preflight: bool
) -> None:
    live = LivePolicy(POLICY.replace(max_age=61), on_widen="allow")
    served = Served(adapter, Table(), live)
    for _ in range(TIMES):
        assert is_granted(served, SHOP, is_preflight=is_preflight)
    live.replace(CorsPolicy.deny_all())
    for _ in range(TIMES):
        assert not is_granted(served, SHOP, is_preflight=is_preflight)


@adapters
@kinds
def test_http_that_was_remembered_is_judged_by_the_policy_of_now(
    adapter: Guarded, is_preflight: bool
) -> None:
    """HTTP origins are looked up without credentials, and not with them."""
    live = LivePolicy(POLICY.replace(allow_credentials=False), on_widen="allow")
    served = Served(adapter, lambda origin: True, live)
    for _ in range(TIMES):
        assert is_granted(served, PLAIN_HTTP, is_preflight=is_preflight)
        assert is_granted(served, SHOP, is_preflight=is_preflight)
    live.replace(POLICY.replace(max_age=61))
    for _ in range(TIMES):
        assert is_granted(served, SHOP, is_preflight=is_preflight)
        assert not is_granted(served, PLAIN_HTTP, is_preflight=is_preflight)


@adapters
def test_origin_that_was_forgotten_is_asked_for(adapter: Guarded) -> None:
    answers = [True, False]
    served = Served(adapter, lambda origin: answers.pop(0))
    for _ in range(TIMES):
        assert is_granted(served, SHOP, is_preflight=False)
    served.lookup.invalidate(SHOP)
    assert not is_granted(served, SHOP, is_preflight=False)
    assert answers == []


@pytest.mark.parametrize("make", LIVE_APPS, ids=lambda make: str(make.__name__))
@kinds
@pytest.mark.parametrize("policy", [POLICY, ROUTES])
@pytest.mark.parametrize("is_same", [False, True], ids=["other", "same"])
def test_handler_with_its_own_policy_is_not_extended(
    make: Callable[[Setup], Send],
    is_preflight: bool,
    policy: CorsPolicy | CorsRoutes,
    is_same: bool,
) -> None:
    """Not by what was remembered for another path either, whichever engines there are."""
    own = POLICY if is_same else CorsPolicy(allow_origins=[LISTED], allow_methods=["PUT"])
    lookup = OriginLookup(lambda origin: True)
    assert lookup.ask_sync(SHOP, LookupRequest("https", "api.example.com", "/other")).allowed
    for each in (POLICY, own):
        each.engine.looked_up("cached_allowed", allowed=True)
    more = (("Access-Control-Request-Method", "PUT"),) if is_preflight else ()
    method = "OPTIONS" if is_preflight else "GET"
    with ExitStack() as site:
        send = make(Setup(policy, own, lambda: None, True, site, {"lookup": lookup}))
        for _ in range(TIMES):
            response = send(HttpRequest(method, f"{SITE}/own", (("Origin", SHOP), *more)))
            assert "access-control-allow-origin" not in cors_of(response)
