"""Every adapter as the tests of its events and of its log call it."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from corekit import CorsPolicy, CorsRoutes, DecisionEvent
from corekit.browser import HttpRequest, HttpResponse
from tests.properties.adapters import ADAPTERS
from tests.properties.application import Application

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"
METHOD, HEADERS = "Access-Control-Request-Method", "Access-Control-Request-Headers"

policy = CorsPolicy(
    allow_origins=[APP],
    allow_credentials=True,
    allow_methods=["PUT"],
    allow_headers=["content-type"],
    expose_headers=["x-request-id"],
    max_age=600,
)
routes = CorsRoutes([("/api/", policy), ("/public/", CorsPolicy(allow_origins=["*"]))])

Fields = dict[str, str]


class Client:
    """An adapter, and requests to the application that it is installed in."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.logger = f"corekit.{name}"

    def install(
        self,
        around: CorsPolicy | CorsRoutes = policy,
        on_decision: Callable[[DecisionEvent], None] | None = None,
    ) -> None:
        self.send = ADAPTERS[self.name](around, Application(200, []), on_decision)

    def ask(
        self, method: str = "GET", fields: Fields | None = None, path: str = "/"
    ) -> HttpResponse:
        url = f"https://api.example.org{path}"
        return self.send(HttpRequest(method, url, tuple((fields or {}).items())))

    def records(self, caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
        return [record for record in caplog.records if record.name == self.logger]


def origin(value: str) -> Fields:
    return {"Origin": value}


def preflight(value: str, method: str = "PUT", names: str = "content-type") -> Fields:
    return {
        "Origin": value,
        METHOD: method,
        HEADERS: names,
    }


def fail(event: DecisionEvent) -> None:
    raise LookupError("a bug of the hook")
