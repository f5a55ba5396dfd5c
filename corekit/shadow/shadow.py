"""The shadow: compares what was decided with what a candidate would, and reports differences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from corekit._answers import Headers
from corekit._engine import MAX_REQUEST_HEADERS_LENGTH
from corekit._fingerprints import find_share
from corekit._own_origin import is_own_origin
from corekit._reporting import INFO, WARNING, Reporter, describe_request, is_new
from corekit._shadowing import check_comparing
from corekit.browser import HttpResponse
from corekit.decision import Decision, RequestKind
from corekit.policy import CorsPolicy
from corekit.routes import CorsRoutes

from .comparing import AskedRequest, compare_responses, cut_names, named_headers
from .events import OnDifference, ShadowEvent
from .kinds import ShadowReason

if TYPE_CHECKING:
    from corekit.events import DecisionEvent, FindPolicy

__all__ = ["ObservedRequest", "Shadow"]

_NOTHING: Final = HttpResponse(200)
"""A response without any header of CORS."""


@dataclass(frozen=True, slots=True)
class ObservedRequest:
    """A request to an application with another CORS layer, as in a `corekit.DecisionEvent`.

    `origin` is that of the page; `request_method` is None unless the request is a preflight.
    """

    adapter: str
    method: str
    path: str
    origin: str
    request_method: str | None = None
    request_headers: str | None = None
    request: Any = None


class _Source(Protocol):
    """What an adapter reads the policy of a request from: a `corekit.adapter.PolicySource`."""

    @property
    def current(self) -> CorsPolicy | CorsRoutes: ...


class Shadow:
    """Compares requests with what a candidate would decide, and reports differences.

    `candidate` is a `CorsPolicy`, a `CorsRoutes` or the source of a `LivePolicy`; `on_difference`
    and `sample` are those of a `LivePolicy`, which creates its shadow itself. The first difference
    of each origin with the same reasons is logged at WARNING, up to a thousand, and the others at
    INFO. No exception changes a response: one of `on_difference` or of the candidate is logged at
    ERROR.
    """

    __slots__ = ("_seen", "candidate", "on_difference", "sample")

    def __init__(
        self,
        candidate: CorsPolicy | CorsRoutes | _Source,
        *,
        on_difference: OnDifference | None = None,
        sample: float = 1.0,
    ) -> None:
        check_comparing(on_difference, sample)
        self.candidate = candidate
        self.on_difference = on_difference
        self.sample = sample
        self._seen: set[tuple[object, ...]] = set()

    @property
    def policies(self) -> CorsPolicy | CorsRoutes:
        """The candidate as it is now."""
        candidate = self.candidate
        if isinstance(candidate, CorsPolicy | CorsRoutes):
            return candidate
        return candidate.current

    def compares(self, origin: str | None) -> bool:
        """Return whether requests of an origin are compared: all are, or none."""
        return origin is not None and (self.sample >= 1 or find_share(origin) < self.sample)

    def observe(
        self, reporter: Reporter, event: DecisionEvent, find_policy: FindPolicy | None = None
    ) -> None:
        """Report a decision of the policy in force, if the candidate's differs.

        `reporter` is that of the adapter. `find_policy` returns the one of the candidate's policies
        that is for the request; by default, that for its path.
        """
        if self.compares(event.origin) and event.decision.kind is not RequestKind.NOT_CORS:
            self._report(reporter, event, lambda: event.decision, find_policy)

    def observe_response(
        self,
        reporter: Reporter,
        read: Callable[[], tuple[int, Headers]],
        *,
        method: str,
        path: str,
        origin: str,
        request_method: str | None,
        request_headers: str | None,
        host: str | None,
        sec_fetch_site: str | None,
        request: Any,
        find_policy: FindPolicy | None = None,
    ) -> None:
        """Report a response of another CORS layer, if a browser treats the candidate's otherwise.

        `read` returns its status and its headers; an exception of it is logged too. The arguments
        with names are those of `corekit.adapter.Observer.observe`.
        """
        is_preflight = method == "OPTIONS" and request_method is not None
        is_own = not is_preflight and is_own_origin(origin, host, sec_fetch_site)
        if not self.compares(origin) or is_own:
            return
        asked = (request_method, request_headers) if is_preflight else (None, None)
        observed = ObservedRequest(reporter.adapter, method, path, origin, *asked, request)
        self._report(reporter, observed, lambda: HttpResponse(*read()), find_policy)

    def _report(
        self,
        reporter: Reporter,
        request: DecisionEvent | ObservedRequest,
        read: Callable[[], Decision | HttpResponse],
        find_policy: FindPolicy | None,
    ) -> None:
        try:
            try:
                event = self.compare(request, read(), find_policy)
            except Exception:  # noqa: BLE001 - logged
                asked = (request.request_method, request.request_headers)
                line = describe_request(request.method, request.path, request.origin, *asked)
                reporter.log_exception("comparing with the candidate raised an exception", line)
                return
            if event is None:
                return
            if self.on_difference is not None:
                reporter.call(self.on_difference, event, event._describe(""), "on_difference")
            # The search for a near miss takes time, so it runs once for each of them.
            is_first = is_new((event.reasons, event.origin), self._seen)
            level = WARNING if is_first else INFO
            if reporter.logger.isEnabledFor(level):
                reporter.logger.log(level, "%s", event._describe(event.hint if is_first else ""))
        except Exception:  # noqa: BLE001 - reported
            reporter.report_exception()

    def compare(
        self,
        request: DecisionEvent | ObservedRequest,
        enforced: Decision | HttpResponse,
        find_policy: FindPolicy | None = None,
    ) -> ShadowEvent | None:
        """Return how the candidate's decision differs; None if it does not, for a browser."""
        origin = request.origin or ""
        asked = (request.request_method, request.request_headers)
        policies = self.policies
        policy = find_policy(policies) if find_policy else policies.policy_for(request.path)
        candidate = None
        if policy is not None:
            candidate = policy.decide(
                request.method, origin=origin, request_method=asked[0], request_headers=asked[1]
            )
            if isinstance(enforced, Decision) and enforced.headers == candidate.headers:
                return None
        longest = policy.engine.max_request_headers if policy else MAX_REQUEST_HEADERS_LENGTH
        asks = AskedRequest(origin, asked[0], cut_names(asked[1], longest))
        if not asks.is_from_page:
            return None
        before, after = _as_response(enforced), _as_response(candidate)
        if isinstance(enforced, Decision):
            names = named_headers(before, after)
        else:
            names = frozenset(name.lower() for name, _ in enforced.headers)
        found = compare_responses(asks, before, after, names)
        if found is None:
            return None
        reasons = found.reasons if candidate else (ShadowReason.PATH_NOT_COVERED,)
        return ShadowEvent(
            found.kind,
            reasons,
            found.denied,
            found.granted,
            enforced,
            candidate,
            request.adapter,
            request.method,
            request.path,
            origin,
            *asked,
            request.request,
        )


def _as_response(decided: Decision | HttpResponse | None) -> HttpResponse:
    if isinstance(decided, Decision):
        return HttpResponse(decided.status or 200, decided.headers)
    return decided or _NOTHING
