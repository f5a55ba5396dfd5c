"""Wrap a Quart or Litestar application from the inside, so that it stays an object of its class."""

from __future__ import annotations

from typing import Any, Final, TypeVar, Unpack

from corekit.adapter import (
    CrossOriginGuard,
    Lookup,
    Observer,
    OnDecision,
    OnVerdict,
    Policies,
    make_policy,
)
from corekit.arguments import Grants

from .guard import LOGGER, make_gate
from .handlers import LITESTAR, QUART
from .layers import ASGIApp, Receive, Scope, Send, class_names
from .middleware import CorsMiddleware, report_second_layer

App = TypeVar("App")

_OPTIONS: Final = ("on_decision", "guard", "on_verdict", "lookup")


def install(
    app: App,
    policy: Policies | None = None,
    *,
    on_decision: OnDecision | None = None,
    guard: CrossOriginGuard | None = None,
    on_verdict: OnVerdict | None = None,
    lookup: Lookup | None = None,
    **grants: Unpack[Grants],
) -> App:
    """Wrap a Quart or Litestar application in `policy`, as its outermost layer, and return it.

    The application stays an object of its class, so that ``quart run``, ``litestar run`` and the
    other commands work. Pass a policy, or the arguments of a `CorsPolicy`. Handlers with their own
    policy (`cors`) keep it. `on_decision` is as in `CorsMiddleware`; denials are logged by
    "corekit.asgi" at INFO, and while the application is in debug mode, once for each origin and
    reason at WARNING. `guard` and `on_verdict` are as in `CorsMiddleware`; the policy of a handler
    is also the one that the guard judges by. `lookup` is asked for origins that `policy` does not
    list, and not for handlers with their own.

    Raise TypeError for any other application, if `policy` is not a policy, `guard` is not a guard,
    `lookup` is not a look-up, or `on_decision` or `on_verdict` is not a plain function; ValueError
    if the guard has another policy or `lookup` is never asked, `corekit.PolicyError` with all
    problems of a policy, and RuntimeError if the application already has a policy.
    """
    policy = make_policy(policy, grants, "install()", _OPTIONS)
    names = class_names(type(app))
    attribute = "asgi_app" if QUART in names else "asgi_handler" if LITESTAR in names else None
    if attribute is None:
        raise TypeError(
            f"install() got a {type(app).__name__}, not a Quart or Litestar application. Use the"
            " adapter of its framework, or app = CorsMiddleware(app, policy)."
        )
    inside: Any = getattr(app, attribute)
    has_policy = isinstance(inside, CorsMiddleware)
    if has_policy:
        raise RuntimeError("The application already has a policy. Call install() once.")
    layer = _Inside(app, inside)
    gate = make_gate(layer, policy, guard, on_verdict)
    observer = Observer(
        "asgi",
        LOGGER,
        on_decision=on_decision,
        debug=_Debug(app),
        own_origins=() if gate is None else gate.own_origins,
    )
    report_second_layer(layer, LOGGER)
    setattr(
        app, attribute, CorsMiddleware(layer, policy, observer=observer, gate=gate, lookup=lookup)
    )
    return app


class _Debug:
    """Returns whether an application is in debug mode."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, _: object) -> bool:
        return bool(self._app.debug)


class _Inside:
    """The inside of an application, as a layer that knows the application."""

    def __init__(self, app: Any, inside: ASGIApp) -> None:
        self.app = app
        self._inside = inside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._inside(scope, receive, send)
