"""Which policy covers which path: the first one written, and never a laxer one by a trick."""

from __future__ import annotations

import copy
import pickle
from enum import Enum
from typing import Any, Final

import pytest

from corekit import CorsPolicy, CorsRoutes, PolicyError, Problem
from corekit.routes import RouteMatch, path_readings

PUBLIC = CorsPolicy(allow_origins=["*"])
API = CorsPolicy(allow_origins=["https://app.example.com"], allow_credentials=True)
STRICT = CorsPolicy(allow_origins=["https://admin.example.com"])
NOTHING = CorsPolicy.deny_all()
ROUTES = CorsRoutes(
    [
        ("/api/admin/", STRICT),
        ("/api/health", PUBLIC),
        ("/api/", API),
        ("/Api/", NOTHING),
        ("/caf\u00e9/", API),
        ("/static/", PUBLIC),
    ]
)

MATCHES: list[tuple[str, CorsPolicy | None]] = [
    ("/api/", API),
    ("/api/items", API),
    ("/api/items/1", API),
    ("/api/admin/", STRICT),
    ("/api/admin/users", STRICT),
    ("/api/admin", STRICT),
    ("/api/administrator", API),
    ("/api/health", PUBLIC),
    ("/api/health/", PUBLIC),
    ("/api/healthy", API),
    ("/api/health/x", API),
    ("/Api/items", NOTHING),
    ("/API/items", None),
    ("/api", API),
    ("/apis/", None),
    ("/x/api/", None),
    ("/", None),
    ("", None),
    ("*", None),
    ("api/", None),
    ("/caf\u00e9/menu", API),
    ("/cafe\u0301/menu", None),
    ("/api/a b", API),
    ("/api/a+b", API),
    ("/api+admin/", None),
    ("/api/..a", API),
    ("/api/a..", API),
    ("/api/.well-known/x", API),
    ("/api/...", API),
    ("/api/\x00", API),
    ("/api/\ud800", API),
]


@pytest.mark.parametrize(("path", "policy"), MATCHES)
def test_the_first_route_that_covers_a_path_decides(path: str, policy: CorsPolicy | None) -> None:
    assert ROUTES.policy_for(path) is policy


ODD: list[tuple[str, CorsPolicy | None]] = [
    # The same policy however it is read.
    ("/api/x/../y", API),
    ("/api/./x", API),
    ("/api//x", API),
    ("/api/x/..", API),
    ("/api/.", API),
    ("/api/x\\y", API),
    ("/other/./x", None),
    ("/api/admin/./x", STRICT),
    # Another policy after resolution, so none.
    ("/static/../api/admin/users", NOTHING),
    ("/static/..\\api/admin/users", NOTHING),
    ("/static/..", NOTHING),
    ("/api/..", NOTHING),
    ("/static/../api/", NOTHING),
    ("/api/admin/../x", NOTHING),
    ("/api/x/../admin/", NOTHING),
    ("/api/./admin/x", NOTHING),
    ("/api//admin/x", NOTHING),
    ("//api/admin/x", NOTHING),
    ("/api\\admin\\x", NOTHING),
    ("/api/admin\\x", NOTHING),
    ("\\api\\admin\\x", NOTHING),
    ("/other/../api/x", NOTHING),
    ("/../api/x", NOTHING),
    ("/./api/x", NOTHING),
    ("/api/health/.", NOTHING),
    ("/api/health//", NOTHING),
    ("/static/./../api/x", NOTHING),
    ("/static/../../../api/x", NOTHING),
    # Resolved as RFC 3986 does, slashes are not joined before.
    ("/static/../api/admin//../x", NOTHING),
    ("/static/x//../../api/x", NOTHING),
    # An encoded backslash.
    ("/static/x\\y/../../api/x", NOTHING),
    # Starlette and Pyramid match before a line feed at the end; Bottle drops what is not UTF-8.
    ("/api/health\n", NOTHING),
    ("/api/ad\ufffdmin/x", NOTHING),
    ("/api/ad\udcffmin/x", NOTHING),
    ("/api/\x00admin/x", NOTHING),
    ("/static/.\ufffd./api/x", NOTHING),
    ("/a\x7fpi/x", NOTHING),
    ("/a\x85pi/x", NOTHING),
    ("/api/caf\ufffd", API),
    ("/api/\n", API),
    ("/other/\x00", None),
]


