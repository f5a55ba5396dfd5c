"""What flask-cors' own tests ask, asked of `CORS` too, through a browser.

Each difference names its row in docs/migrating-from-flask-cors.md.
"""

from __future__ import annotations

from typing import Any

import flask_cors
import pytest
from flask import Flask, Response

from corekit import PolicyError
from corekit_flask.compat import CORS, cross_origin
from corekit_testing import Browser, CorsError
from tests.docs.pages import ROOT

GUIDE = (ROOT / "docs" / "migrating-from-flask-cors.md").read_text()
APP = "https://app.example.com"
OTHER = "https://other.example"
JSON = {"Content-Type": "application/json"}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def hello() -> Response:
    return Response("hello", headers={"X-Own": "1", "Vary": "Accept"})


def app_with(extension: Any, decorator: Any, options: dict[str, Any], *, decorated: bool) -> Flask:
    app = Flask("shop")
    view = decorator(**options)(hello) if decorated else hello
    app.add_url_rule("/", view_func=view, methods=METHODS)
    if not decorated:
        extension(app, **options)
    return app


def fetch(app: Flask, page: str, method: str, credentials: bool, headers: dict[str, str]) -> str:
    """Return which of the response headers a page may read, or the browser's error."""
    with Browser(app, page) as browser:
        try:
            response = browser.fetch(
                method,
                "/",
                headers=headers,
                credentials="include" if credentials else "omit",
            )
        except CorsError as error:
            return error.name
        return f"read, X-Own: {response.headers.get('x-own')}"


Row = tuple[dict[str, Any], str, str, bool, dict[str, str]]
SAME: list[Row] = [
    ({}, APP, "GET", False, {}),
    ({}, APP, "DELETE", False, {"X-Token": "1", "Authorization": "Bearer 1"}),
    ({"origins": APP}, APP, "GET", False, {}),
    ({"origins": APP}, OTHER, "GET", False, {}),
    ({"origins": [APP, OTHER]}, OTHER, "GET", False, {}),
    ({"origins": frozenset([OTHER])}, OTHER, "GET", False, {}),
    ({"origins": (APP, OTHER)}, OTHER, "GET", False, {}),
    ({"origins": ["null", APP], "accept_risks": ["opaque-origin"]}, APP, "GET", False, {}),
    ({"origins": r"^https://(app|www)\.example\.com$"}, APP, "GET", False, {}),
    ({"origins": r"^https://(app|www)\.example\.com$"}, OTHER, "GET", False, {}),
    ({"origins": APP, "supports_credentials": True}, APP, "GET", True, {}),
    ({"origins": APP, "supports_credentials": True}, APP, "PUT", True, JSON),
    ({"origins": APP, "supports_credentials": True}, OTHER, "GET", True, {}),
    ({"origins": APP}, APP, "GET", True, {}),
    ({"origins": APP, "expose_headers": "X-Own"}, APP, "GET", False, {}),
    ({"origins": APP, "expose_headers": ["X-Own", "X-B"]}, APP, "GET", False, {}),
    ({"origins": APP, "expose_headers": "X-B"}, APP, "GET", False, {}),
    ({"origins": APP, "methods": ["PUT"]}, APP, "PUT", False, {}),
    ({"origins": APP, "methods": ["PUT"]}, APP, "DELETE", False, {}),
    ({"origins": APP, "methods": "put"}, APP, "PUT", False, {}),
    ({"origins": APP, "allow_headers": ["X-Token"]}, APP, "PUT", False, {"X-TOKEN": "1"}),
    ({"origins": APP, "allow_headers": ["X-Token"]}, APP, "PUT", False, {"X-Other": "1"}),
    ({"origins": APP, "allow_headers": "X-Token"}, APP, "PUT", False, {"X-Token": "1"}),
    ({"origins": "*", "send_wildcard": True}, APP, "PUT", False, {"X-Token": "1"}),
    ({"origins": APP, "max_age": 600}, APP, "PUT", False, {}),
]
DIFFERENT: list[tuple[Row, str, str, str]] = [
    (
        ({"origins": APP, "methods": ["GET"]}, APP, "POST", False, JSON),
        "HeaderDisallowedByPreflightResponse",
        "read, X-Own: None",
        '`methods=["GET"]` blocks a POST that needs a preflight',
    ),
    (
        ({"origins": r"https://example\.co"}, "https://example.com", "GET", False, {}),
        "read, X-Own: None",
        "MissingAllowOriginHeader",
        "a regular expression of origins has to match the beginning",
    ),
    (
        ({"origins": "https://*.example.com"}, "https://example.com.evil.test", "GET", False, {}),
        "read, X-Own: None",
        "MissingAllowOriginHeader",
        "`https://*.example.com` is a regular expression",
    ),
    (
        ({}, APP, "GET", True, {}),
        "InvalidAllowCredentials",
        "WildcardOriginNotAllowed",
        "the origin is reflected if any origin is allowed",
    ),
    (
        ({"origins": APP, "allow_headers": "X-A, X-B"}, APP, "PUT", False, {"X-B": "1"}),
        "HeaderDisallowedByPreflightResponse",
        "read, X-Own: None",
        '`allow_headers="X-A, X-B"` is one name',
    ),
]


