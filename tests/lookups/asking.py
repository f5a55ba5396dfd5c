"""Ask a look-up's state, and settle it. Not a test."""

from __future__ import annotations

from typing import Final

from corekit.lookups import Ask, Flight, Key, LookupState

A: Final = "https://a.example"
B: Final = "https://b.example"


def start(state: LookupState, key: Key = A, now: float = 0) -> Flight:
    """Ask for a key that is not known."""
    found = state.ask(key, now)
    assert isinstance(found, Ask)
    return found.flight


def know(state: LookupState, *results: tuple[Key, bool], now: float = 0) -> None:
    """Ask for each key, and settle it."""
    for key, result in results:
        state.settle(start(state, key, now), result, now)


def count_running(state: LookupState) -> int:
    """Return the number of look-ups that were started and have not returned."""
    return len(state._running)


def count_remembered(state: LookupState) -> int:
    """Return the number of keys that are held in memory, for whatever reason."""
    caches = state._allowed, state._denied, state._failed
    return sum(len(each) for each in (*caches, state._flights))
