"""WSGI applications with and without CORS bugs, for the tests of the probe. Not a test."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from corekit import CorsPolicy, CorsRoutes
from corekit.browser import Fetch, HttpRequest, HttpResponse
from corekit.diagnostics import Diagnostic
from corekit.probe import Plan, run_probe
from corekit_testing.transports import WsgiTransport
from corekit_wsgi import CorsMiddleware

URL: Final = "http://127.0.0.1:8000/items"
PAGE: Final = "https://app.example.com"
POLICY = CorsPolicy(
    allow_origins=[PAGE],
    allow_methods=["PUT"],
    allow_headers=["x-a"],
    expose_headers=["x-b"],
    max_age=600,
)

Headers = list[tuple[str, str]]
Bug = Callable[[dict[str, Any], int, Headers], tuple[int, Headers]]
"""Takes a request and the right response, and returns a wrong one."""


def items(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Respond on one path, and with 404 elsewhere."""
    is_there = environ["PATH_INFO"] == "/items"
    status = "200 OK" if is_there else "404 Not Found"
    start_response(status, [("Content-Type", "text/plain"), ("X-B", "1")])
    return [b"items" if is_there else b"nothing"]


def right(policy: CorsPolicy | CorsRoutes = POLICY) -> Any:
    """Return an application without bugs."""
    return CorsMiddleware(items, policy)


def wrong(bug: Bug, policy: CorsPolicy = POLICY) -> Any:
    """Return an application with a bug around it."""
    app = right(policy)

    def buggy(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            code, changed = bug(environ, int(status[:3]), list(headers))
            return start_response(f"{code} As It Is", changed, exc_info)

        chunks: Iterable[bytes] = app(environ, start)
        return chunks

    return buggy


def without(headers: Headers, *names: str) -> Headers:
    """Return the headers without some of them."""
    dropped = {name.lower() for name in names}
    return [pair for pair in headers if pair[0].lower() not in dropped]


ALLOW, CREDENTIALS = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"


PRIVATE = "Access-Control-Allow-Private-Network"


WITH_COOKIES: Final = POLICY.replace(allow_credentials=True)


def probe(
    app: Any,
    *,
    origin: str = PAGE,
    others: tuple[str, ...] = (),
    credentials: str = "omit",
    is_chosen: bool = True,
    method: str = "PUT",
    names: tuple[str, ...] = (),
    policy: CorsPolicy | None = None,
    denied: tuple[str, ...] = (),
) -> tuple[Diagnostic, ...]:
    headers = tuple((name, '"1"') for name in names)
    fetch = Fetch(URL, method, headers, credentials=credentials)
    plan = Plan((origin, *others), fetch, is_chosen, policy=policy, denied_origins=denied)
    responses, found = run_probe(plan, connect(app))
    assert {each.sent.request.method for each in responses.all} == {"GET", "OPTIONS"}
    return found


def connect(app: Any) -> Callable[[HttpRequest], HttpResponse]:
    """Return what sends a request to an application."""
    return WsgiTransport(app, raise_exceptions=True).send


def codes(findings: Iterable[Diagnostic]) -> set[str]:
    return {finding.code for finding in findings}


def is_preflight(environ: dict[str, Any]) -> bool:
    return str(environ["REQUEST_METHOD"]) == "OPTIONS"


def admit(origin: str, *, credentials: bool = False) -> Bug:
    """Allow one origin in addition to those of the policy."""

    def bug(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        if environ.get("HTTP_ORIGIN") == origin and not is_preflight(environ):
            headers = [*headers, (ALLOW, origin)]
            headers += [(CREDENTIALS, "true")] if credentials else []
        return status, headers

    return bug


def replace(name: str, *values: str, when: Callable[[dict[str, Any]], bool] = bool) -> Bug:
    """Replace the values of a header wherever it is sent."""

    def bug(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        if len(without(headers, name)) < len(headers) and when(environ):
            headers = [*without(headers, name), *((name, value) for value in values)]
        return status, headers

    return bug


def respond(status: int, *headers: tuple[str, str], when: Callable[[dict[str, Any]], bool]) -> Bug:
    def bug(environ: dict[str, Any], right: int, changed: Headers) -> tuple[int, Headers]:
        return (status, [*changed, *headers]) if when(environ) else (right, changed)

    return bug


def is_get(environ: dict[str, Any]) -> bool:
    return str(environ["PATH_INFO"]) == "/items" and not is_preflight(environ)


def is_missing_page(environ: dict[str, Any]) -> bool:
    return str(environ["PATH_INFO"]) != "/items"


def add(*headers: tuple[str, str]) -> Bug:
    return lambda _, status, changed: (status, [*changed, *headers])


def texts(finding: Diagnostic) -> tuple[object, ...]:
    return finding.subject, finding.value, finding.failure, finding.message, finding.hint
