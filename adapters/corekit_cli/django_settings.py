"""The policy of a Django project, read from its settings as the middleware reads them, and checks.

This is the only module of the command that imports Django, and it is imported on demand. Apps are
not loaded, so per-view policies are up to `manage.py cors` and `manage.py check`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Formatter
from typing import Final

from django.conf import settings
from django.core.checks import ERROR

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit.diagnostics import Diagnostic, show
from corekit.guard import CrossOriginGuard
from corekit.lint import lint_policy
from corekit_config import ConfigError
from corekit_config.finding import looking_in
from corekit_django.checks import check_effect, check_names
from corekit_django.conf import read_settings
from corekit_django.defaults import default_headers, default_methods
from corekit_django.messages import TEXTS
from corekit_django.names import argument_settings

_VARIABLE: Final = "DJANGO_SETTINGS_MODULE"


_DEFAULTS: Final = {"CORS_ALLOW_HEADERS": default_headers, "CORS_ALLOW_METHODS": default_methods}


def _is_default(advice: Diagnostic) -> bool:
    """Return whether a value is there because the setting adds to all defaults."""
    defaults = _DEFAULTS.get(advice.subject, ())
    if advice.value not in defaults:
        return False
    given = {str(each).lower() for each in getattr(settings, advice.subject)}
    return given.issuperset(each.lower() for each in defaults)


@contextmanager
def _reading(module: str) -> Iterator[str]:
    """Let Django read the settings of a module during the block, and yield its name.

    The default is DJANGO_SETTINGS_MODULE. Raises `ConfigError` if the settings cannot be read.
    """
    source = module or os.environ.get(_VARIABLE, "")
    if not source:
        message = f"{_VARIABLE} is not set."
        raise ConfigError("--django", message, "Name the settings: --django shop.settings")
    os.environ[_VARIABLE] = source
    with looking_in(Path.cwd()):
        try:
            yield source
        except PolicyError:  # the settings build an invalid policy themselves
            raise
        except (Exception, SystemExit) as error:
            # Settings are a program, and may raise anything.
            message = f"The settings cannot be read: {type(error).__name__}: {show(str(error))}."
            raise ConfigError(source, message, f"Run: python -c 'import {source}'") from error


def find_policy_of_path(
    module: str, path: str | None
) -> tuple[CorsPolicy | CorsRoutes, CrossOriginGuard | None, str]:
    """Return the policy of the settings of a module, its guard, and why it excludes a path.

    The reason is empty if it does not, or without a path; otherwise the policy allows no origins.
    Raises `ConfigError` if the settings cannot be read, and `PolicyError` if they have problems.
    """
    with _reading(module):
        configuration, problems = read_settings()
    if configuration is None:
        raise PolicyError(problems)
    special = ""
    if path is not None and configuration.urls is not None:  # routes say which paths they cover
        special = configuration.describe(path)
    policy = CorsPolicy.deny_all() if special else configuration.policy
    guard = configuration.guard
    return policy, None if guard is None else guard.with_policy(policy), special


def check_settings(module: str, api: str | None) -> tuple[str, list[Diagnostic]]:
    """Check the settings of `module`, or of DJANGO_SETTINGS_MODULE if it is empty.

    Return the name of the module, and what is wrong with the settings. `api` is as in
    `lint_policy()`. Raises `ConfigError` if they cannot be read.
    """
    try:
        with _reading(module) as source:
            configuration, problems = read_settings()
            messages = [*check_names(), *check_effect()]
    except PolicyError as error:
        return module or "--django", list(error.problems)
    diagnostics: list[Diagnostic] = [*problems]
    diagnostics += [
        Diagnostic(
            str(each.id),
            "error" if each.level >= ERROR else "warning",
            each.msg,
            each.hint or "",
            "settings",
        )
        for each in messages
        if each.id != "corekit_django.W004"  # the advice below has it too
    ]
    if configuration is not None:
        advice = lint_policy(configuration.policy, api)
        if not hasattr(settings, "CORS_POLICY"):
            given = argument_settings().values()  # without the defaults, which nobody wrote
            advice = tuple(
                each
                for each in advice
                if each.subject.partition("[")[0] in given and not _is_default(each)
            )
        diagnostics += advice
    return source, diagnostics


def describe_check(number: str) -> tuple[str, str] | None:
    """Return the message and the hint of a check such as W001; None if there is no such check.

    What differs from project to project is its name in angle brackets, and sentences that depend on
    it are left out.
    """
    if number not in TEXTS:
        return None
    message, hint = TEXTS[number]
    parsed = Formatter().parse(f"{message} {hint}")
    gaps = {name: f"<{name}>" for _, name, _, _ in parsed if name}
    gaps |= {"hint": "...", "after": "", "forms": ""}
    return message.format(**gaps), hint.format(**gaps)
