"""Events of decisions on spans, to be given to an adapter as its `on_decision`; and a counter.

It needs OpenTelemetry's API only: without an SDK in the process, nothing is recorded. What a client
sent is in the events, escaped and cut, and never in the counter's attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.trace import get_current_span

from corekit import DecisionEvent, RequestKind
from corekit.events import bounded

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter

__all__ = ["OpenTelemetryEvents"]


class OpenTelemetryEvents:
    """Adds an event to the current span: ``on_decision=OpenTelemetryEvents()``.

    The event ``cors.decision`` has the attributes ``cors.adapter``, ``cors.kind``,
    ``cors.outcome``, ``cors.reason``, ``cors.origin`` and, of a preflight, ``cors.request_method``
    and ``cors.request_headers``. Requests that CORS has no say in leave spans as they are. With
    `meter`, all are counted in ``cors.decisions``, with the first four.

    The span has to be begun outside of corekit: let the instrumentation be the outer layer.

    >>> from corekit import CorsPolicy
    >>> from corekit_asgi import CorsMiddleware
    >>> async def hello(scope, receive, send): ...
    >>> policy = CorsPolicy(allow_origins=["https://app.example.com"])
    >>> app = CorsMiddleware(hello, policy, on_decision=OpenTelemetryEvents())
    """

    def __init__(self, *, meter: Meter | None = None) -> None:
        about = "Requests that a CORS policy covers, by what was decided."
        self._counter = None
        if meter is not None:
            self._counter = meter.create_counter("cors.decisions", "{request}", about)

    def __call__(self, event: DecisionEvent) -> None:
        """Record one decision."""
        span = get_current_span()
        is_recorded = span.is_recording() and event.decision.kind is not RequestKind.NOT_CORS
        if is_recorded:
            span.add_event("cors.decision", {**_known(event), **_sent(event)})
        if self._counter is not None:
            self._counter.add(1, _known(event))


def _known(event: DecisionEvent) -> dict[str, str]:
    return {
        "cors.adapter": event.adapter,
        "cors.kind": event.decision.kind.name.lower(),
        "cors.outcome": event.outcome,
        "cors.reason": event.decision.reason.name.lower(),
    }


def _sent(event: DecisionEvent) -> dict[str, str]:
    sent = {
        "cors.origin": event.origin,
        "cors.request_method": event.request_method,
        "cors.request_headers": event.request_headers,
    }
    return {name: bounded(value) for name, value in sent.items() if value is not None}
