"""Misconfigured servers, one for each way in which CORS fails, with the call that fails.

Each has the browsers' names of the failure: Chromium's name and Firefox's reasons. The servers do
not use corekit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from corekit.browser import HttpRequest, HttpResponse

Headers = dict[str, str | list[str]]

ORIGIN, CREDENTIALS = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"
METHODS, NAMES = "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"
PAGE: Final = "{page}"
"""Placeholder for the origin of the page."""


RIGHT: Final[Headers] = {ORIGIN: PAGE, METHODS: "PUT"}


@dataclass(frozen=True)
class BrokenServer:
    """A server that is misconfigured in one way.

    `preflight` and `actual` are the headers of the responses, in which ``{page}`` is the page's
    origin, ``{url}`` the requested URL, ``{rest}`` that URL without its scheme, and ``{other}`` the
    same URL at the API. `call` has the arguments of the page's fetch of `url`. `has_name` is
    whether Chromium's developer tools name the failure.
    """

    name: str
    reasons: tuple[str, ...]
    actual: Headers = field(default_factory=dict)
    preflight: Headers = field(default_factory=dict)
    status: int = 200
    preflight_status: int = 204
    call: dict[str, Any] = field(default_factory=dict)
    url: str = "{url}"
    has_name: bool = True

    def respond(self, request: HttpRequest, page: str) -> HttpResponse:
        """Return the response of the misconfigured server."""
        headers = self.preflight if request.is_preflight else self.actual
        status = self.preflight_status if request.is_preflight else self.status
        if request.url.endswith("/there"):
            # The target of a redirect is configured correctly.
            status, headers = (204 if request.is_preflight else 200), RIGHT
        lines: list[tuple[str, str]] = [("Cache-Control", "no-store")]
        rest = request.url.partition("://")[2]
        for name, given in headers.items():
            for value in [given] if isinstance(given, str) else given:
                filled = value.replace("{page}", page).replace("{rest}", rest)
                filled = filled.replace("{other}", request.url.replace("//app.", "//api."))
                lines.append((name, filled.replace("{url}", request.url)))
        return HttpResponse(status, tuple(lines), b"" if status == 204 else b"here")


PUT: Final = {"method": "PUT"}
INCLUDE: Final = {"credentials": "include"}
GRANTED: Final[Headers] = {ORIGIN: PAGE}

BROKEN_SERVERS: Final = (
    BrokenServer("MissingAllowOriginHeader", ("CORSMissingAllowOrigin",)),
    BrokenServer("MissingAllowOriginHeader", ("CORSMissingAllowOrigin",), status=500),
    BrokenServer(
        "MultipleAllowOriginValues",
        ("CORSMultipleAllowOriginNotAllowed",),
        {ORIGIN: [PAGE, "*"]},
    ),
    BrokenServer(
        "MultipleAllowOriginValues",
        ("CORSAllowOriginNotMatchingOrigin",),
        {ORIGIN: f"{PAGE}, https://other.example"},
    ),
    BrokenServer(
        "InvalidAllowOriginValue", ("CORSAllowOriginNotMatchingOrigin",), {ORIGIN: "app.localhost"}
    ),
    BrokenServer(
        "AllowOriginMismatch", ("CORSAllowOriginNotMatchingOrigin",), {ORIGIN: f"{PAGE}/"}
    ),
    BrokenServer(
        "AllowOriginMismatch",
        ("CORSAllowOriginNotMatchingOrigin",),
        {ORIGIN: "https://other.example"},
    ),
    BrokenServer(
        "WildcardOriginNotAllowed",
        ("CORSNotSupportingCredentials",),
        {ORIGIN: "*", CREDENTIALS: "true"},
        call=INCLUDE,
    ),
    BrokenServer(
        "InvalidAllowCredentials",
        ("CORSMissingAllowCredentials",),
        {ORIGIN: PAGE, CREDENTIALS: "True"},
        call=INCLUDE,
    ),
    BrokenServer(
        "PreflightMissingAllowOriginHeader", ("CORSMissingAllowOrigin",), GRANTED, call=PUT
    ),
    BrokenServer(
        "PreflightMultipleAllowOriginValues",
        ("CORSMultipleAllowOriginNotAllowed",),
        GRANTED,
        {ORIGIN: [PAGE, PAGE], METHODS: "PUT"},
        call=PUT,
    ),
    BrokenServer(
        "PreflightInvalidAllowOriginValue",
        ("CORSAllowOriginNotMatchingOrigin",),
        GRANTED,
        {ORIGIN: "true", METHODS: "PUT"},
        call=PUT,
    ),
    BrokenServer(
        "PreflightAllowOriginMismatch",
        ("CORSAllowOriginNotMatchingOrigin",),
        GRANTED,
        {ORIGIN: "http://localhost:3000", METHODS: "PUT"},
        call=PUT,
    ),
    BrokenServer(
        "PreflightWildcardOriginNotAllowed",
        ("CORSNotSupportingCredentials",),
        {**GRANTED, CREDENTIALS: "true"},
        {ORIGIN: "*", METHODS: "PUT", CREDENTIALS: "true"},
        call={**PUT, **INCLUDE},
    ),
    BrokenServer(
        "PreflightInvalidAllowCredentials",
        ("CORSMissingAllowCredentials",),
        {**GRANTED, CREDENTIALS: "true"},
        {ORIGIN: PAGE, METHODS: "PUT"},
        call={**PUT, **INCLUDE},
    ),
    BrokenServer(
        "PreflightInvalidStatus",
        ("CORSPreflightDidNotSucceed",),
        GRANTED,
        {ORIGIN: PAGE, METHODS: "PUT"},
        preflight_status=405,
        call=PUT,
    ),
    BrokenServer(
        "PreflightDisallowedRedirect",
        ("CORSExternalRedirectNotAllowed", "CORSPreflightDidNotSucceed"),
        GRANTED,
        {ORIGIN: PAGE, METHODS: "PUT", "Location": "{url}there"},
        preflight_status=308,
        call=PUT,
    ),
    BrokenServer(
        "InvalidAllowMethodsPreflightResponse",
        ("CORSInvalidAllowMethod",),
        GRANTED,
        {ORIGIN: PAGE, METHODS: "PUT; DELETE"},
        call=PUT,
    ),
    BrokenServer(
        "InvalidAllowHeadersPreflightResponse",
        ("CORSInvalidAllowHeader",),
        GRANTED,
        {ORIGIN: PAGE, NAMES: "x-a: 1"},
        call={"headers": (("X-A", "1"),)},
    ),
    BrokenServer(
        "MethodDisallowedByPreflightResponse",
        ("CORSMethodNotFound",),
        GRANTED,
        {ORIGIN: PAGE, METHODS: "put, DELETE"},
        call=PUT,
    ),
    BrokenServer(
        "HeaderDisallowedByPreflightResponse",
        ("CORSMissingAllowHeaderFromPreflight",),
        GRANTED,
        {ORIGIN: PAGE, NAMES: "x-b"},
        call={"headers": (("X-A", "1"),)},
    ),
    BrokenServer(
        "RedirectContainsCredentials",
        ("CORSDidNotSucceed",),
        {ORIGIN: PAGE, "Location": "http://user:word@{rest}there"},
        status=302,
    ),
    BrokenServer(
        "CorsDisabledScheme",
        ("CORSRequestNotHttp",),
        {ORIGIN: PAGE, "Location": "ftp://{rest}there"},
        status=302,
    ),
    BrokenServer(
        "CorsDisabledScheme", ("CORSRequestNotHttp",), GRANTED, url="ftp://{rest}", has_name=False
    ),
    BrokenServer(
        "DisallowedByMode",
        (),
        {ORIGIN: PAGE, "Location": "{other}there"},
        status=302,
        call={"mode": "same-origin"},
        url="{own}",
        has_name=False,
    ),
    BrokenServer("DisallowedByMode", (), GRANTED, call={"mode": "same-origin"}, has_name=False),
)


def as_wsgi(respond: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Return a WSGI application that a middleware can wrap."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        headers = tuple(
            (name.removeprefix("HTTP_").replace("_", "-").title(), str(value))
            for name, value in environ.items()
            if name.startswith("HTTP_")
        )
        url = f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}{environ['PATH_INFO']}"
        response = respond(HttpRequest(environ["REQUEST_METHOD"], url, headers))
        status = f"{response.status} {HTTPStatus(response.status).phrase}"
        start_response(status, list(response.headers))
        return [response.body]

    return app
