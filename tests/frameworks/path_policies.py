"""A policy for a secret path and another one for all other paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from corekit import CorsPolicy, CorsRoutes

ADMIN: Final = "https://admin.example.com"
OTHER: Final = "https://other.example"
PREFIX: Final = "/v1"
SECRET: Final = "/admin/secret"

# An exact route, since one with a slash at its end would cover what a router adds to the secret.
ROUTES: Final = CorsRoutes(
    [
        (SECRET, CorsPolicy(allow_origins=[ADMIN], allow_credentials=True)),
        ("/", CorsPolicy(allow_origins=["*"])),
    ]
)
APP_HEADER: Final = "x-app"


def mark(cors: Callable[..., Any], endpoint: Any) -> Any:
    return cors(allow_origins=[ADMIN], allow_credentials=True)(endpoint)
