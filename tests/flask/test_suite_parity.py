"""The requests of flask-cors' own tests, sent to it and to corekit.

Each test of the suite has rows in tests/flask/suite, or is in one of the tables here. A row names
the fields of the response that differ, each with the beginning of its row in
docs/migrating-from-flask-cors.md.
"""

from __future__ import annotations

import inspect
import re
from typing import Any, Final

import flask_cors
import pytest
from flask import Blueprint, Flask

from corekit import PolicyError
from corekit_flask import compat
from tests.docs.pages import ROOT
from tests.flask.suite import options, others, resources
from tests.flask.suite.names import OTHERS, RELEASED, full_names
from tests.flask.suite.requests import APP, FROM_APP, FROM_OTHER, OTHER, Row, asking, differing

GUIDE: Final = (ROOT / "docs" / "migrating-from-flask-cors.md").read_text()
LIBRARIES: Final = (flask_cors, compat)
ALLOW_ORIGIN: Final = "Access-Control-Allow-Origin"
ROWS: Final = {
    f"{group}.{test}": rows
    for table in (options.ROWS, resources.ROWS, others.ROWS)
    for group, tests in table.items()
    for test, rows in tests.items()
}

# The tests whose options corekit rejects. If the difference has a safe form, ROWS has it too.
REJECTED: Final[dict[str, tuple[dict[str, Any], str, str]]] = {
    "InternalsTestCase.test_get_allow_headers_matching_none": (
        {"allow_headers": r"X-OWN-.*"},
        "[invalid-header]",
        "`allow_headers` may contain regular expressions",
    ),
    "AllowHeadersTestCaseIntegration.test_allow_headers_regex": (
        {"allow_headers": [r"X-OWN-.*"]},
        "[invalid-header]",
        "`allow_headers` may contain regular expressions",
    ),
    "test_credentials.SupportsCredentialsCase.test_credentials_supported": (
        {"supports_credentials": True},
        "[any-origin-with-credentials]",
        "`*` with credentials reflects every origin",
    ),
    "OriginsTestCase.test_regex_list": (
        {"origins": [r".*.example.com", r".*.otherexample.com"]},
        "[malformed-origin]",
        "`.*.example.com` is a regular expression",
    ),
    "OriginsW3TestCase.test_wildcard_no_origin_header": (
        {"origins": "*", "send_wildcard": False, "always_send": False},
        "always_send=False is not supported",
        "`vary_header=False`, `always_send=False`, `intercept_exceptions=False`",
    ),
    "NoExceptionInterceptionTestCase.test_acl_exception_with_error_handler": (
        {"intercept_exceptions": False},
        "intercept_exceptions=False is not supported",
        "`vary_header=False`, `always_send=False`, `intercept_exceptions=False`",
    ),
    "AppExtensionBadRegexp.test_value_error": (
        {"resources": "}"},
        "[malformed-path]",
        'a resource that matches no path (`"}"`',
    ),
    "TestCORSResourcePatterns.test_admin_routes_include_credentials": (
        {"origins": "http://admin.example.com", "supports_credentials": True},
        "[insecure-origin]",
        "`http` origins with credentials",
    ),
    "test_ipv6.test_literal_ipv6_origin": (
        {"origins": "http://[::ffff:192.0.2.1]:8080"},
        "[non-canonical-origin]",
        "an origin that browsers never send",
    ),
    "CallableOriginsTestCase.test_callable_wildcard": (
        {"origins": lambda origin: "*"},
        "[wrong-type]",
        "a function as `origins` never matches",
    ),
    "DecoratorInvalidCorsResponseStatusCode.test_with_client_error_status": (
        {"invalid_cors_status_code": 403},
        "CORS() has no such option",
        "an unknown option is logged",
    ),
}


def test_every_test_of_the_suite_is_in_a_table() -> None:
    tables = ROWS.keys() | REJECTED.keys() | ELSEWHERE.keys() | INTERNAL.keys() | SAME_AS.keys()
    assert sorted(tables) == sorted([*full_names(RELEASED), *full_names(OTHERS)])
    assert all(ROWS.values())
    assert set(SAME_AS.values()) <= ROWS.keys() | REJECTED.keys()
    assert set(INTERNAL.values()) <= RELEASED.keys()


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=test) for test, rows in ROWS.items() for row in rows]
)
def test_response_is_the_same_or_the_guide_has_the_difference(row: Row) -> None:
    for decorated in row.decorated:
        for method in row.methods:
            found = differing(row, method, decorated=decorated)
            expected = row.differences.keys() - ({"text"} if method == "HEAD" else set())
            assert found.keys() == expected, (method, decorated, found)
    for difference in row.differences.values():
        assert f"\n| {difference}" in GUIDE


