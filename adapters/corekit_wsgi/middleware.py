"""The WSGI middleware: reads the environ of a request, asks the engine, writes its answer.

It holds no rule of its own. What the application returns goes to the server as it is, so that
iterators, ``close()``, file wrappers and the write callable work as without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from corekit import Answer, CorsPolicy, CorsRoutes
from corekit.headers import answer_headers, merge_headers

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["CorsMiddleware"]

_REFUSED: Final = b"CORS: the origin is not allowed.\n"


def _describe(body: bytes) -> tuple[tuple[str, str], ...]:
    return ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))


_ABOUT_REFUSED: Final = _describe(_REFUSED)
_ABOUT_EMPTY: Final = _describe(b"")

_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}
_STATUS_LINES: Final = {
    code: f"{code} {_PHRASES.get(code, 'OK')}" for code in (*range(200, 300), 403)
}


class CorsMiddleware:
    """Puts a policy around a WSGI application.

    `app` is any WSGI callable, `policy` a `CorsPolicy`, or a `CorsRoutes` that is asked with the
    path of each request (SCRIPT_NAME and PATH_INFO). Make it the outermost layer, so that errors,
    redirects and refusals of all others carry the headers.

    >>> from corekit import CorsPolicy
    >>> def hello(environ, start_response):
    ...     start_response("200 OK", [("Content-Type", "text/plain")])
    ...     return [b"hello"]
    >>> app = CorsMiddleware(hello, CorsPolicy(allow_origins=["https://app.example.com"]))
    """

    def __init__(self, app: WSGIApplication, policy: CorsPolicy | CorsRoutes) -> None:
        if not isinstance(policy, CorsPolicy | CorsRoutes):
            raise TypeError(
                f"policy is of type {type(policy).__name__}: give a CorsPolicy or a CorsRoutes"
            )
        self.app = app
        self.policy = policy
        # Routes are asked for each request; a policy alone is the same for every path.
        self._engine = policy.engine if isinstance(policy, CorsPolicy) else None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        engine = self._engine
        if engine is None:
            policy = self.policy.match(_path(environ))
            if policy is None:
                return self.app(environ, start_response)
            engine = policy.engine
        # Servers join a header that came twice with a comma, which no origin has.
        origin: str | None = environ.get("HTTP_ORIGIN")
        if origin is not None and environ["REQUEST_METHOD"] == "OPTIONS":
            method = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
            if method is not None:
                answer = engine.preflight(
                    origin,
                    method,
                    environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
                    environ.get("HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK"),
                )
                return _send_preflight(start_response, answer, origin)
        answer = engine.no_origin if origin is None else engine.actual(origin)

        def start_with_headers(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
        ) -> Callable[[bytes], object]:
            return start_response(status, merge_headers(headers, answer, origin), exc_info)

        return self.app(environ, start_with_headers)


def _path(environ: WSGIEnvironment) -> str:
    # WSGI has bytes as latin-1 text; a policy's paths are text: https://peps.python.org/pep-3333/
    path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return path.encode("latin-1", "replace").decode("utf-8", "replace")


def _send_preflight(start_response: StartResponse, answer: Answer, origin: str) -> Iterable[bytes]:
    status = answer.status or 0
    headers = answer_headers(answer, origin)
    body: list[bytes] = []
    if not answer.origin_allowed:
        headers[:0] = _ABOUT_REFUSED
        body = [_REFUSED]
    elif status != 204:
        headers[:0] = _ABOUT_EMPTY
    start_response(_STATUS_LINES[status], headers)
    return body
