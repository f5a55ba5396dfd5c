"""The WSGI middleware: reads the environ of a request, asks the engine, writes its answer.

What the application returns goes to the server unchanged, so that iterators, ``close()``, file
wrappers and the write callable work as without it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Unpack

from corekit import CorsPolicy, CorsRoutes
from corekit.adapter import (
    MARKS,
    Answer,
    Applied,
    CrossOriginGuard,
    Engine,
    Lookup,
    LookupRequest,
    Observer,
    OnDecision,
    OnVerdict,
    Policies,
    applying,
    check_is_asked,
    check_lookup,
    find_lookup,
    guard_observer,
    is_bridged,
    look_up,
    make_policy,
    merge_headers,
    policy_source,
    preflight_response,
    read_policy,
    recall,
    shared_reads,
)
from corekit.arguments import Grants

from .exceptions import ExceptionResponses
from .guard import Gate, decode_path

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LOGGER: Final = logging.getLogger("corekit.wsgi")

APPLIED: Final = "corekit.applied"
"""The key in the environ of a request whose handlers know what is applied to it."""

LOOKED_UP: Final = "corekit.looked_up"
"""The key in the environ of a request for its engine, if its origin was looked up."""

_OPTIONS: Final = (
    "on_decision",
    "debug",
    "observer",
    "answers_exceptions",
    "guard",
    "on_verdict",
    "gate",
    "lookup",
)

_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}
_STATUS_LINES: Final = {
    code: f"{code} {_PHRASES.get(code, 'OK')}" for code in (*range(200, 300), 403, 503)
}


class CorsMiddleware:
    """Wraps a WSGI application in a policy.

    `app` is any WSGI callable, `policy` a `CorsPolicy`, a `LivePolicy`, or a `CorsRoutes` that is
    asked with the path that `app` routes: PATH_INFO, which is below SCRIPT_NAME. The arguments of a
    `CorsPolicy` may be passed instead. Make it the outermost layer, so that errors, redirects and
    refusals of all other layers carry the headers.

    `on_decision` is a plain function that is called with a `DecisionEvent` for each request that a
    policy covers. Denials are logged by "corekit.wsgi" at INFO; with `debug`, once for each origin
    and reason at WARNING. `observer` is for adapters that add this middleware to a framework: it
    replaces both.

    With `answers_exceptions`, an exception that `app` raises before its response begins gets a 500
    with the headers. It is raised again after that, so that the server logs it. Servers respond to
    it without the headers, so that browsers report a CORS error.

    `guard` is a `corekit.guard.CrossOriginGuard` with the same policy. It refuses requests before
    `app` sees them; `on_verdict` is a plain function that is called with a `GuardEvent` for each
    request that it judges. `gate` is for adapters, as `observer` is: it replaces both.

    `lookup` is a `corekit_lookups.OriginLookup` with a plain function, which is asked for origins
    that `policy` does not list.

    Raise TypeError if `policy` is not a policy, `guard` not a guard, `lookup` not a look-up, or if
    a function is not a plain one, ValueError if the guard has another policy or `lookup` is never
    asked, and `corekit.PolicyError` with all problems of a policy.

    >>> from corekit import CorsPolicy
    >>> def hello(environ, start_response):
    ...     start_response("200 OK", [("Content-Type", "text/plain")])
    ...     return [b"hello"]
    >>> app = CorsMiddleware(hello, CorsPolicy(allow_origins=["https://app.example.com"]))
    """

    def __init__(
        self,
        app: WSGIApplication,
        policy: Policies | None = None,
        *,
        on_decision: OnDecision | None = None,
        debug: bool = False,
        observer: Observer | None = None,
        answers_exceptions: bool = False,
        guard: CrossOriginGuard | None = None,
        on_verdict: OnVerdict | None = None,
        gate: Gate | None = None,
        lookup: Lookup | None = None,
        **grants: Unpack[Grants],
    ) -> None:
        if gate is not None and (guard is not None or on_verdict is not None):
            raise TypeError("gate replaces guard and on_verdict. Pass one or the other.")
        policy = make_policy(policy, grants, "CorsMiddleware()", _OPTIONS, guard)
        check_lookup(lookup, is_async=False)
        check_is_asked(lookup, policy)
        reporter = guard_observer("wsgi", _LOGGER, guard, policy, on_verdict)
        if observer is None:
            own = () if guard is None else guard.own_origins
            observer = Observer(
                "wsgi", _LOGGER, on_decision=on_decision, debug=debug, own_origins=own
            )
        elif on_decision is not None or debug:
            raise TypeError("observer replaces on_decision and debug. Pass one or the other.")
        self.app: WSGIApplication = ExceptionResponses(app) if answers_exceptions else app
        self._gate = gate
        if guard is not None and reporter is not None:
            self._gate = Gate(guard, reporter)
        self.lookup: Final = lookup
        self._policy = policy
        self._source = policy_source(policy)
        self._observer = observer
        self._observes_all = observer.observes_all
        self._logs_denials = observer.logs_denials

    @property
    def policy(self) -> Policies:
        """The policy; only a `LivePolicy` can be replaced."""
        return self._policy

    @property
    def guard(self) -> CrossOriginGuard | None:
        """The guard in front of the application, None without one."""
        return None if self._gate is None else self._gate.guard

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        current = self._read(environ) if self._source.is_shared else self._source.current
        # A single policy is the same for every path.
        engine = current.engine or _find_engine(current, environ)
        if engine is None:
            return self._pass_on(Applied(None), environ, start_response)
        # Most servers join a header that was sent twice with a comma, which no origin has.
        origin: str | None = environ.get("HTTP_ORIGIN")
        method: str | None = None
        if origin is None:
            answer = engine.no_origin
        else:
            if environ["REQUEST_METHOD"] == "OPTIONS":
                method = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
            if method is None:
                answer = engine.actual(origin)
            else:
                answer = _answer_preflight(engine, environ, origin, method)
        if self._observes_all or answer.may_be_denied:
            if origin is not None and self.lookup is not None and not answer.origin_allowed:
                engine = self._look_up(self.lookup, engine, current, environ, origin)
                answer = _answer(engine, environ, origin, method)
            if self._observes_all or (answer.may_be_denied and self._logs_denials(origin)):
                self._observe(engine, answer, environ, origin)
        if method is not None and origin is not None:
            return _send_preflight(start_response, answer, origin)

        # The defaults are local variables, which are faster than those of a closure: 10 % of a
        # request. By keyword only they would cost more than they gain.
        def start_with_headers(  # noqa: PLR0917
            status: str,
            headers: list[tuple[str, str]],
            exc_info: OptExcInfo | None = None,
            start_response: StartResponse = start_response,
            answer: Answer = answer,
            origin: str | None = origin,
        ) -> Callable[[bytes], object]:
            return start_response(status, merge_headers(headers, answer, origin), exc_info)

        if MARKS.exist or self._gate is not None:
            applied = Applied(engine, (), {self._source: current})
            return self._pass_on(applied, environ, start_with_headers)
        return self.app(environ, start_with_headers)

    def _read(self, environ: WSGIEnvironment) -> CorsPolicy | CorsRoutes:
        """Return what the policy is for a request, also if another layer has read it."""
        return read_policy(self._policy, shared_reads(environ, self._policy))

    def _pass_on(
        self, applied: Applied, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Call the application, unless the guard refuses the request."""
        app, gate, engine = self.app, self._gate, applied.engine
        if gate is not None and not gate.skips(environ):
            app = partial(gate.run, app, engine)
        if MARKS.exist:
            return apply(app, None if engine is None else applied, environ, start_response)
        return app(environ, start_response)

    def _look_up(
        self,
        lookup: Lookup,
        engine: Engine,
        current: CorsPolicy | CorsRoutes,
        environ: WSGIEnvironment,
        origin: str,
    ) -> Engine:
        """Return the engine for a request, after a look-up of its origin if that is needed."""
        known = recall(lookup, engine, origin) if engine is current.engine else None
        if known is not None:
            environ[LOOKED_UP] = known
            return known
        site = environ.get("HTTP_SEC_FETCH_SITE")
        if find_lookup(lookup, engine, origin, site) is None:
            return engine
        request = LookupRequest(
            environ.get("wsgi.url_scheme", "http"), environ.get("HTTP_HOST", ""), _path_of(environ)
        )
        engine = environ[LOOKED_UP] = look_up(lookup, engine, origin, request)
        return engine

    def _observe(
        self, engine: Engine, answer: Answer, environ: WSGIEnvironment, origin: str | None
    ) -> None:
        self._observer.observe(
            engine,
            answer,
            method=environ["REQUEST_METHOD"],
            path=_path_of(environ),
            origin=origin,
            request_method=environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD"),
            request_headers=environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
            host=environ.get("HTTP_HOST"),
            sec_fetch_site=environ.get("HTTP_SEC_FETCH_SITE"),
            request=environ,
            find_policy=partial(_find_policy, environ),
        )


