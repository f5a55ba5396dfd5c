"""The layer around a Flask application: finds the policy of each request.

What a policy does to a request is that of `corekit_wsgi`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from flask import Flask, request, request_started
from werkzeug.debug import DebuggedApplication

from corekit import CorsPolicy
from corekit.adapter import (
    MARKS,
    UNROUTABLE,
    Applied,
    Engine,
    LivePolicy,
    Lookup,
    Mark,
    Observer,
    OnDecision,
    ReadPolicies,
    RoutingError,
    find_widest,
    policy_for_preflight,
    policy_source,
    read_policy,
    shared_reads,
    use_looked_up,
    why_not_asked,
)
from corekit_wsgi import CorsMiddleware
from corekit_wsgi.guard import Gate
from corekit_wsgi.middleware import LOOKED_UP, apply

from .resources import Resources
from .views import COVERED, LOGGER, ViewPolicies, routed_path

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ROUTED: Final = (
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "PATH_INFO",
    "HTTP_HOST",
    "SERVER_NAME",
    "SERVER_PORT",
    "wsgi.url_scheme",
)
_BEFORE: Final = "corekit.before"
"""The key in the environ of a request for what the outermost layer chose the policy by."""
_READ: Final = "corekit.read"
"""The key in the environ of a request for the live policies that were read for it."""
_DEBUGGER: Final = "werkzeug.debug.preserve_context"


class PathPolicies(Protocol):
    """Returns the policy for a path below the application's root, or None."""

    def policy_for(self, path: str, /) -> CorsPolicy | None: ...


