"""A client that sends a million random origins: what it can reach, and what it cannot."""

from __future__ import annotations

import os
import sys
from itertools import islice
from typing import Final

from corekit_lookups import Outcome
from tests.clock import Clock
from tests.lookups.running import REQUEST, A, build, random_origins

MANY: Final = 1_000_000 if os.environ.get("CI") else 50_000
SIZE: Final = 1_000


def test_memory_is_bounded_and_no_tenant_is_displaced() -> None:
    clock = Clock()
    asked = 0

    def find(origin: str) -> bool:
        nonlocal asked
        asked += 1
        return origin == A

    lookup = build(find, size=SIZE, clock=clock)
    assert lookup.ask_sync(A, REQUEST) is Outcome.ALLOWED
    origins = random_origins()
    for origin in islice(origins, 3 * SIZE):
        assert lookup.ask_sync(origin, REQUEST) is Outcome.DENIED
    blocks = sys.getallocatedblocks()
    for number, origin in enumerate(islice(origins, MANY)):
        clock.now = 50 * number / MANY
        assert lookup.ask_sync(origin, REQUEST) is Outcome.DENIED
    assert sys.getallocatedblocks() - blocks < SIZE
    assert lookup.ask_sync(A, REQUEST) is Outcome.CACHED_ALLOWED
    assert asked == 1 + 3 * SIZE + MANY