def _path_of(environ: WSGIEnvironment) -> str:
    return decode_path(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""))


def _answer(engine: Engine, environ: WSGIEnvironment, origin: str, method: str | None) -> Answer:
    if method is not None:
        return _answer_preflight(engine, environ, origin, method)
    return engine.actual(origin)


def _answer_preflight(engine: Engine, environ: WSGIEnvironment, origin: str, method: str) -> Answer:
    return engine.preflight(
        origin,
        method,
        environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
        environ.get("HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK"),
    )


def _find_engine(policies: CorsPolicy | CorsRoutes, environ: WSGIEnvironment) -> Engine | None:
    policy = _find_policy(environ, policies)
    return None if policy is None else policy.engine


def _find_policy(environ: WSGIEnvironment, policies: CorsPolicy | CorsRoutes) -> CorsPolicy | None:
    return policies.policy_for(decode_path(environ.get("PATH_INFO", "")))


def apply(
    app: WSGIApplication,
    applied: Applied | None,
    environ: WSGIEnvironment,
    start_response: StartResponse,
) -> Iterable[bytes]:
    """Call an application whose handlers know what is applied to the request, or None for nothing.

    A key in the environ shows that an outer layer is the authority: the context may be that of
    another request, whose handler sends this one. A bridge from ASGI cannot set the key.
    """
    if APPLIED in environ or is_bridged("wsgi", environ.items()):
        return app(environ, start_response)
    has_started = False

    def start(
        status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
    ) -> Callable[[bytes], object]:
        nonlocal has_started
        has_started = True
        return start_response(status, headers, exc_info)

    with _applying(applied, environ):
        body = app(environ, start)
    # A generator runs, and calls the handler, only when the server reads it.
    return body if has_started else _iterate(body, applied, environ)


@contextmanager
def _applying(applied: Applied | None, environ: WSGIEnvironment) -> Iterator[None]:
    if applied is not None:
        environ[APPLIED] = True
    try:
        with applying(applied, "wsgi", environ.items()):
            yield
    finally:
        # An outer application may call the layer again.
        environ.pop(APPLIED, None)


def _iterate(
    body: Iterable[bytes], applied: Applied | None, environ: WSGIEnvironment
) -> Iterator[bytes]:
    try:
        parts = iter(body)
        while True:
            with _applying(applied, environ):
                part = next(parts, None)
            if part is None:
                break
            yield part
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()


def _send_preflight(start_response: StartResponse, answer: Answer, origin: str) -> Iterable[bytes]:
    status, headers, body = preflight_response(answer, origin)
    start_response(_STATUS_LINES[status], headers)
    return (body,) if body else ()
