"""A counter of decisions, to be given to an adapter as its `on_decision`.

Nothing that a client sends becomes a label: every label has a few values that are known beforehand,
so that no stranger can fill the memory with series.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, Counter

from corekit import DecisionEvent

__all__ = ["PrometheusCounter"]

_LABELS: Final = ("adapter", "kind", "outcome", "reason")


class PrometheusCounter:
    """Counts decisions: ``on_decision=PrometheusCounter()``.

    `registry` is where the counter is collected, by default that of the process; `name` is its
    name, to which Prometheus adds ``_total``. The labels are `adapter`; `kind`: not_cors, actual or
    preflight; `outcome`: not_cors, granted or denied; and `reason`: the name of a `corekit.Reason`
    in lower case. That is at most 12 series for each adapter.

    Raises ValueError, as Prometheus does, where the registry has a counter of that name: make one,
    and give it to every adapter.

    >>> registry = CollectorRegistry()
    >>> count = PrometheusCounter(registry=registry)
    >>> from corekit import CorsPolicy
    >>> decision = CorsPolicy(allow_origins=["*"]).decide("GET", origin="https://a.example")
    >>> count(DecisionEvent(decision, "asgi", "GET", "/", "https://a.example"))
    >>> labels = {"adapter": "asgi", "kind": "actual", "outcome": "granted", "reason": "granted"}
    >>> registry.get_sample_value("cors_decisions_total", labels)
    1.0
    """

    def __init__(
        self, *, registry: CollectorRegistry = REGISTRY, name: str = "cors_decisions"
    ) -> None:
        about = "Requests that a CORS policy covers, by what was decided."
        self._counter = Counter(name, about, _LABELS, registry=registry)

    def __call__(self, event: DecisionEvent) -> None:
        """Count one decision."""
        decision = event.decision
        self._counter.labels(
            event.adapter,
            decision.kind.name.lower(),
            event.outcome,
            decision.reason.name.lower(),
        ).inc()
