"""Set Django up to serve the URLs of a test, with the adapter and a policy for any origin."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import django
from django.test import override_settings
from django.urls import clear_url_caches

NAME = "urls_of_the_test"


def serve_urls(*patterns: Any) -> None:
    """Serve these patterns, within `any_origin_site`."""
    urls = sys.modules[NAME] = ModuleType(NAME)
    vars(urls)["urlpatterns"] = patterns
    clear_url_caches()


@contextmanager
def any_origin_site() -> Iterator[None]:
    """Override the settings, and forget the URLs at the end."""
    django.setup()
    with override_settings(
        ROOT_URLCONF=NAME,
        MIDDLEWARE=["corekit_django.middleware.CorsMiddleware"],
        CORS_ALLOW_ALL_ORIGINS=True,
        CORS_ALLOW_CREDENTIALS=False,
        ALLOWED_HOSTS=["*"],
    ):
        yield
    sys.modules.pop(NAME, None)
