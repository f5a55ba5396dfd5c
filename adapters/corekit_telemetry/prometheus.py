"""Prometheus metrics of decisions, verdicts, policies and look-ups: https://prometheus.github.io/client_python/

No value from a client becomes a label: each label has a few values that are known beforehand, so
clients cannot fill the memory with series.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from corekit import DecisionEvent
from corekit.adapter import Policies, check_policy, missing_extra
from corekit.guard import GuardEvent

from .lookups import ABOUT_DURATIONS, check_counted, find_buckets
from .snapshots import ABOUT_AGE, ABOUT_ROWS, Refresher, check_refresher

try:
    from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.registry import Collector
except ModuleNotFoundError as error:
    raise missing_extra(error, "prometheus_client", extra="prometheus") from None

if TYPE_CHECKING:
    from corekit.shadow import ShadowEvent
    from corekit_lookups import BoundedLookup, Outcome

_LABELS: Final = ("adapter", "kind", "outcome", "reason")
_VERDICT_LABELS: Final = ("adapter", "outcome", "reason")


class PrometheusCounter:
    """Counts decisions: ``on_decision=PrometheusCounter()``.

    `registry` collects the counter, by default that of the process; `name` is its name, to which
    Prometheus adds ``_total``. The labels are `adapter`; `kind`: not_cors, actual or preflight;
    `outcome`: not_cors, granted or denied; and `reason`: the name of a `corekit.Reason` in lower
    case. That is at most 12 series for each adapter.

    Raise ValueError, as Prometheus does, if the registry already has a counter of that name: create
    one, and pass it to all adapters.

    >>> from corekit import CorsPolicy
    >>> registry = CollectorRegistry()
    >>> count = PrometheusCounter(registry=registry)
    >>> decision = CorsPolicy(allow_origins=["*"]).decide("GET", origin="https://a.example")
    >>> count(DecisionEvent(decision, "asgi", "GET", "/", "https://a.example"))
    >>> labels = {"adapter": "asgi", "kind": "actual", "outcome": "granted", "reason": "granted"}
    >>> registry.get_sample_value("cors_decisions_total", labels)
    1.0
    """

    def __init__(
        self, *, registry: CollectorRegistry = REGISTRY, name: str = "cors_decisions"
    ) -> None:
        about = "Requests that a CORS policy covers, by decision."
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


class PrometheusVerdictCounter:
    """Counts the verdicts of a guard: ``on_verdict=PrometheusVerdictCounter()``.

    `registry` and `name` are as for `PrometheusCounter`. The labels are `adapter`; `outcome`:
    allowed, refused or reported; and `reason`: the name of a `corekit.guard.GuardReason` in lower
    case. Each reason has one outcome with one guard, so that is at most 19 series for each adapter.

    >>> from corekit import CorsPolicy
    >>> from corekit.guard import CrossOriginGuard
    >>> registry = CollectorRegistry()
    >>> count = PrometheusVerdictCounter(registry=registry)
    >>> verdict = CrossOriginGuard(CorsPolicy.deny_all()).judge("POST", "/", origin="null")
    >>> count(GuardEvent(verdict, "asgi", "POST", "/", "null"))
    >>> labels = {"adapter": "asgi", "outcome": "refused", "reason": "opaque_origin"}
    >>> registry.get_sample_value("cors_verdicts_total", labels)
    1.0
    """

    def __init__(
        self, *, registry: CollectorRegistry = REGISTRY, name: str = "cors_verdicts"
    ) -> None:
        about = "Requests that a guard judged, by verdict."
        self._counter = Counter(name, about, _VERDICT_LABELS, registry=registry)

    def __call__(self, event: GuardEvent) -> None:
        """Count one verdict."""
        reason = event.verdict.reason.name.lower()
        self._counter.labels(event.adapter, event.outcome, reason).inc()


class PrometheusShadowCounter:
    """Counts what a candidate would change: ``on_difference=PrometheusShadowCounter()``.

    `registry` and `name` are as for `PrometheusCounter`. The labels are `kind`: would_deny,
    would_grant or would_differ; and `reason`: the name of the first `corekit.shadow.ShadowReason`
    in lower case. Each reason has one kind, so that is at most 12 series.

    >>> from corekit import CorsPolicy, LivePolicy
    >>> registry, policy = CollectorRegistry(), CorsPolicy(allow_origins=["*"])
    >>> count = PrometheusShadowCounter(registry=registry)
    >>> live = LivePolicy(policy, candidate=CorsPolicy.deny_all(), on_difference=count)
    """

    def __init__(
        self, *, registry: CollectorRegistry = REGISTRY, name: str = "cors_shadow"
    ) -> None:
        about = "Requests that a candidate would decide otherwise, by what would change."
        self._counter = Counter(name, about, ("kind", "reason"), registry=registry)

    def __call__(self, event: ShadowEvent) -> None:
        """Count one difference."""
        self._counter.labels(event.kind.value, event.reason.name.lower()).inc()


class PrometheusPolicyInfo(Collector):
    """A gauge that names the policy in effect: ``PrometheusPolicyInfo(live)``.

    Its value is 1, and its label `fingerprint` that of the policy, which is read for each scrape.
    So it shows which processes have which policy after a `corekit.LivePolicy` was replaced.
    `registry` and `name` are as for `PrometheusCounter`. Raise TypeError if `policy` is not a
    policy.

    >>> from corekit import CorsPolicy, LivePolicy
    >>> registry, live = CollectorRegistry(), LivePolicy(CorsPolicy(allow_origins=["*"]))
    >>> info = PrometheusPolicyInfo(live, registry=registry)
    >>> registry.get_sample_value("cors_policy_info", {"fingerprint": live.fingerprint})
    1
    """

    def __init__(
        self,
        policy: Policies,
        *,
        registry: CollectorRegistry = REGISTRY,
        name: str = "cors_policy_info",
    ) -> None:
        check_policy(policy)
        self._policy = policy
        self._name = name
        registry.register(self)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauge without a value: the registry compares its name with those it has."""
        about = "The CORS policy in effect, by its fingerprint."
        yield GaugeMetricFamily(self._name, about, labels=["fingerprint"])

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauge with the policy of the moment."""
        for gauge in self.describe():
            gauge.add_metric([self._policy.fingerprint], 1)
            yield gauge


class PrometheusSnapshot(Collector):
    """Gauges of the rows that are in use: ``PrometheusSnapshot(refresher)``.

    `refresher` is what `corekit_config.refresh()` or `refresh_async()` returned. The gauge
    ``cors_snapshot_age_seconds`` is the time since the last load that was used; before that, it has
    no value. ``cors_snapshot_rows`` is the number of rows. Both are read for each scrape.
    `registry` is as for `PrometheusCounter`, and the names begin with `name`. Raise TypeError if
    `refresher` has no `age` and `size`.

    >>> from corekit import CorsPolicy, LivePolicy
    >>> from corekit_config import refresh
    >>> registry = CollectorRegistry()
    >>> live = LivePolicy(CorsPolicy(allow_origins=["https://app.example.com"]))
    >>> with refresh(lambda: ["https://shop-1.example"], live) as refresher:
    ...     gauges = PrometheusSnapshot(refresher, registry=registry)
    >>> registry.get_sample_value("cors_snapshot_rows")
    1
    """

    def __init__(
        self,
        refresher: Refresher,
        *,
        registry: CollectorRegistry = REGISTRY,
        name: str = "cors_snapshot",
    ) -> None:
        check_refresher(refresher)
        self._refresher = refresher
        self._name = name
        registry.register(self)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges without values: the registry compares their names."""
        yield GaugeMetricFamily(f"{self._name}_age_seconds", ABOUT_AGE)
        yield GaugeMetricFamily(f"{self._name}_rows", ABOUT_ROWS)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges with the values of the moment."""
        values = (self._refresher.age, self._refresher.size)
        for gauge, value in zip(self.describe(), values, strict=True):
            if value is not None:
                gauge.add_metric([], value)
            yield gauge


class PrometheusLookups(Collector):
    """Counts the requests that a look-up was asked for: ``PrometheusLookups(lookup)``.

    `lookup` is a `corekit_lookups.OriginLookup`, whose counts are read for each scrape. The label
    `outcome` is a value of `corekit_lookups.Outcome`, so there are 11 series. `registry` and `name`
    are as for `PrometheusCounter`. For several look-ups, pass a `name` for each. Raise TypeError if
    `lookup` is not a look-up.

    >>> from corekit_lookups import LookupRequest, OriginLookup
    >>> registry, lookup = CollectorRegistry(), OriginLookup(lambda origin: True)
    >>> counter = PrometheusLookups(lookup, registry=registry)
    >>> request = LookupRequest("https", "api.example.com", "/")
    >>> outcome = lookup.ask_sync("https://shop-1.example", request)
    >>> registry.get_sample_value("cors_lookups_total", {"outcome": "allowed"})
    1
    """

    def __init__(
        self,
        lookup: BoundedLookup,
        *,
        registry: CollectorRegistry = REGISTRY,
        name: str = "cors_lookups",
    ) -> None:
        check_counted(lookup)
        self._lookup = lookup
        self._name = name
        registry.register(self)

    def describe(self) -> Iterator[CounterMetricFamily]:
        """Yield the counter without values: the registry compares its name with those it has."""
        about = "Requests that an origin was looked up for, by outcome."
        yield CounterMetricFamily(self._name, about, labels=["outcome"])

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Yield the counter with the counts of the moment."""
        for counter in self.describe():
            for outcome, count in self._lookup.counts.items():
                counter.add_metric([outcome], count)
            yield counter


