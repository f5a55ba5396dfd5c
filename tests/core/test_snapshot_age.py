"""Decisions that rows decided say so, and how old the rows were."""

from __future__ import annotations

import copy
import logging
import pickle
from typing import Any

import pytest

from corekit import CorsPolicy, CorsRoutes, DecisionEvent, LivePolicy
from corekit.events import Observer
from corekit.extended import extend, extend_live
from corekit.snapshots import Loads, Rules, Snapshot, SnapshotReader
from tests.clock import Clock
from tests.core.test_snapshots import APP, LOGGED_IN, OTHER, PLAIN, ROUTES, SHOP

ROW_OF_BOTH = "https://both.example.com"
"""An origin that a pattern of the policy allows, and a row."""


def load(clock: Clock, *rows: str, policy: CorsPolicy = PLAIN) -> Snapshot:
    loads = Loads(clock)
    reader = SnapshotReader(Rules.of(policy), loads=loads)
    reader.read(rows)
    loads.note()
    return reader.finish()


def observe(policy: Any, origin: str | None, method: str | None = None) -> DecisionEvent:
    events: list[DecisionEvent] = []
    observer = Observer("tests", logging.getLogger("corekit.tests"), on_decision=events.append)
    engine = policy.policy_for("/").engine
    answer = (
        engine.actual(origin)
        if method is None or origin is None
        else engine.preflight(origin, method, None, None)
    )
    observer.observe(
        engine,
        answer,
        method="GET",
        path="/",
        origin=origin,
        request_method=method,
        host="api.example.com",
        sec_fetch_site="same-origin" if origin == "https://api.example.com" else None,
        request=None,
    )
    (event,) = events
    return event


@pytest.mark.parametrize(
    ("origin", "method", "is_decided"),
    [
        (SHOP, None, True),
        (SHOP, "PUT", True),
        (SHOP, "DELETE", True),
        (OTHER, None, True),
        (OTHER, "PUT", True),
        (ROW_OF_BOTH, None, True),
        (APP, None, False),
        (APP, "PUT", False),
        ("https://any.example.com", None, False),
        ("https://api.example.com", None, False),
        ("nonsense", None, False),
        (None, None, False),
    ],
)
def test_decision_by_rows_has_their_age(
    origin: str | None, method: str | None, is_decided: bool
) -> None:
    clock = Clock(10)
    policy = extend(PLAIN, load(clock, SHOP, ROW_OF_BOTH, APP))
    clock.now = 22.4
    event = observe(policy, origin, method)
    snapshot = event.decision.snapshot
    assert (snapshot is not None) is is_decided
    assert event.snapshot_age == (pytest.approx(12.4) if is_decided else None)
    assert str(event).endswith(", snapshot 12 s old]") is is_decided
    if snapshot is not None:
        assert len(snapshot) == 3


def test_age_of_an_event_does_not_grow() -> None:
    clock = Clock()
    event = observe(extend(PLAIN, load(clock, SHOP)), SHOP)
    clock.now = 99
    assert event.snapshot_age == 0
    assert event.decision.snapshot is not None
    assert event.decision.snapshot.age == 99


def test_line_names_the_policy_first() -> None:
    live = LivePolicy(PLAIN)
    extend_live(live, load(Clock(), SHOP))
    line = str(observe(live.policy, SHOP))
    assert line.endswith(f"[GRANTED, policy {live.fingerprint}, snapshot 0 s old]")


def test_look_up_decides_about_other_origins() -> None:
    policy = extend(PLAIN, load(Clock(), SHOP))
    assert isinstance(policy, CorsPolicy)
    for outcome, allowed in (("allowed", True), ("denied", False), ("failed", None)):
        engine = policy.engine.looked_up(outcome, allowed=allowed)
        assert engine.find_snapshot(OTHER) is None


@pytest.mark.parametrize("is_read_again", [False, True])
def test_rows_of_other_rules_have_the_same_age(is_read_again: bool) -> None:
    clock = Clock()
    snapshot = load(clock, SHOP)
    clock.now = 5
    policy = LOGGED_IN if is_read_again else PLAIN
    assert observe(extend(policy, snapshot), SHOP).snapshot_age == 5


def test_route_has_the_age_of_its_rows() -> None:
    clock = Clock()
    path, policy = ROUTES.routes[-1]
    extended = extend(ROUTES, load(clock, SHOP, policy=policy), path)
    clock.now = 5
    assert isinstance(extended, CorsRoutes)
    decision = dict(extended.routes)[path].decide("GET", origin=SHOP)
    assert decision.snapshot is not None
    assert decision.snapshot.age == 5


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda policy: pickle.loads(pickle.dumps(policy))]
)
def test_age_of_a_copy_is_not_known(copied: Any) -> None:
    """Another process may have another clock."""
    event = observe(copied(extend(PLAIN, load(Clock(), SHOP))), SHOP)
    assert event.snapshot_age is None
    assert event.decision.snapshot is not None
    assert str(event).endswith("[GRANTED, snapshot of unknown age]")


def test_static_policy_has_no_rows() -> None:
    assert observe(PLAIN, SHOP).decision.snapshot is None
