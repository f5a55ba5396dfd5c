"""The extension: wraps a Flask application in a policy, as its outermost layer.

How a view's policy is found is the subject of `views`; what a policy does to a request is that of
`corekit_wsgi`, which wraps ``app.wsgi_app`` here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar, Unpack, cast

from flask import Blueprint, Flask

from corekit.adapter import (
    CrossOriginGuard,
    LivePolicy,
    Lookup,
    OnDecision,
    OnVerdict,
    Policies,
    check_is_asked,
    check_lookup,
    check_on_decision,
    guard_observer,
    make_policy,
)
from corekit.arguments import Grants
from corekit_wsgi.guard import Gate

from .outermost import Outermost, PathPolicies
from .resources import Resources
from .views import LOGGER, Finder, mark

if TYPE_CHECKING:
    pass

Target = TypeVar("Target", bound="Callable[..., Any] | Blueprint")

_KEY: Final = "corekit"
_OPTIONS: Final = ("on_decision", "guard", "on_verdict", "lookup")


class Cors:
    """Wraps a Flask application in a policy, as its outermost layer.

    Every response then carries the headers: those of views, of error handlers, of unrouted paths,
    of the debugger, and the 500 of an exception that nothing handled. A preflight never reaches the
    application; any other OPTIONS request does. Views and blueprints with their own policy
    (`cors`) keep it; without `policy`, only those are covered. If an application that is dispatched
    to has a policy too, the outer one is the authority.

    `on_decision` is a plain function that is called with a `DecisionEvent` for each request that a
    policy covers. Denials are logged by "corekit.flask" at INFO; if ``app.debug`` is on when the
    first request arrives, once for each origin and reason at WARNING.

    `guard` is a `corekit.guard.CrossOriginGuard` with the same policy. It refuses requests before
    Flask and its ``before_request`` functions see them, by the policy of the view. `on_verdict` is
    a plain function that is called with a `GuardEvent` for each request that it judges.

    `lookup` is a `corekit_lookups.OriginLookup` with a plain function, which is asked for origins
    that `policy` does not list, and not for views with their own policy.

    Either ``Cors(app, policy)``, or ``Cors(policy=policy)`` and later ``init_app(app)``. Both take
    a policy, or the arguments of a `CorsPolicy`. Raise TypeError if `policy` is not a policy,
    `guard` not a guard, `lookup` not a look-up, or if a function is not a plain one, ValueError if
    the guard has another policy, `policy` is missing or `lookup` is never asked,
    `corekit.PolicyError` with all problems of a policy, and RuntimeError if the application already
    has a policy.

    >>> app = Flask("shop")
    >>> extension = Cors(app, allow_origins=["https://app.example.com"])
    """

    def __init__(
        self,
        app: Flask | None = None,
        policy: Policies | None = None,
        *,
        on_decision: OnDecision | None = None,
        guard: CrossOriginGuard | None = None,
        on_verdict: OnVerdict | None = None,
        lookup: Lookup | None = None,
        **grants: Unpack[Grants],
    ) -> None:
        if policy is not None or grants:
            policy = make_policy(policy, grants, "Cors()", _OPTIONS)
        check_on_decision(on_decision)
        check_lookup(lookup, is_async=False)
        self._policy = policy
        self._on_decision = on_decision
        self._guard = guard
        self._on_verdict = on_verdict
        self._lookup = lookup
        # Without an application, the policy may still come.
        guard_observer("flask", LOGGER, guard, policy or getattr(guard, "policy", None), on_verdict)
        if app is not None:
            self.init_app(app)

    @property
    def policy(self) -> Policies | None:
        """The policy given to the constructor; only a `LivePolicy` can be replaced."""
        return self._policy

    @property
    def guard(self) -> CrossOriginGuard | None:
        """The guard given to the constructor, which cannot be replaced; None without one."""
        return self._guard

    @property
    def lookup(self) -> Lookup | None:
        """The look-up given to the constructor, which cannot be replaced; None without one."""
        return self._lookup

    def init_app(
        self, app: Flask, policy: Policies | None = None, **grants: Unpack[Grants]
    ) -> None:
        """Wrap an application in a policy, or in the one given to the constructor."""
        if policy is not None or grants:
            policy = make_policy(policy, grants, "init_app()")
        policy, guard = policy or self._policy, self._guard
        check_is_asked(self._lookup, policy)
        observer = guard_observer("flask", LOGGER, guard, policy, self._on_verdict)
        gate = None if guard is None or observer is None else Gate(guard, observer)
        cover(app, policy, self._on_decision, gate, self._lookup)


def cors(policy: Policies | None = None, /, **grants: Unpack[Grants]) -> Callable[[Target], Target]:
    """Give a view or a blueprint a policy, which replaces that of the application.

    Pass a policy, or the arguments of a `CorsPolicy`. Put the decorator below ``route``, or call it
    with what ``as_view()`` returns. The policy nearest to the view wins: its own, then its
    blueprint's, then that of the blueprint around it. A preflight gets the policy of the rule that
    Flask matches for the requested method. A view needs a `Cors` on its application: without it, no
    origins are allowed.

    Raise `corekit.PolicyError` with all problems, and TypeError for anything else that is not a
    policy, and for other objects.

    >>> @cors(allow_origins=["*"])
    ... def feed(): ...
    """
    own = make_policy(policy, grants)

    def decorate(target: Target) -> Target:
        owner: object = target
        if isinstance(owner, Flask):
            raise TypeError("A Flask cannot keep a policy. Call Cors(app, policy).")
        if isinstance(owner, Blueprint):
            cover_blueprint(owner, own)
        return mark(target, own)

    return decorate


def cover_blueprint(blueprint: Blueprint, find: Finder | Policies) -> None:
    """Keep a policy on a blueprint, and wrap the applications that it is registered with."""
    mark(blueprint, find)
    blueprint.record(lambda state: cover(cast("Flask", state.app), None))


def cover(
    app: Flask,
    policy: PathPolicies | LivePolicy | None,
    on_decision: OnDecision | None = None,
    gate: Gate | None = None,
    lookup: Lookup | None = None,
) -> None:
    """Wrap an application in `policy`, or only in the policies of its views."""
    outermost = app.extensions.get(_KEY)
    if outermost is None:
        outermost = app.extensions[_KEY] = Outermost(app, app.wsgi_app)
        # As in Flask's own guide; a method is faster to call than an object.
        app.wsgi_app = outermost.__call__  # type: ignore[method-assign]
    outermost.configure(policy, on_decision, gate, lookup)
    if gate is not None:
        vars(app)["corekit_guard"] = gate.guard
    if lookup is not None:
        vars(app)["corekit_lookup"] = lookup
    if policy is not None:
        single = policy.only_policy if isinstance(policy, Resources) else policy
        vars(app)["corekit_policy"] = single  # for the command
