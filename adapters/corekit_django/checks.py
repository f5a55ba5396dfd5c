"""System checks of the settings and of MIDDLEWARE, and the registration of all checks.

Each check has an id that does not change, and is described under it in docs/django.md. The checks
of what cookies and CSRF need are in `cookie_checks`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - its name
from django.utils.module_loading import import_string

from .conf import (
    ALL_ORIGINS,
    KNOWN_SETTINGS,
    OTHER_NAMES,
    dropped_headers,
    effective_name,
    read_settings,
)
from .cookie_checks import check_cookies, check_csrf_trusted_origins, check_insecure_origins
from .middleware import CorsMiddleware

_OURS: Final = "corekit_django.middleware.CorsMiddleware"
_THEIRS: Final = "corsheaders.middleware.CorsMiddleware"

_PASSIVE: Final = frozenset(
    {
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.sites.middleware.CurrentSiteMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
        "django.middleware.csp.ContentSecurityPolicyMiddleware",
        "django.middleware.gzip.GZipMiddleware",
        "django_prometheus.middleware.PrometheusBeforeMiddleware",
    }
)
"""Middleware that never responds itself, so that it may come first."""

_SECURITY: Final = "django.middleware.security.SecurityMiddleware"
"""It responds only if SECURE_SSL_REDIRECT is on, with a redirect that fails any preflight."""

_MISNOMERS: Final = {
    OTHER_NAMES[name]: name for name in ("CORS_ALLOW_METHODS", "CORS_ALLOW_HEADERS")
}
_HINTS: Final = {
    "CORS_REPLACE_HTTPS_REFERER": "It was removed. Use CSRF_TRUSTED_ORIGINS.",
    "CORS_MODEL": "It was removed. Connect a receiver to check_request_enabled.",
}

# A dot that matches any character although a literal dot was meant: not escaped, not repeated, not
# in a set of characters.
_bare_dot = re.compile(r"(?<!\\)(?:\\\\)*\.(?![*+?{])").search
_character_sets = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")


def register_all() -> None:
    """Register every check with Django."""
    for check in (
        check_problems,
        check_names,
        check_effect,
        check_regexes,
        check_middleware,
        check_cookies,
        check_csrf_trusted_origins,
    ):
        register(check, Tags.security)
    register(check_insecure_origins, Tags.security, deploy=True)


def check_problems(**_: Any) -> Iterator[CheckMessage]:
    """E001: what the middleware would refuse to start with."""
    for problem in read_settings()[1]:
        yield Error(
            f"{problem.subject} = {problem.value!a}: {problem.message} [{problem.code}]",
            hint=problem.hint,
            id="corekit_django.E001",
        )


def check_names(**_: Any) -> Iterator[CheckMessage]:
    """E005, W009: settings that nothing reads. W002: those that are read by a mistaken name."""
    for name in sorted(name for name in dir(settings) if name.startswith("CORS_")):
        if name in _MISNOMERS:
            message = f"{name} takes effect, but the name of the setting is {_MISNOMERS[name]}."
            hint = f"Write {_MISNOMERS[name]}."
            yield Warning(message, hint=hint, id="corekit_django.W002")
        elif name not in KNOWN_SETTINGS:
            yield _report_unknown(name)


def check_effect(**_: Any) -> Iterator[CheckMessage]:
    """W003: settings that another one overrides. W004: headers that scripts cannot set."""
    for name, other in OTHER_NAMES.items():
        if hasattr(settings, name) and hasattr(settings, other):
            yield _report_no_effect(other, name)
    everyone = effective_name(ALL_ORIGINS)
    if getattr(settings, everyone, False) is True:
        for setting in ("CORS_ALLOWED_ORIGINS", "CORS_ALLOWED_ORIGIN_REGEXES"):
            for name in (setting, OTHER_NAMES[setting]):
                if getattr(settings, name, ()):
                    yield _report_no_effect(name, f"{everyone} = True")
    dropped = sorted(dropped_headers())
    if dropped:
        yield Warning(
            f"CORS_ALLOW_HEADERS names {', '.join(dropped)}, which scripts cannot set.",
            hint="Remove them; corekit ignores them. The headers that a browser sets itself"
            " need no permission.",
            id="corekit_django.W004",
        )


def check_regexes(**_: Any) -> Iterator[CheckMessage]:
    """E006: CORS_URLS_REGEX without an end. W010: an unescaped dot in a regex of origins."""
    configuration = read_settings()[0]
    if configuration is None:
        return
    if configuration.urls is not None:
        pattern = configuration.urls.pattern
        if not pattern.endswith(("$", r"\Z", ".*", ".+", ".*)", ".+)", "(.*)?", ")?")):
            yield Error(
                f"CORS_URLS_REGEX = {pattern!r} must match whole paths; it does not cover the"
                " paths that begin with it.",
                hint=f"Write {pattern + '.*'!r} to cover the paths below, or {pattern + '$'!r}"
                " for this path only.",
                id="corekit_django.E006",
            )
    for policy in configuration.policies:
        for regex in getattr(policy, "allow_origin_regexes", ()):
            if _bare_dot(_character_sets.sub("", regex.pattern)):
                yield Warning(
                    f"In CORS_ALLOWED_ORIGIN_REGEXES, {regex.pattern!r} has a dot that matches any"
                    " character: 'app.example.com' also matches appxexample.com, which anyone can"
                    " register.",
                    hint=r"Write '\.' for a dot, or use a pattern such as 'https://*.example.com'"
                    " in CORS_ALLOWED_ORIGINS.",
                    id="corekit_django.W010",
                )


def check_middleware(**_: Any) -> Iterator[CheckMessage]:
    """E002 missing, E003 installed twice, E004 with django-cors-headers, W001 not the first."""
    middleware: Sequence[str] = settings.MIDDLEWARE
    places = [index for index, path in enumerate(middleware) if _is_ours(path)]
    if not places:
        yield Error(
            "corekit_django is installed without its middleware, so no origins are allowed.",
            hint=f"Put {_OURS!r} first in MIDDLEWARE.",
            id="corekit_django.E002",
        )
    elif len(places) > 1:
        yield Error(
            "The CORS middleware is in MIDDLEWARE more than once.",
            hint="Keep the first one.",
            id="corekit_django.E003",
        )
    if _THEIRS in middleware or "corsheaders" in settings.INSTALLED_APPS:
        yield Error(
            "django-cors-headers is installed together with corekit_django, which replaces it.",
            hint="Remove 'corsheaders' from INSTALLED_APPS and its middleware from"
            " MIDDLEWARE. See https://github.com/corekit/corekit/blob/main/docs/"
            "migrating-from-django-cors-headers.md",
            id="corekit_django.E004",
        )
    before = [path for path in middleware[: places[0] if places else 0] if _can_answer(path)]
    if before:
        yield Warning(
            f"The CORS middleware comes after {', '.join(before)}, whose own responses (a"
            " redirect, an error, a file) then lack its headers, and which may respond to a"
            " preflight.",
            hint="Put it first in MIDDLEWARE.",
            id="corekit_django.W001",
        )


def _report_unknown(name: str) -> CheckMessage:
    near = get_close_matches(name, sorted(KNOWN_SETTINGS), n=1, cutoff=0.75)
    message = f"{name} is not a setting of corekit_django and has no effect."
    if not near:
        hint = _HINTS.get(name, "Remove it, or rename it without CORS_ if it is your own setting.")
        return Warning(message, hint=hint, id="corekit_django.W009")
    return Error(message, hint=f"Did you mean {near[0]}?", id="corekit_django.E005")


def _report_no_effect(name: str, other: str) -> CheckMessage:
    return Warning(
        f"{name} has no effect together with {other}.",
        hint="Keep one of them.",
        id="corekit_django.W003",
    )


def _is_ours(path: str) -> bool:
    try:
        made = import_string(path)
    except ImportError:
        return False
    return isinstance(made, type) and issubclass(made, CorsMiddleware)


def _can_answer(path: str) -> bool:
    if path == _SECURITY:
        return bool(settings.SECURE_SSL_REDIRECT)
    return path not in _PASSIVE and path != _THEIRS
