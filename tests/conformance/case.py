"""What a case of the conformance table is: values only, and words to write them with.

No framework is known here and no engine is asked: what a case expects is written by hand, from the
Fetch standard (https://fetch.spec.whatwg.org/#http-cors-protocol) and the rules of this project.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from corekit import CorsPolicy, CorsRoutes

__all__ = [
    "APP",
    "CASE_HEADER",
    "EVIL",
    "GET_ONLY_PATH",
    "MISSING_PATH",
    "PATH",
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

EVIL: Final = "https://evil.example.net"
"""An origin that is allowed nowhere but where any is."""

CASE_HEADER: Final = "x-case"
"""The request header by which the application under test knows which case is asked."""

PATH: Final = "/app/items"
"""Applications route all below ``/app/``, for every method, to the answer of the case."""

GET_ONLY_PATH: Final = "/get-only"
"""Applications route this for GET only."""

MISSING_PATH: Final = "/missing"
"""No application routes this."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the client sends; header values are latin-1, names as they are to be spelled."""

    method: str
    headers: Headers = ()
    path: str = PATH


@dataclass(frozen=True, slots=True)
class Response:
    """What the application answers: `chunks` one by one where `streamed`, or an exception."""

    status: int = 200
    headers: Headers = ()
    chunks: tuple[bytes, ...] = (b"hello",)
    streamed: bool = False
    raises: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """What the client must see.

    `headers` are all the Access-Control-* headers of the response, by lower-case name; lists are
    compared as sets. `vary` are the lower-case elements of all its Vary headers. `ran` says whether
    the application was called.
    """

    status: int
    headers: Mapping[str, str]
    vary: tuple[str, ...]
    ran: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """One row: a policy, a request, the application's answer, and what must come out.

    Where `may_refuse` is true, the request is odd enough that a server may refuse it by itself,
    with a 4xx that grants nothing.
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
    """Write a request that is no preflight, with Origin where there is one."""
    headers = () if origin is None else (("Origin", origin),)
    return Request(method, headers + more, path)


def preflight(
    origin: str = APP,
    method: str = "PUT",
    headers: str | None = None,
    *more: tuple[str, str],
    path: str = PATH,
) -> Request:
    """Write a preflight: https://fetch.spec.whatwg.org/#cors-preflight-fetch"""
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
    """Expect a grant to `origin`, with exactly these Access-Control-* headers."""
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
    """Expect no Access-Control-* header at all."""
    return Expected(status, {}, tuple(vary), ran)
