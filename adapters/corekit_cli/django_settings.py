"""The policy of a Django project, read from its settings as the middleware reads them, and checks.

This is the only module of the command that imports Django, and it is imported on demand. Apps are
not loaded, so per-view policies are up to `manage.py cors` and `manage.py check`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.checks import ERROR

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit.diagnostics import Diagnostic, show
from corekit.guard import CrossOriginGuard
from corekit.lint import lint_guard, lint_lookup, lint_policy
from corekit.lookups import Lookup
from corekit_config import ConfigError
from corekit_config.finding import looking_in
from corekit_django.checks import UNKNOWN, check_effect, check_names
from corekit_django.conf import Configuration, read_settings
from corekit_django.defaults import default_headers, default_methods
from corekit_django.messages import TEXTS
from corekit_django.names import argument_settings

_VARIABLE: Final = "DJANGO_SETTINGS_MODULE"


_PROBLEMS: Final = {
    "E001": "A setting has a problem, so the server does not start.",
    "I002": "Browsers cache preflight responses for longer than CORS_LOOKUP remembers origins.",
    "W004": "A setting contains something that has no effect, and that is left out of the policy.",
}
_OF_PROBLEM: Final = "The check names the setting, the problem, its code, and the fix."
_WORDS: Final = {
    "after": "",
    "apex": "",
    "count": "...",
    "forms": "",
    "hint": "",
    "name": "CORS_ALLOWED_ORIGINS",
    "names": "Another middleware",
    "origin": "an untrusted origin",
    "origins": "for example https://app.example.com",
    "path": "a path",
    "paths": "/items/",
    "prefix": "/static/",
    "receiver": "A function",
    "regex": "...",
}
_A_SETTING: Final = "A setting that begins with CORS_"
_WORDS_OF: Final[Mapping[str, Mapping[str, str]]] = {
    "E005": {"name": _A_SETTING, "hint": "The check names the setting that may be meant."},
    "E006": {"path": "A subclass of the middleware", "names": "methods of django-cors-headers"},
    "W001": {"names": "another middleware"},
    "W002": {
        "name": "CORS_ALLOWED_METHODS or CORS_ALLOWED_HEADERS",
        "meant": "CORS_ALLOW_METHODS or CORS_ALLOW_HEADERS",
    },
    "W003": {"name": "A setting", "other": "another one"},
    "W005": {
        "origins": "allowed origins",
        "cookie": "session cookie",
        "prefix": "SESSION_COOKIE",
        "problems": "SESSION_COOKIE_SAMESITE is not 'None', or SESSION_COOKIE_SECURE is False",
    },
    "W006": {
        "origins": "allowed origins",
        "cookie": "CSRF cookie",
        "prefix": "CSRF_COOKIE",
        "problems": "CSRF_COOKIE_SAMESITE is not 'None', or CSRF_COOKIE_SECURE is False",
    },
    "W008": {"origins": "for example http://app.example.com"},
    "W009": {"name": _A_SETTING, "hint": UNKNOWN},
    "W010": {
        "subject": "CORS_ALLOWED_ORIGIN_REGEXES",
        "origin": "another origin",
        "origins": "CORS_ALLOWED_ORIGINS",
    },
    "W011": {"type": "other than bool"},
    "W013": {"paths": "others, such as /api-internal/"},
    "W015": {"names": "A middleware"},
    "W016": {"name": "user or another attribute"},
    "W020": {"route": "/api/users/", "path": "/api/users.json"},
}
"""The words for what differs from project to project, first those of each check."""

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


def read_configuration(module: str) -> Configuration:
    """Read the settings of a module, or of DJANGO_SETTINGS_MODULE if it is empty.

    Raises `ConfigError` if the settings cannot be read, and `PolicyError` if they have problems.
    """
    with _reading(module):
        configuration, problems = read_settings()
    if configuration is None:
        raise PolicyError(problems)
    return configuration


def find_policy_of_path(
    module: str, path: str | None
) -> tuple[CorsPolicy | CorsRoutes, CrossOriginGuard | None, Lookup | None, str]:
    """Return the policy of the settings of a module, its guard and look-up, and an exclusion.

    The last is why the policy excludes a path. It is empty if it does not, or without a path;
    otherwise the policy allows no origins.
    Raises `ConfigError` if the settings cannot be read, and `PolicyError` if they have problems.
    """
    configuration = read_configuration(module)
    special = ""
    if path is not None and configuration.urls is not None:  # routes say which paths they cover
        special = configuration.describe(path)
    policy = CorsPolicy.deny_all() if special else configuration.policy
    guard = configuration.guard
    guarding = None if guard is None else guard.with_policy(policy)
    return policy, guarding, configuration.lookup, special


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
        diagnostics += lint_lookup(configuration.lookup, configuration.policy)
        if configuration.guard is not None:
            diagnostics += _lint_guard(configuration.guard.guard, api)
    return source, diagnostics


def _lint_guard(guard: CrossOriginGuard, api: str | None) -> Iterator[Diagnostic]:
    checks_host = "*" not in settings.ALLOWED_HOSTS
    for advice in lint_guard(guard, api):
        # Django compares Host with ALLOWED_HOSTS.
        if not (advice.code == "unchecked-host" and checks_host):
            yield advice


def describe_check(number: str) -> tuple[str, str] | None:
    """Return the message and the hint of a check such as W001; None if there is no such check.

    What differs from project to project is described in words, is an example, or is left out.
    """
    if number not in TEXTS:
        return None
    if number in _PROBLEMS:
        return _PROBLEMS[number], _OF_PROBLEM
    words = {**_WORDS, **_WORDS_OF.get(number, {})}
    message, hint = TEXTS[number]
    return message.format_map(words), hint.format_map(words).strip()
