"""`OriginLookup.on_lookup()`: what each look-up took, once, and nothing for remembered results."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any, Final

import pytest

from corekit_lookups import LookupResultError, OriginLookup, Outcome
from tests.clock import Clock
from tests.config.watching import wait_for
from tests.lookups.asking import count_running
from tests.lookups.running import LONG, REQUEST, A, B, build, run, wait_until

LATE: Final = "https://late.example"
FAILING: Final = "https://failing.example"
WRONG: Final = "https://wrong.example"

ENDS: Final = {
    A: (0.25, Outcome.ALLOWED),
    B: (0.25, Outcome.DENIED),
    FAILING: (0.25, Outcome.FAILED),
    WRONG: (0.25, Outcome.FAILED),
    LATE: (2.25, Outcome.TIMED_OUT),
}


class Timed:
    """A look-up by a clock, and what its ends were."""

    def __init__(self, *, is_async: bool = False, **arguments: Any) -> None:
        self.clock = Clock(100)
        self.ends: list[tuple[float, Outcome]] = []
        function = self.answer_async if is_async else self.answer
        self.lookup = build(function, **{"timeout": 2, "clock": self.clock, **arguments})
        self.lookup.on_lookup(lambda seconds, outcome: self.ends.append((seconds, outcome)))

    def answer(self, origin: str) -> Any:
        self.clock.now += 0.25
        if origin == LATE:
            self.clock.now += 2
        if origin == FAILING:
            raise OSError
        return "yes" if origin == WRONG else origin == A

    async def answer_async(self, origin: str) -> Any:
        return self.answer(origin)

    def ask(self, origin: str, *, in_task: bool) -> None:
        async def test() -> None:
            await self.lookup.ask_async(origin, REQUEST)

        try:
            if in_task:
                run(test)
            else:
                self.lookup.ask_sync(origin, REQUEST)
        except LookupResultError:
            assert origin == WRONG


@pytest.mark.parametrize(
    ("in_task", "is_async"), [(False, False), (True, False), (True, True)], ids=str
)
@pytest.mark.parametrize("origin", ENDS)
def test_each_look_up_is_timed_once(origin: str, in_task: bool, is_async: bool) -> None:
    timed = Timed(is_async=is_async)
    timed.ask(origin, in_task=in_task)
    timed.ask(origin, in_task=in_task)  # remembered, or backed off
    # A thread that asyncio does not wait for may report a moment later.
    assert wait_for(lambda: bool(timed.ends))
    (end,) = timed.ends
    assert end == ENDS[origin]


def test_old_true_is_a_failure() -> None:
    results = iter([True])
    timed = Timed(ttl=1, stale_if_error=60)
    timed.lookup = build(lambda origin: next(results), ttl=1, stale_if_error=60, clock=timed.clock)
    timed.lookup.on_lookup(lambda seconds, outcome: timed.ends.append((seconds, outcome)))
    assert timed.lookup.ask_sync(A, REQUEST) is Outcome.ALLOWED
    timed.clock.now += 2
    assert timed.lookup.ask_sync(A, REQUEST) is Outcome.STALE_ALLOWED
    assert [outcome for _, outcome in timed.ends] == [Outcome.ALLOWED, Outcome.FAILED]


def test_what_is_not_asked_is_not_timed() -> None:
    timed = Timed(tenant=None)
    assert timed.lookup.ask_sync("null", REQUEST) is Outcome.REJECTED
    failing = build(lambda origin, tenant: True, tenant=lambda request: request.path[99])
    failing.on_lookup(lambda seconds, outcome: timed.ends.append((seconds, outcome)))
    assert failing.ask_sync(A, REQUEST) is Outcome.FAILED
    assert timed.ends == []


def test_requests_that_wait_are_not_timed() -> None:
    called, released = Event(), Event()
    ends: list[Outcome] = []

    def look_up(origin: str) -> bool:
        called.set()
        assert released.wait(LONG)
        return True

    lookup = build(look_up)
    lookup.on_lookup(lambda _, outcome: ends.append(outcome))
    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(lookup.ask_sync, A, REQUEST) for _ in range(4)]
        assert called.wait(LONG)
        while lookup.counts["joined"] < 3:
            released.wait(0.001)
        released.set()
        assert {each.result(LONG) for each in asking} == {Outcome.ALLOWED}
    assert ends == [Outcome.ALLOWED]


def test_look_up_that_goes_on_after_its_timeout_is_timed_once() -> None:
    async def test() -> None:
        released = Event()
        ends: list[tuple[float, Outcome]] = []
        lookup = build(lambda origin: released.wait(LONG), timeout=0.02)
        lookup.on_lookup(lambda seconds, outcome: ends.append((seconds, outcome)))
        assert await lookup.ask_async(A, REQUEST) is Outcome.TIMED_OUT
        ((seconds, outcome),) = ends
        assert (seconds >= 0.02, outcome) == (True, Outcome.TIMED_OUT)
        released.set()
        await wait_until(lambda: count_running(lookup._state) == 0)
        assert len(ends) == 1

    run(test)


def test_several_functions_are_called_and_none_changes_a_result(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ends: list[Outcome] = []

    def fail(seconds: float, outcome: Outcome) -> None:
        raise ValueError("a bug of the collector")

    lookup = build(lambda origin: True)
    lookup.on_lookup(fail)
    lookup.on_lookup(lambda _, outcome: ends.append(outcome))
    assert lookup.ask_sync(A, REQUEST) is Outcome.ALLOWED
    assert asyncio.run(lookup.ask_async(B, REQUEST)) is Outcome.ALLOWED
    wait_for(lambda: len(ends) == 2)
    assert ends == [Outcome.ALLOWED] * 2
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("ERROR", "CORS: a function of on_lookup() raised an exception.")
    ] * 2


def test_log_that_fails_changes_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr("corekit_lookups.reporting._LOGGER.exception", fail)
    lookup = build(lambda origin: True)
    lookup.on_lookup(fail)
    assert lookup.ask_sync(A, REQUEST) is Outcome.ALLOWED


@pytest.mark.parametrize("wrong", [None, OriginLookup, lambda seconds: None])
def test_anything_but_such_a_function_is_a_type_error(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"^function "):
        build(lambda origin: True).on_lookup(wrong)
