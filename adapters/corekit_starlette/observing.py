"""Whom decisions in Starlette are told: a function of the user's, and the logger."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette

from corekit.events import Observer, OnDecision

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Scope

__all__ = ["make_observer"]

_LOGGER: Final = logging.getLogger("corekit.starlette")


def make_observer(on_decision: OnDecision | None, app: ASGIApp) -> Observer:
    """Make one for a layer around `app`; raises TypeError where `on_decision` is no plain function.

    Starlette reads its debug mode as it builds its layers, and so does the layer outside of them.
    A layer among them is not told whose it is, but each request names the application.
    """

    def is_debugged(scope: Scope) -> bool:
        return bool(getattr(scope.get("app"), "debug", False))

    debug = app.debug if isinstance(app, Starlette) else is_debugged
    return Observer("starlette", _LOGGER, on_decision=on_decision, debug=debug)
