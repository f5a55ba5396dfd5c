"""The resources of `CORS`: which options apply to which path."""

from __future__ import annotations

import re
from typing import Any

import flask_cors
import pytest

from corekit import CorsPolicy, PolicyError
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


def test_cost_of_the_problems_that_resources_share_is_not_quadratic() -> None:
    def fail(count: int) -> int:
        origins = [f"https://a{number}.example/" for number in range(count)]
        with pytest.raises(PolicyError) as caught:
            CORS(make_app(), origins=origins, resources={"/a": {}, "/b": {}, "/c": {}})
        return len(caught.value.problems)

    assert fail(10) == 10
    assert steps_of(fail, 200) < 11 * steps_of(fail, 20)


@pytest.mark.parametrize("extension", [CORS, flask_cors.CORS])
def test_resource_with_a_star_is_a_regex(extension: Any) -> None:
    app = make_app()
    extension(app, resources="/api/*", origins=APP)
    client = client_of(app)

    assert reads(client, "/api/items") == reads(client, "/apiary") == APP
    assert reads(client, "/ap") is None


@pytest.mark.parametrize("extension", [CORS, flask_cors.CORS])
@pytest.mark.parametrize(
    ("first", "second", "path"),
    [
        ("/api/items", re.compile("/api/items/.*|/api/items"), "/api/items"),
        (re.compile("/"), "/api/v1/items/.*", "/api/v1/items/1"),
        ("/a[a-z]+/?.?", "/api/.*", "/api/"),
        ("/api/items/.*", "/api/.*", "/api/items/1"),
        ("/api/.*", "/[a-z]+.*.?.?.?$", "/api/items"),
        (re.compile("/api/"), re.compile("/[a-z]+.*.?.?.?"), "/api/items"),
        (re.compile("/api/items"), re.compile("/api/"), "/api/items"),
        ("/[a-z]+/.*", "/api/v1.*", "/api/v1"),
        ("/[a-z]*/x", "/[a-z]+/x", "/a/x"),
        ("/api", "/*", "/api"),
        ("/*", "/api", "/api/"),
        ("/*", "/a+", "/aa"),
        ("/a.b", "/*", "/a.b"),
        ("/a.b/*", "/*", "/axb/"),
        ("/новости/админ/.*", "/новости/.*", "/новости/админ/x"),
        ("/*", ".*", "/api"),
        ("/*", "*", "/api"),
        ("*", ".*", "/api"),
        ("/admin/secrets/x", "/(?!static).*", "/admin/secrets/x"),
    ],
)
def test_resources_are_tried_in_the_order_of_flask_cors(
    extension: Any, first: Any, second: Any, path: str
) -> None:
    for resources in ([first, second], [second, first]):
        if _is_tie(first, second) and resources[0] is second:
            continue
        app = make_app()
        origins = {id(first): APP, id(second): UNTRUSTED}
        extension(app, resources={each: {"origins": origins[id(each)]} for each in resources})
        assert reads(client_of(app), path) == APP
        assert reads(client_of(app), path, UNTRUSTED) is None


def _is_tie(first: Any, second: Any) -> bool:
    """Return whether the order written decides."""
    return (first, second) in {("/[a-z]*/x", "/[a-z]+/x"), ("*", ".*")}


@pytest.mark.parametrize(
    ("resource", "hint"),
    [
        ("/admin/<int:id>/*", r"Use '/admin/*', or a regular expression such as r'/admin/\d+'."),
        ("/admin/<id>", r"Use '/admin/*', or a regular expression such as r'/admin/\d+'."),
        ("/v/<any(a, b):x>/", r"Use '/v/*', or a regular expression such as r'/admin/\d+'."),
        ("/admin/{id}", r"Use '/admin/*', or a regular expression such as r'/admin/\d+'."),
        ("/caf%C3%A9/*", r"Use '/caf\xe9/*'."),
        ("/my%20files/", "Use '/my files/'."),
        ("/api//admin/*", "Use '/api/admin/*'."),
        ("//admin", "Use '/admin'."),
        ("/api/../admin/*", "Use '/admin/*'."),
        ("/api/./admin", "Use '/api/admin'."),
        ("^admin/.*", "Did you mean '^/admin/.*'?"),
        ("api/*", "Did you mean '/api/*'?"),
        ("GET /admin", "Did you mean '/GET /admin'?"),
        (r"api/\d+", r"Did you mean '/api/\\d+'?"),
        (re.compile("admin"), "Did you mean '/admin'?"),
        ("[^/]admin", "Use a resource such as '/admin/*'."),
        ("(a|b+)/admin", "Use a resource such as '/admin/*'."),
        ("", "Use a resource such as '/admin/*'."),
        ("^$", "Use a resource such as '/admin/*'."),
    ],
)
def test_resource_that_matches_no_path_is_refused(resource: Any, hint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        CORS(make_app(), resources={resource: {"origins": APP}})
    (problem,) = caught.value.problems
    assert (problem.code, problem.subject, problem.value) == (
        "malformed-path",
        "resources",
        resource,
    )
    assert problem.hint.endswith(hint)


@pytest.mark.parametrize(
    "resource",
    [
        r"(?P<x>/a)/\d",
        r"/(?P<x>a)(?P=x)",
        "/(?<!x)a",
        "/a{2}/.*",
        "a?/admin",
        "(a|/)admin",
        "/?$",
        r"(?<!x)/",
        r"(?=/a)",
        r"\/api",
        "[/]api",
        "[^a]api",
        "a*/api/",
        ".*api",
        "/100%/x",
        "/a{}",
        "/.well-known/*",
        "/...",
        "(?i)/API",
        "^/",
        "/a b/*",
    ],
)
def test_resource_that_matches_a_path_is_accepted(resource: str) -> None:
    CORS(make_app(), resources={resource: {"origins": APP}})


def test_problems_of_resources_are_all_reported() -> None:
    with pytest.raises(PolicyError) as caught:
        CORS(make_app(), resources=["/a/<id>", "/b//c", "/" + "x" * 2_048, "(", "d/.*"])
    assert sorted(problem.code for problem in caught.value.problems) == [
        "invalid-regex",
        *["malformed-path"] * 4,
    ]


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
        Resources([(f"/r{number:03}/*", DENY_ALL) for number in range(count)])
        for count in (1, 1_000)
    )
    assert steps_of(few.policy_for, "/r000/x") == steps_of(many.policy_for, "/r000/x")


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


def test_path_is_decoded_and_case_sensitive() -> None:
    app = make_app()
    CORS(app, resources={"/api/admin/*": {"origins": UNTRUSTED}, "/api/*": {"origins": APP}})
    client = client_of(app)

    assert reads(client, "/api/%61dmin/users", UNTRUSTED) == UNTRUSTED
    # flask-cors decodes a path again, whereas Flask does not.
    for origin in (APP, UNTRUSTED):
        assert reads(client, "/api/%2561dmin/users", origin) is None
        assert reads(client, "/api/%2561dmin" + "/../x" * 500, origin) is None
    assert reads(client, "/api/%2562/users", APP) == APP
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


def test_hint_for_a_path_that_is_too_long_for_a_regex() -> None:
    policy = Resources([(re.compile(r"/a.*b.*c.*d"), CorsPolicy(allow_origins=["*"]))])
    found = policy.policy_for("/a" + "b" * 2_000)
    assert found is not None
    hint = "The path is too long for a regular expression: shorten it."
    assert found.decide("GET", origin=APP).hint == hint
