"""The ASGI middleware with every kind of application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy, CorsRoutes
from corekit.adapter import MARKS
from corekit_asgi import CorsMiddleware

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"

policy = CorsPolicy(
    allow_origins=[APP, "https://*.preview.example.com"],
    allow_credentials=True,
    allow_methods=["PUT", "DELETE"],
    allow_headers=["content-type"],
    expose_headers=["x-request-id"],
    max_age=600,
)
public = CorsPolicy(allow_origins=["*"])

RawHeaders = list[tuple[bytes, bytes]]
Application = Callable[..., Coroutine[Any, Any, None]]


def ask(
    app: Application,
    method: str = "GET",
    headers: Iterable[tuple[bytes, bytes]] | None = (),
    path: str = "/",
) -> list[dict[str, Any]]:
    """Send one request and return the messages that reach the server."""
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "query_string": b""}
    if headers is not None:
        scope["headers"] = headers
    return run(app, scope)


def run(app: Application, scope: dict[str, Any], body: bytes | None = None) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        assert body is not None, "the middleware reads no body"
        return {"type": "http.request", "body": body}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def preflight(origin: str, method: str = "PUT", names: str = "content-type") -> RawHeaders:
    return [
        (b"origin", origin.encode()),
        (b"access-control-request-method", method.encode()),
        (b"access-control-request-headers", names.encode()),
    ]


def answering(
    headers: Any = (), body: bytes = b"hello", status: int = 200, **more: Any
) -> Application:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        start = {"type": "http.response.start", "status": status, **more}
        if headers is not None:
            start["headers"] = headers
        await send(start)
        await send({"type": "http.response.body", "body": body})

    return app


async def unreachable(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("the application must not be asked")


GRANT = [
    (b"access-control-allow-origin", APP.encode()),
    (b"access-control-allow-credentials", b"true"),
    (b"access-control-expose-headers", b"x-request-id"),
]
VARY = (b"vary", b"Origin")


class TestActualRequests:
    def test_allowed_origin_may_read(self) -> None:
        app = CorsMiddleware(answering([(b"x-request-id", b"7")]), policy)
        start, body = ask(app, headers=[(b"origin", APP.encode())])
        assert start["headers"] == [(b"x-request-id", b"7"), *GRANT, VARY]
        assert body == {"type": "http.response.body", "body": b"hello"}

    def test_origin_allowed_by_a_pattern_is_reflected(self) -> None:
        origin = b"https://pr-7.preview.example.com"
        start, _ = ask(CorsMiddleware(answering(), policy), headers=[(b"origin", origin)])
        assert (b"access-control-allow-origin", origin) in start["headers"]

    @pytest.mark.parametrize(
        "origin", [UNTRUSTED, "null", APP + "/", APP.upper(), f"{APP}:443", ""]
    )
    def test_denied_origin_gets_no_headers(self, origin: str) -> None:
        app = CorsMiddleware(answering([(b"x-a", b"1")], status=201), policy)
        start, _ = ask(app, headers=[(b"origin", origin.encode())])
        assert start["status"] == 201
        assert start["headers"] == [(b"x-a", b"1"), VARY]

    def test_response_without_an_origin_still_varies(self) -> None:
        start, _ = ask(CorsMiddleware(answering(), policy))
        assert start["headers"] == [VARY]

    def test_public_response_is_static_and_does_not_vary(self) -> None:
        app = CorsMiddleware(answering(), public)
        grant = [(b"access-control-allow-origin", b"*")]
        assert ask(app)[0]["headers"] == grant
        assert ask(app, headers=[(b"origin", UNTRUSTED.encode())])[0]["headers"] == grant

    def test_malformed_origin_cannot_poison_a_public_cache(self) -> None:
        app = CorsMiddleware(answering(), public)
        grant = [(b"access-control-allow-origin", b"*")]
        assert ask(app, headers=[(b"origin", b"nonsense")])[0]["headers"] == grant

    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param([(b"origin", APP.encode())] * 2, id="the same twice"),
            pytest.param([(b"origin", APP.encode()), (b"Origin", UNTRUSTED.encode())], id="two"),
            pytest.param([(b"origin", f"{APP}, {UNTRUSTED}".encode())], id="a list in one"),
            pytest.param([(b"origin", b"\xff\xfe")], id="bytes that are no text"),
            pytest.param([(b"origin", APP.encode() + b"a" * 100_000)], id="100 kB"),
        ],
    )
    def test_malformed_origin_is_not_allowed(self, headers: RawHeaders) -> None:
        start, _ = ask(CorsMiddleware(answering(), policy), headers=headers)
        assert start["headers"] == [VARY]

    @given(st.lists(st.booleans(), min_size=6, max_size=6))
    def test_header_names_are_case_insensitive(self, upper: list[bool]) -> None:
        letters = zip("origin", upper, strict=True)
        name = "".join(letter.upper() if up else letter for letter, up in letters).encode()
        start, _ = ask(CorsMiddleware(answering(), policy), headers=[(name, APP.encode())])
        assert start["headers"] == [*GRANT, VARY]

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "options", "get"])
    def test_every_method_reaches_the_application(self, method: str) -> None:
        start, _ = ask(CorsMiddleware(answering(), policy), method, [(b"origin", APP.encode())])
        assert start["headers"] == [*GRANT, VARY]

    @pytest.mark.parametrize("method", ["GET", "POST", "options"])
    def test_only_options_is_a_preflight(self, method: str) -> None:
        start, body = ask(CorsMiddleware(answering(), policy), method, preflight(APP))
        assert start["headers"] == [*GRANT, VARY]
        assert body["body"] == b"hello"

    @pytest.mark.parametrize("status", [204, 302, 304, 404, 500])
    def test_every_status_has_the_headers(self, status: int) -> None:
        app = CorsMiddleware(answering(status=status), policy)
        start, _ = ask(app, headers=[(b"origin", APP.encode())])
        assert (start["status"], start["headers"]) == (status, [*GRANT, VARY])

    def test_options_without_requested_method_reaches_the_application(self) -> None:
        app = CorsMiddleware(answering([(b"allow", b"GET")]), policy)
        start, _ = ask(app, "OPTIONS", [(b"origin", APP.encode())])
        assert start["headers"] == [(b"allow", b"GET"), *GRANT, VARY]

    def test_options_without_an_origin_reaches_the_application(self) -> None:
        app = CorsMiddleware(answering([(b"allow", b"GET")]), policy)
        start, _ = ask(app, "OPTIONS", [(b"access-control-request-method", b"PUT")])
        assert start["headers"] == [(b"allow", b"GET"), VARY]


class TestPreflights:
    def test_allowed_origin_gets_all_grants(self) -> None:
        app = CorsMiddleware(unreachable, policy)
        start, body = ask(app, "OPTIONS", preflight(APP))
        assert start["status"] == 204
        assert start["headers"] == [
            (b"access-control-allow-origin", APP.encode()),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, DELETE"),
            (b"access-control-allow-headers", b"content-type"),
            (b"access-control-max-age", b"600"),
            VARY,
        ]
        assert body == {"type": "http.response.body", "body": b""}

    def test_denied_preflight_has_a_text_body(self) -> None:
        app = CorsMiddleware(unreachable, policy)
        start, body = ask(app, "OPTIONS", preflight(UNTRUSTED))
        assert start["status"] == 403
        assert start["headers"] == [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body["body"])).encode()),
            VARY,
        ]
        assert body["body"] == b"CORS: the origin is not allowed.\n"

    def test_preflight_status_with_a_body_has_length_zero(self) -> None:
        app = CorsMiddleware(unreachable, policy.replace(preflight_status=200))
        start, _ = ask(app, "OPTIONS", preflight(APP))
        assert start["status"] == 200
        assert (b"content-length", b"0") in start["headers"]

    def test_requested_headers_may_span_several_lines(self) -> None:
        echoing = policy.replace(allow_headers=["*"])
        headers = [*preflight(APP, names="x-b"), (b"Access-Control-Request-Headers", b"x-a")]
        start, _ = ask(CorsMiddleware(unreachable, echoing), "OPTIONS", headers)
        assert (b"access-control-allow-headers", b"x-a, x-b") in start["headers"]
        assert (b"vary", b"Origin, Access-Control-Request-Headers") in start["headers"]

    def test_two_requested_methods_match_nothing(self) -> None:
        echoing = policy.replace(allow_methods=["*"])
        headers = [*preflight(APP, "FOO"), (b"access-control-request-method", b"BAR")]
        start, _ = ask(CorsMiddleware(unreachable, echoing), "OPTIONS", headers)
        granted = dict(start["headers"])[b"access-control-allow-methods"]
        assert b"FOO" not in granted
        assert b"BAR" not in granted

    def test_private_network_is_allowed_only_if_enabled(self) -> None:
        asking = [*preflight(APP), (b"access-control-request-private-network", b"true")]
        for switch in (False, True):
            app = CorsMiddleware(unreachable, policy.replace(allow_private_network=switch))
            start, _ = ask(app, "OPTIONS", asking)
            assert start["status"] == 204
            grant = (b"access-control-allow-private-network", b"true")
            assert (grant in start["headers"]) is switch

    @given(st.binary(max_size=50), st.binary(max_size=50), st.binary(max_size=200))
    def test_hostile_bytes_get_a_response(self, origin: bytes, method: bytes, names: bytes) -> None:
        headers = [
            (b"origin", origin),
            (b"access-control-request-method", method),
            (b"access-control-request-headers", names),
        ]
        start, _ = ask(CorsMiddleware(unreachable, policy), "OPTIONS", headers)
        assert start["status"] == 403
        start, _ = ask(
            CorsMiddleware(unreachable, policy), "OPTIONS", [*preflight(APP)[:1], *headers[1:]]
        )
        assert start["status"] == 204


class TestWhatTheApplicationSends:
    def test_cors_headers_of_the_application_are_replaced(self) -> None:
        own = [
            (b"Access-Control-Allow-Origin", b"*"),
            (b"access-control-allow-credentials", b"true"),
            (b"x-a", b"1"),
            (b"ACCESS-CONTROL-EXPOSE-HEADERS", b"x-secret"),
        ]
        app = CorsMiddleware(answering(own), policy)
        start, _ = ask(app, headers=[(b"origin", UNTRUSTED.encode())])
        assert start["headers"] == [(b"x-a", b"1"), VARY]
        start, _ = ask(app, headers=[(b"origin", APP.encode())])
        assert start["headers"] == [(b"x-a", b"1"), *GRANT, VARY]
        assert ask(app)[0]["headers"] == [(b"x-a", b"1"), VARY]

    @pytest.mark.parametrize(
        ("own", "expected"),
        [
            ([b"Accept"], [b"Accept, Origin"]),
            ([b"Accept", b"Cookie"], [b"Accept, Cookie, Origin"]),
            ([b"origin, Accept"], [b"origin, Accept"]),
            ([b"*"], [b"*"]),
            ([b"Accept", b"*"], [b"Accept", b"*"]),
            ([b""], [b"Origin"]),
        ],
    )
    def test_vary_of_the_application_is_merged(
        self, own: list[bytes], expected: list[bytes]
    ) -> None:
        app = CorsMiddleware(answering([(b"Vary", value) for value in own]), policy)
        headers = ask(app, headers=[(b"origin", UNTRUSTED.encode())])[0]["headers"]
        assert [value for name, value in headers if name.lower() == b"vary"] == expected

    def test_shared_message_is_not_changed(self) -> None:
        message = {"type": "http.response.start", "status": 200, "headers": [(b"vary", b"Accept")]}

        async def reusing(scope: Any, receive: Any, send: Any) -> None:
            await send(message)
            await send({"type": "http.response.body"})

        app = CorsMiddleware(reusing, policy)
        allowed, _ = ask(app, headers=[(b"origin", APP.encode())])
        denied, _ = ask(app, headers=[(b"origin", UNTRUSTED.encode())])
        assert message["headers"] == [(b"vary", b"Accept")]
        assert (b"vary", b"Accept, Origin") in allowed["headers"]
        assert denied["headers"] == [(b"vary", b"Accept, Origin")]

    def test_changed_message_affects_no_other_response(self) -> None:
        app = CorsMiddleware(answering(), policy)
        first = ask(app, headers=[(b"origin", APP.encode())])[0]["headers"]
        first.clear()
        assert ask(app, headers=[(b"origin", APP.encode())])[0]["headers"] == [*GRANT, VARY]

    @pytest.mark.parametrize(
        "headers",
        [None, (), [], ((b"x-a", b"1"),), [[b"x-a", b"1"]]],
        ids=["missing", "tuple", "list", "tuple of tuples", "list of lists"],
    )
    def test_header_list_may_have_any_type(self, headers: Any) -> None:
        start, _ = ask(CorsMiddleware(answering(headers), policy))
        own = [tuple(header) for header in headers or ()]
        assert [tuple(header) for header in start["headers"]] == [*own, VARY]

    def test_header_list_may_be_a_generator(self) -> None:
        start, _ = ask(CorsMiddleware(answering(iter([(b"x-a", b"1")])), policy))
        assert start["headers"] == [(b"x-a", b"1"), VARY]

    def test_other_messages_pass_unchanged(self) -> None:
        async def streaming(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "trailers": True})
            for part in (b"a", b"b"):
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body"})
            await send({"type": "http.response.trailers", "headers": [(b"x-t", b"1")]})

        bare = ask(streaming)
        wrapped = ask(CorsMiddleware(streaming, policy))
        assert wrapped[0] == {**bare[0], "headers": [VARY]}
        assert wrapped[1:] == bare[1:]

    def test_streamed_chunks_are_sent_immediately(self) -> None:
        order: list[str] = []

        async def streaming(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200})
            for part in ("a", "b"):
                order.append(f"made {part}")
                await send({"type": "http.response.body", "body": part, "more_body": True})

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.body":
                order.append(f"sent {message['body']}")

        scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
        asyncio.run(CorsMiddleware(streaming, policy)(scope, None, send))  # type: ignore[arg-type]
        assert order == ["made a", "sent a", "made b", "sent b"]

    def test_bridged_wsgi_application_is_supported(self) -> None:
        from asgiref.wsgi import WsgiToAsgi

        def hello(environ: Any, start_response: Any) -> list[bytes]:
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"hello"]

        bridged = WsgiToAsgi(hello)  # type: ignore[no-untyped-call]
        app = CorsMiddleware(bridged, policy)
        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
        sent = run(app, {**scope, "http_version": "1.1", "scheme": "http"}, body=b"")
        assert sent[0]["headers"][-1] == VARY
        assert b"".join(message.get("body", b"") for message in sent) == b"hello"

    def test_exception_propagates(self) -> None:
        async def failing(scope: Any, receive: Any, send: Any) -> None:
            raise LookupError("the application's own")

        with pytest.raises(LookupError, match="the application's own"):
            ask(CorsMiddleware(failing, policy), headers=[(b"origin", APP.encode())])


class TestScopes:
    @pytest.mark.parametrize("kind", ["lifespan", "websocket", "something-new"])
    def test_other_protocols_are_not_changed(self, kind: str) -> None:
        seen: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            seen.extend((scope, receive, send))

        scope = {"type": kind, "headers": [(b"origin", UNTRUSTED.encode())]}
        arguments: Any = (scope, object(), object())
        asyncio.run(CorsMiddleware(app, policy)(*arguments))
        assert all(got is given for got, given in zip(seen, arguments, strict=True))

    @pytest.mark.parametrize("headers", [None, (), ((b"origin", APP.encode()),)])
    def test_request_headers_may_be_missing_or_a_tuple(self, headers: Any) -> None:
        start, _ = ask(CorsMiddleware(answering(), policy), headers=headers)
        assert start["headers"] == [*(GRANT if headers else []), VARY]

    def test_request_headers_may_be_an_iterator(self) -> None:
        seen: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            seen.extend(scope["headers"])
            await send({"type": "http.response.start", "status": 200})

        given = [(b"origin", APP.encode()), (b"x-a", b"1")]
        (start,) = ask(CorsMiddleware(app, policy), headers=iter(given))
        assert seen == given
        assert start["headers"] == [*GRANT, VARY]

    def test_scope_is_passed_unchanged(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(MARKS, "exist", False)
        scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
        seen: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            seen.append(scope)
            await send({"type": "http.response.start", "status": 200})

        run(CorsMiddleware(app, policy), scope)
        assert seen[0] is scope
        assert scope == {"type": "http", "method": "GET", "path": "/", "headers": []}


class TestRoutes:
    app = CorsMiddleware(
        answering([(b"access-control-allow-origin", b"own")]),
        CorsRoutes([("/public/", public), ("/api/", policy)]),
    )

    def test_each_path_has_its_policy(self) -> None:
        origin = [(b"origin", APP.encode())]
        assert dict(ask(self.app, headers=origin, path="/public/x")[0]["headers"]) == {
            b"access-control-allow-origin": b"*"
        }
        assert ask(self.app, headers=origin, path="/api/x")[0]["headers"] == [*GRANT, VARY]

    def test_path_without_a_policy_is_not_changed(self) -> None:
        start, _ = ask(self.app, headers=[(b"origin", APP.encode())], path="/other")
        assert start["headers"] == [(b"access-control-allow-origin", b"own")]
        start, _ = ask(self.app, "OPTIONS", preflight(APP), path="/other")
        assert start["status"] == 200

    def test_encoded_slash_does_not_reach_a_laxer_policy(self) -> None:
        origin = [(b"origin", UNTRUSTED.encode())]
        start, _ = ask(self.app, headers=origin, path="/public/../api/x")
        assert start["headers"] == [VARY]


@pytest.mark.parametrize("wrong", [["*"], {"allow_origins": ["*"]}, "https://app.example.com"])
def test_other_types_than_policies_are_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"Pass a CorsPolicy or a CorsRoutes"):
        CorsMiddleware(answering(), wrong)


def test_framework_can_add_it_as_middleware() -> None:
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def hello(request: object) -> PlainTextResponse:
        return PlainTextResponse("hello")

    app = Starlette(routes=[Route("/", hello)])
    app.add_middleware(CorsMiddleware, policy=policy)
    for path, status in (("/", 200), ("/missing", 404)):
        start, _ = ask(app, headers=[(b"origin", APP.encode())], path=path)
        assert start["status"] == status
        assert set(GRANT) < set(start["headers"])
