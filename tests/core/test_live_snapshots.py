"""A `LivePolicy` that is extended by a snapshot, and replaced."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import Barrier, Event, Thread
from typing import Any

import pytest

from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit import live as live_module
from corekit.diff import compare
from corekit.extended import Extender, extend, extend_live, static_policy
from tests.core.test_snapshots import APP, LOGGED_IN, OTHER, PLAIN, ROUTES, SHOP, load


def allows(live: LivePolicy, origin: str, path: str = "/") -> bool:
    policy = live.policy.policy_for(path)
    assert policy is not None
    return policy.decide("GET", origin=origin).allowed


class TestLivePolicy:
    def test_rows_stay_when_the_policy_is_replaced(self) -> None:
        live = LivePolicy(PLAIN)
        extend_live(live, load([SHOP], PLAIN))
        assert (live.generation, static_policy(live)) == (2, PLAIN)
        assert live.policy.decide("GET", origin=SHOP).allowed  # type: ignore[union-attr]
        new = CorsPolicy(allow_origins=[OTHER])
        comparison = live.replace(new)
        assert comparison == compare(PLAIN, new)
        assert (live.generation, static_policy(live)) == (3, new)
        allowed = [live.policy.engine.allows(each) for each in (APP, SHOP, OTHER)]  # type: ignore[union-attr]
        assert allowed == [False, True, True]
        assert live.policy.engine.source.live  # type: ignore[union-attr]

    def test_operator_can_still_turn_sharing_off(self) -> None:
        live = LivePolicy(PLAIN)
        extend_live(live, load([SHOP], PLAIN))
        live.replace(CorsPolicy.deny_all())
        assert live.policy == CorsPolicy.deny_all()
        live.replace(PLAIN)
        assert live.policy.decide("GET", origin=SHOP).allowed  # type: ignore[union-attr]

    def test_operator_can_turn_sharing_of_routes_off(self) -> None:
        live = LivePolicy(ROUTES, candidate=ROUTES)
        extend_live(live, load([SHOP], LOGGED_IN), "/api/")
        for nothing in (CorsPolicy.deny_all(), CorsRoutes([("/", CorsPolicy.deny_all())])):
            live.replace(nothing, source="incident 42")
            assert live.policy == nothing
            live.candidate = nothing
            extend_live(live, load([OTHER], LOGGED_IN), "/api/")
            assert live.policy == nothing
            live.replace(ROUTES)
            assert allows(live, OTHER, "/api/")

    def test_policy_that_cannot_be_extended_is_not_used(self) -> None:
        live = LivePolicy(PLAIN)
        extend_live(live, load([SHOP], PLAIN))
        before = live.policy
        with pytest.raises(ValueError, match=r"^refresh\(\) extends a policy without routes"):
            live.replace(ROUTES)
        assert live.policy is before
        assert (live.generation, static_policy(live)) == (2, PLAIN)

    def test_copy_keeps_the_rows(self) -> None:
        live = LivePolicy(PLAIN)
        extend_live(live, load([SHOP], PLAIN))
        other = pickle.loads(pickle.dumps(live))
        assert other.policy == live.policy
        assert (static_policy(other), other.generation) == (PLAIN, 1)

    def test_rows_of_a_copy_are_replaced(self) -> None:
        live = LivePolicy(PLAIN)
        extend_live(live, load([SHOP], PLAIN))
        other = pickle.loads(pickle.dumps(live))
        other.replace(PLAIN.replace(max_age=60))
        assert allows(other, SHOP)
        extend_live(other, load([OTHER], PLAIN))
        assert (allows(other, SHOP), allows(other, OTHER)) == (False, True)

    def test_rows_do_not_become_part_of_the_policy(self) -> None:
        live = LivePolicy(PLAIN, on_widen="refuse")
        extend_live(live, load([SHOP], PLAIN))
        assert isinstance(live.policy, CorsPolicy)
        comparison = live.replace(live.policy.replace(max_age=60))
        assert not comparison.widens
        assert static_policy(live) == PLAIN.replace(max_age=60)
        extend_live(live, load([OTHER], PLAIN))
        assert (allows(live, SHOP), allows(live, OTHER)) == (False, True)

    def test_rows_that_are_listed_become_part_of_the_policy(self) -> None:
        live = LivePolicy(PLAIN)
        extend_live(live, load([SHOP], PLAIN))
        assert isinstance(live.policy, CorsPolicy)
        origins = [*live.policy.allow_origins, "https://new.example"]
        live.replace(live.policy.replace(allow_origins=origins))
        extend_live(live, load([OTHER], PLAIN))
        assert allows(live, SHOP)
        live.replace(PLAIN.replace(allow_origins=[*PLAIN.allow_origins, "https://new.example"]))
        found = [allows(live, each) for each in (SHOP, OTHER, "https://new.example")]
        assert found == [False, True, True]

    def test_rows_do_not_become_part_of_routes(self) -> None:
        live = LivePolicy(ROUTES)
        for row in (SHOP, OTHER):
            extend_live(live, load([row], LOGGED_IN), path="/api/")
            live.replace(live.policy)
            assert static_policy(live) == ROUTES
        found = [allows(live, row, "/api/") for row in (SHOP, OTHER)]
        assert found == [False, True]

    def test_rows_of_another_holder_are_replaced(self) -> None:
        live = LivePolicy(PLAIN)
        extend_live(live, load([SHOP], PLAIN))
        other = LivePolicy(live.policy)
        assert allows(other, SHOP)
        extend_live(other, load([OTHER], PLAIN))
        assert (allows(other, SHOP), allows(other, OTHER)) == (False, True)


def test_candidate_is_extended_too() -> None:
    candidate = PLAIN.replace(allow_methods=["DELETE"])
    live = LivePolicy(PLAIN, candidate=candidate)
    for rows in ([SHOP], [OTHER]):
        extend_live(live, load(rows, PLAIN))
        shadow = live._held.shadow
        assert shadow is not None
        assert isinstance(live._source.current, CorsPolicy)
        assert live._source.current == live.policy
        assert live._source.current.engine.shadow is shadow
        tried = shadow.policies
        assert isinstance(tried, CorsPolicy)
        assert tried.engine.allows(rows[0])
        assert live._source.current.engine.allows(rows[0])
    assert live.candidate is candidate
    live.candidate = None
    policy = live.policy
    assert live._source.current is policy
    assert isinstance(policy, CorsPolicy)
    assert policy.engine.allows(OTHER)


def test_candidate_that_cannot_be_extended_is_not_used() -> None:
    live = LivePolicy(PLAIN, candidate=PLAIN)
    extend_live(live, load([SHOP], PLAIN))
    current = live._source.current
    with pytest.raises(ValueError, match=r"^refresh\(\) extends a policy without routes"):
        live.candidate = ROUTES
    assert live.candidate is PLAIN
    assert live._source.current is current
    live.replace(PLAIN.replace(max_age=60))
    assert allows(live, SHOP)


def test_log_names_an_extended_policy_with_a_candidate() -> None:
    live = LivePolicy(PLAIN, candidate=PLAIN)
    extend_live(live, load([SHOP], PLAIN))
    assert isinstance(live._source.current, CorsPolicy)
    assert live._source.current.engine.source.live


@contextmanager
def paused(
    function: Callable[..., Any], work: Callable[[], object]
) -> Iterator[Callable[..., Any]]:
    """Yield a function whose first call goes on only after `work` has been done in this thread."""
    reached, done = Event(), Event()

    def pausing(*args: Any) -> Any:
        if not reached.is_set():
            reached.set()
            assert done.wait(10)
        return function(*args)

    def wait_and_work() -> None:
        assert reached.wait(10)
        work()
        done.set()

    thread = Thread(target=wait_and_work)
    thread.start()
    try:
        yield pausing
    finally:
        reached.set()
        thread.join(10)
        assert done.is_set()


class TestChangesAtTheSameTime:
    """The long part of a change keeps no other thread waiting, and nothing is lost."""

    def test_comparison_keeps_nobody_waiting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        live, candidate = LivePolicy(PLAIN), PLAIN.replace(max_age=1)

        def change() -> None:
            extend_live(live, load([SHOP], PLAIN))
            live.candidate = candidate

        with paused(live_module._compare, change) as compare_slowly:
            monkeypatch.setattr(live_module, "_compare", compare_slowly)
            live.replace(PLAIN.replace(max_age=60))
        assert static_policy(live) == PLAIN.replace(max_age=60)
        assert allows(live, SHOP)
        assert (live.candidate, live.generation) == (candidate, 3)

    def test_reading_rows_again_keeps_nobody_waiting(self) -> None:
        live, other = LivePolicy(PLAIN), load([OTHER], LOGGED_IN)
        rows = load([SHOP], PLAIN)
        extend_live(live, rows)
        slow = partial(extend, snapshot=rows)
        with paused(slow, lambda: extend_live(live, other)) as extend_slowly:
            live._held = live._held._replace(extend=extend_slowly)
            live.replace(LOGGED_IN)
        assert static_policy(live) == LOGGED_IN
        assert [allows(live, each) for each in (SHOP, OTHER)] == [False, True]
        assert live.generation == 4

    def test_nothing_is_lost(self) -> None:
        live, barrier = LivePolicy(PLAIN), Barrier(6)
        rows = [load([each], PLAIN) for each in (SHOP, OTHER)]
        policies: list[CorsPolicy | CorsRoutes] = [PLAIN, PLAIN.replace(max_age=60)]

        def change(number: int) -> None:
            barrier.wait(10)
            for _ in range(20):
                if number % 3 == 0:
                    live.replace(policies[number % 2])
                elif number % 3 == 1:
                    extend_live(live, rows[number % 2])
                else:
                    live.candidate = PLAIN

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(change, range(6)))
        assert live.generation == 81
        live.replace(policies[1])
        extend_live(live, rows[1])
        assert (static_policy(live), live.candidate) == (policies[1], PLAIN)
        assert [allows(live, each) for each in (SHOP, OTHER)] == [False, True]


class TestExtender:
    def test_closed_one_changes_nothing(self) -> None:
        live = LivePolicy(PLAIN)
        extender = Extender(live)
        assert extender.extend(load([SHOP], PLAIN))
        assert extender.close()
        assert not extender.close()
        before = live.policy
        assert not extender.extend(load([OTHER], PLAIN))
        assert live.policy is before

    def test_closing_waits_for_the_change(self, monkeypatch: pytest.MonkeyPatch) -> None:
        live, found = LivePolicy(PLAIN), list[object]()
        extender = Extender(live)

        def close() -> None:
            extender.close()
            found.append(live.policy)

        def start_closing() -> None:
            thread.start()
            thread.join(0.05)
            assert thread.is_alive()

        thread = Thread(target=close)
        with paused(live._name, start_closing) as name_slowly:
            monkeypatch.setattr(LivePolicy, "_name", lambda _, *args: name_slowly(*args))
            assert extender.extend(load([SHOP], PLAIN))
        thread.join(10)
        assert found == [live.policy]
        assert allows(live, SHOP)

    def test_snapshot_of_another_is_noticed(self) -> None:
        live = LivePolicy(PLAIN)
        extender = Extender(live)
        assert extender.is_in_force
        extender.extend(load([SHOP], PLAIN))
        live.replace(LOGGED_IN)
        assert extender.is_in_force
        extend_live(live, load([SHOP], PLAIN))
        assert not extender.is_in_force