@pytest.mark.parametrize(("given", "message", "reason"), REJECTED.values(), ids=REJECTED)
def test_rejected_options_are_in_the_guide(
    given: dict[str, Any], message: str, reason: str
) -> None:
    flask_cors.CORS(Flask("shop"), **given)
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        compat.CORS(Flask("shop"), **given)
    assert f"\n| {reason}" in GUIDE


@pytest.mark.parametrize("library", LIBRARIES)
def test_wildcard_with_credentials_is_a_value_error(library: Any) -> None:
    with pytest.raises(ValueError, match="credentials"):
        library.CORS(Flask("shop"), origins="*", supports_credentials=True, send_wildcard=True)


def test_number_as_resources_is_an_error() -> None:
    with pytest.raises(ValueError, match="resources"):
        flask_cors.CORS(Flask("shop"), resources=5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="resources: 5"):
        compat.CORS(Flask("shop"), resources=5)
    assert "\n| `resources=5` is a ValueError | TypeError" in GUIDE


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("library", LIBRARIES)
def test_decorator_overrides_the_extension(library: Any, method: str) -> None:
    app = Flask("shop")
    library.CORS(app, resources="/api/*", expose_headers="X-Own", origins=APP)

    @app.get("/api/special")
    @library.cross_origin(origins=OTHER)  # type: ignore[untyped-decorator]
    def special() -> str:
        return "special"

    found = []
    for headers in (FROM_APP, FROM_OTHER):
        response = app.test_client().open("/api/special", method=method, headers=headers)
        assert response.status_code == 200
        assert "Access-Control-Expose-Headers" not in response.headers
        found.append(response.headers.get(ALLOW_ORIGIN))
    assert found == [None, OTHER]


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("library", LIBRARIES)
def test_blueprint_may_have_its_own_options(library: Any, later: bool) -> None:
    blueprint = Blueprint("api", "shop")
    given = {"resources": {"/api/*": {"origins": APP}}}
    if later:
        library.CORS(**given).init_app(blueprint)
    else:
        library.CORS(blueprint, **given)
    for path in ("/api/v1/ping", "/other"):
        blueprint.add_url_rule(path, path.replace("/", ""), lambda: "pong")
    app = Flask("shop")
    app.register_blueprint(blueprint)
    found = [
        app.test_client().get(path, headers=FROM_APP).headers.get(ALLOW_ORIGIN)
        for path in ("/api/v1/ping", "/other")
    ]
    assert found == [APP, None]


@pytest.mark.parametrize("library", LIBRARIES)
def test_error_handler_may_be_decorated(library: Any) -> None:
    app = Flask("shop")

    @app.errorhandler(404)
    @library.cross_origin(origins=[APP], methods=["GET"], allow_headers=["X-A"])  # type: ignore[untyped-decorator]
    def missing(error: Exception) -> tuple[dict[str, str], int]:
        return {"error": "missing"}, 404

    client = app.test_client()
    preflight = client.options("/missing", headers=asking("GET", "X-A"))
    assert (preflight.status_code, preflight.headers[ALLOW_ORIGIN]) == (200, APP)
    assert preflight.headers["Access-Control-Allow-Headers"].lower() == "x-a"
    assert "GET" in preflight.headers["Access-Control-Allow-Methods"]
    response = client.get("/missing", headers=FROM_APP)
    assert (response.status_code, response.json) == (404, {"error": "missing"})
    assert response.headers[ALLOW_ORIGIN] == APP
    assert client.get("/missing").status_code == 404
    for method in ("GET", "OPTIONS"):
        assert (
            ALLOW_ORIGIN not in client.open("/missing", method=method, headers=FROM_OTHER).headers
        )
    unlisted = client.options("/missing", headers=asking("DELETE")).headers
    assert "DELETE" not in unlisted.get("Access-Control-Allow-Methods", "")


