"""HTTP as the demo speaks it: responses in JSON, and a client for one request.

A response is the browser model's `HttpResponse`, so that it can be sent, checked and explained.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from corekit.browser import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Headers = Iterable[tuple[str, str]]


def respond(status: int, content_type: str, body: bytes, headers: Headers = ()) -> HttpResponse:
    """Build a response that no cache may keep."""
    about = (
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    )
    return HttpResponse(status, (*about, *headers), body)


def respond_json(value: Any, *, status: int = 200, headers: Headers = ()) -> HttpResponse:
    """Build a JSON response."""
    return respond(status, "application/json", json.dumps(value).encode(), headers)


def respond_error(status: int, message: str, hint: str) -> HttpResponse:
    """Build the JSON response that reports an error.

    >>> respond_error(404, "Not found.", "Open /.").body
    b'{"error": {"message": "Not found.", "hint": "Open /."}}'
    """
    return respond_json({"error": {"message": message, "hint": hint}}, status=status)


def start(start_response: StartResponse, response: HttpResponse) -> list[bytes]:
    """Pass a response to a WSGI server."""
    status = f"{response.status} {HTTPStatus(response.status).phrase}"
    start_response(status, list(response.headers))
    return [response.body]


def read_body(environ: WSGIEnvironment, most: int) -> bytes | None:
    """Read the body of a request; return None, unread, if it is longer than `most` bytes."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or len(length) > 9 or int(length) > most:
        return None
    body: bytes = environ["wsgi.input"].read(int(length))
    return body


def send(request: HttpRequest) -> HttpResponse:
    """Send a request over HTTP, never through a proxy; raise OSError or HTTPException."""
    url = urlsplit(request.url)
    with closing(HTTPConnection(url.netloc, timeout=10)) as connection:
        target = f"{url.path}?{url.query}" if url.query else url.path
        connection.request(request.method, target, request.body, dict(request.headers))
        response = connection.getresponse()
        return HttpResponse(response.status, tuple(response.getheaders()), response.read())
