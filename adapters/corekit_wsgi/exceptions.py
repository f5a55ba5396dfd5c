"""The layer that responds to exceptions, so that the response has the headers of the policy."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable, Iterator
from types import GeneratorType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_BODY: Final = b"Internal Server Error"


class ExceptionResponses:
    """Responds with a 500 to an exception of an application, and raises it again after the body.

    The server then logs it as without this layer, and closes the connection. A response that has
    begun stays as it is.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Handle a request, as a WSGI application."""
        body = b"" if environ["REQUEST_METHOD"] == "HEAD" else _BODY
        try:
            parts = self.app(environ, start_response)
        except Exception as error:  # noqa: BLE001 - raised again
            _start(start_response)
            return _fail(body, error)
        if not isinstance(parts, GeneratorType):
            return parts
        # It runs only when the server reads it.
        return _iterate(parts, body, start_response)


def _start(start_response: StartResponse) -> None:
    headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(_BODY)))]
    # If the server has sent headers, this raises the exception.
    start_response("500 Internal Server Error", headers, sys.exc_info())


def _fail(body: bytes, error: Exception) -> Iterator[bytes]:
    yield body
    raise error


def _iterate(
    parts: Generator[bytes, None, None], body: bytes, start_response: StartResponse
) -> Iterator[bytes]:
    try:
        try:
            first = next(parts, b"")
        except Exception as error:  # noqa: BLE001 - raised again
            _start(start_response)
            yield from _fail(body, error)
        else:
            yield first
            yield from parts
    finally:
        parts.close()
