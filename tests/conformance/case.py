"""The type of the cases in the conformance table, and functions to write them.

No framework and no engine is imported here. The expected result of a case is written by hand, from
the Fetch standard (https://fetch.spec.whatwg.org/#http-cors-protocol) and this project's design.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from corekit import CorsPolicy, CorsRoutes

__all__ = [
    "APP",
    "CASE_HEADER",
    "GET_ONLY_PATH",
    "MISSING_PATH",
    "PATH",
    "UNTRUSTED",
    "Case",
    "Expected",
    "Request",
    "Response",
    "actual",
    "denied",
    "granted",
    "preflight",
]

Headers = tuple[tuple[str, str], ...]

APP: Final = "https://app.example.com"
"""The origin that nearly every policy of the table allows."""

UNTRUSTED: Final = "https://evil.example.net"
"""An origin that only policies for any origin allow."""

CASE_HEADER: Final = "x-case"
"""The request header that names the case to the application under test."""

PATH: Final = "/app/items"
"""Applications route every method and path below ``/app/`` to the response of the case."""

GET_ONLY_PATH: Final = "/get-only"
"""Applications route this path for GET only."""

MISSING_PATH: Final = "/missing"
"""No application routes this path."""


@dataclass(frozen=True, slots=True)
class Request:
    """The client's request. Header names keep their case; header values are Latin-1."""

    method: str
    headers: Headers = ()
    path: str = PATH


@dataclass(frozen=True, slots=True)
class Response:
    """The application's response: `chunks` one by one if `streamed`, or an exception."""

    status: int = 200
    headers: Headers = ()
    chunks: tuple[bytes, ...] = (b"hello",)
    streamed: bool = False
    raises: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """The response that the client must receive.

    `headers` are all Access-Control-* headers of the response, by lower-case name; lists are
    compared as sets. `vary` are the lower-case elements of all its Vary headers. `ran` is whether
    the application was called.
    """

    status: int
    headers: Mapping[str, str]
    vary: tuple[str, ...]
    ran: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """One row: a policy, a request, the application's response, and the expected result.

    If `may_refuse` is true, the request is unusual enough that a server may refuse it before the
    middleware runs, with a 4xx response that has no CORS headers.
    """

    name: str
    policy: CorsPolicy | CorsRoutes
    request: Request
    expected: Expected
    response: Response = Response()
    may_refuse: bool = False


def actual(
    origin: str | None = APP, method: str = "GET", *more: tuple[str, str], path: str = PATH
) -> Request:
    """Return an actual request, with an Origin header if `origin` is not None."""
    headers = () if origin is None else (("Origin", origin),)
    return Request(method, headers + more, path)


def preflight(
    origin: str = APP,
    method: str = "PUT",
    headers: str | None = None,
    *more: tuple[str, str],
    path: str = PATH,
) -> Request:
    """Return a preflight: https://fetch.spec.whatwg.org/#cors-preflight-fetch"""
    fields: Headers = (("Origin", origin), ("Access-Control-Request-Method", method))
    if headers is not None:
        fields += (("Access-Control-Request-Headers", headers),)
    return Request("OPTIONS", fields + more, path)


def granted(
    origin: str = APP,
    *,
    status: int = 200,
    credentials: bool = False,
    methods: str | None = None,
    headers: str | None = None,
    exposed: str | None = None,
    max_age: int | None = None,
    private_network: bool = False,
    vary: Iterable[str] = ("origin",),
    ran: bool = True,
) -> Expected:
    """Expect that `origin` is allowed, with exactly these Access-Control-* headers."""
    fields = {"access-control-allow-origin": origin}
    if credentials:
        fields["access-control-allow-credentials"] = "true"
    if methods is not None:
        fields["access-control-allow-methods"] = methods
    if headers is not None:
        fields["access-control-allow-headers"] = headers
    if exposed is not None:
        fields["access-control-expose-headers"] = exposed
    if max_age is not None:
        fields["access-control-max-age"] = str(max_age)
    if private_network:
        fields["access-control-allow-private-network"] = "true"
    return Expected(status, fields, tuple(vary), ran)


def denied(*, status: int = 200, vary: Iterable[str] = ("origin",), ran: bool = True) -> Expected:
    """Expect no Access-Control-* header."""
    return Expected(status, {}, tuple(vary), ran)
