"""What the application behind the ASGI middleware may send."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from corekit_asgi import CorsMiddleware
from tests.asgi.calling import (
    APP,
    GRANT,
    UNTRUSTED,
    VARY,
    answering,
    ask,
    policy,
    run,
)


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