class PrometheusLookupDurations:
    """A histogram of how long look-ups took: ``PrometheusLookupDurations(lookup)``.

    `lookup` is a `corekit_lookups.OriginLookup`. Results that were remembered are not in it. The
    label `outcome` is allowed, denied, failed or timed_out. The buckets end at the timeout of the
    look-up. `registry` and `name` are as for `PrometheusCounter`. Raise TypeError if `lookup` is
    not a look-up.

    >>> from corekit_lookups import LookupRequest, OriginLookup
    >>> registry, lookup = CollectorRegistry(), OriginLookup(lambda origin: True)
    >>> durations = PrometheusLookupDurations(lookup, registry=registry)
    >>> request = LookupRequest("https", "api.example.com", "/")
    >>> outcome = lookup.ask_sync("https://shop-1.example", request)
    >>> name = "cors_lookup_duration_seconds_count"
    >>> registry.get_sample_value(name, {"outcome": "allowed"})
    1.0
    """

    def __init__(
        self,
        lookup: BoundedLookup,
        *,
        registry: CollectorRegistry = REGISTRY,
        name: str = "cors_lookup_duration_seconds",
    ) -> None:
        check_counted(lookup)
        buckets = find_buckets(lookup.timeout)
        self._histogram = Histogram(
            name, ABOUT_DURATIONS, ("outcome",), registry=registry, buckets=buckets
        )
        lookup.on_lookup(self._record)

    def _record(self, seconds: float, outcome: Outcome) -> None:
        self._histogram.labels(outcome.value).observe(seconds)
