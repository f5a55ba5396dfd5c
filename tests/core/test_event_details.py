"""What events carry, and what repeated and unusual requests look like in the log."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from corekit import CorsPolicy, DecisionEvent
from corekit.events import Observer

UNTRUSTED = "https://untrusted.example"
POLICIES = [CorsPolicy(allow_origins=["https://app.example.com"]), CorsPolicy.deny_all()]


def observe(observer: Observer, policy: CorsPolicy, *, method: str = "GET") -> None:
    observer.observe(
        policy.engine,
        policy.engine.actual(UNTRUSTED),
        method=method,
        path="/",
        origin=UNTRUSTED,
        request="the request",
    )


@pytest.fixture
def logger() -> Any:
    made = logging.getLogger("corekit.tests.details")
    made.setLevel(logging.INFO)
    yield made
    made.setLevel(logging.NOTSET)


def test_event_has_the_request(logger: logging.Logger) -> None:
    events: list[DecisionEvent] = []
    observe(Observer("asgi", logger, on_decision=events.append), POLICIES[0])
    assert [event.request for event in events] == ["the request"]


def test_each_policy_has_its_own_kinds_of_denials(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    observer = Observer("asgi", logger, debug=True)
    for policy in (*POLICIES, *POLICIES):
        observe(observer, policy)
    assert [each.levelname for each in caplog.records] == ["WARNING"] * 2 + ["INFO"] * 2


def test_repeated_denial_is_logged_without_its_hint(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    observer = Observer("asgi", logger)
    for _ in range(2):
        observe(observer, POLICIES[0])
    first, second = (each.getMessage() for each in caplog.records)
    hint = f"Add '{UNTRUSTED}' to allow_origins. "
    assert hint in first
    assert second == first.replace(hint, "")


@pytest.mark.parametrize(
    ("method", "shown"),
    [
        ("GET", "GET"),
        ("M" * 20, "M" * 20),
        ("M" * 21, f"'{'M' * 21}'"),
        ("G ET", "'G ET'"),
        ("\r\n", "'\\r\\n'"),
    ],
)
def test_unusual_method_is_quoted(
    method: str, shown: str, logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    observe(Observer("asgi", logger), POLICIES[0], method=method)
    (line,) = (each.getMessage() for each in caplog.records)
    assert line.startswith(f"CORS: {shown} '/' from '{UNTRUSTED}' denied: ")
