"""The defaults of the settings; import them to add to them.

from corekit_django.defaults import default_headers

CORS_ALLOW_HEADERS = [*default_headers, "x-request-id"]
"""

from __future__ import annotations

from typing import Final

default_methods: Final = ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")
"""The methods of CORS_ALLOW_METHODS."""

default_headers: Final = (
    "accept",
    "authorization",
    "content-type",
    "user-agent",
    "x-csrftoken",
    "x-requested-with",
)
"""The request headers of CORS_ALLOW_HEADERS."""

default_max_age: Final = 86_400
"""Seconds of CORS_PREFLIGHT_MAX_AGE; browsers cap it: Chromium at 7200, Safari at 600."""
