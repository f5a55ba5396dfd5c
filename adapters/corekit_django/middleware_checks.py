"""System checks of MIDDLEWARE: that the CORS middleware is there, once, and in its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Tags, register

from corekit.adapter import MARKS

from .conf import read_settings
from .lookups import has_two_lookups
from .messages import write_message
from .middleware import CorsMiddleware, find_uncalled
from .middleware_code import import_middleware, is_of_package, mentions, sets_attribute
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
    places = _places()
    if not places:
        yield write_message("E002")
    elif len(places) > 1:
        yield write_message("E003")
    if _THEIRS in settings.MIDDLEWARE or "corsheaders" in settings.INSTALLED_APPS:
        yield write_message("E004")
    needed = [path for path in middleware_before() if _sets_route(path)]
    before = [path for path in middleware_before() if _can_answer(path) and path not in needed]
    if before:
        after = f", after {', '.join(needed)}" if needed else ""
        yield write_message("W001", names=", ".join(before), after=after)


@register(Tags.security)
def check_routing(**_: Any) -> Iterator[CheckMessage]:
    """W015: per-view policies, and middleware that selects the URLconf too late."""
    late = [path for path in middleware_after() if sets_attribute(path, {"urlconf"})]
    if late and MARKS.exist:
        yield write_message("W015", names=", ".join(late))


@register(Tags.security)
def check_other_headers(**_: Any) -> Iterator[CheckMessage]:
    """W017: other middleware that sets CORS headers. WhiteNoise is W014."""
    places = _places()
    others = [path for index, path in enumerate(settings.MIDDLEWARE) if index not in places]
    found = [
        path
        for path in others
        if path != _THEIRS
        and not is_of_package(path, "whitenoise")
        and mentions(path, "access-control-allow-origin")
    ]
    if found and places:
        yield write_message("W017", names=", ".join(found))


@register(Tags.security)
def check_customization(**_: Any) -> Iterator[CheckMessage]:
    """E006: methods that nothing calls. E008, E009: receivers of a signal that nothing sends."""
    for path in settings.MIDDLEWARE:
        cls = _find_ours(path)
        uncalled = [] if cls is None else find_uncalled(cls)
        if uncalled:
            yield write_message("E006", path=path, names=", ".join(uncalled))
    if has_foreign_receivers():
        yield write_message("E008")
    configuration = read_settings()[0]
    if configuration is not None and has_two_lookups(configuration):
        yield write_message("E009")


def _find_ours(path: str) -> type[CorsMiddleware] | None:
    """Return the class that MIDDLEWARE names, if it is the CORS middleware or a subclass."""
    made = import_middleware(path)
    is_ours = isinstance(made, type) and issubclass(made, CorsMiddleware)
    return made if is_ours else None


def middleware_before() -> list[str]:
    """Return the entries of MIDDLEWARE before the CORS middleware; none if it is missing."""
    return list(settings.MIDDLEWARE[: (_places() or [0])[0]])


def middleware_after() -> list[str]:
    """Return the entries of MIDDLEWARE after the CORS middleware; none if it is missing."""
    places = _places()
    return list(settings.MIDDLEWARE[places[0] + 1 :]) if places else []


def _places() -> list[int]:
    return [index for index, path in enumerate(settings.MIDDLEWARE) if _find_ours(path)]


def _sets_route(path: str) -> bool:
    """Return whether middleware sets what the policy of a preflight may depend on."""
    return sets_attribute(path, {"urlconf", "tenant"})


def _can_answer(path: str) -> bool:
    if path == _SECURITY:
        return bool(settings.SECURE_SSL_REDIRECT)
    return path not in _PASSIVE and path != _THEIRS
