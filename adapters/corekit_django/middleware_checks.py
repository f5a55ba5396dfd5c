"""System checks of MIDDLEWARE: that the CORS middleware is there, once, and in its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Tags, register
from django.utils.module_loading import import_string

from .messages import write_message
from .middleware import CorsMiddleware, find_uncalled
from .signals import has_foreign_receivers

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
    places = [index for index, path in enumerate(middleware) if _find_ours(path)]
    if not places:
        yield write_message("E002")
    elif len(places) > 1:
        yield write_message("E003")
    if _THEIRS in middleware or "corsheaders" in settings.INSTALLED_APPS:
        yield write_message("E004")
    before = [path for path in middleware[: places[0] if places else 0] if _can_answer(path)]
    if before:
        yield write_message("W001", names=", ".join(before))


@register(Tags.security)
def check_customization(**_: Any) -> Iterator[CheckMessage]:
    """E006: methods that nothing calls. E008: receivers of a signal that nothing sends."""
    for path in settings.MIDDLEWARE:
        cls = _find_ours(path)
        uncalled = [] if cls is None else find_uncalled(cls)
        if uncalled:
            yield write_message("E006", path=path, names=", ".join(uncalled))
    if has_foreign_receivers():
        yield write_message("E008")


def _find_ours(path: str) -> type[CorsMiddleware] | None:
    """Return the class that MIDDLEWARE names, if it is the CORS middleware or a subclass."""
    made = _import(path)
    is_ours = isinstance(made, type) and issubclass(made, CorsMiddleware)
    return made if is_ours else None


def _import(path: str) -> Any:
    try:
        return import_string(path)
    except ImportError:
        return None


def _can_answer(path: str) -> bool:
    if path == _SECURITY:
        return bool(settings.SECURE_SSL_REDIRECT)
    return path not in _PASSIVE and path != _THEIRS
