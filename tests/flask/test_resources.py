"""The resources of `CORS`: which options apply to which path."""

from __future__ import annotations

import re
from typing import Any

import flask_cors
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy, PolicyError
from corekit.adapter import path_readings
from corekit_flask import Cors
from corekit_flask.compat import CORS
from corekit_flask.resources import Resources
from tests.core.steps import steps_of
from tests.flask.shop import APP, UNTRUSTED, client_of, make_app, reads

DENY_ALL = CorsPolicy.deny_all()


@pytest.mark.parametrize(
    "resources",
    ["/api/*", r"/api/.*", re.compile(r"/api/"), ["/api/items", r"^/api/admin/"], {"/api/*": {}}],
)
def test_every_form_of_resources_is_supported(resources: Any) -> None:
    ours, theirs = make_app(), make_app()
    CORS(ours, resources=resources, origins=APP)
    flask_cors.CORS(theirs, resources=resources, origins=APP)

    for path in ("/", "/api/items", "/api/admin/users", "/api/missing"):
        assert reads(client_of(ours), path) == reads(client_of(theirs), path)


def test_resource_does_not_cover_paths_with_the_same_prefix() -> None:
    app = make_app()
    CORS(app, resources="/api/*", origins=APP)

    assert reads(client_of(app), "/api/items") == APP
    assert reads(client_of(app), "/apiary") is None


def test_first_matching_resource_applies() -> None:
    app = make_app()
    CORS(
        app,
        resources={
            "/api/items": {"origins": UNTRUSTED},
            "/api/*": {"origins": APP},
            r"/(api|very/long/path)/admin/users/": {"origins": UNTRUSTED},
            r"/\w+/admin/.*": {"origins": UNTRUSTED},
        },
    )
    client = client_of(app)

    assert reads(client, "/api/items", UNTRUSTED) == UNTRUSTED
    assert reads(client, "/api/items", APP) is None
    assert reads(client, "/api/admin/users", APP) == APP
    assert reads(client, "/api/admin/users", UNTRUSTED) is None


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("/*", "/api/*"),
        ("/api/*", "/api/admin/*"),
        ("/api/*", "/api"),
        ("/api/*", "/api/items"),
        ("*", "/api/"),
        (r"/api/.*", "/api/items"),
        (re.compile("/api"), "/api/*"),
        ("/items", "/items/"),
        ("*", r"/api/v\d"),
        ("/api/*", r"/api/v1/.*"),
        ("/api/*", r"/api/v\d/.*"),
        ("/api/*", re.compile(r"^/api/.*")),
        ("/api/*", re.compile(r"\A/api/[ab]")),
        (r"/api/.*", r"/api/v1/.*"),
        (r"^/api/.*$", r"/api/v1/.*"),
        (re.compile("/.*"), re.compile("/api/.*")),
        (re.compile("/api/"), r"/api/v\d+"),
        (r"/ap\.i/.*", r"/ap\.i/v1.*"),
        ("/acl*", r"/acl/\d+"),
        ("/acl?", r"/acl/\d+"),
        (r"/api/v\d", r"/api/v1/.*"),
        (r"/ap\.i/.*", "/ap[.]i/v1"),
        (r"/users/\d+", r"/users/\d+/private"),
        (r"^/items/[0-9]+", r"^/items/[0-9]+/secret$"),
        (r"/(api|v\d)/", r"/(api|v1)/admin"),
        (re.compile("/api", re.IGNORECASE), re.compile("/API/x")),
        (r"/users/\w+", r"/users/(?!\d)[a-z]+/private"),
        (r"/users/\w+", r"/users/\b[a-z]+"),
        ("/users/*", r"/users/(\w)\1/private"),
        ("/users", r"/users/?$"),
        (r"/\w+/.*", "/admin/*"),
        ("/é/*", r"^/é/v\d"),
        ("/é/*", r"/é/è*"),
        ("/*", r"/é/v\d"),
        (r"/[^/]+/", "/admin/*"),
        (r"/(?!public).*", "/admin/*"),
    ],
)
def test_resource_that_an_earlier_one_covers_is_refused(earlier: Any, later: Any) -> None:
    resources = {earlier: {"origins": "*"}, later: {"origins": APP}}
    with pytest.raises(PolicyError) as caught:
        CORS(make_app(), resources=resources)
    (problem,) = caught.value.problems
    assert (problem.code, problem.subject, problem.value) == (
        "unreachable-path",
        "resources",
        later,
    )


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("/api/admin/*", "/api/*"),
        ("/api", "/api/*"),
        ("/api/*", "/apis"),
        (r"/api/\d+", "/api/*"),
        ("/api/*", re.compile("/api(/.*)?")),
        ("/api/*", "/api.*"),
        ("/api/*", "/apiary/.*"),
        ("/api/*", r"/api/.*|/items"),
        ("/api/*", re.compile("/api/.*", re.IGNORECASE)),
        ("/a b/*", re.compile("/a b/.*", re.VERBOSE)),
        ("/api/*", "/api/?x"),
        (r"/api/.*x", "/api/v1/.*"),
        (r"/api/.*", "/api.*"),
        ("/admin", r"/admin/?x"),
        (r"/\w+/\w+", "/admin/*"),
        (r".*\.json", "/admin/*"),
        (r"/admin/(x.*)?$", "/admin/*"),
        (r"/users/\d+$", r"/users/\d+/private"),
        (r"/users/[a-z]+", r"/users/\w+/private"),
        (r"/users/(?!\d)", r"/users/[a-z]+/private"),
        (r"/users/\d+", r"/users/(?!\d).*"),
        (r"/é/\w+", r"/[à-ü]/x"),
        ("/é/*", r"/é/*x"),
        ("/é/*", r"/é/x|/è/x"),
        ("/è/*", r"/é/v\d"),
        ("/é/*", re.compile("/é/.*", re.IGNORECASE)),
        (r"/[à-é]/", r"/[à-ü]/x"),
        (r"/api/.*", r"(?!)"),
    ],
)
def test_resource_that_may_be_reached_is_accepted(earlier: Any, later: Any) -> None:
    CORS(make_app(), resources={earlier: {"origins": "*"}, later: {"origins": APP}})


