"""A look-up belongs to the policy of an application: it extends no policy of a handler.

Not even if both are the same object, so that a handler can be limited to the origins of the list.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from corekit import CorsPolicy, LivePolicy
from corekit.adapter import Policies
from corekit.browser import HttpRequest, HttpResponse
from corekit_lookups import OriginLookup
from tests.frameworks.guard_table import SITE
from tests.frameworks.live_apps import LIVE_APPS, Setup
from tests.frameworks.looked_up import LISTED, POLICY, ROUTES, SHOP, Table, cors_of
from tests.properties.application import Send

kinds = pytest.mark.parametrize("is_preflight", [False, True], ids=["actual", "preflight"])

LIVE = LivePolicy(POLICY.replace(max_age=61))
EQUAL = POLICY.replace(max_age=60)
OTHER = CorsPolicy(allow_origins=[LISTED], allow_methods=["PUT"])
OWN = {
    "other": (POLICY, OTHER),
    "equal": (POLICY, EQUAL),
    "same": (POLICY, POLICY),
    "same as of a route": (ROUTES, POLICY),
    "same live policy": (LIVE, LIVE),
}


def owns(test: Any) -> Any:
    """Parametrize a test by adapters, kinds of requests and policies of a handler."""
    makes = pytest.mark.parametrize("make", LIVE_APPS, ids=lambda make: str(make.__name__))
    return makes(kinds(pytest.mark.parametrize(("default", "own"), OWN.values(), ids=OWN)(test)))


def ask_own(send: Send, origin: str, *, is_preflight: bool = False) -> HttpResponse:
    more = (("Access-Control-Request-Method", "PUT"),) if is_preflight else ()
    method = "OPTIONS" if is_preflight else "GET"
    return send(HttpRequest(method, f"{SITE}/own", (("Origin", origin), *more)))


@owns
def test_policy_of_a_handler_is_not_extended(
    make: Callable[[Setup], Send],
    is_preflight: bool,
    default: Policies,
    own: Policies,
) -> None:
    """Not even if it is the policy of the application, which is extended."""
    table = Table()
    with ExitStack() as site:
        lookup = {"lookup": OriginLookup(table, timeout=10)}
        send = make(Setup(default, own, lambda: None, True, site, lookup))
        denied = ask_own(send, SHOP, is_preflight=is_preflight)
        assert (denied.status, table.calls) == (403 if is_preflight else 200, [])
        assert "access-control-allow-origin" not in cors_of(denied)
        listed = ask_own(send, LISTED, is_preflight=is_preflight)
        assert cors_of(listed)["access-control-allow-origin"] == LISTED


@pytest.mark.parametrize("make", LIVE_APPS, ids=lambda make: str(make.__name__))
@pytest.mark.parametrize("default", [POLICY, LIVE], ids=["policy", "live"])
def test_handler_whose_policy_was_not_found_is_not_extended(
    make: Callable[[Setup], Send], default: Policies
) -> None:
    """It does not run: the layer has looked up an origin for the policy of the application."""
    with ExitStack() as site:
        lookup = {"lookup": OriginLookup(Table(), timeout=10)}
        send = make(Setup(default, default, lambda: None, False, site, lookup))
        assert b"secret" in ask_own(send, LISTED).body
        try:
            response = ask_own(send, SHOP)
        except RuntimeError as error:
            assert "has its own CORS policy, which was not found" in str(error)  # noqa: PT017
        else:
            assert (response.status, b"secret" in response.body) == (500, False)
