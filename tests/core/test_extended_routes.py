"""Rows that extend one of several routes, and policies that lack it."""

from __future__ import annotations

from typing import Any, Final

import pytest

from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit.compat import RegexCorsPolicy
from corekit.extended import Extender, extend, find_policy
from tests.core.test_snapshots import OTHER, PLAIN, ROUTES, SHOP, load


def test_one_route_is_extended() -> None:
    routes = extend(ROUTES, load([SHOP]), "/api/")
    assert isinstance(routes, CorsRoutes)
    assert [path for path, _ in routes.routes] == ["/api/", "/"]
    api, rest = (routes.policy_for(path) for path in ("/api/x", "/x"))
    assert api is not None
    assert api.engine.allows(SHOP)
    assert rest is PLAIN


@pytest.mark.parametrize(
    ("policies", "path", "message"),
    [
        (
            ROUTES,
            None,
            (
                "refresh() extends a policy without routes, and the routes are '/api/', '/'. Pass a"
                " CorsPolicy, or one of these paths to refresh()."
            ),
        ),
        (
            ROUTES,
            "/x",
            (
                "refresh() extends the route '/x', and the routes are '/api/', '/'. Pass CorsRoutes"
                " with that route, or one of these paths to refresh()."
            ),
        ),
        (
            PLAIN,
            "/",
            (
                "refresh() extends the route '/', and this is a policy without routes. Pass"
                " CorsRoutes with that route, or omit path in refresh()."
            ),
        ),
        (
            CorsRoutes([("/x", CorsPolicy.deny_all()), ("/", PLAIN)]),
            "/api/",
            (
                "refresh() extends the route '/api/', and the routes are '/x', '/'. Pass CorsRoutes"
                " with that route, or one of these paths to refresh()."
            ),
        ),
    ],
)
def test_path_of_a_route_is_checked(policies: Any, path: str | None, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        find_policy(policies, path)
    assert str(caught.value) == message


NOTHING: Final = CorsPolicy.deny_all()


@pytest.mark.parametrize(
    "policies",
    [
        NOTHING,
        RegexCorsPolicy.deny_all(),
        CorsRoutes([("/x", NOTHING), ("/", NOTHING)]),
        CorsRoutes([("/api/", NOTHING), ("/", NOTHING)]),
    ],
)
@pytest.mark.parametrize("path", [None, "/api/"])
def test_what_grants_nothing_needs_no_route(
    policies: CorsPolicy | CorsRoutes, path: str | None
) -> None:
    assert extend(policies, load([SHOP]), path) is policies
    assert find_policy(policies, path) == type(find_policy(policies, path)).deny_all()


def test_size_is_of_the_rows_of_the_route() -> None:
    live = LivePolicy(extend(ROUTES, load([OTHER], PLAIN), "/"))
    extender = Extender(live, "/api/")
    assert extender.size == 0
    extender.extend(load([SHOP, OTHER]))
    assert extender.size == 2
    live.replace(CorsPolicy.deny_all())
    assert extender.size == 0
