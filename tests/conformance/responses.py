"""Cases: what the application answers. All of it carries the policy's headers, and no others.

Errors, redirects, streams; the application's own Access-Control-* and Vary; a policy by path.
"""

from __future__ import annotations

from typing import Final

from tests.conformance.case import (
    APP,
    EVIL,
    GET_ONLY_PATH,
    MISSING_PATH,
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

_ANSWERS: Final[dict[str, Response]] = {
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

_OWN: Final[dict[str, Headers]] = {
    "an origin": (("Access-Control-Allow-Origin", APP),),
    "a wildcard": (("Access-Control-Allow-Origin", "*"),),
    "upper case": (("ACCESS-CONTROL-ALLOW-ORIGIN", EVIL),),
    "lower case": (("access-control-allow-origin", EVIL),),
    "a doubled one": (
        ("Access-Control-Allow-Origin", APP),
        ("Access-Control-Allow-Origin", EVIL),
    ),
    "credentials": (
        ("Access-Control-Allow-Origin", EVIL),
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

_VARY: Final[dict[str, tuple[Headers, tuple[str, ...]]]] = {
    "one field": ((("Vary", "Accept"),), ("accept", "origin")),
    "two fields": ((("Vary", "Accept, Cookie"),), ("accept", "cookie", "origin")),
    "two lines": ((("Vary", "Accept"), ("Vary", "Cookie")), ("accept", "cookie", "origin")),
    "origin already": ((("Vary", "Origin"),), ("origin",)),
    "origin in odd case": ((("Vary", "Accept, oRIGIN"),), ("accept", "origin")),
    "origin-like names": ((("Vary", "X-Origin, Origins"),), ("x-origin", "origins", "origin")),
    "everything": ((("Vary", "*"),), ("*",)),
    "upper case": ((("VARY", "Accept-Encoding"),), ("accept-encoding", "origin")),
    "lower case": ((("vary", "accept-language"),), ("accept-language", "origin")),
}

CASES: Final = [
    *(
        Case(
            f"the answer carries the headers: {name}",
            EXACT,
            actual(),
            granted(status=response.status),
            response,
        )
        for name, response in _ANSWERS.items()
    ),
    *(
        Case(
            f"own header replaced for an allowed origin: {name}",
            EXACT,
            actual(),
            granted(),
            Response(headers=headers),
        )
        for name, headers in _OWN.items()
    ),
    *(
        Case(
            f"own header removed for a stranger: {name}",
            API,
            actual(EVIL),
            denied(),
            Response(headers=headers),
        )
        for name, headers in _OWN.items()
    ),
    *(
        Case(
            f"own header removed without Origin: {name}",
            EXACT,
            actual(None),
            denied(),
            Response(headers=headers),
        )
        for name, headers in _OWN.items()
    ),
    *(
        Case(
            f"own Vary is kept: {name}",
            EXACT,
            actual(),
            granted(vary=vary),
            Response(headers=headers),
        )
        for name, (headers, vary) in _VARY.items()
    ),
    *(
        Case(
            f"own Vary is kept for a stranger: {name}",
            EXACT,
            actual(EVIL),
            denied(vary=vary),
            Response(headers=headers),
        )
        for name, (headers, vary) in _VARY.items()
    ),
    Case(
        "own Vary is kept where none is needed",
        PUBLIC,
        actual(EVIL),
        granted("*", vary=("accept",)),
        Response(headers=(("Vary", "Accept"),)),
    ),
    Case(
        "own headers replaced, any origin",
        PUBLIC,
        actual(EVIL),
        granted("*", vary=()),
        Response(headers=_OWN["all of them"]),
    ),
    Case(
        "own headers removed where nothing is granted",
        NOTHING,
        actual(),
        denied(),
        Response(headers=_OWN["all of them"]),
    ),
    Case(
        "own header removed from an error",
        API,
        actual(EVIL),
        denied(status=500),
        Response(500, _OWN["a wildcard"]),
    ),
    Case(
        "a fault: the error page carries the headers",
        EXACT,
        actual(),
        granted(status=500),
        Response(raises=True),
    ),
    Case(
        "a fault: with credentials",
        API,
        actual(APP, "POST"),
        granted(status=500, credentials=True, exposed="x-request-id, etag"),
        Response(raises=True),
    ),
    Case(
        "a fault: any origin",
        PUBLIC,
        actual(EVIL),
        granted("*", status=500, vary=()),
        Response(raises=True),
    ),
    Case(
        "a fault: a stranger learns nothing",
        EXACT,
        actual(EVIL),
        denied(status=500),
        Response(raises=True),
    ),
    Case(
        "a fault: without Origin it varies",
        EXACT,
        actual(None),
        denied(status=500),
        Response(raises=True),
    ),
    Case(
        "an unrouted path: 404 carries the headers",
        EXACT,
        actual(path=MISSING_PATH),
        granted(status=404),
    ),
    Case(
        "an unrouted path: with credentials",
        API,
        actual(APP, "PUT", path=MISSING_PATH),
        granted(status=404, credentials=True, exposed="x-request-id, etag"),
    ),
    Case(
        "an unrouted path: a stranger", EXACT, actual(EVIL, path=MISSING_PATH), denied(status=404)
    ),
    Case(
        "an unrouted path: any origin",
        PUBLIC,
        actual(EVIL, path=MISSING_PATH),
        granted("*", status=404, vary=()),
    ),
    Case(
        "a method that is not routed: 405 carries the headers",
        EXACT,
        actual(APP, "DELETE", path=GET_ONLY_PATH),
        granted(status=405),
    ),
    Case(
        "a method that is not routed: a stranger",
        EXACT,
        actual(EVIL, "DELETE", path=GET_ONLY_PATH),
        denied(status=405),
    ),
    Case("a method that is routed beside", EXACT, actual(path=GET_ONLY_PATH), granted()),
    Case("HEAD carries the headers of GET", EXACT, actual(APP, "HEAD"), granted()),
    Case("HEAD of an error", EXACT, actual(APP, "HEAD"), granted(status=404), Response(404)),
    Case("HEAD of a stranger", EXACT, actual(EVIL, "HEAD"), denied()),
    Case(
        "HEAD of a stream",
        EXACT,
        actual(APP, "HEAD"),
        granted(),
        Response(chunks=(b"one", b"two"), streamed=True),
    ),
    Case(
        "a stream of a stranger passes untouched",
        EXACT,
        actual(EVIL),
        denied(),
        Response(chunks=(b"one", b"two"), streamed=True),
    ),
    Case(
        "a redirect of a stranger passes untouched",
        EXACT,
        actual(EVIL),
        denied(status=302),
        Response(302, (("Location", "/app/items/"),)),
    ),
    Case(
        "an answer to PUT of a stranger passes untouched",
        API,
        actual(EVIL, "PUT"),
        denied(status=201),
        Response(201),
    ),
    Case(
        "routes: the policy of the path",
        ROUTES,
        actual(EVIL, path="/app/public/x"),
        granted("*", vary=()),
    ),
    Case(
        "routes: another policy of another path",
        ROUTES,
        actual(path="/app/api/x"),
        granted(credentials=True, exposed="x-request-id, etag"),
    ),
    Case(
        "routes: a stranger at the strict path", ROUTES, actual(EVIL, path="/app/api/x"), denied()
    ),
    Case("routes: the first match wins", ROUTES, actual(path="/app/public/closed/x"), denied()),
    Case(
        "routes: a path without a slash covers itself", ROUTES, actual(path="/app/exact"), granted()
    ),
    Case("routes: and nothing below it", ROUTES, actual(path="/app/exact/x"), denied(vary=())),
    Case(
        "routes: a query does not matter",
        ROUTES,
        actual(path="/app/exact?x=/app/public/"),
        granted(),
    ),
    Case(
        "routes: an encoded letter is the letter",
        ROUTES,
        actual(path="/app/%61pi/x"),
        granted(credentials=True, exposed="x-request-id, etag"),
    ),
    Case("routes: case matters", ROUTES, actual(path="/app/API/x"), denied(vary=())),
    Case(
        "routes: a path without a policy is left alone",
        ROUTES,
        actual(path="/app/other"),
        granted(EVIL, vary=("accept",)),
        Response(headers=(("Access-Control-Allow-Origin", EVIL), ("Vary", "Accept"))),
    ),
    Case(
        "routes: a preflight of a path without a policy reaches the application",
        ROUTES,
        preflight(path="/app/other"),
        denied(status=204, vary=()),
        Response(204, (("Allow", "GET"),), ()),
    ),
    Case(
        "routes: a preflight meets the policy of its path",
        ROUTES,
        preflight(EVIL, path="/app/public/x"),
        granted("*", status=204, methods="GET, HEAD, POST", vary=(), ran=False),
    ),
    Case(
        "routes: a preflight of the strict path",
        ROUTES,
        preflight(EVIL, path="/app/api/x"),
        denied(status=403, ran=False),
    ),
    Case(
        "routes: a preflight where nothing is granted",
        ROUTES,
        preflight(path="/app/public/closed/x"),
        denied(status=403, ran=False),
    ),
    Case(
        "routes: a fault below a policy",
        ROUTES,
        actual(path="/app/api/x"),
        granted(status=500, credentials=True, exposed="x-request-id, etag"),
        Response(raises=True),
    ),
    Case(
        "routes: a detour to another policy grants nothing",
        ROUTES,
        actual(path="/app/public/%2e%2e/api/x"),
        denied(),
        may_refuse=True,
    ),
]
