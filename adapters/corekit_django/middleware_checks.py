"""System checks of MIDDLEWARE: that the CORS middleware is there, once, and in its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Tags, register
from django.utils.module_loading import import_string

from .messages import write_message
from .middleware import CorsMiddleware

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


@register(Tags.security)
def check_middleware(**_: Any) -> Iterator[CheckMessage]:
    """E002 missing, E003 installed twice, E004 with django-cors-headers, W001 not the first."""
    middleware: Sequence[str] = settings.MIDDLEWARE
    places = [index for index, path in enumerate(middleware) if _is_ours(path)]
    if not places:
        yield write_message("E002")
    elif len(places) > 1:
        yield write_message("E003")
    if _THEIRS in middleware or "corsheaders" in settings.INSTALLED_APPS:
        yield write_message("E004")
    before = [path for path in middleware[: places[0] if places else 0] if _can_answer(path)]
    if before:
        yield write_message("W001", names=", ".join(before))


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
