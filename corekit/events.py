"""Telling others what was decided: a line for a log, an event for a function of the user's.

An adapter makes one `Observer`, with a logger that it has got by itself, and tells it of answers.
What is worth a line, at which level, and in which words, is decided here for all of them. Nothing
here opens or imports anything: whoever gives the logger says where the lines go.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol

from ._engine import Engine
from .decision import Answer, Decision, Reason, RequestKind
from .diagnostics import show

__all__ = [
    "DecisionEvent",
    "Logger",
    "Observer",
    "OnDecision",
    "WatchedEngine",
    "bounded",
    "check_on_decision",
]

# The numbers of `logging`, which does more than this file may.
_INFO: Final = 20
_WARNING: Final = 30
_ERROR: Final = 40

_REMEMBERED: Final = 1_000
"""Pairs of origin and reason that were warned of: what is remembered of strangers has a bound."""

_LONGEST_PLAIN: Final = 120


class Logger(Protocol):
    """What is asked of a logger: a `logging.Logger` is one."""

    def isEnabledFor(self, level: int, /) -> bool: ...  # noqa: N802 - the name that loggers have

    def log(self, level: int, message: str, /, *values: object, exc_info: bool = ...) -> None: ...


@dataclass(frozen=True, slots=True, repr=False)
class DecisionEvent:
    """A decision, and the request that it was made on.

    `decision` is what was answered. `adapter` is "asgi", "wsgi", "starlette", "flask", "aiohttp" or
    "django". `method`, `path` (decoded), `origin` and, of a preflight, `request_method` and
    `request_headers` are what the client sent: strings of any length, with any characters in them;
    None for a header that was not sent. `request` is the scope of ASGI (also in Starlette), the
    environ of WSGI (also in Flask), or the request of aiohttp or Django.

    >>> from corekit import CorsPolicy
    >>> policy = CorsPolicy(allow_origins=["https://app.example.com"])
    >>> decision = policy.decide("GET", origin="https://evil.example")
    >>> print(DecisionEvent(decision, "wsgi", "GET", "/items", "https://evil.example"))
    'GET' '/items' from 'https://evil.example': denied, ORIGIN_NOT_ALLOWED. The policy does not \
