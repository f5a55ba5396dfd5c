"""The extension: a policy around a Flask application, as its outermost layer, and those inside.

How a view's policy is found is the subject of `views`; what a policy does to a request is that of
`corekit_wsgi`, which is put around ``app.wsgi_app`` here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast

from flask import Blueprint, Flask
from werkzeug.debug import DebuggedApplication

from corekit import CorsPolicy, CorsRoutes
from corekit._names import COMMON_METHODS, SAFELISTED_METHODS
from corekit._origins import ANY
from corekit.events import Observer, OnDecision, check_on_decision
from corekit_wsgi import CorsMiddleware

from .observing import make_observer
from .views import COVERED, Finder, find_view_policy, is_any_view_marked, mark

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["Cors", "PathPolicies", "cors", "cover", "cover_blueprint"]

Policy = CorsPolicy | CorsRoutes
Target = TypeVar("Target", bound="Callable[..., Any] | Blueprint")

_KEY: Final = "corekit"
_DEBUGGER: Final = "werkzeug.debug.preserve_context"


class PathPolicies(Protocol):
    """Whatever finds the policy for a path below the application's root; None for none."""

    def policy_for(self, path: str, /) -> CorsPolicy | None: ...


class Cors:
    """Puts a policy around a Flask application, as its outermost layer.

    Every response then carries the headers: of views, of error handlers, of unrouted paths, of the
    debugger, and the 500 of an exception that nothing handled. A preflight never reaches the
    application; any other OPTIONS is answered as before. Views and blueprints with a policy of
    their own (`cors`) keep it; without `policy`, only those are covered.

    `on_decision` is a plain function that is given a `DecisionEvent` of every request that a policy
    covers, those of views among them. Denials go to the logger "corekit.flask" at INFO; where
    ``app.debug`` is on when the first request comes, once for each origin and reason at WARNING.

    Either ``Cors(app, policy)``, or ``Cors(policy=policy)`` and later ``init_app(app)``. Raises
    TypeError where `policy` is none or `on_decision` no plain function, and RuntimeError where the
    application has one already.

    >>> from corekit import CorsPolicy
    >>> app = Flask("shop")
    >>> extension = Cors(app, CorsPolicy(allow_origins=["https://app.example.com"]))
    """

    def __init__(
        self,
        app: Flask | None = None,
        policy: Policy | None = None,
        *,
        on_decision: OnDecision | None = None,
    ) -> None:
        if policy is not None:
            _check(policy)
        check_on_decision(on_decision)
        self.policy = policy
        self.on_decision = on_decision
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask, policy: Policy | None = None) -> None:
        """Put `policy`, or the one given to the constructor, around an application."""
        if policy is not None:
            _check(policy)
        cover(app, policy or self.policy, self.on_decision)


def cors(policy: Policy) -> Callable[[Target], Target]:
    """Give a view or a blueprint a policy of its own, in the place of the application's.

    On a view it stands below the ``route`` decorator, or around what ``as_view()`` returns. The
    policy nearest to the view wins: its own, then its blueprint's, then that of the blueprint
    around. A preflight meets the policy of the rule that Flask matches for the requested method.
    A view needs a `Cors` on its application: without one, nothing is granted.

    Raises TypeError for a policy that is none, and for what no policy can be kept on.

    >>> from corekit import CorsPolicy
    >>> @cors(CorsPolicy(allow_origins=["*"]))
    ... def feed(): ...
    """
    _check(policy)

    def find(app: Flask, path: str) -> CorsPolicy | None:  # noqa: ARG001 - other policies need it
        return policy.policy_for(path)

    def decorate(target: Target) -> Target:
        owner: object = target
        if isinstance(owner, Blueprint):
            cover_blueprint(owner, find)
        else:
            mark(owner, find)
        return target

    return decorate


def cover_blueprint(blueprint: Blueprint, find: Finder) -> None:
    """Keep a policy on a blueprint; the applications that it is registered with are covered."""
    mark(blueprint, find)
    blueprint.record(lambda state: cover(cast("Flask", state.app), None))


def cover(
    app: Flask, policy: Policy | PathPolicies | None, on_decision: OnDecision | None = None
) -> None:
    """Make `policy` the outermost layer of an application, or only the policies of its views."""
    outermost = app.extensions.get(_KEY)
    if outermost is None:
        outermost = app.extensions[_KEY] = _Outermost(app, app.wsgi_app)
        # As Flask's own guide has it; the method, which Python calls at less cost than an object.
        app.wsgi_app = outermost.__call__  # type: ignore[method-assign]
    if policy is not None:
        outermost.set_default(policy)
    if on_decision is not None:
        outermost.set_on_decision(on_decision)


