"""Settings that are a function or another object, or name one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from corekit import Problem
from corekit.problems import SettingProblem


def read_object(
    name: str, check: Callable[[object], None], kind: SettingProblem, problems: list[Problem]
) -> Any:
    """Return what a setting is or names; None for none, or if it has a problem."""
    given: Any = getattr(settings, name, None)
    try:
        found = import_string(given) if isinstance(given, str) else given
        check(found)
    except ImportError as error:
        message = f"{error}."
    except TypeError as error:
        message = str(error)
    else:
        return found
    problems.append(Problem.of(kind, name, given, error=message))
    return None
