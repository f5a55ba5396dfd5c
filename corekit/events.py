"""Report decisions: a log line for denials, an event for the user's own function.

An adapter creates one `Observer` with its own logger and passes it the answers that may be
worth reporting. What is logged, at which level and in which words is decided here for all adapters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final

from ._answers import as_text
from ._engine import Engine
from ._own_origin import is_own_origin
from ._reporting import (
    ERROR,
    INFO,
    WARNING,
    Logger,
    Reporter,
    bounded,
    check_callback,
    describe_request,
    is_new,
)
from ._shadowing import SHADOWS
from .decision import Answer, Decision, RequestKind
from .diagnostics import show
from .policy import CorsPolicy
from .routes import CorsRoutes

__all__ = [
    "DecisionEvent",
    "Logger",
    "Observer",
    "OnDecision",
    "RoutingError",
    "bounded",
    "check_on_decision",
]

_REMEMBERED_LOCAL: Final = 20
"""Kinds of denials of loopback pages that are warnings without debug mode."""

_LOCAL_ENDS: Final[frozenset[str | int]] = frozenset("0123456789t]").union(b"0123456789t]")
"""The last character of an origin on loopback; elements of bytes are numbers."""
_is_local = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?").fullmatch


@dataclass(frozen=True, slots=True, repr=False)
class DecisionEvent:
    """A decision, and the request that it was made for.

    `adapter` is the last part of the logger's name, such as "asgi". `method`, `path` (decoded),
    `origin` and, for a preflight, `request_method` and `request_headers` are what the client sent:
    strings of any length with any characters; None for a header that was not sent. `request` is the
    ASGI scope (also in Starlette), the WSGI environ (also in Flask), or the request object of
    another framework. `snapshot_age` is how many seconds before the decision the rows were loaded
    that decided about the origin, None if there are none or if it is not known: see
    `Decision.snapshot`. ``str()`` of an event is its log line.

    >>> from corekit import CorsPolicy
    >>> policy = CorsPolicy(allow_origins=["http://localhost:5173"])
    >>> decision = policy.decide("GET", origin="http://localhost:5174")
    >>> print(DecisionEvent(decision, "wsgi", "GET", "/items", "http://localhost:5174"))
    CORS: GET '/items' from 'http://localhost:5174' denied: the policy does not allow this origin. \
Nearest allowed origin: 'http://localhost:5173'. Add 'http://localhost:5174' to allow_origins. \
[ORIGIN_NOT_ALLOWED]
    """

    decision: Decision
    adapter: str
    method: str
    path: str
    origin: str | None
    request_method: str | None = None
    request_headers: str | None = None
    request: Any = field(default=None, compare=False)
    snapshot_age: float | None = field(default=None, compare=False)

    @property
    def outcome(self) -> str:
        """One of "granted", "denied" and "not_cors"."""
        if self.decision.kind is RequestKind.NOT_CORS:
            return "not_cors"
        return "granted" if self.decision.allowed else "denied"

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the policy that decided: see `corekit.CorsPolicy.fingerprint`.

        With routes it is that of the policy for the path.
        """
        return self.decision._engine.source.fingerprint

    def describe(self) -> str:
        """Return one line of printable ASCII, with all values escaped and their length bounded."""
        return self._describe(self.decision.hint)

    def _describe(self, hint: str) -> str:
        asked = (self.request_method, self.request_headers)
        request = describe_request(self.method, self.path, self.origin, *asked)
        outcome = self.outcome.replace("_", " ")
        reason = self.decision.reason
        message = reason.value[0].lower() + reason.value[1:]
        hint = f"{hint} " if hint else ""
        # A policy that can be replaced is named, since the log does not show which one it was.
        named = f", policy {self.fingerprint}" if self.decision._engine.source.live else ""
        if self.decision.lookup is not None:
            named += f", look-up {self.decision.lookup}"
        if self.snapshot_age is not None:
            named += f", snapshot {self.snapshot_age:.0f} s old"
        elif self.decision.snapshot is not None:
            named += ", snapshot of unknown age"
        return f"CORS: {request} {outcome}: {message} {hint}[{reason.name}{named}]"

    def __str__(self) -> str:
        return self.describe()

    def __repr__(self) -> str:
        return f"<DecisionEvent {self.describe()}>"


FindPolicy = Callable[[CorsPolicy | CorsRoutes], CorsPolicy | None]
"""Returns the one of these policies that is for a request; None if none is."""

OnDecision = Callable[[DecisionEvent], None]
"""A plain function that is called with every decision; its return value is ignored."""


_IF_TOO_EARLY: Final = (
    "If a route needs what a middleware sets, which runs later, put that middleware outside of"
    " corekit, or choose the policy by path, with CorsRoutes."
)


class RoutingError(Exception):
    """What the router of a framework raised, as its cause: the handler of a request is not known.

    Not what the framework responds to with an error of the client, such as 404. The exception may
    be gone a moment later, and the handler may have a stricter policy than the application, so an
    adapter allows no origins, and reports it with `Observer.report_routing_error()`.
    """