class Outermost:
    """The layer around an application that finds the policy of each request."""

    def __init__(self, flask: Flask, app: WSGIApplication) -> None:
        self._flask = flask
        self._views = ViewPolicies(flask)
        self._app = app
        self._default: PathPolicies | LivePolicy | None = None
        self._on_decision: OnDecision | None = None
        self._gate: Gate | None = None
        self._lookup: Lookup | None = None
        # Created by the first request: until then an application may be put into debug mode.
        self._observer: Observer | None = None
        # The application wrapped in the one policy that is the same for every path, with that.
        self._covered: tuple[object, WSGIApplication | None] = (None, None)
        request_started.connect(self._check_route, flask)

    def configure(
        self,
        policy: PathPolicies | LivePolicy | None,
        on_decision: OnDecision | None,
        gate: Gate | None,
        lookup: Lookup | None,
    ) -> None:
        if policy is not None and self._default is not None:
            if not (isinstance(policy, Resources) and isinstance(self._default, Resources)):
                raise RuntimeError(
                    "The application already has a policy. Pass one that covers all paths: a"
                    " CorsRoutes, or all resources in one call of CORS()."
                )
            policy = self._default.add(policy)
        if on_decision is not None and self._on_decision is not None:
            raise RuntimeError("The application already has an on_decision. Call both in one.")
        self._default = policy or self._default
        self._on_decision = on_decision or self._on_decision
        self._gate = gate or self._gate
        self._lookup = lookup or self._lookup
        self._observer, self._covered = None, (None, None)

    def _start(self) -> Observer:
        debug = self._flask.debug
        after_request = self._flask.after_request_funcs.get(None, ())
        if any(getattr(each, "__module__", "") == "flask_cors.extension" for each in after_request):
            LOGGER.warning(
                "CORS: the application also has flask_cors.CORS. corekit replaces its headers on"
                " paths with a policy. Remove it."
            )
        own = () if self._gate is None else self._gate.guard.own_origins
        observer = Observer(
            "flask", LOGGER, on_decision=self._on_decision, debug=debug, own_origins=own
        )
        self._observer = observer
        return observer

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        has_view_policies = self._views.exist()
        is_plain = not has_view_policies and _DEBUGGER not in environ
        known, covered = self._covered
        # The default is not known if it is a live policy: only what that was.
        if is_plain and covered is not None and known is self._default:
            return covered(environ, start_response)
        read = shared_reads(environ, self._default)
        default = read_policy(self._default, read)
        if read and MARKS.exist:
            # Other views may have a mark with the same live policy, which was read here.
            has_view_policies = True
        elif is_plain and isinstance(default, CorsPolicy):
            return self._cover(default)(environ, start_response)
        environ[_BEFORE], environ[_READ] = _routed(environ), read
        app = self._app
        if _DEBUGGER in environ and _is_cross_origin(environ):
            # The debugger is outside of this layer, where its pages would lack the headers.
            app = DebuggedApplication(app, evalex=False, pin_security=False)
        marks: list[Mark] = []
        # Routing twice takes time, so an application without per-view policies does not.
        if has_view_policies:
            try:
                policy, marks = self._find_policy(environ, read)
            except RoutingError as error:
                self._report(error, environ)
                policy, marks = UNROUTABLE, []
        else:
            policy = self._default_for(environ, read)
        gate = self._gate
        if policy is None:
            if gate is not None and not gate.skips(environ):
                app = partial(gate.run, app, None)
            return apply(app, None, environ, start_response)
        environ[COVERED] = True
        observer, lookup = self._observer or self._start(), self._lookup_for(policy)
        app = CorsMiddleware(app, policy, observer=observer, gate=gate, lookup=lookup)
        if not has_view_policies:
            return app(environ, start_response)
        origin, site = environ.get("HTTP_ORIGIN"), environ.get("HTTP_SEC_FETCH_SITE")
        engine = find_widest(lookup, policy.engine, origin, site)
        return apply(app, Applied(engine, marks, read), environ, start_response)

    def _cover(self, policy: CorsPolicy) -> WSGIApplication:
        """Return the application wrapped in the policy for every path: once for each policy."""
        known, covered = self._covered
        if covered is None or known is not policy:
            app = self._app if self._gate is None else partial(self._call_routed, policy)
            covered = CorsMiddleware(
                app,
                policy,
                observer=self._observer or self._start(),
                gate=self._gate,
                lookup=self._lookup_for(policy),
            ).__call__
            self._covered = policy, covered
        return covered

    def _lookup_for(self, policy: CorsPolicy) -> Lookup | None:
        return self._lookup if why_not_asked(policy) is None else None

    def _call_routed(
        self, policy: CorsPolicy, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        default = self._default
        read = {policy_source(default): policy} if isinstance(default, LivePolicy) else {}
        environ[_BEFORE], environ[_READ] = _routed(environ), read
        environ[COVERED] = True
        return self._app(environ, start_response)

    def _check_route(self, _: Flask, **__: object) -> None:
        """Raise RuntimeError if a layer changed a request so that it has another policy.

        So does one that the guard would refuse, such as a GET that became a DELETE.
        """
        environ = request.environ
        before, routed = environ.get(_BEFORE), _routed(environ)
        if before in (None, routed):
            return
        old = {name: value for name, value in environ.items() if name not in routed}
        read = environ[_READ]
        policy = self._find_policy(environ, read)[0]
        if policy != self._find_policy({**old, **before}, read)[0]:
            problem = "which has another CORS policy"
        elif self._is_refused(environ, policy):
            problem = "which the guard refuses"
        else:
            return
        raise RuntimeError(
            f"A middleware changed {_describe(before)!r} to {_describe(environ)!r}, {problem}."
            " Wrap app.wsgi_app in this middleware after the call of Cors()."
        )

    def _is_refused(self, environ: WSGIEnvironment, policy: CorsPolicy | None) -> bool:
        gate = self._gate
        if gate is None or gate.skips(environ):
            return False
        looked_up: Engine | None = environ.get(LOOKED_UP)
        engine = None if policy is None else use_looked_up(looked_up, policy.engine)
        return gate.judge(environ, engine).status is not None

    def _find_policy(
        self, environ: WSGIEnvironment, read: ReadPolicies
    ) -> tuple[CorsPolicy | None, list[Mark]]:
        """Return the policy for a request, and all marks that were found on the way.

        Raise `RoutingError` if the router does not say which view that is.
        """
        marks: list[Mark] = []

        def find(method: str) -> CorsPolicy | None:
            own = self._views.find(environ, method, marks, read)
            return own or self._default_for(environ, read)

        method = environ["REQUEST_METHOD"]
        request_method = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
        if method != "OPTIONS" or request_method is None or "HTTP_ORIGIN" not in environ:
            return find(method), marks
        # The policy for a preflight is that of the method that it asks for.
        others = self._views.methods()
        return policy_for_preflight(find, request_method, others=others), marks

    def _report(self, error: RoutingError, environ: WSGIEnvironment) -> None:
        (self._observer or self._start()).report_routing_error(
            error,
            method=environ["REQUEST_METHOD"],
            path=routed_path(environ),
            origin=environ.get("HTTP_ORIGIN"),
            request_method=environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD"),
        )

    def _default_for(self, environ: WSGIEnvironment, read: ReadPolicies) -> CorsPolicy | None:
        default: Any = read_policy(self._default, read)
        return None if default is None else default.policy_for(routed_path(environ))


def _routed(environ: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the choice of a view depends on."""
    return {name: environ[name] for name in _ROUTED if name in environ}


def _describe(environ: Mapping[str, Any]) -> str:
    return f"{environ['REQUEST_METHOD']} {routed_path(environ)}"


def _is_cross_origin(environ: dict[str, Any]) -> bool:
    # A cross-origin page cannot use an interactive debugger: it reads the text, if it may.
    origin = environ.get("HTTP_ORIGIN")
    own = f"{environ.get('wsgi.url_scheme')}://{environ.get('HTTP_HOST')}"
    return origin is not None and origin != own
