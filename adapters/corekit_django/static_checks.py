"""System checks of static files: what serves them, and what becomes of their headers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Tags, register

from corekit import CorsPolicy
from corekit.adapter import ANY
from corekit.lint.regexes import regexes_of

from .conf import read_settings
from .messages import write_message
from .middleware_checks import middleware_after
from .middleware_code import is_of_package


@register(Tags.security)
def check_static_files(**_: Any) -> Iterator[CheckMessage]:
    """W014: the header of WhiteNoise is removed. I001: runserver serves files without headers."""
    prefix = urlsplit(settings.STATIC_URL or "").path
    policy = _policy_for(prefix)
    if policy is None:
        return
    adds_any = getattr(settings, "WHITENOISE_ALLOW_ALL_ORIGINS", True)
    if (
        adds_any
        and ANY not in policy.allow_origins
        and any(is_of_package(path, "whitenoise") for path in middleware_after())
    ):
        yield write_message("W014", prefix=prefix)
    if (
        settings.DEBUG
        and "django.contrib.staticfiles" in settings.INSTALLED_APPS
        and "whitenoise.runserver_nostatic" not in settings.INSTALLED_APPS
        and not urlsplit(settings.STATIC_URL).netloc
        and (policy.allow_origins or regexes_of(policy))
    ):
        yield write_message("I001", prefix=prefix)


def _policy_for(prefix: str) -> CorsPolicy | None:
    configuration = read_settings()[0]
    if configuration is None or not prefix.startswith("/"):
        return None
    grant = configuration.find(prefix)
    return None if grant is None or grant.is_outside else grant.policy