def test_decorated_asynchronous_view_stays_one() -> None:
    @compat.cross_origin(origins=APP)
    async def view() -> str:
        """Return a word."""
        return "view"

    assert inspect.iscoroutinefunction(view)
    assert (view.__name__, view.__doc__) == ("view", "Return a word.")


@pytest.mark.parametrize("origin", [APP, OTHER])
def test_function_as_origins_matches_nothing_in_flask_cors(origin: str) -> None:
    app = Flask("shop")

    def given(origin: str) -> list[str]:
        return [origin]

    flask_cors.CORS(app, origins=given)  # type: ignore[arg-type]
    app.add_url_rule("/", view_func=lambda: "view")
    headers = app.test_client().get("/", headers={"Origin": origin}).headers
    assert ALLOW_ORIGIN not in headers
    with pytest.raises(PolicyError, match="wrong-type"):
        compat.CORS(Flask("shop"), origins=given)


# The tests that need more than a row.
ELSEWHERE: Final = {
    "InternalsTestCase.test_serialize_options": test_wildcard_with_credentials_is_a_value_error,
    "AppExtensionString.test_override": test_decorator_overrides_the_extension,
    "AppExtensionError.test_value_error": test_number_as_resources_is_an_error,
    **dict.fromkeys(
        (
            "BlueprintExtensionTestCase.test_blueprint_resource_has_cors",
            "BlueprintExtensionTestCase.test_blueprint_non_matching_route_has_no_cors",
            "BlueprintExtensionTestCase.test_blueprint_init_app",
            "test_blueprint_typing.supports_blueprint",
        ),
        test_blueprint_may_have_its_own_options,
    ),
    **dict.fromkeys(
        (
            "TestAsyncDecoratorPreservesMetadata.test_wrapped_function_is_async",
            "TestAsyncDecoratorPreservesMetadata.test_function_name_preserved",
            "TestAsyncDecoratorPreservesMetadata.test_function_docstring_preserved",
        ),
        test_decorated_asynchronous_view_stays_one,
    ),
    **dict.fromkeys(
        (
            "CallableOriginsTestCase.test_callable_static_with_matching_origin",
            "CallableOriginsTestCase.test_callable_static_with_non_matching_origin",
            "CallableOriginsTestCase.test_callable_whitelist_with_matching_origin",
            "CallableOriginsTestCase.test_callable_whitelist_with_non_matching_origin",
            "CallableOriginsTestCase.test_callable_vary_header",
            "CallableOriginsExtensionTestCase.test_extension_callable_allowed",
            "CallableOriginsExtensionTestCase.test_extension_callable_denied",
        ),
        test_function_as_origins_matches_nothing_in_flask_cors,
    ),
    **dict.fromkeys(
        (
            "test_error_preflight.test_missing_route_preflight_and_error_response",
            "test_error_preflight.test_error_handler_rejects_other_origins_and_methods",
        ),
        test_error_handler_may_be_decorated,
    ),
}

# The tests that ask the same as another one.
SAME_AS: Final = {
    # Since Flask 1.1, the option has no effect on it, and the test is skipped.
    "NoExceptionInterceptionTestCase.test_acl_uncaught_exception_500": (
        "ExceptionInterceptionDefaultTestCase.test_acl_uncaught_exception_500"
    ),
    "TestAsyncViewsWithExtension.test_async_view_with_await_returns_cors_headers": (
        "TestAsyncViewsWithExtension.test_async_view_returns_cors_headers"
    ),
    "TestAsyncViewsWithDecorator.test_async_decorated_view_with_await": (
        "TestAsyncViewsWithDecorator.test_async_decorated_view"
    ),
    "DecoratorInvalidCorsResponseStatusCode.test_with_non_client_error_status": (
        "DecoratorInvalidCorsResponseStatusCode.test_with_client_error_status"
    ),
    "test_blueprint_typing.supports_flask_app": "AppExtensionDefault.test_default",
    "test_blueprint_typing.supports_no_app": "AppExtensionDefault.test_default",
}

# The tests of functions that users do not call, with the tests that show their effect.
INTERNAL: Final = {
    "InternalsTestCase.test_try_match_pattern": "AppExtensionRegexp",
    "InternalsTestCase.test_flexible_str_str": "AllowHeadersTestCaseIntegration",
    "InternalsTestCase.test_flexible_str_set": "AllowHeadersTestCaseIntegration",
    "InternalsTestCase.test_probably_regex": "OriginsTestCase",
}
