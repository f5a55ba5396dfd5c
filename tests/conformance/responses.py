"""Cases with responses of the application, all of which get the policy's headers and no others.

Errors, redirects, streams; the application's own Access-Control-* and Vary; policies by path.
"""

from __future__ import annotations

from typing import Final

from tests.conformance.case import (
    APP,
    GET_ONLY_PATH,
    MISSING_PATH,
    UNTRUSTED,
    Case,
    Headers,
    Response,
    actual,
    denied,
    granted,
    preflight,
)
from tests.conformance.policies import API, EXACT, NOTHING, PUBLIC, ROUTES

__all__ = ["CASES"]

_RESPONSES: Final[dict[str, Response]] = {
    "201 with Location": Response(201, (("Location", "/app/items/1"),)),
    "204": Response(204, (), ()),
    "206": Response(206, (("Content-Range", "bytes 0-4/10"),)),
    "301": Response(301, (("Location", "/app/items/"),)),
    "302 to another origin": Response(302, (("Location", "https://other.example/"),)),
    "303": Response(303, (("Location", "/app/items"),)),
    "304": Response(304, (("ETag", '"1"'),), ()),
    "307": Response(307, (("Location", "/app/items/"),)),
    "308": Response(308, (("Location", "/app/items/"),)),
    "400": Response(400),
    "401 with a challenge": Response(401, (("WWW-Authenticate", "Bearer"),)),
    "403 of the application": Response(403),
    "404 of the application": Response(404),
    "405 of the application": Response(405, (("Allow", "GET"),)),
    "409": Response(409),
    "410": Response(410),
    "413": Response(413),
    "422": Response(422),
    "429": Response(429, (("Retry-After", "1"),)),
    "500 of the application": Response(500),
    "502": Response(502),
    "503": Response(503, (("Retry-After", "1"),)),
    "an empty body": Response(200, (), ()),
    "a cookie and a header": Response(200, (("Set-Cookie", "a=1; Path=/"), ("X-One", "1"))),
    "a large body": Response(200, (), (b"x" * 300_000,)),
    "a stream": Response(200, (), (b"one", b"two", b"three"), streamed=True),
    "a stream of events": Response(
        200,
        (("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache")),
        (b"data: 1\n\n", b"data: 2\n\n"),
        streamed=True,
    ),
    "a stream of 100 pieces": Response(200, (), (b"0123456789",) * 100, streamed=True),
    "a stream that answers 500": Response(500, (), (b"sorry",), streamed=True),
}

_APP_HEADERS: Final[dict[str, Headers]] = {
    "an origin": (("Access-Control-Allow-Origin", APP),),
    "a wildcard": (("Access-Control-Allow-Origin", "*"),),
    "upper case": (("ACCESS-CONTROL-ALLOW-ORIGIN", UNTRUSTED),),
    "lower case": (("access-control-allow-origin", UNTRUSTED),),
    "a duplicate": (
        ("Access-Control-Allow-Origin", APP),
        ("Access-Control-Allow-Origin", UNTRUSTED),
    ),
    "credentials": (
        ("Access-Control-Allow-Origin", UNTRUSTED),
        ("Access-Control-Allow-Credentials", "true"),
    ),
    "all of them": (
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", "*"),
        ("Access-Control-Allow-Headers", "*"),
        ("Access-Control-Expose-Headers", "*"),
        ("Access-Control-Max-Age", "86400"),
        ("Access-Control-Allow-Private-Network", "true"),
    ),
}

_APP_VARY: Final[dict[str, tuple[Headers, tuple[str, ...]]]] = {
    "one field": ((("Vary", "Accept"),), ("accept", "origin")),
    "two fields": ((("Vary", "Accept, Cookie"),), ("accept", "cookie", "origin")),
    "two lines": ((("Vary", "Accept"), ("Vary", "Cookie")), ("accept", "cookie", "origin")),
    "origin already": ((("Vary", "Origin"),), ("origin",)),
    "origin in mixed case": ((("Vary", "Accept, oRIGIN"),), ("accept", "origin")),
    "origin-like names": ((("Vary", "X-Origin, Origins"),), ("x-origin", "origins", "origin")),
    "everything": ((("Vary", "*"),), ("*",)),
    "upper case": ((("VARY", "Accept-Encoding"),), ("accept-encoding", "origin")),
    "lower case": ((("vary", "accept-language"),), ("accept-language", "origin")),
}

