"""The ASGI middleware: reads the headers of a request, asks the engine, writes its answer.

Messages pass one by one and nothing is buffered. The application's messages and header lists are
never changed, since it may use them again for the next request.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from functools import partial
from itertools import product
from typing import Any, Final, NoReturn, Unpack

from corekit import CorsPolicy, CorsRoutes
from corekit.adapter import (
    MARKS,
    UNROUTABLE,
    Answer,
    Applied,
    CrossOriginGuard,
    Engine,
    Lookup,
    Mark,
    Observer,
    OnDecision,
    OnVerdict,
    Policies,
    PolicySource,
    RoutingError,
    check_is_asked,
    check_lookup,
    make_policy,
    merge_raw_headers,
    policy_source,
    raw_preflight_response,
    read_policy,
    recall,
    shared_reads,
)
from corekit.arguments import Grants

from .context import apply, report_routing_error
from .exceptions import ExceptionResponses
from .guard import LOGGER, Gate, make_gate
from .handlers import find_handlers, find_policy
from .headers import RawHeaders, as_bytes, find_line, join_fields, with_headers
from .layers import (
    ASGIApp,
    FailedStart,
    Message,
    Receive,
    Scope,
    Send,
    find_second_layer,
    is_created_at_start,
)
from .lookups import look_up_origin
from .paths import PathReader

Fields = dict[bytes, bytes]

# Servers send names in lower case, but the specification of HTTP does not require it; one look-up
# finds every spelling.
_ORIGIN: Final = frozenset(
    "".join(letters).encode() for letters in product(*zip("origin", "ORIGIN", strict=True))
)
_REQUEST_METHOD: Final = b"access-control-request-method"
_REQUEST_HEADERS: Final = b"access-control-request-headers"
_REQUEST_PRIVATE_NETWORK: Final = b"access-control-request-private-network"
_SHORTEST_REQUEST: Final = len(_REQUEST_METHOD)
_UNKNOWN: Final = PolicySource(CorsRoutes([("/", CorsPolicy.deny_all())]))
"""Routes that are not asked, in the place of a policy that depends on the request."""
_NO_FIELDS: Final[Fields] = {}

_OPTIONS: Final = (
    *("on_decision", "debug", "observer", "guard", "on_verdict", "lookup", "gate"),
    *("strips_root_path", "paths", "answers_exceptions"),
)


class CorsMiddleware:
    """Wraps an ASGI application in a policy.

    `app` is any ASGI 3 callable, `policy` a `CorsPolicy`, a `LivePolicy`, or a `CorsRoutes` that is
    asked with the path that `app` routes. The arguments of a `CorsPolicy` may be passed instead.
    Make it the outermost layer, so that errors, redirects and refusals of all other layers carry
    the headers. CORS does not apply to WebSockets: without a `guard` only ``http`` is covered.

    `on_decision` is a plain function that is called with a `DecisionEvent` for each request that a
    policy covers. Denials are logged by "corekit.asgi" at INFO; with `debug`, once for each origin
    and reason at WARNING. `observer` is for adapters that add this middleware to a framework: it
    replaces both.

    `guard` is a `corekit.guard.CrossOriginGuard` with the same policy, which then judges requests
    and handshakes of WebSockets; a request that it refuses does not reach `app`. Preflights are
    responded to first, and a page that the policy allows can read the refusal. `on_verdict` is a
    plain function that is called with a `corekit.guard.GuardEvent` for each request that is judged.
    `gate` is for adapters, as `observer` is: it replaces both.

    `lookup` is a `corekit_lookups.OriginLookup`, which is asked for origins that `policy` does not
    list; policies of handlers list their own.

    `strips_root_path` is for the paths of `CorsRoutes` and of a guard, and an application that is
    served below a ``root_path``: whether the application removes it before it routes, as most
    frameworks do. It is known of Starlette, FastAPI, Quart, Litestar, Django and Falcon. If it is
    not known, and the path with and without the root path have different policies, no origins are
    allowed; if only one of them is exempt, the request is not. `paths` is for adapters.

    With `answers_exceptions`, an exception that `app` raises before its response begins gets a 500
    with the headers, and is raised again, so that the server logs it. Servers respond to it without
    the headers, so that browsers report a CORS error. Most frameworks respond themselves.

    Raise TypeError if `policy` is not a policy, `guard` is not a guard, `lookup` is not a look-up,
    or `on_decision` or `on_verdict` is not a plain function; ValueError if the guard has another
    policy or `lookup` is never asked, and `corekit.PolicyError` with all problems of a policy. With
    ``app.add_middleware``, Starlette creates this layer only as the server starts: startup then
    fails with the message.

    >>> from corekit import CorsPolicy
    >>> async def hello(scope, receive, send):
    ...     await send({"type": "http.response.start", "status": 200, "headers": []})
    ...     await send({"type": "http.response.body", "body": b"hello"})
    >>> app = CorsMiddleware(hello, CorsPolicy(allow_origins=["https://app.example.com"]))
    """

    def __init__(
        self,
        app: ASGIApp,
        policy: Policies | None = None,
        *,
        on_decision: OnDecision | None = None,
        debug: bool = False,
        observer: Observer | None = None,
        guard: CrossOriginGuard | None = None,
        on_verdict: OnVerdict | None = None,
        lookup: Lookup | None = None,
        gate: Gate | None = None,
        strips_root_path: bool | None = None,
        paths: PathReader | None = None,
        answers_exceptions: bool = False,
        **grants: Unpack[Grants],
    ) -> None:
        if gate is not None and (guard is not None or on_verdict is not None):
            raise TypeError("gate replaces guard and on_verdict. Pass one or the other.")
        try:
            policy = make_policy(policy, grants, "CorsMiddleware()", _OPTIONS, guard)
            check_lookup(lookup, is_async=True)
            check_is_asked(lookup, policy)
            gate = gate or make_gate(
                app, policy, guard, on_verdict, strips_root_path=strips_root_path
            )
        except (TypeError, ValueError) as error:
            if not is_created_at_start(app):
                raise
            app, policy = FailedStart(error), CorsPolicy.deny_all()
        if observer is None:
            own = () if gate is None else gate.own_origins
            observer = Observer(
                "asgi", LOGGER, on_decision=on_decision, debug=debug, own_origins=own
            )
            report_second_layer(app, LOGGER)
        elif on_decision is not None or debug:
            raise TypeError("observer replaces on_decision and debug. Pass one or the other.")
        self.app = ExceptionResponses(app) if answers_exceptions else app
        self._policy = policy
        self._source = policy_source(policy)
        self._observer = observer
        self._observes_all = observer.observes_all
        self._logs_denials = observer.logs_denials
        # Whether there is more to do for a denial; one check, since most have no look-up.
        self._gate = gate
        self.lookup: Final = lookup
        self._handlers = find_handlers(app)
        # A single policy is the same for every path, unless handlers have their own.
        self._everywhere = self._source if self._handlers is None else _UNKNOWN
        self._paths = paths or PathReader.of(app, strips_root_path)

    @property
    def policy(self) -> Policies:
        """The policy; only a `LivePolicy` can be replaced."""
        return self._policy

    @property
    def guard(self) -> CrossOriginGuard | None:
        """The guard, which cannot be replaced; None without one."""
        return None if self._gate is None else self._gate.guard

    # One function, since a call takes several percent of a request.
    async def __call__(  # noqa: C901, PLR0912, PLR0915
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if scope["type"] != "http":
            if self._gate is not None and scope["type"] == "websocket":
                await self._connect(self._gate, scope, receive, send)
            else:
                await self.app(scope, receive, send)
            return
        headers: RawHeaders = scope.get("headers", ())
        if type(headers) is not list:
            # It may be missing, or an iterator, which the application would find empty.
            headers = list(headers or ())
            scope = {**scope, "headers": headers}
        source = self._everywhere
        current = self._read(scope) if source.is_shared else source.current
        engine, applied = current.engine, None
        if engine is None:
            applied = await self._find(scope, self._read(scope) if source is _UNKNOWN else current)
            engine = applied.engine
            if engine is None:
                await self._pass_on(applied, scope, receive, send)
                return

        origin: bytes | None = None
        try:
            for name, value in headers:
                # Checking the length first saves 3 % of a request: few names are hashed then.
                if len(name) == 6:
                    if name in _ORIGIN:
                        if origin is not None:
                            origin = _join_origins(headers)
                            break
                        origin = value if type(value) is bytes else _refuse(value)
                    elif type(name) is not bytes:
                        _refuse(name)
        except (TypeError, ValueError):
            # A bytearray has no hash. What is not a header raises again.
            await self({**scope, "headers": as_bytes(headers)}, receive, send)
            return
        if origin is None:
            answer = engine.no_origin
        else:
            if scope["method"] == "OPTIONS":
                try:
                    fields = _read_preflight(headers)
                except (AttributeError, TypeError):
                    await self({**scope, "headers": as_bytes(headers)}, receive, send)
                    return
                if _REQUEST_METHOD in fields:
                    text = origin.decode("latin-1")
                    if self.lookup is not None and not engine.allows(text):
                        known = recall(self.lookup, engine, text) if applied is None else None
                        engine = known or await self._look_up(engine, scope, origin)
                    answer = self._answer_preflight(engine, scope, origin, fields)
                    status, lines, body = raw_preflight_response(answer, origin)
                    await send({"type": "http.response.start", "status": status, "headers": lines})
                    await send({"type": "http.response.body", "body": body})
                    return
            text = origin.decode("latin-1")
            answer = engine.actual(text)
            if self.lookup is not None and not answer.origin_allowed:
                known = recall(self.lookup, engine, text) if applied is None else None
                if known is not None:
                    engine, answer = known, known.granted
                else:
                    engine = await self._look_up(engine, scope, origin)
                    answer = engine.actual(text)
                    if applied is not None:
                        applied = applied._replace(engine=engine)
        if self._observes_all or (answer.may_be_denied and self._logs_denials(origin)):
            self._observe(engine, answer, scope, origin, _NO_FIELDS)

        # A coroutine function, since bridges such as asgiref's check for one. The defaults are
        # local variables, which are faster than those of a closure: 4 % of a request.
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

        if MARKS.exist:
            applied = applied or Applied(engine, (), {self._source: current})
            await self._pass_on(applied, scope, receive, send_with_headers)
        elif self._gate is not None:
            await self._gate.pass_on(self.app, engine, scope, receive, send_with_headers)
        else:
            await self.app(scope, receive, send_with_headers)

    def _pass_on(
        self, applied: Applied, scope: Scope, receive: Receive, send: Send
    ) -> Awaitable[None]:
        """Call the application, unless the guard refuses the request."""
        app, gate, engine = self.app, self._gate, applied.engine
        if MARKS.exist:
            app = partial(apply, app, None if engine is None else applied)
        if gate is None:
            return app(scope, receive, send)
        return gate.pass_on(app, engine, scope, receive, send)

    async def _connect(self, gate: Gate, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a handshake of a WebSocket."""
        scope = with_headers(scope)
        applied = await self._find(scope, self._read(scope))
        if gate.judges_handshakes:
            origin = None if self.lookup is None else find_line(scope["headers"], b"origin")
            if origin is not None and applied.engine is not None:
                engine = await self._look_up(applied.engine, scope, origin)
                applied = applied._replace(engine=engine)
            await self._pass_on(applied, scope, receive, send)
        else:
            await gate.pass_on(self.app, applied.engine, scope, receive, send)

    async def _look_up(self, engine: Engine, scope: Scope, origin: bytes) -> Engine:
        return await look_up_origin(self.lookup, engine, scope, origin)

    def _read(self, scope: Scope) -> CorsPolicy | CorsRoutes:
        """Return what the policy is for a request, also if another layer has read it."""
        return read_policy(self._policy, shared_reads(scope, self._policy))

    async def _find(self, scope: Scope, current: CorsPolicy | CorsRoutes) -> Applied:
        """Return the engine for a request, and what was found on the way."""
        handlers = self._handlers
        marks: list[Mark] = []
        read = shared_reads(scope)
        read[self._source] = current

        def find(method: str) -> CorsPolicy | None:
            own = handlers.find_marks(scope, method) if handlers else []
            marks.extend(own)
            given: Any = (read_policy(mark.policy, read) for mark in own)
            candidates = (self._paths.find_policy(each, scope) for each in given)
            policy = next((each for each in candidates if each is not None), None)
            return self._paths.find_policy(current, scope) if policy is None else policy.of_handler

        if not MARKS.exist or handlers is None:
            policy = self._paths.find_policy(current, scope)
        else:
            try:
                policy = await find_policy(handlers, scope, find)
            except RoutingError as error:
                report_routing_error(self._observer, error, scope)
                policy = UNROUTABLE
        return Applied(None if policy is None else policy.engine, marks, read)

    def _answer_preflight(
        self, engine: Engine, scope: Scope, origin: bytes, fields: Fields
    ) -> Answer:
        answer = engine.preflight(
            origin.decode("latin-1"),
            fields[_REQUEST_METHOD],
            fields.get(_REQUEST_HEADERS),
            fields.get(_REQUEST_PRIVATE_NETWORK),
        )
        if self._observes_all or self._logs_denials(origin):
            self._observe(engine, answer, scope, origin, fields)
        return answer

    def _observe(
        self, engine: Engine, answer: Answer, scope: Scope, origin: bytes | None, fields: Fields
    ) -> None:
        self._observer.observe(
            engine,
            answer,
            method=scope["method"],
            path=scope["path"],
            origin=None if origin is None else origin.decode("latin-1"),
            request_method=fields.get(_REQUEST_METHOD),
            request_headers=fields.get(_REQUEST_HEADERS),
            host=find_line(scope["headers"], b"host"),
            sec_fetch_site=find_line(scope["headers"], b"sec-fetch-site"),
            request=scope,
            find_policy=lambda policies: self._paths.find_policy(policies, scope),
        )


def report_second_layer(app: ASGIApp, logger: logging.Logger) -> None:
    """Log a warning if a layer inside writes the headers of CORS too."""
    name = find_second_layer(app, CorsMiddleware)
    if name is not None:
        logger.warning(
            "CORS: %s has no effect, since corekit replaces its headers. Remove it.", name
        )


def _refuse(value: object) -> NoReturn:
    raise TypeError(f"a header is of type {type(value).__name__}")


def _join_origins(headers: RawHeaders) -> bytes:
    # No origin has a comma: a second header makes it one that matches nothing.
    return b",".join([value for name, value in headers if name in _ORIGIN])


def _read_preflight(headers: RawHeaders) -> Fields:
    fields: Fields = {}
    for raw_name, value in headers:
        # Hardly any other name is as long, so few names are hashed.
        if len(raw_name) >= _SHORTEST_REQUEST:
            if not type(raw_name) is type(value) is bytes:
                _refuse(raw_name)
            name = raw_name.lower()
            if name in fields:
                return join_fields(headers)
            fields[name] = value
    return fields
