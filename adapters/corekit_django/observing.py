"""The observer of a project: CORS_ON_DECISION, and the logger "corekit.django"."""

from __future__ import annotations

import logging
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from corekit import Problem
from corekit.adapter import Observer, OnDecision, check_on_decision
from corekit.problems import ProblemKind

_LOGGER: Final = logging.getLogger("corekit.django")
_SETTING: Final = "CORS_ON_DECISION"


@cache
def get_observer() -> Observer:
    """Return the observer that the settings ask for."""
    on_decision, _ = read_on_decision()
    return Observer("django", _LOGGER, on_decision=on_decision, debug=bool(settings.DEBUG))


def read_on_decision() -> tuple[OnDecision | None, tuple[Problem, ...]]:
    """Return the function that the setting names, or None, and the problems of the setting."""
    given: Any = getattr(settings, _SETTING, None)
    found = given
    try:
        if isinstance(given, str):
            found = import_string(given)
        check_on_decision(found)
    except ImportError as error:
        problem = f"{error}."
    except TypeError as error:
        problem = str(error)
    else:
        return found, ()
    return None, (Problem.of(ProblemKind.INVALID_ON_DECISION, _SETTING, given, error=problem),)


def _forget(*, setting: str, **_: object) -> None:
    if setting in (_SETTING, "DEBUG"):
        get_observer.cache_clear()


setting_changed.connect(_forget)