def outcomes(row: Row, *, decorated: bool) -> tuple[str, str]:
    options, *call = row
    theirs = {name: value for name, value in options.items() if name != "accept_risks"}
    apps = (
        app_with(flask_cors.CORS, flask_cors.cross_origin, theirs, decorated=decorated),
        app_with(CORS, cross_origin, options, decorated=decorated),
    )
    return tuple(fetch(app, *call) for app in apps)  # type: ignore[return-value, arg-type]


def test_private_network_header_is_sent_on_preflights_only() -> None:
    asked = {"Origin": APP, "Access-Control-Request-Private-Network": "true"}
    preflight = {**asked, "Access-Control-Request-Method": "PUT"}
    name, reported = "Access-Control-Allow-Private-Network", []
    for extension in (CORS, flask_cors.CORS):
        app = Flask("shop")
        app.add_url_rule("/", view_func=hello)
        extension(app, origins=APP, allow_private_network=True)
        client = app.test_client()
        reported.append(client.get("/", headers=asked).headers.get(name))
        assert client.options("/", headers=preflight).headers[name] == "true"
    assert reported == [None, "true"]


def test_names_and_lines_of_headers() -> None:
    reported = []
    for extension in (CORS, flask_cors.CORS):
        app = Flask("shop")
        app.add_url_rule("/", view_func=hello)
        extension(app, origins=[APP, OTHER], expose_headers=["X-B", "X-A"])
        headers = app.test_client().get("/", headers={"Origin": APP}).headers
        exposed = headers["Access-Control-Expose-Headers"]
        reported.append((exposed, headers.getlist("Vary")))
    assert reported == [
        ("x-b, x-a", ["Accept, Origin"]),
        ("X-A, X-B", ["Accept", "Origin"]),
    ]


@pytest.mark.parametrize("decorated", [False, True])
@pytest.mark.parametrize("row", SAME, ids=str)
def test_pages_may_do_the_same(row: Row, decorated: bool) -> None:
    theirs, ours = outcomes(row, decorated=decorated)
    assert ours == theirs


@pytest.mark.parametrize("decorated", [False, True])
@pytest.mark.parametrize(("row", "theirs", "ours", "reason"), DIFFERENT)
def test_difference_is_in_the_guide(
    row: Row, theirs: str, ours: str, reason: str, decorated: bool
) -> None:
    assert outcomes(row, decorated=decorated) == (theirs, ours)
    assert f"| {reason}" in GUIDE


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        (
            {"origins": "https://App.example.com"},
            "non-canonical-origin",
            "origins and regular expressions match without regard to case",
        ),
        (
            {"origins": r"https://\w+\.Example\.com"},
            "never-matches",
            "origins and regular expressions match without regard to case",
        ),
        ({"supports_credentials": True}, "any-origin-with-credentials", "`*` with credentials"),
        (
            {"origins": APP, "supports_credentials": True, "expose_headers": "*"},
            "any-exposed-header-with-credentials",
            '`expose_headers="*"` with credentials is sent',
        ),
        ({"origins": ".*.example.com"}, "malformed-origin", "`.*.example.com` is a regular"),
    ],
)
def test_refused_option_is_in_the_guide(options: dict[str, Any], code: str, reason: str) -> None:
    flask_cors.CORS(Flask("shop"), **options)
    with pytest.raises(PolicyError) as caught:
        CORS(Flask("shop"), **options)
    assert [problem.code for problem in caught.value.problems] == [code]
    assert f"| {reason}" in GUIDE
