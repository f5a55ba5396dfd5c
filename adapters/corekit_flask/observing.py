"""Whom decisions in Flask are told: a function for a whole application, and the logger."""

from __future__ import annotations

import logging
from typing import Final

from flask import Flask, current_app

from corekit.events import Observer, OnDecision

__all__ = ["VIEWS", "make_observer"]

_LOGGER: Final = logging.getLogger("corekit.flask")

VIEWS: Final = Observer("flask", _LOGGER, debug=lambda _: current_app.debug)
"""For views that answer for themselves, since their application has no outermost layer."""


def make_observer(app: Flask, on_decision: OnDecision | None) -> Observer:
    """Make the one of an application, as its debug mode is now."""
    return Observer("flask", _LOGGER, on_decision=on_decision, debug=app.debug)
