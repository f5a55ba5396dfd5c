"""What events carry, and what repeated and unusual requests look like in the log."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from corekit import CorsPolicy, DecisionEvent, Reason
from corekit.events import Observer

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"
POLICIES = [CorsPolicy(allow_origins=[APP]), CorsPolicy.deny_all()]


def observe(observer: Observer, policy: CorsPolicy, *, method: str = "GET") -> None:
    observer.observe(
        policy.engine,
        policy.engine.actual(UNTRUSTED),
        method=method,
        path="/",
        origin=UNTRUSTED,
        host=None,
        sec_fetch_site=None,
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
    ("origin", "method", "names", "hint"),
    [
        (APP, "M" * 64, None, "Add"),
        (APP, "M" * 65, None, "Send a method of at most 64 characters."),
        (APP, "@", None, ""),
        (APP, "@" * 64, None, ""),
        (APP, "GET", "x" * 4_096, "Add"),
        (APP, "GET", "x" * 4_097, "Request fewer headers: at most 4096 characters."),
        (APP, "GET", "@", ""),
        (f"https://{'a' * 319}", "GET", None, ""),
        (f"https://{'a' * 320}", "GET", None, "Send an origin of at most 327 characters."),
    ],
)
def test_hint_names_the_limit_of_a_value(
    origin: str, method: str, names: str | None, hint: str
) -> None:
    decision = POLICIES[0].decide(
        "OPTIONS", origin=origin, request_method=method, request_headers=names
    )
    assert not decision.allowed
    assert decision.hint == hint or (hint == "Add" and decision.hint.startswith("Add '"))


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


@pytest.mark.parametrize(
    ("host", "site", "is_own"),
    [
        ("untrusted.example", None, True),
        (b"untrusted.example", None, True),
        ("internal", "same-origin", True),
        (None, b"same-origin", True),
        ("untrusted.example", "cross-site", False),
        ("other.example", None, False),
        (None, None, False),
    ],
)
def test_request_from_the_own_server_is_not_a_denial(
    logger: logging.Logger,
    caplog: pytest.LogCaptureFixture,
    host: str | bytes | None,
    site: str | bytes | None,
    is_own: bool,
) -> None:
    events: list[DecisionEvent] = []
    observer, policy = Observer("asgi", logger, on_decision=events.append), POLICIES[0]
    observer.observe(
        policy.engine,
        policy.engine.actual(UNTRUSTED),
        method="POST",
        path="/",
        origin=UNTRUSTED,
        host=host,
        sec_fetch_site=site,
        request=None,
    )
    reason = Reason.SAME_ORIGIN if is_own else Reason.ORIGIN_NOT_ALLOWED
    assert [event.decision.reason for event in events] == [reason]
    assert len(caplog.records) == (0 if is_own else 1)
