"""The answer to a request, and what may replace it."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpRequest

from corekit.adapter import Answer, Engine
from corekit.lookups import Outcome

from .lookups import find_engine


class Found(NamedTuple):
    """The answer to a request, and the engine to use instead if a receiver allows the origin."""

    engine: Engine
    answer: Answer
    admitting: Engine | None

    def look_up(self, request: HttpRequest, *, is_preflight: bool) -> Found:
        """Return what was found, after a look-up of the origin if that was needed."""
        engine = find_engine(request, self.engine)
        if engine is self.engine:
            return self
        return Found(engine, ask(engine, request.META, is_preflight=is_preflight), None)

    def admit(self, request: HttpRequest, outcome: Outcome, *, is_preflight: bool) -> Found:
        """Return what was found, after receivers of the signal were asked."""
        admitting = self.admitting if outcome.allowed else None
        engine = admitting or self.engine.looked_up(outcome.value, allowed=outcome.allowed)
        return Found(engine, ask(engine, request.META, is_preflight=is_preflight), None)


def ask(engine: Engine, meta: dict[str, Any], *, is_preflight: bool) -> Answer:
    """Return the answer of an engine to a request with these headers."""
    # Most servers join a header that was sent twice with a comma, which no origin has.
    if not is_preflight:
        return engine.actual(meta.get("HTTP_ORIGIN"))
    return engine.preflight(
        meta["HTTP_ORIGIN"],
        meta["HTTP_ACCESS_CONTROL_REQUEST_METHOD"],
        meta.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
        meta.get("HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK"),
    )