@pytest.mark.parametrize(("path", "policy"), ODD)
def test_ambiguous_path_allows_no_origins(path: str, policy: CorsPolicy | None) -> None:
    found = ROUTES.policy_for(path)
    assert found == policy
    if policy is not NOTHING:
        assert found is policy


# Pyramid runs the view "x" of "/static" for "/static/@@x", and that of "/" for "/@@x".
VIEWS: Final = CorsRoutes(
    [
        ("/admin", STRICT),
        ("/static/export", API),
        ("/static/@@view/", API),
        ("/static/", PUBLIC),
        ("/@@static/", STRICT),
    ]
)


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/@@admin", NOTHING),
        ("/@@admin/", NOTHING),
        ("/x/../@@admin", NOTHING),
        ("/\\@@admin", NOTHING),
        ("/@@@@admin", None),
        ("/@@other", None),
        ("/static/@@export", NOTHING),
        ("/static/@@other", PUBLIC),
        ("/static/x@@export", PUBLIC),
        ("/static/@export", PUBLIC),
        # Routes that are written so.
        ("/static/@@view/export", API),
        ("/@@static/export", STRICT),
        ("/@@static/../static/@@export", NOTHING),
    ],
)
def test_name_of_a_view_may_begin_with_two_signs(path: str, policy: CorsPolicy | None) -> None:
    assert VIEWS.policy_for(path) == policy


def test_a_route_for_all_comes_last_and_covers_all() -> None:
    routes = CorsRoutes([("/internal/", STRICT), ("/", PUBLIC)])
    for path in ("", "/", "/x", "/x/y/", "/internals/x"):
        assert routes.policy_for(path) is PUBLIC
    for path in ("/internal/x", "/internal/", "/internal"):
        assert routes.policy_for(path) is STRICT
    for path in ("*", "x"):
        assert routes.policy_for(path) is None


def test_exact_route_may_come_before_and_after_others() -> None:
    routes = CorsRoutes([("/a", API), ("/a/b/", STRICT), ("/a/", PUBLIC), ("/b", NOTHING)])
    assert routes.policy_for("/a") is API
    assert routes.policy_for("/a/") is API
    assert routes.policy_for("/a/c") is PUBLIC
    assert routes.policy_for("/a/b") is STRICT
    assert routes.policy_for("/a/b/c") is STRICT
    assert routes.policy_for("/b") is NOTHING
    assert routes.policy_for("/b/") is NOTHING
    assert routes.policy_for("/b/c") is None


def test_dots_that_lead_to_an_exact_path() -> None:
    routes = CorsRoutes([("/api", PUBLIC), ("/api/", API)])
    assert routes.policy_for("/api/x/..") == NOTHING
    assert routes.policy_for("/api/.") == NOTHING


def test_route_of_an_ambiguous_path_is_that_of_the_path_as_it_is() -> None:
    routes = CorsRoutes([("/a/", API), ("/b/", API)])
    assert routes.find("/a/../b/x") == RouteMatch(API, "/a/")


def test_routes_that_are_all_exact() -> None:
    routes = CorsRoutes([("/a", API), ("/b/c", PUBLIC)])
    assert routes.policy_for("/b/c") is PUBLIC
    assert routes.policy_for("/b/") is None


@pytest.mark.parametrize("slash", ["", "/"])
def test_exact_route_covers_its_path_with_and_without_a_slash(slash: str) -> None:
    # Litestar and Sanic serve both with one handler, and so do Flask and Falcon by an option.
    routes = CorsRoutes([("/private", STRICT), ("/", PUBLIC)])
    assert routes.policy_for(f"/private{slash}") is STRICT


