"""Applications with a look-up behind a guard, in every adapter. Not a test."""

from __future__ import annotations

import time
from typing import Any, Final

from corekit import CorsPolicy, CorsRoutes, DecisionEvent, LivePolicy
from corekit.browser import HttpRequest, HttpResponse
from corekit.guard import CrossOriginGuard, GuardEvent
from corekit_lookups import OriginLookup
from tests.frameworks.guard_table import GUARDED, SITE, Guarded
from tests.properties.application import Application

LISTED: Final = "https://app.example.com"
SHOP: Final = "https://shop-1.example"
UNKNOWN: Final = "https://unknown.example"
LATE: Final = "https://late.example"
EVIL: Final = "https://evil.example"

POLICY: Final = CorsPolicy(
    allow_origins=[LISTED],
    allow_credentials=True,
    allow_methods=["PUT"],
    expose_headers=["x-total"],
    max_age=60,
)
ROUTES: Final = CorsRoutes([("/public/", CorsPolicy(allow_origins=["*"])), ("/", POLICY)])

SERVED: Final = {name: each for name, each in GUARDED.items() if each.writes_cors}
THREADS: Final = ("wsgi", "flask", "django")
"""The adapters that cannot await a look-up."""

PLAIN: Final = {name: each for name, each in SERVED.items() if name in {"asgi", "wsgi"}}
"""The adapters whose middleware works without a framework."""


class Table:
    """A function that allows one origin, and records what it was asked."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __call__(self, origin: str) -> bool:
        self.calls.append(origin)
        if origin == UNKNOWN:
            raise OSError("The database is down.")
        if origin == LATE:
            time.sleep(0.02)
        return origin == SHOP


class Served:
    """An application behind a guard, with a look-up, in the framework of an adapter."""

    def __init__(
        self,
        adapter: Guarded,
        function: Any,
        policy: CorsPolicy | CorsRoutes | LivePolicy = POLICY,
        **arguments: Any,
    ) -> None:
        self.lookup = OriginLookup(function, **{"timeout": 10, **arguments})
        self.application = Application(200, [("Vary", "Accept"), ("Cache-Control", "max-age=60")])
        self.events: list[DecisionEvent] = []
        self.verdicts: list[GuardEvent] = []
        self._send = adapter.protect(
            CrossOriginGuard(policy),
            self.application,
            self.verdicts.append,
            lookup=self.lookup,
            on_decision=self.events.append,
        )

    def ask(
        self,
        origin: str,
        *more: tuple[str, str],
        is_preflight: bool = False,
        method: str = "GET",
        url: str = f"{SITE}/orders",
    ) -> HttpResponse:
        headers = (("Origin", origin), *more)
        if is_preflight:
            headers += (("Access-Control-Request-Method", "PUT"),)
            method = "OPTIONS"
        return self._send(HttpRequest(method, url, headers))


def cors_of(response: HttpResponse) -> dict[str, str]:
    """Return the headers that look-ups are about, without those of caches for other reasons."""
    names = ("access-control-", "cache-control", "retry-after")
    return {
        name.lower(): value for name, value in response.headers if name.lower().startswith(names)
    }


def varies(response: HttpResponse) -> bool:
    lines = [value for name, value in response.headers if name.lower() == "vary"]
    return "Origin" in ", ".join(lines).split(", ")
