"""System checks of cookies and of CSRF protection, which cross-origin requests depend on too.

CORS controls which origins may read; CSRF protection whether the user made a request. With cookies
both are needed, and browsers must send the cookies. Per-view policies are checked like those of the
settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Warning  # noqa: A004 - Django's name for it
from django.utils.http import is_same_domain

from corekit import CorsPolicy
from corekit.lint import find_cross_site

from .conf import read_settings
from .resolving import find_marked_views

_SESSION: Final = "django.contrib.sessions.middleware.SessionMiddleware"
_CSRF: Final = "django.middleware.csrf.CsrfViewMiddleware"

_SHOWN_ORIGINS: Final = 3
_begins_with_http = re.compile(r"\^?\(?(?:\?:)?http(?:s\?|\(s\)\?)?:").match


def check_cookies(**_: Any) -> list[CheckMessage]:
    """W005, W006: a cookie that browsers do not send in cross-site requests."""
    origins = find_cross_site(_origins(credentials=True), _hosts())
    if not origins:
        return []
    messages: list[CheckMessage] = []
    if _SESSION in settings.MIDDLEWARE:
        messages += _check_cookie("SESSION_COOKIE", "session cookie", "W005", origins)
    if _CSRF in settings.MIDDLEWARE and not settings.CSRF_USE_SESSIONS:
        messages += _check_cookie("CSRF_COOKIE", "CSRF cookie", "W006", origins)
    return messages


def check_csrf_trusted_origins(**_: Any) -> list[CheckMessage]:
    """W007: an origin with credentials whose POST requests fail the CSRF check."""
    if _CSRF not in settings.MIDDLEWARE:
        return []
    origins = [origin for origin in _origins(credentials=True) if not _is_trusted(origin)]
    if not origins:
        return []
    return [
        Warning(
            f"{_show(origins)} may send requests with cookies, but is not in CSRF_TRUSTED_ORIGINS,"
            " so its POST, PUT, PATCH and DELETE requests fail with 403.",
            hint="Add the origin to CSRF_TRUSTED_ORIGINS too: with cookies, requests must pass both"
            " CORS and the CSRF check. Change nothing if these pages only read.",
            id="corekit_django.W007",
        )
    ]


def check_insecure_origins(**_: Any) -> list[CheckMessage]:
    """W008, with --deploy: origins with http are allowed."""
    origins = [origin for origin in _origins(credentials=False) if origin.startswith("http://")]
    origins += [
        regex.pattern
        for policy in _policies()
        for regex in getattr(policy, "allow_origin_regexes", ())
        if _begins_with_http(regex.pattern)
    ]
    if not origins:
        return []
    return [
        Warning(
            f"{_show(origins)} is allowed over http: a network attacker, or any program on the"
            " user's machine, can impersonate it.",
            hint="Allow only https origins in production. Move http origins to the settings for"
            " development.",
            id="corekit_django.W008",
        )
    ]


def _check_cookie(
    prefix: str, name: str, number: str, origins: Sequence[str]
) -> list[CheckMessage]:
    same_site = getattr(settings, f"{prefix}_SAMESITE")
    problems: list[str] = []
    if str(same_site).lower() != "none" or same_site is None:
        problems.append(f"{prefix}_SAMESITE is {same_site!r}")
    if not getattr(settings, f"{prefix}_SECURE"):
        problems.append(f"{prefix}_SECURE is False")
    if not problems:
        return []
    return [
        Warning(
            f"{_show(origins)} is cross-site to the hosts in ALLOWED_HOSTS, so browsers do not send"
            f" the {name} with its requests: {' and '.join(problems)}.",
            hint=f"Set {prefix}_SAMESITE = 'None' and {prefix}_SECURE = True. If the server is"
            " same-site, add its host to ALLOWED_HOSTS.",
            id=f"corekit_django.{number}",
        )
    ]


def _policies() -> Iterable[CorsPolicy]:
    configuration = read_settings()[0]
    if configuration is not None:
        yield from configuration.policies
    if getattr(settings, "ROOT_URLCONF", None):
        for marked in find_marked_views():
            if isinstance(marked.mark, CorsPolicy):
                yield marked.mark


def _origins(*, credentials: bool) -> list[str]:
    # The origins of a regular expression cannot be listed.
    found = [
        origin
        for policy in _policies()
        if policy.allow_credentials or not credentials
        for origin in policy.allow_origins
    ]
    return list(dict.fromkeys(found))


def _hosts() -> list[str]:
    if settings.DEBUG and not settings.ALLOWED_HOSTS:
        return ["localhost", "127.0.0.1", "[::1]"]  # what Django allows then
    return [host.removeprefix(".").lower() for host in settings.ALLOWED_HOSTS]


def _is_trusted(origin: str) -> bool:
    # A pattern is trusted if any origin that it matches is.
    origin = origin.replace("*", "any")
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    asked = urlsplit(origin)
    wild = [urlsplit(trusted) for trusted in settings.CSRF_TRUSTED_ORIGINS if "*" in trusted]
    return any(
        trusted.scheme == asked.scheme
        and is_same_domain(asked.netloc, trusted.netloc.removeprefix("*"))
        for trusted in wild
    )


def _show(origins: Sequence[str]) -> str:
    more = len(origins) - _SHOWN_ORIGINS
    shown = ", ".join(origins[:_SHOWN_ORIGINS])
    return f"{shown} and {more} more" if more > 0 else shown
