"""The guard for WSGI: judges a request by its environ, and refuses it before the application."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from corekit.adapter import (
    CrossOriginGuard,
    Engine,
    GuardedRequest,
    GuardObserver,
    OnVerdict,
    Verdict,
    add_vary,
    check_guard,
    is_handshake,
    read_fetch_site,
    read_policy,
    share_reads,
    shared_reads,
)
from corekit.guard import SAFE_METHODS

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LOGGER: Final = logging.getLogger("corekit.wsgi")


class GuardMiddleware:
    """Puts a guard in front of a WSGI application whose CORS is handled elsewhere.

    If `CorsMiddleware` wraps the application, pass the guard to that: then pages of allowed origins
    can read why they were refused. `app` is any WSGI callable, `guard` a
    `corekit.guard.CrossOriginGuard`, whose policy is that of the path that `app` routes: PATH_INFO,
    which is below SCRIPT_NAME. Make it the outermost layer: one around it may change requests, one
    inside of it must not change their method or path.

    `on_verdict` is a plain function that is called with a `GuardEvent` for each request that is
    judged. Refused requests are logged by "corekit.wsgi". `observer` is for adapters that add this
    middleware to a framework: it replaces `on_verdict`.

    Raise TypeError if `guard` is not a guard, or if `on_verdict` is not a plain function.

    >>> from corekit import CorsPolicy
    >>> from corekit.guard import CrossOriginGuard
    >>> def hello(environ, start_response):
    ...     start_response("200 OK", [("Content-Type", "text/plain")])
    ...     return [b"hello"]
    >>> guard = CrossOriginGuard(CorsPolicy(allow_origins=["https://app.example.com"]))
    >>> app = GuardMiddleware(hello, guard)
    """

    def __init__(
        self,
        app: WSGIApplication,
        guard: CrossOriginGuard,
        *,
        on_verdict: OnVerdict | None = None,
        observer: GuardObserver | None = None,
    ) -> None:
        check_guard(guard)
        if observer is None:
            observer = GuardObserver("wsgi", _LOGGER, on_verdict=on_verdict)
        elif on_verdict is not None:
            raise TypeError("observer replaces on_verdict. Pass one or the other.")
        share_reads(guard.policy)
        self.app = app
        self._gate = Gate(guard, observer)

    @property
    def guard(self) -> CrossOriginGuard:
        """The guard, which cannot be replaced."""
        return self._gate.guard

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._gate.skips(environ):
            return self.app(environ, start_response)
        current = read_policy(self.guard.policy, shared_reads(environ, self.guard.policy))
        policy = current.policy_for(decode_path(environ.get("PATH_INFO", "")))
        engine = None if policy is None else policy.engine
        return self._gate.run(self.app, engine, environ, start_response)


class Gate:
    """A guard, and the observer of its verdicts."""

    def __init__(self, guard: CrossOriginGuard, observer: GuardObserver) -> None:
        self.guard = guard
        self._observer = observer
        self._observes_all = observer.on_verdict is not None
        self._skipped = guard.skipped_methods

    def skips(self, environ: WSGIEnvironment) -> bool:
        """Return whether a request passes without a verdict."""
        return environ["REQUEST_METHOD"] in self._skipped and "HTTP_UPGRADE" not in environ

    def judge(self, environ: WSGIEnvironment, engine: Engine | None) -> Verdict:
        """Return the verdict on a request, and do not report it."""
        return self.guard.judge_request(self._read(environ, engine))

    def run(
        self,
        app: WSGIApplication,
        engine: Engine | None,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Judge a request, and refuse it or pass it to an application.

        `engine` is that of the policy for the request, None if no policy covers it.
        """
        if environ["REQUEST_METHOD"] not in SAFE_METHODS and not self._observes_all:
            # What most browsers send needs no look at the other headers.
            origin = environ.get("HTTP_ORIGIN")
            site = read_fetch_site(environ.get("HTTP_SEC_FETCH_SITE"), origin, engine)
            if self.guard.judge_common_write(engine, origin, site) is not None:
                return app(environ, start_response)
        request = self._read(environ, engine)
        verdict = self.guard.judge_request(request)
        path = decode_path(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""))
        self._observer.observe(verdict, request, path=path, request=environ)
        if verdict.status is not None:
            status, headers, body = verdict.response()
            start_response(f"{status} {HTTPStatus(status).phrase}", headers)
            return () if environ["REQUEST_METHOD"] == "HEAD" else (body,)
        vary = verdict.vary
        if not vary:
            return app(environ, start_response)

        def start_with_vary(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
        ) -> Callable[[bytes], object]:
            return start_response(status, add_vary(headers, vary), exc_info)

        return app(environ, start_with_vary)

    def _read(self, environ: WSGIEnvironment, engine: Engine | None) -> GuardedRequest:
        method: str = environ["REQUEST_METHOD"]
        origin, site = environ.get("HTTP_ORIGIN"), environ.get("HTTP_SEC_FETCH_SITE")
        return GuardedRequest(
            guard=self.guard,
            method=method,
            paths=(decode_path(environ.get("PATH_INFO", "")),),
            engine=engine,
            # Most servers join a header that was sent twice with a comma: see docs/asgi-wsgi.md.
            host=environ.get("HTTP_HOST"),
            origin=origin,
            sec_fetch_site=read_fetch_site(site, origin, engine),
            sec_fetch_mode=environ.get("HTTP_SEC_FETCH_MODE"),
            sec_fetch_dest=environ.get("HTTP_SEC_FETCH_DEST"),
            cookie=environ.get("HTTP_COOKIE"),
            # A server that checks passwords itself may keep the header.
            authorization=environ.get("HTTP_AUTHORIZATION", environ.get("AUTH_TYPE")),
            scheme=environ.get("wsgi.url_scheme"),
            is_websocket=is_handshake(method, environ.get("HTTP_UPGRADE")),
        )


def decode_path(path: str) -> str:
    """Return a path of the environ as text, never empty.

    WSGI decodes bytes as latin-1; the paths of a policy are text: https://peps.python.org/pep-3333/

    >>> decode_path("/\\xc3\\xa9t\\xc3\\xa9")
    '/été'
    """
    return path.encode("latin-1", "replace").decode("utf-8", "replace") or "/"
