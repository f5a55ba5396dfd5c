"""Events to report, the report of one as an adapter makes it, and what was reported. Not a test."""

from __future__ import annotations

import pytest

from corekit import CorsPolicy, DecisionEvent
from corekit.events import Observer

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"

policy = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"], allow_headers=["x-a"])


def make_event(
    origin: str | None = UNTRUSTED,
    method: str = "GET",
    path: str = "/",
    asked: str | None = None,
    asked_headers: str | None = None,
) -> DecisionEvent:
    decision = policy.decide(
        method, origin=origin, request_method=asked, request_headers=asked_headers
    )
    return DecisionEvent(decision, "asgi", method, path, origin, asked, asked_headers)


def report(observer: Observer, event: DecisionEvent) -> None:
    """Report the request of an event, as an adapter does."""
    engine, origin = policy.engine, event.origin
    if origin is None:
        answer = engine.no_origin
    elif event.request_method is not None:
        answer = engine.preflight(origin, event.request_method, event.request_headers, None)
    else:
        answer = engine.actual(origin)
    observer.observe(
        engine,
        answer,
        method=event.method,
        path=event.path,
        origin=origin,
        request_method=event.request_method,
        request_headers=event.request_headers,
        host=None,
        sec_fetch_site=None,
        request=event.request,
    )


def reported(events: list[DecisionEvent]) -> list[tuple[str, str, str]]:
    """Return the kind, the path and the reason of each event."""
    return [(event.decision.kind.name, event.path, event.decision.reason.name) for event in events]


def logged(caplog: pytest.LogCaptureFixture, logger: str) -> list[tuple[str, str]]:
    """Return the level and the reason of each denial that this logger has logged."""
    return [
        (record.levelname, record.getMessage().rpartition("[")[2].removesuffix("]"))
        for record in caplog.records
        if record.name == logger
    ]
