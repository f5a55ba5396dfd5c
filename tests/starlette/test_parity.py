"""What the tests of Starlette's CORSMiddleware ask, asked of corekit's too, through a browser.

Each difference names its row in docs/migrating-from-starlette.md.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware as Peer
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from corekit import PolicyError, PolicyWarning
from corekit_starlette.compat import CORSMiddleware
from corekit_testing import Browser, CorsError
from tests.docs.pages import ROOT

GUIDE = (ROOT / "docs" / "migrating-from-starlette.md").read_text()
APP = "https://app.example.com"
OTHER = "https://other.example"
JSON = {"Content-Type": "application/json"}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello", headers={"X-Own": "1", "Vary": "Accept-Encoding"})


def app_with(middleware: Any, options: dict[str, Any]) -> Starlette:
    routes = [Route("/", hello, methods=METHODS)]
    return Starlette(routes=routes, middleware=[Middleware(middleware, **options)])


Row = tuple[dict[str, Any], str, str, bool, dict[str, str]]


def outcomes(row: Row) -> list[str]:
    """Return what a page gets from Starlette's middleware and from corekit's."""
    options, page, method, credentials, headers = row
    results = []
    for middleware in (Peer, CORSMiddleware):
        with Browser(app_with(middleware, options), page) as browser:
            mode: Any = "include" if credentials else "omit"
            try:
                response = browser.fetch(method, "/", headers=headers, credentials=mode)
            except CorsError as error:
                results.append(error.name)
            else:
                results.append(f"read, X-Own: {response.headers.get('x-own')}")
    return results


EVERYTHING: dict[str, Any] = {
    "allow_origins": ["*"],
    "allow_methods": ["*"],
    "allow_headers": ["*"],
    "expose_headers": ["X-Own"],
}
ONE: dict[str, Any] = {"allow_origins": [APP]}
SAME: list[Row] = [
    (EVERYTHING, APP, "GET", False, {}),
    (EVERYTHING, APP, "PUT", False, {"X-Token": "1", "Authorization": "Bearer 1"}),
    (EVERYTHING, APP, "GET", False, {"Range": "bytes=0-1"}),
    ({**EVERYTHING, **ONE, "allow_credentials": True}, APP, "GET", True, {}),
    ({**EVERYTHING, **ONE, "allow_credentials": True}, APP, "PUT", True, {"X-Token": "1"}),
    ({**EVERYTHING, **ONE, "allow_credentials": True}, OTHER, "GET", True, {}),
    ({"allow_origins": ["*"], "expose_headers": ["*"]}, APP, "GET", False, {}),
    ({}, APP, "GET", False, {}),
    (ONE, APP, "GET", False, {}),
    (ONE, APP, "POST", False, {}),
    (ONE, APP, "GET", True, {}),
    (ONE, OTHER, "GET", False, {}),
    ({**ONE, "allow_headers": ["X-Token"]}, APP, "GET", False, {"x-token": "1"}),
    ({**ONE, "allow_headers": ("X-Token", "Accept")}, APP, "GET", False, {"X-TOKEN": "1"}),
    ({**ONE, "allow_methods": ["POST"]}, APP, "POST", False, JSON),
    ({**ONE, "allow_methods": ["PATCH"]}, APP, "PATCH", False, JSON),
    ({"allow_origin_regex": r"https://.*\.example\.com"}, APP, "GET", False, {}),
    ({"allow_origin_regex": r"https://.*\.example\.com"}, OTHER, "GET", False, {}),
    ({"allow_origin_regex": r"https://app\.example"}, APP, "GET", False, {}),
    ({"allow_origin_regex": r"https://.*", "allow_origins": [APP]}, OTHER, "GET", False, {}),
    ({"allow_origins": [APP, OTHER]}, OTHER, "GET", False, {}),
]


@pytest.mark.parametrize("row", SAME, ids=str)
def test_pages_may_do_the_same(row: Row) -> None:
    theirs, ours = outcomes(row)
    assert ours == theirs


DIFFERENT: list[tuple[Row, str, str, str]] = [
    (
        ({**ONE, "allow_methods": ["PUT"]}, APP, "POST", False, JSON),
        "PreflightInvalidStatus",
        "read, X-Own: None",
        "GET, HEAD and POST fail a preflight if they are not listed",
    ),
    (
        ({**ONE, "allow_methods": ["*"]}, APP, "PROPFIND", False, {}),
        "PreflightInvalidStatus",
        "read, X-Own: None",
        '`allow_methods=["*"]` is a fixed list',
    ),
    (
        ({"allow_origins": ["https://*.example.com"]}, APP, "GET", False, {}),
        "MissingAllowOriginHeader",
        "read, X-Own: None",
        "`https://*.example.com` is not a pattern",
    ),
    (
        (ONE, APP, "DELETE", False, {}),
        "PreflightInvalidStatus",
        "MethodDisallowedByPreflightResponse",
        "a preflight for something that is not allowed: 400",
    ),
    (
        ({**ONE, "allow_headers": ["X-Token"]}, APP, "GET", False, {"X-Other": "1"}),
        "PreflightInvalidStatus",
        "HeaderDisallowedByPreflightResponse",
        "a preflight for something that is not allowed: 400",
    ),
]


@pytest.mark.parametrize(("row", "theirs", "ours", "reason"), DIFFERENT)
def test_difference_is_in_the_guide(row: Row, theirs: str, ours: str, reason: str) -> None:
    assert outcomes(row) == [theirs, ours]
    assert f"| {reason}" in GUIDE


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        ({"allow_origins": APP}, "string-not-collection", "`allow_origins="),
        (
            {"allow_origins": ["*"], "allow_credentials": True},
            "any-origin-with-credentials",
            '`allow_origins=["*"]` with credentials',
        ),
        ({"allow_origins": [f"{APP}/"]}, "non-canonical-origin", "an origin that browsers never"),
        ({"allow_origin_regex": "https://*"}, "never-matches", "a regular expression that matches"),
        ({"allow_origins": [r"https://.*\.x\.com"]}, "malformed-origin", "a regular expression in"),
        ({**ONE, "max_age": -1}, "max-age", "`max_age=-1`"),
        ({**ONE, "allow_methods": ["put"]}, "method-case", '`allow_methods=["put"]` never'),
        (
            {**ONE, "allow_credentials": True, "expose_headers": ["*"]},
            "any-exposed-header-with-credentials",
            '`expose_headers=["*"]` with credentials',
        ),
    ],
)
def test_refused_argument_is_in_the_guide(options: dict[str, Any], code: str, reason: str) -> None:
    Peer(Starlette(), **options)
    with pytest.raises(PolicyError) as caught:
        CORSMiddleware(Starlette(), **options)
    assert [problem.code for problem in caught.value.problems] == [code]
    assert f"| {reason}" in GUIDE


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        ({**ONE, "max_age": 604_800}, "max-age", "`max_age` above 86400"),
        ({**ONE, "allow_headers": ["Origin"]}, "forbidden-header", "`allow_headers` may name"),
        ({"allow_origins": ["*", APP]}, "any-origin-with-others", "`*` next to other origins"),
    ],
)
def test_argument_without_effect_is_in_the_guide(
    options: dict[str, Any], code: str, reason: str
) -> None:
    with pytest.warns(PolicyWarning, match=re.escape(f"[{code}]")):
        CORSMiddleware(Starlette(), **options)
    assert f"| {reason}" in GUIDE


@pytest.mark.parametrize("origin", [None, APP, OTHER])
def test_vary_of_responses_is_the_same(origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin}
    for middleware in (Peer, CORSMiddleware):
        response = TestClient(app_with(middleware, ONE)).get("/", headers=headers)
        assert response.headers.get_list("vary") == ["Accept-Encoding, Origin"]


@pytest.mark.parametrize("options", [{"allow_origins": ["*"]}, ONE])
def test_plain_options_reaches_the_application(options: dict[str, Any]) -> None:
    for middleware in (Peer, CORSMiddleware):
        client = TestClient(app_with(middleware, options))
        response = client.options("/", headers={"Origin": APP})
        assert (response.status_code, response.text) == (200, "hello")


def test_any_origin_does_not_vary() -> None:
    found = []
    for middleware in (Peer, CORSMiddleware):
        client = TestClient(app_with(middleware, {"allow_origins": ["*"]}))
        headers = client.get("/", headers={"Origin": APP, "Cookie": "a=1"}).headers
        found.append((headers["access-control-allow-origin"], headers["vary"]))
    assert found == [("*", "Accept-Encoding, Origin"), ("*", "Accept-Encoding")]
    assert "| with `*`, `Vary: Origin` is sent" in GUIDE