@pytest.mark.parametrize("piece", ["/..", "/./", "//", "\\", "/a/../", "\\..", "/a//../"])
def test_long_ambiguous_path_allows_no_origins(piece: str) -> None:
    assert ROUTES.policy_for("/static" + piece * 100_000) == NOTHING


LONGEST: Final = "/a" * 1_024


def problem_of(routes: Any) -> Problem:
    with pytest.raises(PolicyError) as caught:
        CorsRoutes(routes)
    (problem,) = caught.value.problems
    return problem


def test_longest_path_is_named() -> None:
    assert problem_of([(f"{LONGEST}a", PUBLIC)]).hint == (
        "Use a path of up to 2048 characters, and let it cover everything below it."
    )


@pytest.mark.parametrize(
    "case",
    [
        ([], "no-routes", "routes", [], "No path is covered."),
        ("/api/", "wrong-type", "routes", "/api/", "The value is of type str, not"),
        ({"/": PUBLIC}, "wrong-type", "routes", {"/": PUBLIC}, "The value is of type dict, not"),
        (None, "wrong-type", "routes", None, "The value is of type NoneType, not"),
        (PUBLIC, "wrong-type", "routes", PUBLIC, "The value is of type CorsPolicy, not"),
        (["/api/"], "wrong-type", "routes[0]", "/api/", "This is not a pair"),
        ([("/a/", PUBLIC), ("/b/",)], "wrong-type", "routes[1]", ("/b/",), "This is not a pair"),
        ([(b"/", PUBLIC)], "wrong-type", "routes[0]", (b"/", PUBLIC), "This is not a pair"),
        ([("/", "*")], "wrong-type", "routes[0]", ("/", "*"), "This is not a pair"),
        ([(PUBLIC, "/")], "wrong-type", "routes[0]", (PUBLIC, "/"), "This is not a pair"),
        (
            [("/a/", API), ("/a", PUBLIC)],
            "unreachable-path",
            "routes[1]",
            "/a",
            "The earlier route",
        ),
        ([("api/", PUBLIC)], "malformed-path", "routes[0]", "api/", "A path begins with a slash."),
        (
            [(LONGEST, API), (f"{LONGEST}a", PUBLIC)],
            "malformed-path",
            "routes[1]",
            f"{LONGEST}a",
            "The path has 2049 characters.",
        ),
        ([("", PUBLIC)], "malformed-path", "routes[0]", "", "A path begins with a slash."),
        *(
            ([(path, PUBLIC)], "malformed-path", "routes[0]", path, "A path is plain and decoded")
            for path in [
                "/api/*",
                "/api/**",
                "/items/?id=1",
                "/a#b",
                "/caf%C3%A9/",
                "//api/",
                "/api//",
                "/api/../x",
                "/api/.",
                "/..",
                "/a\\b",
                "/a\nb",
                "/a\x00",
                "/a\x7f",
                "/a\x85",
            ]
        ),
        *(
            ([(path, PUBLIC)], "malformed-path", "routes[0]", path, "A path has no parameters")
            for path in ["/users/{id}/public", "/users/<int:id>", "/users/*/public", "/a/*.json"]
        ),
        *(
            ([(path, PUBLIC)], "malformed-path", "routes[0]", path, "A route covers all methods")
            for path in ["GET /items/", "put  /items/{id}"]
        ),
        *(
            ([route], "malformed-path", "routes[0]", route, "A route covers all methods")
            for route in [("/items/", PUBLIC, ["GET"]), ("/items/", PUBLIC, "GET", "PUT")]
        ),
        *(
            (
                [*before, (path, PUBLIC)],
                "unreachable-path",
                f"routes[{len(before)}]",
                path,
                "The earlier route '/",
            )
            for before, path in [
                ([("/", API)], "/api/"),
                ([("/api/", API)], "/api/"),
                ([("/api/", API)], "/api/x"),
                ([("/x", API), ("/api/", API)], "/api/v1/"),
                ([("/api", API)], "/api"),
            ]
        ),
    ],
)
def test_routes_that_could_never_match_are_refused(case: tuple[Any, ...]) -> None:
    routes, code, field, value, message = case
    problem = problem_of(routes)
    assert (problem.code, problem.subject, problem.value) == (code, field, value)
    assert problem.message.startswith(message)
    assert problem.hint


