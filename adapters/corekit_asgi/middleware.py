"""The ASGI middleware: reads the headers of a request, asks the engine, writes its answer.

It holds no rule of its own. Messages pass one by one and nothing is buffered; the application's
messages and header lists are never changed, since it may use them again for the next request.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from itertools import product
from typing import Any, Final

from corekit import Answer, CorsPolicy, CorsRoutes
from corekit._engine import Engine
from corekit._headers import answer_raw_headers, merge_raw_headers
from corekit.events import Observer, OnDecision, WatchedEngine

__all__ = ["CorsMiddleware"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
RawHeaders = Iterable[tuple[bytes, bytes]]
Asked = dict[bytes, bytes]

# Servers send names in lower case, but nothing makes them; one look-up finds every spelling.
_ORIGIN: Final = frozenset(
    "".join(letters).encode() for letters in product(*zip("origin", "ORIGIN", strict=True))
)
_REQUEST_METHOD: Final = b"access-control-request-method"
_REQUEST_HEADERS: Final = b"access-control-request-headers"
_REQUEST_PRIVATE_NETWORK: Final = b"access-control-request-private-network"
_SHORTEST_REQUEST: Final = len(_REQUEST_METHOD)

_LOGGER: Final = logging.getLogger("corekit.asgi")

_REFUSED: Final = b"CORS: the origin is not allowed.\n"


def _describe(body: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    )


_ABOUT_REFUSED: Final = _describe(_REFUSED)
_ABOUT_EMPTY: Final = _describe(b"")


class CorsMiddleware:
    """Puts a policy around an ASGI application.

    `app` is any ASGI 3 callable, `policy` a `CorsPolicy`, or a `CorsRoutes` that is asked with the
    path of each request. Make it the outermost layer, so that errors, redirects and refusals of all
    others carry the headers. Only ``http`` is covered: CORS has no say in WebSockets.

    `on_decision` is a plain function that is given a `DecisionEvent` of every request that a policy
    covers. Denials go to the logger "corekit.asgi" at INFO; with `debug`, once for each origin and
    reason at WARNING. `observer` is for adapters that put this one into a framework: it takes the
    place of both.

    Raises TypeError where `policy` is none, or where `on_decision` is no plain function.

    >>> from corekit import CorsPolicy
    >>> async def hello(scope, receive, send):
    ...     await send({"type": "http.response.start", "status": 200, "headers": []})
    ...     await send({"type": "http.response.body", "body": b"hello"})
    >>> app = CorsMiddleware(hello, CorsPolicy(allow_origins=["https://app.example.com"]))
    """

    def __init__(
        self,
        app: ASGIApp,
        policy: CorsPolicy | CorsRoutes,
        *,
        on_decision: OnDecision | None = None,
        debug: bool = False,
        observer: Observer | None = None,
    ) -> None:
        if not isinstance(policy, CorsPolicy | CorsRoutes):
            raise TypeError(
                f"policy is of type {type(policy).__name__}: give a CorsPolicy or a CorsRoutes"
            )
        self.app = app
        self.policy = policy
        if observer is None:
            observer = Observer("asgi", _LOGGER, on_decision=on_decision, debug=debug)
        elif on_decision is not None or debug:
            raise TypeError(
                "an observer takes the place of on_decision and debug: give one of them"
            )
        self._observer = observer
        self._logger = observer.logger
        self._level = observer.level
        # Routes are asked for each request; a policy alone is the same for every path. Where every
        # decision is told, each request has an engine of its own.
        self._engine: Engine | None = None
        if isinstance(policy, CorsPolicy) and not observer.hears_all:
            self._engine = policy.engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers: RawHeaders = scope.get("headers", ())
        if type(headers) is not list:
            # It may be missing, or a generator, of which the application needs a second one.
            headers = list(headers or ())
            scope = {**scope, "headers": headers}
        engine = self._engine or self._find_engine(scope)
        if engine is None:
            await self.app(scope, receive, send)
            return

        origin: bytes | None = None
        for name, value in headers:
            # Looking at the length first takes 3 % off a request: few names are hashed then.
            if len(name) == 6 and name in _ORIGIN:
                # No origin has a comma: a second header makes it one that matches nothing.
                origin = value if origin is None else origin + b"," + value
        if origin is None:
            answer = engine.no_origin
        else:
            if scope["method"] == "OPTIONS":
                asked = _read_preflight(headers)
                if _REQUEST_METHOD in asked:
                    answer = self._ask_preflight(engine, scope, origin, asked)
                    await send(_start(answer, origin))
                    body = b"" if answer.origin_allowed else _REFUSED
                    await send({"type": "http.response.body", "body": body})
                    return
            answer = engine.actual(origin.decode("latin-1"))
            if not answer.origin_allowed and self._logger.isEnabledFor(self._level):
                self._log(engine, answer, scope, origin, {})

        # A coroutine function, since bridges such as asgiref's look whether it is one. The defaults
        # are locals where a closure's names are looked up: 4 % of a request.
        async def send_with_headers(
            message: Message,
            send: Send = send,
            answer: Answer = answer,
            origin: bytes | None = origin,
        ) -> None:
            if message["type"] == "http.response.start":
                message = {**message}
                message["headers"] = merge_raw_headers(message.get("headers", ()), answer, origin)
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _find_engine(self, scope: Scope) -> Engine | WatchedEngine | None:
        path: str = scope["path"]
        policy = self.policy.policy_for(path)
        if policy is None:
            return None
        if self._observer.hears_all:
            return self._observer.watch(policy.engine, scope["method"], path, scope)
        return policy.engine

    def _ask_preflight(
        self, engine: Engine | WatchedEngine, scope: Scope, origin: bytes, asked: Asked
    ) -> Answer:
        answer = engine.preflight(
            origin.decode("latin-1"),
            asked[_REQUEST_METHOD],
            asked.get(_REQUEST_HEADERS),
            asked.get(_REQUEST_PRIVATE_NETWORK),
        )
        if self._logger.isEnabledFor(self._level):
            self._log(engine, answer, scope, origin, asked)
        return answer

    def _log(
        self,
        engine: Engine | WatchedEngine,
        answer: Answer,
        scope: Scope,
        origin: bytes,
        asked: Asked,
    ) -> None:
        if not self._observer.hears_denials(scope):
            return
        self._observer.log(
            self._observer.event(
                engine,
                answer,
                method=scope["method"],
                path=scope["path"],
                origin=origin.decode("latin-1"),
                request_method=asked.get(_REQUEST_METHOD),
                request_headers=asked.get(_REQUEST_HEADERS),
                request=scope,
            )
        )


def _read_preflight(headers: RawHeaders) -> Asked:
    asked: Asked = {}
    for raw_name, value in headers:
        # Hardly any other name is as long, so hardly any has to be read.
        if len(raw_name) >= _SHORTEST_REQUEST:
            name = raw_name.lower()
            asked[name] = asked[name] + b"," + value if name in asked else value
    return asked


def _start(answer: Answer, origin: bytes) -> Message:
    headers = answer_raw_headers(answer, origin)
    if not answer.origin_allowed:
        headers[:0] = _ABOUT_REFUSED
    elif answer.status != 204:
        headers[:0] = _ABOUT_EMPTY
    return {"type": "http.response.start", "status": answer.status, "headers": headers}
