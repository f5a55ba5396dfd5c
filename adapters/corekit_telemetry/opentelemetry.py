"""Decisions and verdicts as OpenTelemetry span events: https://opentelemetry.io/docs/languages/python/

Only the API of OpenTelemetry is needed: without an SDK in the process, nothing is recorded. Values
from clients are in the events, escaped and cut, and never in the attributes of the counters.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from corekit import DecisionEvent, RequestKind
from corekit.adapter import Policies, bounded, check_policy, missing_extra
from corekit.guard import GuardEvent

from .lookups import ABOUT_DURATIONS, check_counted, find_buckets
from .snapshots import ABOUT_AGE, ABOUT_ROWS, Refresher, check_refresher

try:
    from opentelemetry.metrics import CallbackOptions, Observation, get_meter
    from opentelemetry.trace import get_current_span
except ModuleNotFoundError as error:
    raise missing_extra(error, "opentelemetry", extra="opentelemetry") from None

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter

    from corekit.shadow import ShadowEvent
    from corekit_lookups import BoundedLookup, Outcome


class OpenTelemetryEvents:
    """Adds an event to the current span: ``on_decision=OpenTelemetryEvents()``.

    The event ``cors.decision`` has the attributes ``cors.adapter``, ``cors.kind``,
    ``cors.outcome``, ``cors.reason``, ``cors.origin`` and, for a preflight, ``cors.request_method``
    and ``cors.request_headers``; ``cors.lookup``, the outcome of a look-up, if there was one; and
    ``cors.snapshot.age`` in seconds if loaded rows decided. A request to which CORS does not apply
    adds no event. With `meter`, all decisions are counted in ``cors.decisions``, with the first
    four attributes.

    The span must begin outside of corekit: make the instrumentation the outer layer.

    >>> from corekit import CorsPolicy
    >>> from corekit_asgi import CorsMiddleware
    >>> async def hello(scope, receive, send): ...
    >>> policy = CorsPolicy(allow_origins=["https://app.example.com"])
    >>> app = CorsMiddleware(hello, policy, on_decision=OpenTelemetryEvents())
    """

    def __init__(self, *, meter: Meter | None = None) -> None:
        about = "Requests that a CORS policy covers, by decision."
        self._counter = None
        if meter is not None:
            self._counter = meter.create_counter("cors.decisions", "{request}", about)

    def __call__(self, event: DecisionEvent) -> None:
        """Record one decision."""
        span = get_current_span()
        is_recorded = span.is_recording() and event.decision.kind is not RequestKind.NOT_CORS
        if is_recorded:
            span.add_event("cors.decision", {**_known(event), **_sent(event), **_found(event)})
        if self._counter is not None:
            self._counter.add(1, _known(event))


class OpenTelemetryVerdicts:
    """Adds what a guard refuses to the current span: ``on_verdict=OpenTelemetryVerdicts()``.

    The event ``cors.verdict`` has the attributes ``cors.adapter``, ``cors.outcome``,
    ``cors.reason`` and, if the client sent one, ``cors.origin``. A request that is allowed adds no
    event. With `meter`, all verdicts are counted in ``cors.verdicts``, with the first three
    attributes. The span must begin outside of corekit.

    >>> from corekit import CorsPolicy
    >>> from corekit.guard import CrossOriginGuard
    >>> from corekit_asgi import GuardMiddleware
    >>> async def hello(scope, receive, send): ...
    >>> guard = CrossOriginGuard(CorsPolicy(allow_origins=["https://app.example.com"]))
    >>> app = GuardMiddleware(hello, guard, on_verdict=OpenTelemetryVerdicts())
    """

    def __init__(self, *, meter: Meter | None = None) -> None:
        about = "Requests that a guard judged, by verdict."
        self._counter = None
        if meter is not None:
            self._counter = meter.create_counter("cors.verdicts", "{request}", about)

    def __call__(self, event: GuardEvent) -> None:
        """Record one verdict."""
        known = {
            "cors.adapter": event.adapter,
            "cors.outcome": event.outcome,
            "cors.reason": event.verdict.reason.name.lower(),
        }
        span = get_current_span()
        if span.is_recording() and not event.verdict.allowed:
            sent = {} if event.origin is None else {"cors.origin": bounded(event.origin)}
            span.add_event("cors.verdict", {**known, **sent})
        if self._counter is not None:
            self._counter.add(1, known)


class OpenTelemetryShadow:
    """Adds what a candidate would change to the span: ``on_difference=OpenTelemetryShadow()``.

    The event ``cors.shadow`` has the attributes ``cors.adapter``, ``cors.kind``, ``cors.reason``
    and ``cors.origin``. With `meter`, all differences are counted in ``cors.shadow``, with
    ``cors.kind`` and ``cors.reason``. The span must begin outside of corekit.

    >>> from corekit import CorsPolicy, LivePolicy
    >>> policy, candidate = CorsPolicy(allow_origins=["*"]), CorsPolicy.deny_all()
    >>> live = LivePolicy(policy, candidate=candidate, on_difference=OpenTelemetryShadow())
    """

    def __init__(self, *, meter: Meter | None = None) -> None:
        about = "Requests that a candidate would decide otherwise, by what would change."
        self._counter = None
        if meter is not None:
            self._counter = meter.create_counter("cors.shadow", "{request}", about)

    def __call__(self, event: ShadowEvent) -> None:
        """Record one difference."""
        known = {"cors.kind": event.kind.value, "cors.reason": event.reason.name.lower()}
        sent = {"cors.adapter": event.adapter, "cors.origin": bounded(event.origin)}
        get_current_span().add_event("cors.shadow", {**known, **sent})
        if self._counter is not None:
            self._counter.add(1, known)


class OpenTelemetryPolicyInfo:
    """A gauge that names the policy in effect: ``OpenTelemetryPolicyInfo(live)``.

    The value of ``cors.policy.info`` is 1, and its attribute ``cors.policy.fingerprint`` that of
    the policy, which is read each time that the gauge is. So it shows which processes have which
    policy after a `corekit.LivePolicy` was replaced. `meter` is by default one of the process.
    Raise TypeError if `policy` is not a policy.

    >>> from corekit import CorsPolicy, LivePolicy
    >>> info = OpenTelemetryPolicyInfo(LivePolicy(CorsPolicy(allow_origins=["*"])))
    """

    def __init__(self, policy: Policies, *, meter: Meter | None = None) -> None:
        check_policy(policy)
        self._policy = policy
        about = "The CORS policy in effect, by its fingerprint."
        meter = meter or get_meter("corekit")
        meter.create_observable_gauge("cors.policy.info", [self._observe], "1", about)

    def _observe(self, _: CallbackOptions) -> Iterable[Observation]:
        yield Observation(1, {"cors.policy.fingerprint": self._policy.fingerprint})


class OpenTelemetrySnapshot:
    """Gauges of the rows that are in use: ``OpenTelemetrySnapshot(refresher)``.

    `refresher` is what `corekit_config.refresh()` or `refresh_async()` returned. The gauge
    ``cors.snapshot.age`` is the seconds since the last load that was used; before that, it has no
    value. ``cors.snapshot.rows`` is the number of rows. `meter` is by default one of the process.
    Raise TypeError if `refresher` has no `age` and `size`.

    >>> from corekit import CorsPolicy, LivePolicy
    >>> from corekit_config import refresh
    >>> live = LivePolicy(CorsPolicy(allow_origins=["https://app.example.com"]))
    >>> with refresh(lambda: ["https://shop-1.example"], live) as refresher:
    ...     gauges = OpenTelemetrySnapshot(refresher)
    """

    def __init__(self, refresher: Refresher, *, meter: Meter | None = None) -> None:
        check_refresher(refresher)
        self._refresher = refresher
        meter = meter or get_meter("corekit")
        meter.create_observable_gauge("cors.snapshot.age", [self._observe_age], "s", ABOUT_AGE)
        meter.create_observable_gauge(
            "cors.snapshot.rows", [self._observe_rows], "{row}", ABOUT_ROWS
        )

    def _observe_age(self, _: CallbackOptions) -> Iterable[Observation]:
        age = self._refresher.age
        if age is not None:
            yield Observation(age)

    def _observe_rows(self, _: CallbackOptions) -> Iterable[Observation]:
        yield Observation(self._refresher.size)


class OpenTelemetryLookups:
    """Counts the requests that a look-up was asked for: ``OpenTelemetryLookups(lookup)``.

    `lookup` is a `corekit_lookups.OriginLookup`, whose counts are read each time that the counter
    ``cors.lookups`` is. Its attribute ``cors.outcome`` is a value of `corekit_lookups.Outcome`.
    `meter` is by default one of the process. Raise TypeError if `lookup` is not a look-up.

    >>> from corekit_lookups import OriginLookup, Outcome
    >>> counter = OpenTelemetryLookups(OriginLookup(lambda origin: True))
    """

    def __init__(self, lookup: BoundedLookup, *, meter: Meter | None = None) -> None:
        check_counted(lookup)
        self._lookup = lookup
        about = "Requests that an origin was looked up for, by outcome."
        meter = meter or get_meter("corekit")
        meter.create_observable_counter("cors.lookups", [self._observe], "{request}", about)

    def _observe(self, _: CallbackOptions) -> Iterable[Observation]:
        for outcome, count in self._lookup.counts.items():
            yield Observation(count, {"cors.outcome": outcome})


class OpenTelemetryLookupDurations:
    """A histogram of how long look-ups took: ``OpenTelemetryLookupDurations(lookup)``.

    `lookup` is a `corekit_lookups.OriginLookup`. Results that were remembered are not in it. The
    attribute ``cors.outcome`` of ``cors.lookup.duration`` is allowed, denied, failed or timed_out.
    The buckets end at the timeout of the look-up, unless a view of the SDK has others. `meter` is
    by default one of the process. Raise TypeError if `lookup` is not a look-up.

    >>> from corekit_lookups import OriginLookup
    >>> durations = OpenTelemetryLookupDurations(OriginLookup(lambda origin: True))
    """

    def __init__(self, lookup: BoundedLookup, *, meter: Meter | None = None) -> None:
        check_counted(lookup)
        meter = meter or get_meter("corekit")
        self._histogram = meter.create_histogram(
            "cors.lookup.duration",
            "s",
            ABOUT_DURATIONS,
            explicit_bucket_boundaries_advisory=find_buckets(lookup.timeout),
        )
        lookup.on_lookup(self._record)

    def _record(self, seconds: float, outcome: Outcome) -> None:
        self._histogram.record(seconds, {"cors.outcome": outcome.value})


def _known(event: DecisionEvent) -> dict[str, str]:
    return {
        "cors.adapter": event.adapter,
        "cors.kind": event.decision.kind.name.lower(),
        "cors.outcome": event.outcome,
        "cors.reason": event.decision.reason.name.lower(),
    }


def _found(event: DecisionEvent) -> dict[str, str | float]:
    found = {"cors.lookup": event.decision.lookup, "cors.snapshot.age": event.snapshot_age}
    return {name: value for name, value in found.items() if value is not None}


def _sent(event: DecisionEvent) -> dict[str, str]:
    sent = {
        "cors.origin": event.origin,
        "cors.request_method": event.request_method,
        "cors.request_headers": event.request_headers,
    }
    return {name: bounded(value) for name, value in sent.items() if value is not None}
