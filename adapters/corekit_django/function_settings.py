"""Settings that are a function or another object, or name one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from corekit import Problem
from corekit.adapter import Lookup, Policies, check_lookup, why_not_asked
from corekit.problems import SettingProblem

from .signal_lookup import SignalLookup


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


def read_lookups(
    policy: Policies | None, problems: list[Problem]
) -> tuple[Lookup | None, SignalLookup]:
    """Return the look-up of CORS_LOOKUP, and that of the signal, which CORS_LOOKUP may be, too.

    The first one is None for none, or if it has a problem. `policy` is that of the settings, None
    if that has a problem.
    """
    found = read_object("CORS_LOOKUP", _check_lookup, SettingProblem.INVALID_LOOKUP, problems)
    if isinstance(found, SignalLookup):
        return None, found
    lookup: Lookup | None = found
    reason = None if lookup is None or policy is None else why_not_asked(policy)
    if reason is not None:
        kind = SettingProblem.UNUSED_LOOKUP
        problems.append(Problem.of(kind, "CORS_LOOKUP", settings.CORS_LOOKUP, reason=reason))
    return lookup, SignalLookup()


def _check_lookup(value: object) -> None:
    if not isinstance(value, SignalLookup):
        check_lookup(value, is_async=True)