class Observer(Reporter):
    """Reports the answers of an adapter, also to the shadow of a `LivePolicy` with a candidate.

    `adapter` is its name, `logger` receives the lines: a denial is logged at INFO, and with `debug`
    the first of each origin, reason and requested permission at WARNING; `debug` may be a function
    of the request. A page on localhost is a developer's, so its denials are logged in this way
    without `debug` too, up to 20 kinds. A granted preflight counts as denied if the browser will
    refuse what it asked for. `on_decision` is called with a `DecisionEvent` for every decision.
    `own_origins` are origins of the server itself, for one behind a proxy that changes Host.

    No exception changes the response. One of `on_decision` is logged at ERROR. The first one of the
    log itself (a filter, a handler) or of `debug` is printed on stderr. What is not an `Exception`,
    such as KeyboardInterrupt, is raised.

    To keep the cost of a request low, call `observe()` behind one condition::

        if observer.observes_all or (answer.may_be_denied and observer.logs_denials(origin)):
            observer.observe(engine, answer, method=..., path=..., origin=origin, request=...)

    Raise TypeError if `on_decision` is not callable, is a class, or is a coroutine function or a
    generator, which would never run; or if `debug` is of another type.
    """

    __slots__ = ("_is_debugged", "_seen", "level", "observes_all", "on_decision", "own_origins")

    title = "CORS"
    callback = "on_decision"

    def __init__(
        self,
        adapter: str,
        logger: Logger,
        *,
        on_decision: OnDecision | None = None,
        debug: bool | Callable[[Any], bool] = False,
        own_origins: Collection[str] = (),
    ) -> None:
        check_on_decision(on_decision)
        if not isinstance(debug, bool) and not callable(debug):
            raise TypeError(f"debug is of type {type(debug).__name__}. Pass True or False.")
        super().__init__(adapter, logger)
        self.level = INFO if debug is False else WARNING
        self.on_decision = on_decision
        self.own_origins = frozenset(own_origins)
        self.observes_all = on_decision is not None
        self._is_debugged = debug if callable(debug) else lambda _: debug
        # Apart for requests in debug mode: what was logged without it has not been a warning yet.
        self._seen: dict[bool, set[tuple[object, ...]]] = {False: set(), True: set()}

    def logs_denials(self, origin: str | bytes | None) -> bool:
        """Return whether a denial of a page with this origin may be logged or compared."""
        try:
            if self.logger.isEnabledFor(self.level) or (SHADOWS.exist and origin):
                return True
            # The last character is enough for most: this runs for every denial and preflight.
            if not origin or origin[-1] not in _LOCAL_ENDS:
                return False
            return self._is_local(origin) and self.logger.isEnabledFor(WARNING)
        except Exception:  # noqa: BLE001 - reported
            self.report_exception()
            return False

    def observe(
        self,
        engine: Engine,
        answer: Answer,
        *,
        method: str,
        path: str,
        origin: str | None,
        request_method: str | bytes | None = None,
        request_headers: str | bytes | None = None,
        host: str | bytes | None,
        sec_fetch_site: str | bytes | None,
        request: Any,
        find_policy: FindPolicy | None = None,
    ) -> None:
        """Report an answer that `engine` gave: to `on_decision`, and a denial to the log.

        `path` is the one that chose the policy, decoded. `request_method` and `request_headers` are
        ignored unless the request was a preflight. `host` and `sec_fetch_site` are the values of
        Host and Sec-Fetch-Site: a request from a page of the server itself is not a denial.
        `request` is not read, only passed to `debug` and to the event. `find_policy` returns the
        policy for this request of other policies, such as a candidate; by default, that for `path`.
        """
        is_logged = is_debugged = False
        try:
            is_debugged = bool(self._is_debugged(request)) or self._is_local(origin)
            level = WARNING if is_debugged else INFO
            is_logged = answer.may_be_denied and self.logger.isEnabledFor(level)
        except Exception:  # noqa: BLE001 - reported
            self.report_exception()
        if not is_logged and not self.observes_all and engine.shadow is None:
            return
        asked: tuple[str | None, str | None] = (None, None)
        if answer.kind is RequestKind.PREFLIGHT:
            asked = (as_text(request_method), as_text(request_headers))
        site = as_text(sec_fetch_site)
        is_own = (site is None and origin in self.own_origins) or is_own_origin(
            origin, as_text(host), site
        )
        decision = Decision(answer, engine, origin, *asked, is_own=is_own)
        snapshot = decision.snapshot
        age = None if snapshot is None else snapshot.age
        event = DecisionEvent(decision, self.adapter, method, path, origin, *asked, request, age)
        try:
            if self.on_decision is not None:
                self.call(self.on_decision, event, event._describe(""))
            if is_logged and not decision.allowed:
                # The search for a near miss takes time, so it runs once for each kind of denial.
                # One that is replaced, or extended by rows again and again, is not another one.
                policy = engine.source.live or id(engine)
                kind = (policy, decision.reason, *map(show, (origin, *asked)))
                is_first = is_new(kind, self._seen[is_debugged])
                line = event._describe(decision.hint if is_first else "")
                self.logger.log(WARNING if is_debugged and is_first else INFO, "%s", line)
        except Exception:  # noqa: BLE001 - reported
            self.report_exception()
        if engine.shadow is not None:
            engine.shadow.observe(self, event, find_policy)

    def report_routing_error(
        self,
        error: RoutingError,
        *,
        method: str,
        path: str,
        origin: str | None,
        request_method: str | None,
    ) -> None:
        """Log why no origins are allowed for a request; a preflight has a `request_method`."""
        asked = request_method if method == "OPTIONS" and origin is not None else None
        request = describe_request(method, path, origin, asked, None)
        reason = f"no origins are allowed, since the router raised an exception. {_IF_TOO_EARLY}"
        try:
            self.logger.log(
                ERROR, "CORS: %s: %s", request, reason, exc_info=error.__cause__ or error
            )
        except Exception:  # noqa: BLE001 - reported
            self.report_exception()

    def _is_local(self, origin: str | bytes | None) -> bool:
        # Anyone can send such an origin, so the warnings are bounded.
        if len(self._seen[True]) >= _REMEMBERED_LOCAL:
            return False
        text = as_text(origin)
        return text is not None and _is_local(text) is not None


def check_on_decision(on_decision: object) -> None:
    """Raise TypeError unless `on_decision` is None or a plain function."""
    check_callback(on_decision, "on_decision", "DecisionEvent")
