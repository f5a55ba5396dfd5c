"""Whom decisions in Django are told: the function in CORS_ON_DECISION, and the logger.

What is wrong with the setting is reported with that of all others, by `conf`.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from corekit import Problem
from corekit.events import Observer, OnDecision, check_on_decision
from corekit.problems import ProblemKind

__all__ = ["TOLD", "read_on_decision"]

_LOGGER: Final = logging.getLogger("corekit.django")
_SETTING: Final = "CORS_ON_DECISION"


class _Told:
    """Holds the observer of the project, where a request finds it without a call."""

    __slots__ = ("_read", "observer")

    observer: Observer

    def __init__(self) -> None:
        self._read: object = None
        self.observer = Observer("django", _LOGGER)

    def read(self) -> None:
        """Read what the settings say; what was warned of is remembered where they say the same."""
        on_decision, _ = read_on_decision()
        read = (on_decision, bool(settings.DEBUG))
        if read != self._read:
            self._read = read
            self.observer = Observer(
                "django", _LOGGER, on_decision=on_decision, debug=bool(settings.DEBUG)
            )


TOLD: Final = _Told()


def read_on_decision() -> tuple[OnDecision | None, tuple[Problem, ...]]:
    """Read the setting: the function or None, and what is wrong with it."""
    given: Any = getattr(settings, _SETTING, None)
    found = given
    try:
        if isinstance(given, str):
            found = import_string(given)
        check_on_decision(found)
    except ImportError as error:
        problem = f"It cannot be imported: {error}"
    except TypeError as error:
        problem = str(error)
    else:
        return found, ()
    return None, (Problem.of(ProblemKind.INVALID_ON_DECISION, _SETTING, given, error=problem),)


def _read_again(*, setting: str, **_: object) -> None:
    if setting in (_SETTING, "DEBUG"):
        TOLD.read()


setting_changed.connect(_read_again)
