"""Origins of a snapshot, in every adapter: what the events and the log say of their age."""

from __future__ import annotations

import logging

import pytest

from corekit import CorsPolicy, DecisionEvent, LivePolicy
from corekit.browser import HttpRequest
from corekit.guard import CrossOriginGuard
from corekit_config import refresh
from tests.frameworks.guard_table import SITE, Guarded
from tests.frameworks.looked_up import EVIL, LISTED, POLICY, SERVED, SHOP
from tests.properties.application import Application

adapters = pytest.mark.parametrize("adapter", SERVED.values(), ids=SERVED)


@adapters
@pytest.mark.parametrize("is_preflight", [False, True], ids=["actual", "preflight"])
def test_events_and_log_have_the_age_of_the_rows(
    adapter: Guarded,
    is_preflight: bool,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events: list[DecisionEvent] = []
    live = LivePolicy(POLICY)
    more = (("Access-Control-Request-Method", "PUT"),) if is_preflight else ()
    with refresh(lambda: [SHOP], live, every=1_000) as refresher, monkeypatch.context() as patch:
        loads = refresher._origins._loads
        loaded_at = loads._last
        assert loaded_at is not None
        send = adapter.protect(
            CrossOriginGuard(live), Application(200, []), lambda _: None, on_decision=events.append
        )
        caplog.set_level(logging.INFO, "corekit")
        patch.setattr(loads, "_clock", lambda: loaded_at + 12.3)
        for origin in (LISTED, SHOP, EVIL):
            method = "OPTIONS" if is_preflight else "GET"
            send(HttpRequest(method, f"{SITE}/orders", (("Origin", origin), *more)))
    assert [event.outcome for event in events] == ["granted", "granted", "denied"]
    ages = [None, pytest.approx(12.3), pytest.approx(12.3)]
    assert [event.snapshot_age for event in events] == ages
    ends = ["", ", snapshot 12 s old", ", snapshot 12 s old"]
    reasons = ("GRANTED", "GRANTED", "ORIGIN_NOT_ALLOWED")
    for event, reason, end in zip(events, reasons, ends, strict=True):
        assert str(event).endswith(f"[{reason}, policy {event.fingerprint}{end}]")
    denials = [each.getMessage() for each in caplog.records if " denied: " in each.getMessage()]
    assert len(denials) == 1
    assert denials[0].endswith(", snapshot 12 s old]")


@adapters
def test_static_policy_says_nothing_of_rows(adapter: Guarded) -> None:
    events: list[DecisionEvent] = []
    policy = CorsPolicy(allow_origins=[LISTED])
    send = adapter.protect(
        CrossOriginGuard(policy), Application(200, []), lambda _: None, on_decision=events.append
    )
    send(HttpRequest("GET", f"{SITE}/orders", (("Origin", EVIL),)))
    assert [event.snapshot_age for event in events] == [None]
    assert "snapshot" not in str(events[0])