CASES: Final = [
    *(
        Case(
            f"the response has the headers: {name}",
            EXACT,
            actual(),
            granted(status=response.status),
            response,
        )
        for name, response in _RESPONSES.items()
    ),
    *(
        Case(
            f"own header replaced for an allowed origin: {name}",
            EXACT,
            actual(),
            granted(),
            Response(headers=headers),
        )
        for name, headers in _APP_HEADERS.items()
    ),
    *(
        Case(
            f"own header removed for an untrusted origin: {name}",
            API,
            actual(UNTRUSTED),
            denied(),
            Response(headers=headers),
        )
        for name, headers in _APP_HEADERS.items()
    ),
    *(
        Case(
            f"own header removed without Origin: {name}",
            EXACT,
            actual(None),
            denied(),
            Response(headers=headers),
        )
        for name, headers in _APP_HEADERS.items()
    ),
    *(
        Case(
            f"own Vary is kept: {name}",
            EXACT,
            actual(),
            granted(vary=vary),
            Response(headers=headers),
        )
        for name, (headers, vary) in _APP_VARY.items()
    ),
    *(
        Case(
            f"own Vary is kept for an untrusted origin: {name}",
            EXACT,
            actual(UNTRUSTED),
            denied(vary=vary),
            Response(headers=headers),
        )
        for name, (headers, vary) in _APP_VARY.items()
    ),
    Case(
        "own Vary is kept if none is added",
        PUBLIC,
        actual(UNTRUSTED),
        granted("*", vary=("accept",)),
        Response(headers=(("Vary", "Accept"),)),
    ),
    Case(
        "own headers replaced, any origin",
        PUBLIC,
        actual(UNTRUSTED),
        granted("*", vary=()),
        Response(headers=_APP_HEADERS["all of them"]),
    ),
    Case(
        "own headers removed if nothing is allowed",
        NOTHING,
        actual(),
        denied(),
        Response(headers=_APP_HEADERS["all of them"]),
    ),
    Case(
        "own header removed from an error",
        API,
        actual(UNTRUSTED),
        denied(status=500),
        Response(500, _APP_HEADERS["a wildcard"]),
    ),
    Case(
        "exception: the error page has the headers",
        EXACT,
        actual(),
        granted(status=500),
        Response(raises=True),
    ),
    Case(
        "exception: with credentials",
        API,
        actual(APP, "POST"),
        granted(status=500, credentials=True, exposed="x-request-id, etag"),
        Response(raises=True),
    ),
    Case(
        "exception: any origin",
        PUBLIC,
        actual(UNTRUSTED),
        granted("*", status=500, vary=()),
        Response(raises=True),
    ),
    Case(
        "exception: an untrusted origin gets no headers",
        EXACT,
        actual(UNTRUSTED),
        denied(status=500),
        Response(raises=True),
    ),
    Case(
        "exception: the error page varies without Origin",
        EXACT,
        actual(None),
        denied(status=500),
        Response(raises=True),
    ),
    Case(
        "a path without a route: 404 has the headers",
        EXACT,
        actual(path=MISSING_PATH),
        granted(status=404),
    ),
    Case(
        "a path without a route: with credentials",
        API,
        actual(APP, "PUT", path=MISSING_PATH),
        granted(status=404, credentials=True, exposed="x-request-id, etag"),
    ),
    Case(
        "a path without a route: an untrusted origin",
        EXACT,
        actual(UNTRUSTED, path=MISSING_PATH),
        denied(status=404),
    ),
    Case(
        "a path without a route: any origin",
        PUBLIC,
        actual(UNTRUSTED, path=MISSING_PATH),
        granted("*", status=404, vary=()),
    ),
    Case(
        "a method without a route: 405 has the headers",
        EXACT,
        actual(APP, "DELETE", path=GET_ONLY_PATH),
        granted(status=405),
    ),
    Case(
        "a method without a route: an untrusted origin",
        EXACT,
        actual(UNTRUSTED, "DELETE", path=GET_ONLY_PATH),
        denied(status=405),
    ),
    Case("a method with a route on the same path", EXACT, actual(path=GET_ONLY_PATH), granted()),
    Case("HEAD has the headers of GET", EXACT, actual(APP, "HEAD"), granted()),
    Case("HEAD of an error", EXACT, actual(APP, "HEAD"), granted(status=404), Response(404)),
    Case("HEAD from an untrusted origin", EXACT, actual(UNTRUSTED, "HEAD"), denied()),
    Case(
        "HEAD of a stream",
        EXACT,
        actual(APP, "HEAD"),
        granted(),
        Response(chunks=(b"one", b"two"), streamed=True),
    ),
    Case(
        "a stream to an untrusted origin is unchanged",
        EXACT,
        actual(UNTRUSTED),
        denied(),
        Response(chunks=(b"one", b"two"), streamed=True),
    ),
    Case(
        "a redirect of an untrusted origin is unchanged",
        EXACT,
        actual(UNTRUSTED),
        denied(status=302),
        Response(302, (("Location", "/app/items/"),)),
    ),
    Case(
        "a response to PUT from an untrusted origin is unchanged",
        API,
        actual(UNTRUSTED, "PUT"),
        denied(status=201),
        Response(201),
    ),
    Case(
        "routes: the policy of the path",
        ROUTES,
        actual(UNTRUSTED, path="/app/public/x"),
        granted("*", vary=()),
    ),
    Case(
        "routes: another policy of another path",
        ROUTES,
        actual(path="/app/api/x"),
        granted(credentials=True, exposed="x-request-id, etag"),
    ),
    Case(
        "routes: an untrusted origin at the strict path",
        ROUTES,
        actual(UNTRUSTED, path="/app/api/x"),
        denied(),
    ),
    Case("routes: the first match wins", ROUTES, actual(path="/app/public/closed/x"), denied()),
    Case(
        "routes: a path without a slash covers itself", ROUTES, actual(path="/app/exact"), granted()
    ),
    Case(
        "routes: a path without a slash covers nothing below it",
        ROUTES,
        actual(path="/app/exact/x"),
        denied(vary=()),
    ),
    Case(
        "routes: a query does not matter",
        ROUTES,
        actual(path="/app/exact?x=/app/public/"),
        granted(),
    ),
    Case(
        "routes: percent-encoded letters do not change the policy",
        ROUTES,
        actual(path="/app/api/%78"),
        granted(credentials=True, exposed="x-request-id, etag"),
    ),
    Case("routes: case matters", ROUTES, actual(path="/app/API/x"), denied(vary=())),
    Case(
        "routes: a path without a policy is unchanged",
        ROUTES,
        actual(path="/app/other"),
        granted(UNTRUSTED, vary=("accept",)),
        Response(headers=(("Access-Control-Allow-Origin", UNTRUSTED), ("Vary", "Accept"))),
    ),
    Case(
        "routes: a preflight to a path without a policy reaches the application",
        ROUTES,
        preflight(path="/app/other"),
        denied(status=204, vary=()),
        Response(204, (("Allow", "GET"),), ()),
    ),
    Case(
        "routes: a preflight gets the policy of its path",
        ROUTES,
        preflight(UNTRUSTED, path="/app/public/x"),
        granted("*", status=204, methods="GET, HEAD, POST", vary=(), ran=False),
    ),
    Case(
        "routes: a preflight to the strict path",
        ROUTES,
        preflight(UNTRUSTED, path="/app/api/x"),
        denied(status=403, ran=False),
    ),
    Case(
        "routes: a preflight if nothing is allowed",
        ROUTES,
        preflight(path="/app/public/closed/x"),
        denied(status=403, ran=False),
    ),
    Case(
        "routes: an exception below a policy",
        ROUTES,
        actual(path="/app/api/x"),
        granted(status=500, credentials=True, exposed="x-request-id, etag"),
        Response(raises=True),
    ),
    Case(
        "routes: dot segments to another policy allow nothing",
        ROUTES,
        actual(path="/app/public/%2e%2e/api/x"),
        denied(),
        may_refuse=True,
    ),
]