def test_hints_name_the_fix() -> None:
    assert problem_of([("api/", PUBLIC)]).hint == "Did you mean '/api/'?"
    assert problem_of([("/", API), ("/a", PUBLIC)]).hint == "Move this route before that one."
    assert problem_of([("/api/*", PUBLIC)]).hint == (
        "End it with a slash to cover everything below it, as in '/api/'."
    )
    for route in (("/users/{id}", PUBLIC), ("GET /users", PUBLIC), ("/users", PUBLIC, ["GET"])):
        assert problem_of([route]).hint.startswith("Give the handler its own policy, with the cors")
    assert problem_of([]).hint == 'Use pairs: CorsRoutes([("/api/", policy)]).'


def test_every_problem_of_the_routes_is_reported_at_once() -> None:
    with pytest.raises(PolicyError) as caught:
        CorsRoutes([("/api/", API), ("x", API), None, ("/api/y", API), ("/?", API)])  # type: ignore[list-item]
    assert [(p.code, p.subject) for p in caught.value.problems] == [
        ("malformed-path", "routes[1]"),
        ("wrong-type", "routes[2]"),
        ("unreachable-path", "routes[3]"),
        ("malformed-path", "routes[4]"),
    ]


def test_routes_are_read_from_any_iterable_of_pairs_once() -> None:
    pairs: list[Any] = [["/a/", API], ("/b", PUBLIC)]
    routes = CorsRoutes(iter(pairs))
    pairs.clear()
    assert routes.routes == (("/a/", API), ("/b", PUBLIC))


def test_routes_are_values() -> None:
    pairs = [("/a/", API), ("/b", PUBLIC)]
    routes = CorsRoutes(pairs)
    again: list[CorsRoutes] = [
        CorsRoutes(pairs),
        pickle.loads(pickle.dumps(routes)),
        copy.copy(routes),
        copy.deepcopy(routes),
        eval(repr(routes)),
    ]
    for other in again:
        assert other == routes
        assert hash(other) == hash(routes)
        assert other.policy_for("/a/x") == API
    assert repr(CorsRoutes([("/a/", PUBLIC)])) == (
        "CorsRoutes([('/a/', CorsPolicy(allow_origins=['*']))])"
    )


def test_the_order_of_routes_makes_a_difference() -> None:
    assert CorsRoutes([("/a", API), ("/b", API)]) != CorsRoutes([("/b", API), ("/a", API)])
    assert CorsRoutes([("/a", API)]) != CorsRoutes([("/a", PUBLIC)])
    assert CorsRoutes([("/a", API)]) != (("/a", API),)


def test_a_dict_of_routes_is_no_list_of_collisions() -> None:
    assert len({hash(CorsRoutes([(f"/{number}/", API)])) for number in range(20)}) > 1


@pytest.mark.parametrize("name", ["routes", "_exact", "other"])
def test_routes_cannot_be_changed(name: str) -> None:
    with pytest.raises(AttributeError, match="immutable"):
        setattr(ROUTES, name, ())
    with pytest.raises(AttributeError, match=r"^CorsRoutes is immutable$"):
        delattr(ROUTES, name)


class Path(str, Enum):  # noqa: UP042 - still met, and its repr is not its text
    API = "/api/"


def test_a_path_that_is_a_subclass_of_str_is_kept_as_text() -> None:
    routes = CorsRoutes([(Path.API, API)])
    assert type(routes.routes[0][0]) is str
    assert eval(repr(routes)) == routes
    assert routes.policy_for("/api/x") is API


def test_path_with_many_readings_allows_no_origins() -> None:
    path = "/\x01/a\\\x01//../..\\\x01/\x01//\\..b//..\x01/"
    assert path_readings(path) == ()
    assert CorsRoutes([("/", PUBLIC)]).policy_for(path) == NOTHING
