"""A service with an exported file, as a WSGI application that does what its documentation says.

Not a test.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from corekit.export import Export
from tests.export.services import ANY, Grants, Service, matcher_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

READABLE: Final = (("X-Total", "3"), ("X-Secret", "4"), ("ETag", '"a"'))
"""Headers of each response, which a page may read if they are exposed."""


def bare(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Respond to each request alike, without CORS headers."""
    start_response("200 OK", [*READABLE])
    return [b"hello"]


def names_of(value: str | None) -> list[str]:
    return [each.strip() for each in (value or "").split(",") if each.strip()]


def model_of(service: Service, export: Export, *, is_reflecting: bool) -> WSGIApplication:
    """Return an application behind a service that has read a file.

    If `is_reflecting` is true, requested names are reflected where the file has ``*``.
    """
    grants = service.read(export)
    matchers = [re.compile(matcher_of(each)).fullmatch for each in grants.origins]

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        origin = environ.get("HTTP_ORIGIN")
        is_allowed = origin is not None and any(matches(origin) for matches in matchers)
        method = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
        if environ["REQUEST_METHOD"] != "OPTIONS" or method is None:
            # S3 grants a request only if the method of the rule matches.
            is_allowed &= not service.is_strict or environ["REQUEST_METHOD"] in grants.methods
            headers = [*READABLE]
            if is_allowed:
                headers += origin_headers(grants, origin)
            start_response("200 OK", headers)
            return [b"hello"]
        requested = names_of(environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"))
        is_missing = ANY not in grants.headers and not set(requested).issubset(grants.headers)
        if service.is_strict and (is_missing or method not in grants.methods):
            is_allowed = False
        if not is_allowed:
            start_response("403 Forbidden" if service.is_strict else "204 No Content", [])
            return []
        given = [*origin_headers(grants, origin)]
        given += preflight_headers(grants, method, requested, is_reflecting=is_reflecting)
        start_response("200 OK", given)
        return []

    return application


def origin_headers(grants: Grants, origin: str | None) -> Iterator[tuple[str, str]]:
    value = ANY if ANY in grants.origins else origin
    yield "Access-Control-Allow-Origin", value or ""
    if grants.credentials:
        yield "Access-Control-Allow-Credentials", "true"
    if grants.exposed:
        yield "Access-Control-Expose-Headers", ",".join(grants.exposed)


def preflight_headers(
    grants: Grants, method: str, requested: list[str], *, is_reflecting: bool
) -> Iterator[tuple[str, str]]:
    # With credentials, no service sends *.
    reflects = is_reflecting or grants.credentials
    methods = [method] if ANY in grants.methods and reflects else grants.methods
    yield "Access-Control-Allow-Methods", ",".join(methods)
    headers = requested if ANY in grants.headers and reflects else grants.headers
    if headers:
        yield "Access-Control-Allow-Headers", ",".join(headers)
    if grants.max_age is not None:
        yield "Access-Control-Max-Age", str(grants.max_age)
