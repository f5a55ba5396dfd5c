"""Whom decisions in Starlette are told: a function of the user's, and the logger."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from corekit.observing import Observer, OnDecision

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Scope

__all__ = ["make_observer"]

_LOGGER: Final = logging.getLogger("corekit.starlette")


def make_observer(app: ASGIApp, on_decision: OnDecision | None) -> Observer:
    """Make one for what is around `app`; raises TypeError where `on_decision` is no plain function.

    Debug mode is that of the application that a request has come to: Starlette names it in the
    scope, which a middleware that is inside of it has no other way to learn.
    """

    def is_debugged(scope: Scope) -> bool:
        return bool(getattr(scope.get("app", app), "debug", False))

    return Observer("starlette", _LOGGER, on_decision=on_decision, debug=is_debugged)
