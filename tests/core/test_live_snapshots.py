"""A `LivePolicy` that is extended by a snapshot, and replaced."""

from __future__ import annotations

import pickle
from functools import partial

import pytest

from corekit import CorsPolicy, LivePolicy
from corekit.diff import compare
from tests.core.test_snapshots import APP, LOGGED_IN, OTHER, PLAIN, ROUTES, SHOP, load


def allows(live: LivePolicy, origin: str, path: str = "/") -> bool:
    policy = live.policy_for(path)
    assert policy is not None
    return policy.decide("GET", origin=origin).allowed


class TestLivePolicy:
    def test_rows_stay_when_the_policy_is_replaced(self) -> None:
        live = LivePolicy(PLAIN)
        live.extend(load([SHOP], PLAIN).extend)
        assert (live.generation, live.static) == (2, PLAIN)
        assert live.policy.decide("GET", origin=SHOP).allowed  # type: ignore[union-attr]
        new = CorsPolicy(allow_origins=[OTHER])
        comparison = live.replace(new)
        assert comparison == compare(PLAIN, new)
        assert (live.generation, live.static) == (3, new)
        allowed = [live.policy.engine.allows(each) for each in (APP, SHOP, OTHER)]  # type: ignore[union-attr]
        assert allowed == [False, True, True]
        assert live.policy.engine.source.is_live  # type: ignore[union-attr]

    def test_operator_can_still_turn_sharing_off(self) -> None:
        live = LivePolicy(PLAIN)
        live.extend(load([SHOP], PLAIN).extend)
        live.replace(CorsPolicy.deny_all())
        assert live.policy == CorsPolicy.deny_all()
        live.replace(PLAIN)
        assert live.policy.decide("GET", origin=SHOP).allowed  # type: ignore[union-attr]

    def test_policy_that_cannot_be_extended_is_not_used(self) -> None:
        live = LivePolicy(PLAIN)
        live.extend(load([SHOP], PLAIN).extend)
        before = live.policy
        with pytest.raises(ValueError, match="Pass the path of the route"):
            live.replace(ROUTES)
        assert live.policy is before
        assert (live.generation, live.static) == (2, PLAIN)

    def test_copy_keeps_the_rows(self) -> None:
        live = LivePolicy(PLAIN)
        live.extend(load([SHOP], PLAIN).extend)
        other = pickle.loads(pickle.dumps(live))
        assert other.policy == live.policy
        assert (other.static, other.generation) == (PLAIN, 1)

    def test_rows_of_a_copy_are_replaced(self) -> None:
        live = LivePolicy(PLAIN)
        live.extend(load([SHOP], PLAIN).extend)
        other = pickle.loads(pickle.dumps(live))
        other.replace(PLAIN.replace(max_age=60))
        assert allows(other, SHOP)
        other.extend(load([OTHER], PLAIN).extend)
        assert (allows(other, SHOP), allows(other, OTHER)) == (False, True)

    def test_rows_do_not_become_part_of_the_policy(self) -> None:
        live = LivePolicy(PLAIN, on_widen="refuse")
        live.extend(load([SHOP], PLAIN).extend)
        assert isinstance(live.policy, CorsPolicy)
        comparison = live.replace(live.policy.replace(max_age=60))
        assert not comparison.widens
        assert live.static == PLAIN.replace(max_age=60)
        live.extend(load([OTHER], PLAIN).extend)
        assert (allows(live, SHOP), allows(live, OTHER)) == (False, True)

    def test_rows_do_not_become_part_of_routes(self) -> None:
        live = LivePolicy(ROUTES)
        for row in (SHOP, OTHER):
            live.extend(partial(load([row], LOGGED_IN).extend, path="/api/"))
            live.replace(live.policy)
            assert live.static == ROUTES
        found = [allows(live, row, "/api/") for row in (SHOP, OTHER)]
        assert found == [False, True]

    def test_rows_of_another_holder_are_replaced(self) -> None:
        live = LivePolicy(PLAIN)
        live.extend(load([SHOP], PLAIN).extend)
        other = LivePolicy(live.policy)
        assert allows(other, SHOP)
        other.extend(load([OTHER], PLAIN).extend)
        assert (allows(other, SHOP), allows(other, OTHER)) == (False, True)


def test_candidate_is_extended_too() -> None:
    candidate = PLAIN.replace(allow_methods=["DELETE"])
    live = LivePolicy(PLAIN, candidate=candidate)
    for rows in ([SHOP], [OTHER]):
        live.extend(load(rows, PLAIN).extend)
        shadow = live._shadow
        assert shadow is not None
        assert isinstance(live.current, CorsPolicy)
        assert live.current == live.policy
        assert live.current.engine.shadow is shadow
        tried = shadow.policies
        assert isinstance(tried, CorsPolicy)
        assert tried.engine.allows(rows[0])
        assert live.current.engine.allows(rows[0])
    assert live.candidate is candidate
    live.candidate = None
    policy = live.policy
    assert live.current is policy
    assert isinstance(policy, CorsPolicy)
    assert policy.engine.allows(OTHER)


def test_candidate_that_cannot_be_extended_is_not_used() -> None:
    live = LivePolicy(PLAIN, candidate=PLAIN)
    live.extend(load([SHOP], PLAIN).extend)
    current = live.current
    with pytest.raises(ValueError, match="Pass the path of the route"):
        live.candidate = ROUTES
    assert live.candidate is PLAIN
    assert live.current is current
    live.replace(PLAIN.replace(max_age=60))
    assert allows(live, SHOP)


def test_log_names_an_extended_policy_with_a_candidate() -> None:
    live = LivePolicy(PLAIN, candidate=PLAIN)
    live.extend(load([SHOP], PLAIN).extend)
    assert isinstance(live.current, CorsPolicy)
    assert live.current.engine.source.is_live
