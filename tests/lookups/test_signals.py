"""`clear()` and `invalidate()` in a signal handler that interrupts a look-up."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from corekit.lookups import expiring, state
from corekit_lookups import OriginLookup, Outcome, bounded, lookup
from tests.config.watching import wait_for
from tests.interrupting import ends, interrupt
from tests.lookups.running import REQUEST, A, B, build


@pytest.mark.parametrize(
    "forget", [OriginLookup.clear, lambda lookup: lookup.invalidate(B)], ids=["all", "one"]
)
@pytest.mark.parametrize("is_allowed", [True, False])
def test_handler_forgets(forget: Callable[[OriginLookup], None], *, is_allowed: bool) -> None:
    def ask() -> None:
        made.invalidate(A)
        expected = Outcome.ALLOWED if is_allowed else Outcome.DENIED
        assert made.ask_sync(A, REQUEST) is expected

    def interrupt_calls() -> None:
        made.ask_sync(B, REQUEST)
        for _ in interrupt(
            lookup, bounded, state, expiring, function=ask, handler=lambda: forget(made)
        ):
            remembered = made._state._allowed if is_allowed else made._state._denied
            assert wait_for(lambda: B not in remembered.entries)  # noqa: B023 - called at once
            assert set(remembered.entries) == set(remembered._of_origin)
            assert made._state._running == set()
            made.ask_sync(B, REQUEST)

    made = build(lambda origin: is_allowed, size=2, concurrency=1)
    assert ends(interrupt_calls)


def test_what_is_interrupted_ends_first() -> None:
    made = build(lambda origin: True)
    made.ask_sync(B, REQUEST)
    remembered = made._state._allowed.entries
    with made._lock:  # a signal handler has it, if it interrupts what has it
        made.clear()
        threading.Event().wait(0.05)
        assert B in remembered
    assert wait_for(lambda: B not in remembered)
