"""Report verdicts: a log line for what is refused, an event for the user's own function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from corekit._reporting import INFO, WARNING, Logger, Reporter, check_callback, is_new, show_method
from corekit.diagnostics import show

from .rules import GuardedRequest
from .verdict import Verdict

__all__ = ["GuardEvent", "GuardObserver", "OnVerdict", "check_on_verdict"]


@dataclass(frozen=True, slots=True, repr=False)
class GuardEvent:
    """A verdict, and the request that it is about.

    `adapter` is the last part of the logger's name, such as "asgi". `method`, `path` (decoded) and
    `origin` are what the client sent: strings of any length with any characters, None for an Origin
    that was not sent. `is_websocket` is true for a handshake. `request` is the same object as that
    of a `corekit.DecisionEvent`. ``str()`` of an event is its log line.

    >>> from corekit import CorsPolicy
    >>> from corekit.guard import CrossOriginGuard
    >>> guard = CrossOriginGuard(CorsPolicy(allow_origins=["https://app.example.com"]))
    >>> verdict = guard.judge("POST", "/", origin="https://ap.example.com")
    >>> print(GuardEvent(verdict, "wsgi", "POST", "/", "https://ap.example.com"))
    Guard: POST '/' from 'https://ap.example.com' refused: the page has another origin than this \
server, as far as Origin and Host show. Nearest allowed origin: 'https://app.example.com'. Add \
'https://ap.example.com' to allow_origins. If it is this server's own, add it to own_origins. \
[OTHER_ORIGIN]
    """

    verdict: Verdict
    adapter: str
    method: str
    path: str
    origin: str | None
    is_websocket: bool = False
    request: Any = field(default=None, compare=False)

    @property
    def outcome(self) -> str:
        """One of "allowed", "refused" and, with ``mode="report"``, "reported"."""
        if self.verdict.allowed:
            return "allowed"
        return "refused" if self.verdict.is_enforced else "reported"

    def describe(self) -> str:
        """Return one line of printable ASCII, with all values escaped and their length bounded."""
        return self._describe(self.verdict.hint)

    def _describe(self, hint: str) -> str:
        method = "WebSocket" if self.is_websocket else show_method(self.method)
        origin = "" if self.origin is None else f" from {show(self.origin)}"
        reason = self.verdict.reason
        message = reason.value[0].lower() + reason.value[1:]
        hint = f"{hint} " if hint else ""
        request = f"{method} {show(self.path)}{origin}"
        return f"Guard: {request} {self.outcome}: {message} {hint}[{reason.name}]"

    def __str__(self) -> str:
        return self.describe()

    def __repr__(self) -> str:
        return f"<GuardEvent {self.describe()}>"


OnVerdict = Callable[[GuardEvent], None]
"""A plain function that is called with every verdict; its return value is ignored."""


class GuardObserver(Reporter):
    """Reports the verdicts of an adapter.

    What is refused, or would be with ``mode="enforce"``, is logged: the first of each origin and
    reason at WARNING, the others at INFO. `on_verdict` is called with a `GuardEvent` for every
    request that is judged. No exception changes the response: see `corekit.adapter.Observer`.

    Raise TypeError if `on_verdict` is not callable, is a class, or is a coroutine function or a
    generator, which would never run.
    """

    __slots__ = ("_seen", "on_verdict")

    title = "Guard"
    callback = "on_verdict"

    def __init__(
        self, adapter: str, logger: Logger, *, on_verdict: OnVerdict | None = None
    ) -> None:
        check_on_verdict(on_verdict)
        super().__init__(adapter, logger)
        self.on_verdict = on_verdict
        self._seen: set[tuple[object, ...]] = set()

    def observe(
        self,
        verdict: Verdict,
        guarded: GuardedRequest,
        *,
        path: str,
        request: Any,
    ) -> None:
        """Report the verdict on a request.

        `path` is the decoded path that the client sent. `request` is the object of the framework,
        which is not read, only passed to the event.
        """
        if verdict.allowed and self.on_verdict is None:
            return
        origin = guarded.origin
        event = GuardEvent(
            verdict, self.adapter, guarded.method, path, origin, guarded.is_websocket, request
        )
        try:
            if self.on_verdict is not None:
                self.call(self.on_verdict, event, event._describe(""))
            if not verdict.allowed and self.logger.isEnabledFor(WARNING):
                # The search for a near miss takes time, so it runs once for each kind.
                is_first = is_new((verdict.reason, show(origin)), self._seen)
                line = event._describe(verdict.hint if is_first else "")
                self.logger.log(WARNING if is_first else INFO, "%s", line)
        except Exception:  # noqa: BLE001 - reported
            self.report_exception()


def check_on_verdict(on_verdict: object) -> None:
    """Raise TypeError unless `on_verdict` is None or a plain function."""
    check_callback(on_verdict, "on_verdict", "GuardEvent")