def test_regex_is_compared_with_a_path_only_if_that_takes_no_longer() -> None:
    earlier, later = r"/.*/.*/.*x", "/" + "x/" * 500
    CORS(make_app(), resources={earlier: {"origins": "*"}, later: {"origins": APP}})


REGEXES = [r"/a/\w+", r"/(a|b)/", r"/a/.*", r"^/a/b", r"/a/b*", r"/.*y\.z", r"/a+"]
RESOURCES = [
    "/*",
    "/",
    "/a",
    "/a/",
    "/a/*",
    "/a/b",
    "/a/b/*",
    "/a//*",
    "/ab",
    *REGEXES,
]
PATHS = [
    "/",
    "/a",
    "/a/",
    "/a//",
    "/a/b",
    "/a/b/",
    "/a/b/c",
    "/ab",
    "/ab/",
    "/b",
    "/b/",
    "/a/x/y.z",
]
POLICIES = [CorsPolicy(allow_origins=[f"https://{name}.example"]) for name in "abc"]


def matches(resource: str, path: str) -> bool:
    if resource in REGEXES:
        return re.match(resource, path) is not None
    stem = resource.removesuffix("/*")
    if stem != resource:
        return path == stem or path.startswith(f"{stem}/")
    return path in (resource, resource.removesuffix("/"), f"{resource.removesuffix('/')}/")


@given(
    st.lists(st.tuples(st.sampled_from(RESOURCES), st.sampled_from(POLICIES)), max_size=5),
    st.sampled_from(PATHS),
)
def test_first_resource_that_matches_has_the_policy(
    pairs: list[tuple[str, CorsPolicy]], path: str
) -> None:
    try:
        resources = Resources(pairs)
    except PolicyError as error:
        for problem in error.problems:
            assert problem.code == "unreachable-path"
            resource, other = str(problem.value), str(problem.parameters["other"])
            covered = [each for each in PATHS if matches(resource, each)]
            if resource not in REGEXES:
                # All below it is covered.
                covered = [each for each in covered if each.startswith(resource.removesuffix("*"))]
                covered = covered if resource.endswith("/*") else [resource]
            assert all(matches(other, each) for each in covered)
        return
    found = {
        next((policy for resource, policy in pairs if matches(resource, each)), None)
        for each in path_readings(path)
    }
    expected = found.pop() if len(found) == 1 else DENY_ALL
    assert resources.policy_for(path) == expected


def test_many_resources_are_read_in_linear_time() -> None:
    def steps(count: int) -> int:
        policies = [
            CorsPolicy(allow_origins=[f"https://a{number}.example"]) for number in range(count)
        ]
        pairs = [(f"/r{number}/*", policy) for number, policy in enumerate(policies)]
        return steps_of(Resources, pairs)

    assert steps(1_000) < 11 * steps(100)


def test_request_costs_the_same_for_one_resource_and_for_many() -> None:
    few, many = (
        Resources([(f"/r{number}/*", DENY_ALL) for number in range(count)]) for count in (1, 1_000)
    )
    assert steps_of(few.policy_for, "/r0/x") == steps_of(many.policy_for, "/r0/x")


def test_covered_resource_with_the_same_options_is_accepted() -> None:
    CORS(make_app(), resources=["/*", "/api/*"], origins=APP)


@pytest.mark.parametrize("path", ["//api/items", "///api/items", "/api//items"])
def test_doubled_slash_does_not_change_the_resource(path: str) -> None:
    app = make_app()
    CORS(app, resources={"/api/*": {"origins": APP}, "/*": {"origins": UNTRUSTED}})
    response = app.test_client().get(
        "/", environ_overrides={"PATH_INFO": path}, headers={"Origin": UNTRUSTED}
    )
    assert response.headers.get("Access-Control-Allow-Origin") is None