class _Outermost:
    """The whole of an application, with the policy of the view that each request would reach."""

    def __init__(self, flask: Flask, app: WSGIApplication) -> None:
        self._flask = flask
        self._app = app
        self._default: Policy | PathPolicies | None = None
        self._on_decision: OnDecision | None = None
        # Made with the first request, until which an application may be put into debug mode.
        self._observer: Observer | None = None
        # The whole of it with the one policy that is the same for every path.
        self._covered: WSGIApplication | None = None

    def set_default(self, policy: Policy | PathPolicies) -> None:
        if self._default is not None:
            raise RuntimeError("this application has a policy already: one is the authority")
        self._default = policy
        self._observer = self._covered = None

    def set_on_decision(self, on_decision: OnDecision) -> None:
        if self._on_decision is not None:
            raise RuntimeError("this application has an on_decision already: call both in one")
        self._on_decision = on_decision
        self._observer = self._covered = None

    def _start(self) -> Observer:
        observer = self._observer = make_observer(self._flask, self._on_decision)
        if isinstance(self._default, CorsPolicy):
            app = CorsMiddleware(self._app, self._default, observer=observer)
            self._covered = app.__call__
        return observer

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        covered = self._covered
        if covered is not None and not is_any_view_marked() and _DEBUGGER not in environ:
            return covered(environ, start_response)
        environ[COVERED] = True
        app = self._app
        if _DEBUGGER in environ and _is_from_elsewhere(environ):
            # The debugger is outside of this layer, where its pages would lack the headers.
            app = DebuggedApplication(app, evalex=False, pin_security=False)
        policy = self._find_policy(environ)
        if policy is not None:
            app = CorsMiddleware(app, policy, observer=self._observer or self._start())
        return app(environ, start_response)

    def _find_policy(self, environ: WSGIEnvironment) -> CorsPolicy | None:
        # Routing twice costs something, so those without policies of views do not pay for it.
        if not is_any_view_marked():
            return self._default_for(environ)
        asked = _requested_method(environ)
        if asked is None:
            return self._policy_for(environ, environ["REQUEST_METHOD"])
        policy = self._policy_for(environ, asked)
        if policy is None or all(
            self._policy_for(environ, method) is policy for method in _named_methods(policy)
        ):
            return policy
        return _uncached(policy)

    def _policy_for(self, environ: WSGIEnvironment, method: str) -> CorsPolicy | None:
        return find_view_policy(self._flask, environ, method) or self._default_for(environ)

    def _default_for(self, environ: WSGIEnvironment) -> CorsPolicy | None:
        default = self._default
        if default is None:
            return None
        path: str = environ.get("PATH_INFO", "")
        if isinstance(default, CorsRoutes):
            path = environ.get("SCRIPT_NAME", "") + path
        return default.policy_for(path.encode("latin-1", "replace").decode("utf-8", "replace"))


def _requested_method(environ: WSGIEnvironment) -> str | None:
    # A preflight speaks for the method that it asks for; anything else has none.
    if environ["REQUEST_METHOD"] != "OPTIONS" or "HTTP_ORIGIN" not in environ:
        return None
    asked: str | None = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
    return asked


def _named_methods(policy: CorsPolicy) -> tuple[str, ...]:
    """List the methods that a browser would read out of this policy's answer."""
    always = COMMON_METHODS if ANY in policy.allow_methods else SAFELISTED_METHODS
    return (*always, *policy.allow_methods)


@lru_cache(maxsize=256)
def _uncached(policy: CorsPolicy) -> CorsPolicy:
    """Keep the answer of this policy out of the browser's cache.

    A browser keeps an answer for all methods that it names: where another method of the path has
    another policy, that one is to be asked, too.
    """
    return policy if policy == CorsPolicy.deny_all() else policy.replace(max_age=0)


def _check(policy: object) -> None:
    if not isinstance(policy, CorsPolicy | CorsRoutes):
        raise TypeError(
            f"policy is of type {type(policy).__name__}: give a CorsPolicy or a CorsRoutes"
        )


def _is_from_elsewhere(environ: dict[str, Any]) -> bool:
    # A page of another origin shows no interactive debugger: it reads the text, if it may.
    origin = environ.get("HTTP_ORIGIN")
    own = f"{environ.get('wsgi.url_scheme')}://{environ.get('HTTP_HOST')}"
    return origin is not None and origin != own
