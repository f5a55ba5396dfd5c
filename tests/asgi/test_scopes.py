"""The scopes that the ASGI middleware passes on, and the paths that it covers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from corekit import CorsRoutes
from corekit.adapter import MARKS
from corekit_asgi import CorsMiddleware
from tests.asgi.calling import (
    APP,
    GRANT,
    UNTRUSTED,
    VARY,
    answering,
    ask,
    policy,
    preflight,
    public,
    run,
)


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