allow this origin.
    """

    decision: Decision
    adapter: str
    method: str
    path: str
    origin: str | None
    request_method: str | None = None
    request_headers: str | None = None
    request: Any = field(default=None, compare=False)

    @property
    def outcome(self) -> str:
        """One of "granted", "denied" and "not_cors"."""
        if self.decision.kind is RequestKind.NOT_CORS:
            return "not_cors"
        return "granted" if self.decision.allowed else "denied"

    def describe(self) -> str:
        """Say it in one line of printable ASCII, with every value escaped and cut to a bound."""
        asked = f"{show(self.method)} {show(self.path)}"
        if self.request_method is not None:
            asked = f"preflight of {show(self.request_method)} {show(self.path)}"
            if self.request_headers is not None:
                asked += f" with {show(self.request_headers)}"
        if self.origin is not None:
            asked += f" from {show(self.origin)}"
        decision = self.decision
        verdict = f"{self.outcome}, {decision.reason.name}"
        if decision.kind is RequestKind.NOT_CORS:
            verdict = decision.kind.value
        return f"{asked}: {verdict}. {decision.reason.value}"

    def __str__(self) -> str:
        return self.describe()

    def __repr__(self) -> str:
        return f"<DecisionEvent {self.describe()}>"


OnDecision = Callable[[DecisionEvent], object]
"""A plain function that is given every decision; what it returns is not looked at."""


class Observer:
    """Whom an adapter tells of its answers.

    `adapter` is its name and `logger` where its lines go: a denial is told at INFO, and once for
    each origin and reason at WARNING with `debug`, which may be a function of the request. A
    granted preflight is a denial where the browser will refuse what it asked for. `on_decision` is
    given a `DecisionEvent` of every decision; where it raises, that is told at ERROR, and the
    request goes on.

    Where `logger` is not enabled for `level`, no denial needs to be told; where `hears_all` is
    false, nothing else does.

    Raises TypeError for an `on_decision` that cannot be called, that returns at once with its work
    not done, as a coroutine function does, or that is a class; and for a `debug` of another type.
    """

    __slots__ = (
        "_is_debugged",
        "_warned",
        "adapter",
        "hears_all",
        "level",
        "logger",
        "on_decision",
    )

    def __init__(
        self,
        adapter: str,
        logger: Logger,
        *,
        on_decision: OnDecision | None = None,
        debug: bool | Callable[[Any], bool] = False,
    ) -> None:
        check_on_decision(on_decision)
        if not isinstance(debug, bool) and not callable(debug):
            raise TypeError(f"debug is of type {type(debug).__name__}: give True or False")
        self.adapter = adapter
        self.hears_all = on_decision is not None
        self.logger = logger
        # One look at the level is what a denial may cost where nobody reads of it: 30 ns, a quarter
        # of asking `hears_denials`.
        self.level = _INFO if debug is False else _WARNING
        self.on_decision = on_decision
        self._is_debugged = debug if callable(debug) else lambda _: debug
        self._warned: set[tuple[str, Reason]] = set()

    def hears_denials(self, request: Any) -> bool:
        """Say whether a line about a denial of `request` would be written."""
        return self.logger.isEnabledFor(_WARNING if self._is_debugged(request) else _INFO)

    def tell(self, event: DecisionEvent) -> None:
        """Hand an event on: to `on_decision`, and a denial to the log."""
        self.hand_on(event)
        self.log(event)

    def hand_on(self, event: DecisionEvent) -> None:
        """Give an event to `on_decision`, if there is one."""
        if self.on_decision is None:
            return
        try:
            self.on_decision(event)
        except Exception:
            message = "on_decision failed, and the request goes on: %s"
            self.logger.log(_ERROR, message, event.describe(), exc_info=True)

    def log(self, event: DecisionEvent) -> None:
        """Write a line about a denial, if somebody reads it."""
        request = event.request
        if not self.hears_denials(request) or event.decision.allowed:
            return
        is_warning = self._is_debugged(request) and self._is_new(event)
        self.logger.log(_WARNING if is_warning else _INFO, "%s", event.describe())

    def watch(self, engine: Engine, method: str, path: str, request: Any) -> WatchedEngine:
        """Give an engine for one request, which hands the answer to `on_decision` as it is made."""

        def hand_on(
            answer: Answer,
            origin: str | None = None,
            request_method: str | bytes | None = None,
            request_headers: str | bytes | None = None,
        ) -> None:
            self.hand_on(
                self.event(
                    engine,
                    answer,
                    method=method,
                    path=path,
                    origin=origin,
                    request_method=request_method,
                    request_headers=request_headers,
                    request=request,
                )
            )

        return WatchedEngine(engine, hand_on)

    def event(
        self,
        engine: Engine | WatchedEngine,
        answer: Answer,
        *,
        method: str,
        path: str,
        origin: str | None,
        request_method: str | bytes | None = None,
        request_headers: str | bytes | None = None,
        request: Any,
    ) -> DecisionEvent:
        """Make the event of an answer that `engine` gave to a request."""
        request_method, request_headers = _text(request_method), _text(request_headers)
        decision = engine.decision_of(answer, origin, request_method, request_headers)
        return DecisionEvent(
            decision,
            self.adapter,
            method,
            path,
            origin,
            request_method,
            request_headers,
            request,
        )

    def _is_new(self, event: DecisionEvent) -> bool:
        # Two threads may both find a pair new; then it is warned of twice.
        pair = (show(event.origin), event.decision.reason)
        if pair in self._warned or len(self._warned) >= _REMEMBERED:
            return False
        self._warned.add(pair)
        return True


class WatchedEngine:
    """An engine that is asked once, for one request, and tells what it answers.

    An adapter puts it in the place of the engine where somebody wants to know of every decision;
    where nobody does, it is not made, and costs nothing.
    """

    __slots__ = ("_engine", "_tell")

    def __init__(self, engine: Engine, tell: Callable[..., None]) -> None:
        self._engine = engine
        self._tell = tell

    @property
    def no_origin(self) -> Answer:
        """As `Engine.no_origin`."""
        answer = self._engine.no_origin
        self._tell(answer)
        return answer

    def actual(self, origin: str) -> Answer:
        """As `Engine.actual`."""
        answer = self._engine.actual(origin)
        self._tell(answer, origin)
        return answer

    def preflight(
        self,
        origin: str,
        request_method: str | bytes,
        request_headers: str | bytes | None,
        request_private_network: str | bytes | None,
    ) -> Answer:
        """As `Engine.preflight`."""
        answer = self._engine.preflight(
            origin, request_method, request_headers, request_private_network
        )
        self._tell(answer, origin, request_method, request_headers)
        return answer

    def decision_of(
        self,
        answer: Answer,
        origin: str | None,
        request_method: str | None,
        request_headers: str | None,
    ) -> Decision:
        """As `Engine.decision_of`."""
        return self._engine.decision_of(answer, origin, request_method, request_headers)


def bounded(value: str) -> str:
    """Give a value of a request for a place that is no line of text, such as a span's attribute.

    An honest one stays as it is; one that is long, or not of printable ASCII, is escaped and cut.

    >>> bounded("https://app.example.com"), bounded("a\\r\\nb")
    ('https://app.example.com', "'a\\\\r\\\\nb'")
    """
    is_plain = len(value) <= _LONGEST_PLAIN and value.isascii() and value.isprintable()
    return value if is_plain else show(value)


def check_on_decision(on_decision: object) -> None:
    """Raise TypeError for what is neither None nor a plain function, with the mend."""
    if on_decision is None:
        return
    kind = type(on_decision).__name__
    if not callable(on_decision):
        raise TypeError(
            f"on_decision is of type {kind}: give a function that takes a DecisionEvent"
        )
    if isinstance(on_decision, type):
        raise TypeError(
            f"on_decision is the class {on_decision.__name__}: give an object of it, or a function"
        )
    called = on_decision.func if isinstance(on_decision, partial) else on_decision
    for candidate in (called, getattr(called, "__call__", None)):  # noqa: B004 - an object's method
        if (
            inspect.iscoroutinefunction(candidate)
            or inspect.isasyncgenfunction(candidate)
            or inspect.isgeneratorfunction(candidate)
        ):
            raise TypeError(
                "on_decision is a coroutine function or a generator, which nothing would run: give"
                " a plain function, which may start a task of its own"
            )


def _text(value: str | bytes | None) -> str | None:
    return value.decode("latin-1") if isinstance(value, bytes) else value
