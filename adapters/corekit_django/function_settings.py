"""Settings that are a function or another object, or name one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from corekit import Problem
from corekit.adapter import Lookup, Policies, check_lookup, why_not_asked
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


def read_lookup(policy: Policies | None, problems: list[Problem]) -> Lookup | None:
    """Return the look-up of CORS_LOOKUP; None for none, or if it has a problem.

    `policy` is that of the settings, None if that has a problem.
    """
    kind, check = SettingProblem.INVALID_LOOKUP, partial(check_lookup, is_async=True)
    lookup: Lookup | None = read_object("CORS_LOOKUP", check, kind, problems)
    reason = None if lookup is None or policy is None else why_not_asked(policy)
    if reason is not None:
        kind = SettingProblem.UNUSED_LOOKUP
        problems.append(Problem.of(kind, "CORS_LOOKUP", settings.CORS_LOOKUP, reason=reason))
    return lookup
