"""The WSGI middleware: reads the environ of a request, asks the engine, writes its answer.

It holds no rule of its own. What the application returns goes to the server as it is, so that
iterators, ``close()``, file wrappers and the write callable work as without it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from corekit import Answer, CorsPolicy, CorsRoutes
from corekit._engine import Engine
from corekit._headers import answer_headers, merge_headers
from corekit.events import Observer, OnDecision, WatchedEngine

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["CorsMiddleware"]

_LOGGER: Final = logging.getLogger("corekit.wsgi")

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

    `on_decision` is a plain function that is given a `DecisionEvent` of every request that a policy
    covers. Denials go to the logger "corekit.wsgi" at INFO; with `debug`, once for each origin and
    reason at WARNING. `observer` is for adapters that put this one into a framework: it takes the
    place of both.

    Raises TypeError where `policy` is none, or where `on_decision` is no plain function.

    >>> from corekit import CorsPolicy
    >>> def hello(environ, start_response):
    ...     start_response("200 OK", [("Content-Type", "text/plain")])
    ...     return [b"hello"]
    >>> app = CorsMiddleware(hello, CorsPolicy(allow_origins=["https://app.example.com"]))
    """

    def __init__(
        self,
        app: WSGIApplication,
        policy: CorsPolicy | CorsRoutes,
        *,
        on_decision: OnDecision | None = None,
        debug: bool = False,
        observer: Observer | None = None,
    ) -> None:
        if not isinstance(policy, CorsPolicy | CorsRoutes):
            raise TypeError(
                f"policy is of type {type(policy).__name__}: give a CorsPolicy or a CorsRoutes"
            )
        self.app = app
        self.policy = policy
        if observer is None:
            observer = Observer("wsgi", _LOGGER, on_decision=on_decision, debug=debug)
        elif on_decision is not None or debug:
            raise TypeError(
                "an observer takes the place of on_decision and debug: give one of them"
            )
        self._observer = observer
        self._logger = observer.logger
        self._level = observer.level
        # Routes are asked for each request; a policy alone is the same for every path. Where every
        # decision is told, each request has an engine of its own.
        self._engine: Engine | None = None
        if isinstance(policy, CorsPolicy) and not observer.hears_all:
            self._engine = policy.engine

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        engine = self._engine or self._find_engine(environ)
        if engine is None:
            return self.app(environ, start_response)
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
                if self._logger.isEnabledFor(self._level):
                    self._log(engine, answer, environ, method)
                return _send_preflight(start_response, answer, origin)
        if origin is None:
            answer = engine.no_origin
        else:
            answer = engine.actual(origin)
            if not answer.origin_allowed and self._logger.isEnabledFor(self._level):
                self._log(engine, answer, environ)

        # The defaults are locals where a closure's names are looked up, and the request has no
        # cells: 10 % of it. By keyword only they would cost more than they gain.
        def start_with_headers(  # noqa: PLR0917
            status: str,
            headers: list[tuple[str, str]],
            exc_info: OptExcInfo | None = None,
            start_response: StartResponse = start_response,
            answer: Answer = answer,
            origin: str | None = origin,
        ) -> Callable[[bytes], object]:
            return start_response(status, merge_headers(headers, answer, origin), exc_info)

        return self.app(environ, start_with_headers)

    def _find_engine(self, environ: WSGIEnvironment) -> Engine | WatchedEngine | None:
        path = _path(environ)
        policy = self.policy.policy_for(path)
        if policy is None:
            return None
        if self._observer.hears_all:
            return self._observer.watch(policy.engine, environ["REQUEST_METHOD"], path, environ)
        return policy.engine

    def _log(
        self,
        engine: Engine | WatchedEngine,
        answer: Answer,
        environ: WSGIEnvironment,
        request_method: str | None = None,
    ) -> None:
        if not self._observer.hears_denials(environ):
            return
        self._observer.log(
            self._observer.event(
                engine,
                answer,
                method=environ["REQUEST_METHOD"],
                path=_path(environ),
                origin=environ["HTTP_ORIGIN"],
                request_method=request_method,
                request_headers=environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
                request=environ,
            )
        )


def _path(environ: WSGIEnvironment) -> str:
    # WSGI has bytes as latin-1 text; a policy's paths are text: https://peps.python.org/pep-3333/
    path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return path.encode("latin-1", "replace").decode("utf-8", "replace")


def _send_preflight(start_response: StartResponse, answer: Answer, origin: str) -> Iterable[bytes]:
    status = answer.status or 0
    headers = answer_headers(answer, origin)
    if status == 204:
        start_response("204 No Content", headers)
        return ()
    headers[:0] = _ABOUT_EMPTY if answer.origin_allowed else _ABOUT_REFUSED
    start_response(_STATUS_LINES[status], headers)
    return () if answer.origin_allowed else (_REFUSED,)
