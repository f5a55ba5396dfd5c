"""The settings: their names and old names, and their defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.conf import settings

from .defaults import default_headers, default_max_age, default_methods

ALL_ORIGINS: Final = "CORS_ALLOW_ALL_ORIGINS"

OTHER_NAMES: Final[Mapping[str, str]] = {
    "CORS_ALLOWED_ORIGINS": "CORS_ORIGIN_WHITELIST",
    "CORS_ALLOWED_ORIGIN_REGEXES": "CORS_ORIGIN_REGEX_WHITELIST",
    ALL_ORIGINS: "CORS_ORIGIN_ALLOW_ALL",
    "CORS_ALLOW_METHODS": "CORS_ALLOWED_METHODS",
    "CORS_ALLOW_HEADERS": "CORS_ALLOWED_HEADERS",
}
"""The old or mistaken names of settings, which have no effect if the setting itself is there."""

ARGUMENT_SETTINGS: Final = {
    "allow_origins": ("CORS_ALLOWED_ORIGINS", ()),
    "allow_origin_regexes": ("CORS_ALLOWED_ORIGIN_REGEXES", ()),
    "allow_credentials": ("CORS_ALLOW_CREDENTIALS", False),
    "allow_methods": ("CORS_ALLOW_METHODS", default_methods),
    "allow_headers": ("CORS_ALLOW_HEADERS", default_headers),
    "expose_headers": ("CORS_EXPOSE_HEADERS", ()),
    "max_age": ("CORS_PREFLIGHT_MAX_AGE", default_max_age),
    "allow_private_network": ("CORS_ALLOW_PRIVATE_NETWORK", False),
    "preflight_status": ("CORS_PREFLIGHT_STATUS", 204),
    "accept_risks": ("CORS_ACCEPT_RISKS", ()),
}
"""The argument of a policy: the setting that gives it, and its default."""

POLICY_SETTINGS: Final = frozenset({setting for setting, _ in ARGUMENT_SETTINGS.values()}).union(
    OTHER_NAMES, OTHER_NAMES.values(), {"CORS_URLS_REGEX"}
)
"""The settings that CORS_POLICY takes the place of."""

POLICY_VALUE: Final = "an instance of CorsPolicy, CorsRoutes or LivePolicy"
"""What CORS_POLICY can be."""


def effective_name(setting: str) -> str:
    """Return the name that a setting is set by; its own name if it is not set."""
    other = OTHER_NAMES.get(setting, setting)
    return other if hasattr(settings, other) and not hasattr(settings, setting) else setting


def argument_settings() -> dict[str, str]:
    """Return the arguments of a policy that are set, each with the name of its setting."""
    names = {
        argument: effective_name(setting) for argument, (setting, _) in ARGUMENT_SETTINGS.items()
    }
    return {argument: name for argument, name in names.items() if hasattr(settings, name)}
