"""Origins that are loaded for one of several routes, and for a policy that is replaced."""

from __future__ import annotations

from typing import Any, Final

import pytest

from corekit import CorsPolicy, CorsRoutes
from corekit.compat import RegexCorsPolicy
from corekit.extended import extend, find_policy
from corekit.snapshots import Rules, SnapshotReader
from tests.core.test_snapshots import LOGGED_IN, PLAIN, SHOP, load

ROUTES: Final = CorsRoutes([("/api/", LOGGED_IN), ("/", PLAIN)])


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


def test_rows_are_read_again_for_a_policy_with_other_rules() -> None:
    snapshot = load(
        ["http://shop-1.example", SHOP, "https://*.example.org"], PLAIN, allow_patterns=True
    )
    assert len(snapshot) == 3
    extended = extend(LOGGED_IN, snapshot)
    assert isinstance(extended, CorsPolicy)
    assert not extended.engine.allows("http://shop-1.example")
    assert extended.engine.allows(SHOP)
    assert extended.engine.allows("https://a.example.org")


def test_rows_are_read_again_in_steps_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"https://shop-{number}.example" for number in range(100)]
    snapshot = load([*rows, "http://shop.example"], PLAIN)
    assert len(list(snapshot.read_again(Rules.of(LOGGED_IN)))) > 100
    monkeypatch.delattr(SnapshotReader, "read")
    assert list(snapshot.read_again(Rules.of(LOGGED_IN))) == []
    assert list(snapshot.read_again(snapshot.rules)) == []
    found = [extend(policy, snapshot).engine for policy in (PLAIN, LOGGED_IN)]
    assert all(engine is not None and engine.allows(rows[0]) for engine in found)
    assert [engine is not None and engine.allows("http://shop.example") for engine in found] == [
        True,
        False,
    ]
