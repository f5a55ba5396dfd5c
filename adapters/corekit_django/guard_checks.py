"""System checks of CORS_GUARD, also together with Django's own CSRF protection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, register
from django.http.request import split_domain_port, validate_host

from .conf import read_settings
from .messages import show_some, write_message
from .policies import find_policies

_APEX = (
    " There, 'https://*.example.com' also means 'https://example.com', which a policy has to list"
    " apart."
)


@register(Tags.security)
def check_trusted_origins(**_: Any) -> Iterator[CheckMessage]:
    """W018: the CSRF check trusts an origin whose requests the guard refuses."""
    configuration = read_settings()[0]
    if configuration is None or configuration.guard is None:
        return
    guard = configuration.guard.guard
    if guard.writes == "ignore":
        return
    engines = [policy.engine for policy in find_policies() if policy.allow_credentials]
    refused = [
        origin
        for trusted in settings.CSRF_TRUSTED_ORIGINS
        for origin in _examples(trusted)
        if origin not in guard.own_origins
        and not _is_of_allowed_host(origin)
        and not any(engine.allows(origin) for engine in engines)
    ]
    if refused:
        apex = _APEX if any("*" in trusted for trusted in settings.CSRF_TRUSTED_ORIGINS) else ""
        name = configuration.policies[0].engine.dialect.origins
        yield write_message("W018", origins=show_some(refused), name=name, apex=apex)


@register(Tags.security, deploy=True)
def check_mode(**_: Any) -> Iterator[CheckMessage]:
    """W019, with --deploy: the guard refuses nothing."""
    configuration = read_settings()[0]
    if configuration is None or configuration.guard is None:
        return
    if configuration.guard.guard.mode == "report":
        yield write_message("W019")


def _examples(trusted: str) -> list[str]:
    """Return origins that an element of CSRF_TRUSTED_ORIGINS means."""
    scheme, _, netloc = trusted.partition("://")
    if not netloc.startswith("*"):
        return [trusted]
    domain = netloc.removeprefix("*").removeprefix(".")
    return [f"{scheme}://any.{domain}", f"{scheme}://{domain}"]


def _is_of_allowed_host(origin: str) -> bool:
    domain, _ = split_domain_port(origin.partition("://")[2])
    return validate_host(domain, settings.ALLOWED_HOSTS)
