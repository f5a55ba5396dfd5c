"""The requests of Starlette's own tests of CORSMiddleware, sent to it and to corekit's.

Each row names the tests that it represents, and the fields of the response that differ, each with
the beginning of its row in docs/migrating-from-starlette.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware as Theirs
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from corekit import PolicyError
from corekit_starlette.compat import CORSMiddleware as Ours
from tests.docs.pages import ROOT
from tests.frameworks.granting import is_granted

GUIDE: Final = (ROOT / "docs" / "migrating-from-starlette.md").read_text()
APP: Final = "https://app.example.com"
OTHER: Final = "https://other.example"

# The tests in tests/middleware/test_cors.py of Starlette 1.10.0.
SUITE: Final = (
    "test_cors_allow_all",
    "test_cors_allow_all_except_credentials",
    "test_cors_allow_all_methods",
    "test_cors_allow_origin_regex",
    "test_cors_allow_origin_regex_fullmatch",
    "test_cors_allow_specific_origin",
    "test_cors_allowed_origin_does_not_leak_between_requests",
    "test_cors_disallowed_preflight",
    "test_cors_preflight_allow_all_methods",
    "test_cors_preflight_rejects_custom_method_with_wildcard",
    "test_cors_private_network_access_allowed",
    "test_cors_private_network_access_disallowed",
    "test_cors_vary_header_defaults_to_origin",
    "test_cors_vary_header_is_properly_set_for_credentialed_request",
    "test_cors_vary_header_is_properly_set_when_allow_origins_is_not_wildcard",
    "test_cors_vary_header_is_set_for_non_credentialed_request",
    "test_cors_vary_origin_with_gzip",
    "test_preflight_allows_request_origin_if_origins_wildcard_and_credentials_allowed",
)
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Row(NamedTuple):
    options: dict[str, Any]
    method: str
    headers: dict[str, str]
    differences: Mapping[str, str] = MappingProxyType({})


async def hello(request: Request) -> PlainTextResponse:
    response = PlainTextResponse("hello", headers={"Vary": "Accept-Encoding"})
    response.headers.append("Vary", "Accept-Language")
    return response


async def page(request: Request) -> PlainTextResponse:
    return PlainTextResponse("page", headers={"Vary": "Accept-Language"})


def client_of(middleware: Any, options: dict[str, Any]) -> TestClient:
    routes = [Route("/", hello, methods=METHODS), Route("/get", hello)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(middleware, **options)]))


def names(value: str | None) -> list[str] | None:
    return None if value is None else sorted(value.lower().split(", "))


def fields(client: TestClient, row: Row) -> dict[str, object]:
    """Return what the tests look at in a response. Names are compared without order and case."""
    path = "/get" if row.method == "OPTIONS" and "Origin" not in row.headers else "/"
    response = client.request(row.method, path, headers=row.headers)
    allowed = {
        name.removeprefix("access-control-"): names(value)
        for name, value in response.headers.items()
        if name.startswith("access-control-")
    }
    vary = names(response.headers.get("vary"))
    granted = is_granted(row.headers, response.status_code, response.headers)
    found = {"status": response.status_code, "text": response.text, "granted": granted}
    return {**found, "vary": vary, **allowed}


EVERYTHING: Final = {
    "allow_origins": ["*"],
    "allow_methods": ["*"],
    "allow_headers": ["*"],
    "expose_headers": ["X-Own"],
}
ONE: Final = {"allow_origins": [APP]}
CREDENTIALS: Final = {**EVERYTHING, **ONE, "allow_credentials": True}
NAMES: Final = {**ONE, "allow_headers": ["X-B", "Content-Type"]}
ANY_METHOD: Final = {"allow_origins": ["*"], "allow_methods": ["*"]}
POST_ONLY: Final = {**ONE, "allow_methods": ["POST"], "allow_credentials": True}
SUBDOMAINS: Final = {
    **NAMES,
    "allow_origins": [],
    "allow_origin_regex": r"https://.*\.example\.com",
}
REGEX: Final = {**SUBDOMAINS, "allow_credentials": True}
PRIVATE: Final = {**ANY_METHOD, "allow_private_network": True}
PUBLIC: Final = {**ANY_METHOD, "allow_private_network": False}

FROM_APP: Final = {"Origin": APP}
FROM_OTHER: Final = {"Origin": OTHER}
FROM_HTTP: Final = {"Origin": "http://app.example.com"}
COOKIE: Final = {**FROM_APP, "Cookie": "a=1"}
JOINED: Final = {"Origin": f"{APP}.evil.test"}

LOCAL: Final = {"Access-Control-Request-Private-Network": "true"}
NO_ORIGIN: Final = {"Access-Control-Request-Method": "GET"}


def asking(method: str, headers: str = "", **further: str) -> dict[str, str]:
    asked = {**FROM_APP, **further, "Access-Control-Request-Method": method}
    return {**asked, "Access-Control-Request-Headers": headers} if headers else asked


# What differs: the field of the response, and the beginning of its row in the guide.
PREFLIGHT: Final = {
    "text": "a preflight response has the text `OK`",
    "vary": "`Vary` has four names on every preflight response",
}
SAFELISTED: Final = {
    **PREFLIGHT,
    "allow-methods": "GET, HEAD and POST fail a preflight if they are not listed",
}
FIXED_LIST: Final = {**PREFLIGHT, "allow-methods": '`allow_methods=["*"]` is a fixed list'}
REQUESTED: Final = {"allow-headers": '`allow_headers=["*"]` allows the requested headers'}
NO_VARY: Final = {"vary": "with `*`, `Vary: Origin` is sent"}
ALWAYS: Final = {**NO_VARY, "allow-origin": "with `*`, the headers are sent only if there is"}
EXPOSED: Final = {"expose-headers": "with `*`, the headers are sent only if there is"}
SOME: Final = {"allow-credentials": "a denied origin gets `Access-Control-Allow-Credentials`"}
SOME_EXPOSED: Final = {"expose-headers": SOME["allow-credentials"]}
DENIED: Final = {
    **PREFLIGHT,
    **dict.fromkeys(
        ("status", "allow-methods", "allow-headers", "max-age"),
        "a preflight from an origin that is not allowed: 400",
    ),
}
NOT_GRANTED: Final = {"status": "a preflight for something that is not allowed: 400"}
CUSTOM: Final = dict.fromkeys(("status", "granted"), '`allow_methods=["*"]` is a fixed list')
PRIVATE_OFF: Final = dict.fromkeys(
    ("status", "granted"), "a private network request fails if the option is off"
)

ROWS: Final[dict[str, list[Row]]] = {
    "test_cors_allow_all": [
        Row(CREDENTIALS, "OPTIONS", asking("GET", "X-A"), {**FIXED_LIST, **REQUESTED}),
        Row(CREDENTIALS, "GET", FROM_APP),
        Row(CREDENTIALS, "GET", COOKIE),
        Row(CREDENTIALS, "GET", {}),
    ],
    "test_cors_allow_all_except_credentials": [
        Row(EVERYTHING, "OPTIONS", asking("GET", "X-A"), {**FIXED_LIST, **REQUESTED}),
        Row(EVERYTHING, "OPTIONS", asking("GET", "Authorization"), {**FIXED_LIST, **REQUESTED}),
        Row(EVERYTHING, "OPTIONS", NO_ORIGIN, {**ALWAYS, **EXPOSED}),
        Row(EVERYTHING, "GET", FROM_APP, NO_VARY),
        Row(EVERYTHING, "GET", {}, {**ALWAYS, **EXPOSED}),
    ],
    "test_cors_allow_specific_origin": [
        Row(NAMES, "OPTIONS", asking("GET", "X-B, Content-Type"), SAFELISTED),
        Row(NAMES, "GET", FROM_APP),
        Row(NAMES, "GET", {}),
    ],
    "test_cors_disallowed_preflight": [
        Row(NAMES, "OPTIONS", asking("POST", "X-A", **FROM_OTHER), DENIED),
        Row(NAMES, "OPTIONS", asking("GET", "X-A, X-C"), {**SAFELISTED, **NOT_GRANTED}),
    ],
    "test_preflight_allows_request_origin_if_origins_wildcard_and_credentials_allowed": [
        Row(POST_ONLY, "OPTIONS", asking("POST"), SAFELISTED),
    ],
    "test_cors_preflight_allow_all_methods": [
        Row(ANY_METHOD, "OPTIONS", asking(method), FIXED_LIST) for method in (*METHODS, "QUERY")
    ],
    "test_cors_preflight_rejects_custom_method_with_wildcard": [
        Row(ANY_METHOD, "OPTIONS", asking("CUSTOM"), {**FIXED_LIST, **CUSTOM}),
        Row(
            {**POST_ONLY, **ANY_METHOD, **ONE},
            "OPTIONS",
            asking("CUSTOM"),
            {**FIXED_LIST, **CUSTOM},
        ),
    ],
    "test_cors_allow_all_methods": [
        *(Row(ANY_METHOD, method, FROM_APP, NO_VARY) for method in METHODS),
        Row(ANY_METHOD, "OPTIONS", NO_ORIGIN, ALWAYS),
    ],
    "test_cors_allow_origin_regex": [
        Row(REGEX, "GET", FROM_APP),
        Row(REGEX, "GET", COOKIE),
        Row({**REGEX, "expose_headers": ["X-Own"]}, "GET", FROM_HTTP, {**SOME, **SOME_EXPOSED}),
        Row(REGEX, "OPTIONS", asking("GET", "X-B, content-type"), SAFELISTED),
        Row(REGEX, "OPTIONS", asking("GET", "X-B", **FROM_HTTP), {**DENIED, **SOME}),
    ],
    "test_cors_allow_origin_regex_fullmatch": [
        Row(SUBDOMAINS, "GET", FROM_APP),
        Row(SUBDOMAINS, "GET", JOINED),
    ],
    "test_cors_vary_header_defaults_to_origin": [Row(ONE, "GET", FROM_APP)],
    "test_cors_vary_header_is_set_for_non_credentialed_request": [
        Row({"allow_origins": ["*"]}, "GET", FROM_APP, NO_VARY)
    ],
    "test_cors_vary_header_is_properly_set_for_credentialed_request": [
        Row(POST_ONLY, "GET", FROM_APP)
    ],
    "test_cors_vary_header_is_properly_set_when_allow_origins_is_not_wildcard": [
        Row(ONE, "GET", FROM_APP)
    ],
    "test_cors_private_network_access_allowed": [
        Row(PRIVATE, "OPTIONS", asking("GET", **LOCAL), FIXED_LIST),
        Row(PRIVATE, "OPTIONS", asking("GET"), FIXED_LIST),
        Row(PRIVATE, "GET", asking("GET", **LOCAL), NO_VARY),
    ],
    "test_cors_private_network_access_disallowed": [
        Row(PUBLIC, "OPTIONS", asking("GET"), FIXED_LIST),
        Row(PUBLIC, "OPTIONS", asking("GET", **LOCAL), {**FIXED_LIST, **PRIVATE_OFF}),
    ],
}

# The tests whose options corekit rejects: their rows above have one origin instead of all.
REJECTED: Final[dict[str, dict[str, Any]]] = {
    "test_cors_allow_all": {**EVERYTHING, "allow_credentials": True},
    "test_preflight_allows_request_origin_if_origins_wildcard_and_credentials_allowed": {
        **POST_ONLY,
        "allow_origins": ["*"],
    },
    "test_cors_vary_header_is_properly_set_for_credentialed_request": {
        "allow_origins": ["*"],
        "allow_credentials": True,
    },
    "test_cors_allow_origin_regex": {**REGEX, "allow_origin_regex": "https://.*"},
}


def test_every_test_of_the_suite_has_rows() -> None:
    assert sorted([*ROWS, *ELSEWHERE]) == sorted(SUITE)
    assert all(ROWS.values())


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=test) for test, rows in ROWS.items() for row in rows]
)
def test_response_is_the_same_or_the_guide_has_the_difference(row: Row) -> None:
    theirs, ours = (
        fields(client_of(middleware, row.options), row) for middleware in (Theirs, Ours)
    )
    found = {name for name in {*theirs, *ours} if theirs.get(name) != ours.get(name)}
    assert found == row.differences.keys(), (theirs, ours)
    for difference in row.differences.values():
        assert f"\n| {difference}" in GUIDE


@pytest.mark.parametrize("options", REJECTED.values(), ids=REJECTED)
def test_rejected_options_are_in_the_guide(options: dict[str, Any]) -> None:
    Theirs(Starlette(), **options)
    with pytest.raises(PolicyError) as caught:
        Ours(Starlette(), **options)
    assert [problem.code for problem in caught.value.problems] == ["any-origin-with-credentials"]
    assert (
        '\n| `allow_origins=["*"]` with credentials, or `allow_origin_regex="https://.*"`' in GUIDE
    )


def test_header_names_are_in_lower_case_and_in_the_order_written() -> None:
    """`test_cors_allow_specific_origin` compares the header, not only its names."""
    options = {**ONE, "allow_headers": ["X-B", "Content-Type", "X-A"]}
    allowed = [
        client_of(middleware, options)
        .options("/", headers=asking("GET"))
        .headers["access-control-allow-headers"]
        for middleware in (Theirs, Ours)
    ]
    assert allowed == [
        "Accept, Accept-Language, Content-Language, Content-Type, X-A, X-B",
        "x-b, content-type, x-a, accept, accept-language, content-language",
    ]
    assert "\n| names of headers are sent as written, and sorted" in GUIDE


@pytest.mark.parametrize("middleware", [Theirs, Ours])
def test_responses_do_not_depend_on_earlier_requests(middleware: Any) -> None:
    client = client_of(middleware, ONE)
    responses = [
        client.get("/", headers={"Origin": origin}).headers for origin in (APP, OTHER, APP)
    ]
    assert [found.get("access-control-allow-origin") for found in responses] == [APP, None, APP]
    assert {found["vary"] for found in responses} == {"Accept-Encoding, Accept-Language, Origin"}


@pytest.mark.parametrize("middleware", [Theirs, Ours])
def test_compression_adds_to_vary(middleware: Any) -> None:
    app = GZipMiddleware(middleware(Starlette(routes=[Route("/", page)]), [APP]), minimum_size=0)
    headers = {**FROM_APP, "Accept-Encoding": "gzip"}
    response = TestClient(app).get("/", headers=headers)
    assert (response.status_code, response.text) == (200, "page")
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["access-control-allow-origin"] == APP
    assert names(response.headers["vary"]) == ["accept-encoding", "accept-language", "origin"]


# The tests that need more than one request, or another middleware.
ELSEWHERE: Final = {
    "test_cors_allowed_origin_does_not_leak_between_requests": (
        test_responses_do_not_depend_on_earlier_requests
    ),
    "test_cors_vary_origin_with_gzip": test_compression_adds_to_vary,
}
