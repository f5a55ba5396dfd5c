"""All policies of a project, for its checks: those of the settings, and those of views."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from corekit import CorsPolicy

from .conf import read_settings
from .resolving import find_marked_views


def has_urlconf() -> bool:
    """Return whether the project has views."""
    return bool(getattr(settings, "ROOT_URLCONF", None))


def find_policies() -> Iterator[CorsPolicy]:
    """Yield the policies of the settings and of views; nothing if the settings have problems."""
    configuration = read_settings()[0]
    if configuration is not None:
        yield from configuration.policies
    if has_urlconf():
        for marked in find_marked_views():
            if isinstance(marked.mark, CorsPolicy):
                yield marked.mark