def test_long_path_is_matched_only_if_that_takes_no_longer() -> None:
    app = make_app()
    resources = {"/api/.*/x/.*/y": {"origins": APP}, "/*": {"origins": "*"}}
    CORS(app, resources=resources)
    client = client_of(app)
    assert reads(client, "/api/a/x/" + "b" * 100 + "/y") == APP
    assert reads(client, "/api/a/x/" + "b" * 600 + "/y") is None
    app = make_app()
    CORS(app, resources={"/api/.*": {"origins": APP}})
    assert reads(client_of(app), "/api/" + "x/" * 2_000) == APP


def test_path_is_decoded_once_and_case_sensitive() -> None:
    app = make_app()
    CORS(app, resources={"/api/admin/*": {"origins": UNTRUSTED}, "/api/*": {"origins": APP}})
    client = client_of(app)

    assert reads(client, "/api/%61dmin/users", UNTRUSTED) == UNTRUSTED
    assert reads(client, "/api/%2561dmin/users", UNTRUSTED) is None
    assert reads(client, "/api/ADMIN/users", UNTRUSTED) is None


def test_resource_options_override_global_options() -> None:
    app = make_app()
    CORS(app, resources={"/api/*": {"methods": ["PUT"]}}, origins=APP, max_age=60)
    asked = {"Origin": APP, "Access-Control-Request-Method": "PUT"}

    reported = client_of(app).options("/api/items", headers=asked).headers

    assert reported["Access-Control-Allow-Methods"] == "GET, HEAD, POST, PUT"
    assert reported["Access-Control-Max-Age"] == "60"


def test_problems_of_all_resources_name_the_options_of_the_user() -> None:
    resources = {
        "/a": {"origins": ["https://A.example"]},
        "/b": {"origins": "nope", "supports_credentials": "yes"},
        "/c": {},
    }
    with pytest.raises(PolicyError) as caught:
        CORS(make_app(), resources=resources, origins=APP, max_age=-1)
    assert {problem.subject for problem in caught.value.problems} == {
        "resources['/a']['origins'][0]",
        "resources['/b']['origins']",
        "resources['/b']['supports_credentials']",
        "max_age",
    }


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("/api/*", "/api/*"),
        ("/api/*", "/api/items"),
        ("/api/items", "/api/*"),
        ("/api/admin/*", "/api/*"),
        ("/api/*", r"/(api|admin)/.*"),
        (re.compile("/api"), "/admin"),
        ("/admin", re.compile("/api")),
        ("*", "/admin"),
        ("/admin", "/*"),
    ],
)
def test_second_call_with_a_resource_that_may_overlap_is_refused(first: Any, second: Any) -> None:
    app = make_app()
    CORS(app, resources=first, origins=APP)

    with pytest.raises(RuntimeError, match=r"already has a policy for .* in one call of CORS\(\)"):
        CORS(app, resources=second, origins=UNTRUSTED)


@pytest.mark.parametrize(
    ("first", "second", "paths"),
    [
        ("/apiary", "/api/items", ["/apiary", "/api/items"]),
        ("/fail", "/api/*", ["/fail", "/api/items"]),
        ("/api/*", "/fail", ["/api/items", "/fail"]),
    ],
)
def test_second_call_adds_other_resources_as_in_flask_cors(
    first: str, second: str, paths: list[str]
) -> None:
    for extension in (CORS, flask_cors.CORS):
        app = make_app()
        extension(app, resources=first, origins=APP)
        extension(app, resources=second, origins=UNTRUSTED)
        client = client_of(app)

        assert [reads(client, path, APP) for path in (*paths, "/")] == [APP, None, None]
        assert [reads(client, path, UNTRUSTED) for path in paths] == [None, UNTRUSTED]


def test_second_policy_names_the_ways_to_have_several() -> None:
    app = make_app()
    Cors(app, allow_origins=[APP])
    with pytest.raises(RuntimeError, match="a CorsRoutes, or all resources in one call"):
        CORS(app, resources={"/feed": {"origins": "*"}})


@pytest.mark.parametrize(
    "path",
    [
        "/static/x/../private/file",
        "/static/x/..\\private/file",
        "/static/./private/file",
        "/static//private/file",
        "/static/" + "x/../" * 1_000 + "private/file",
    ],
)
def test_ambiguous_path_allows_no_origins(path: str) -> None:
    # Flask sends files from below a folder, and resolves the path in it.
    app = make_app()
    CORS(app, resources={"/static/private/*": {"origins": APP}, "/static/*": {"origins": "*"}})
    for origin in (APP, UNTRUSTED):
        response = app.test_client().get(
            "/", environ_overrides={"PATH_INFO": path}, headers={"Origin": origin}
        )
        assert response.headers.get("Access-Control-Allow-Origin") is None


def test_ambiguous_path_with_one_policy_has_it() -> None:
    app = make_app()
    CORS(app, resources={"/api/*": {"origins": APP}})
    for path in ("/api/./items", "/api/x/../items"):
        response = app.test_client().get(
            "/", environ_overrides={"PATH_INFO": path}, headers={"Origin": APP}
        )
        assert response.headers.get("Access-Control-Allow-Origin") == APP
