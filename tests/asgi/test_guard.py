"""The guard in the ASGI middleware: what only ASGI has, such as handshakes and root paths."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.middleware.exceptions import ExceptionMiddleware

from corekit import CorsPolicy, CorsRoutes, DecisionEvent, Reason
from corekit.guard import CrossOriginGuard, GuardEvent
from corekit_asgi import CorsMiddleware, GuardMiddleware
from corekit_asgi.guard import make_gate
from tests.asgi.calling import APP, UNTRUSTED, Application, answering, ask, policy, run, unreachable
from tests.asgi.connecting import DENIAL, accept, connect, handshake, is_accepted

Wrap = Callable[..., Any]

READER = "https://reader.example.com"
routes = CorsRoutes([("/api/", policy), ("/readable/", CorsPolicy(allow_origins=[READER]))])
HOST = (b"host", b"api.example.org")


def with_cors(app: Application, guard: CrossOriginGuard, **more: Any) -> CorsMiddleware:
    return CorsMiddleware(app, guard.policy, guard=guard, **more)


layers = pytest.mark.parametrize("wrap", [with_cors, GuardMiddleware])


def write(app: Any, *headers: tuple[Any, Any], path: str = "/") -> int:
    """Return the status of the response to a POST."""
    return int(ask(app, "POST", headers, path)[0]["status"])


class TestArguments:
    @layers
    @pytest.mark.parametrize(
        ("given", "error"),
        [
            ({"on_verdict": 1}, "on_verdict is of type int"),
            ({"on_verdict": GuardEvent}, "on_verdict is the class GuardEvent"),
        ],
    )
    def test_on_verdict_is_a_plain_function(
        self, wrap: Wrap, given: dict[str, Any], error: str
    ) -> None:
        with pytest.raises(TypeError, match=error):
            wrap(unreachable, CrossOriginGuard(policy), **given)

    def test_guard_is_a_guard(self) -> None:
        with pytest.raises(TypeError, match="guard is of type CorsPolicy"):
            GuardMiddleware(unreachable, policy)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="guard is of type CorsPolicy"):
            CorsMiddleware(unreachable, policy, guard=policy)  # type: ignore[arg-type]

    def test_guard_has_the_policy_of_the_application(self) -> None:
        with pytest.raises(ValueError, match="The guard has another policy"):
            CorsMiddleware(unreachable, policy, guard=CrossOriginGuard(routes))

    def test_on_verdict_needs_a_guard(self) -> None:
        with pytest.raises(TypeError, match=r"Pass guard too\."):
            CorsMiddleware(unreachable, policy, on_verdict=print)

    def test_gate_excludes_guard_and_on_verdict(self) -> None:
        guard = CrossOriginGuard(policy)
        gate = make_gate(unreachable, policy, guard, None)
        arguments: list[dict[str, Any]] = [{"guard": guard}, {"on_verdict": print}]
        for more in arguments:
            with pytest.raises(TypeError, match="gate replaces guard"):
                CorsMiddleware(unreachable, policy, gate=gate, **more)

    def test_misspelled_argument(self) -> None:
        with pytest.raises(TypeError, match=r"Did you mean on_verdict\?"):
            CorsMiddleware(unreachable, on_verdit=print)  # type: ignore[call-arg]

    @pytest.mark.parametrize(
        ("middleware", "arguments", "error"),
        [
            (GuardMiddleware, {"guard": policy}, "guard is of type CorsPolicy"),
            (CorsMiddleware, {"policy": policy, "guard": policy}, "guard is of type CorsPolicy"),
            (
                CorsMiddleware,
                {"policy": policy, "guard": CrossOriginGuard(routes)},
                "The guard has another policy",
            ),
        ],
    )
    def test_added_layer_with_an_error_stops_the_start(
        self, middleware: Any, arguments: dict[str, Any], error: str
    ) -> None:
        app = middleware(ExceptionMiddleware(Starlette()), **arguments)
        sent: list[Any] = []

        async def receive() -> dict[str, str]:
            return {"type": "lifespan.startup"}

        async def send(message: Any) -> None:
            sent.append(message)

        with pytest.raises((TypeError, ValueError), match=error):
            asyncio.run(app({"type": "lifespan"}, receive, send))
        assert sent[0]["type"] == "lifespan.startup.failed"
        assert error in sent[0]["message"]

    def test_guard_is_an_attribute_that_cannot_be_replaced(self) -> None:
        guard = CrossOriginGuard(policy)
        app = GuardMiddleware(unreachable, guard)
        assert app.guard is guard
        with pytest.raises(AttributeError):
            app.guard = guard  # type: ignore[misc]


class TestRequests:
    @layers
    def test_judged_read_names_its_headers_in_vary(self, wrap: Wrap) -> None:
        app = wrap(answering(), CrossOriginGuard(policy, reads="isolate"))
        headers = dict(ask(app, "GET", [HOST], "/")[0]["headers"])
        assert b"Sec-Fetch-Site, Sec-Fetch-Mode, Sec-Fetch-Dest" in headers[b"vary"]

    @layers
    def test_value_of_origin_may_be_a_string(self, wrap: Wrap) -> None:
        app = wrap(answering(), CrossOriginGuard(policy))
        assert write(app, HOST, (b"origin", APP)) == 200
        assert write(app, HOST, (b"origin", UNTRUSTED)) == 403

    @layers
    @pytest.mark.parametrize("kind", [str, bytes, bytearray, memoryview])
    def test_headers_of_all_types_are_judged(self, wrap: Wrap, kind: Any) -> None:
        app = wrap(answering(), CrossOriginGuard(policy))

        def convert(text: str) -> Any:
            return text if kind is str else kind(text.encode())

        assert write(app, (convert("Origin"), convert(UNTRUSTED))) == 403
        assert write(app, (convert("ORIGIN"), convert(APP))) == 200

    @layers
    @pytest.mark.parametrize(
        ("name", "values"),
        [
            (b"origin", (UNTRUSTED, APP)),
            (b"origin", (APP, UNTRUSTED)),
            (b"sec-fetch-site", ("cross-site", "same-origin")),
            (b"sec-fetch-site", ("same-origin", "cross-site")),
        ],
    )
    def test_neither_of_two_lines_counts_alone(
        self, wrap: Wrap, name: bytes, values: tuple[str, str]
    ) -> None:
        app = wrap(answering(), CrossOriginGuard(policy))
        lines = [(name, value.encode()) for value in values]
        assert sorted(write(app, line) for line in lines) == [200, 403]
        assert write(app, *lines) == 403

    @layers
    def test_headers_may_be_missing_or_an_iterator(self, wrap: Wrap) -> None:
        app = wrap(answering(), CrossOriginGuard(policy))
        assert ask(app, "POST", None)[0]["status"] == 200
        assert ask(app, "POST", iter([(b"origin", UNTRUSTED.encode())]))[0]["status"] == 403

    @layers
    @pytest.mark.parametrize("origin", [APP, UNTRUSTED])
    def test_application_can_read_headers_that_were_an_iterator(
        self, wrap: Wrap, origin: str
    ) -> None:
        seen: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            seen.append(list(scope["headers"]))

        guard = CrossOriginGuard(policy, mode="report")
        headers = [(b"origin", origin.encode())]
        ask(wrap(app, guard), "POST", iter(headers))
        scope = handshake(iter(headers))
        connect(wrap(app, guard), scope)
        assert seen == [headers, headers]

    @layers
    def test_path_that_no_policy_covers(self, wrap: Wrap) -> None:
        app = wrap(answering(), CrossOriginGuard(routes))
        start, _ = ask(app, "POST", [(b"origin", APP.encode())], "/other")
        assert start["status"] == 403
        assert b"access-control-allow-origin" not in dict(start["headers"])
        assert write(app, path="/other") == 200

    @layers
    @pytest.mark.parametrize(
        ("strips", "path", "status"),
        [
            (None, "/mount/hooks", 403),
            (None, "/hooks", 200),
            (True, "/mount/hooks", 200),
            (True, "/mount/mount/hooks", 403),
            (False, "/mount/hooks", 403),
            (False, "/hooks", 200),
        ],
    )
    def test_exempt_paths_are_below_the_root_path(
        self, wrap: Wrap, strips: bool | None, path: str, status: int
    ) -> None:
        app = wrap(
            answering(), CrossOriginGuard(policy, exempt=["/hooks"]), strips_root_path=strips
        )
        headers = [(b"origin", UNTRUSTED.encode())]
        scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
        assert run(app, {**scope, "root_path": "/mount"})[0]["status"] == status

    @layers
    def test_exempt_path_as_it_was_sent(self, wrap: Wrap) -> None:
        """A framework that routes encoded paths does not reach the exempt one."""
        app = wrap(answering(), CrossOriginGuard(policy, exempt=["/hooks"]))
        headers = [(b"origin", UNTRUSTED.encode())]
        scope = {"type": "http", "method": "POST", "path": "/hooks", "headers": headers}
        assert run(app, {**scope, "raw_path": b"/hooks"})[0]["status"] == 200
        assert run(app, {**scope, "raw_path": b"/%68ooks"})[0]["status"] == 403

    def test_own_origin_behind_a_proxy_is_not_a_denial(self) -> None:
        events: list[DecisionEvent] = []
        own = "https://www.example.com"
        guard = CrossOriginGuard(policy, own_origins=[own])
        app = with_cors(answering(), guard, on_decision=events.append)
        assert write(app, HOST, (b"origin", own.encode())) == 200
        assert [event.decision.reason for event in events] == [Reason.SAME_ORIGIN]

    @layers
    @pytest.mark.parametrize("kind", ["lifespan", "unknown"])
    def test_other_scopes_are_not_judged(self, wrap: Wrap, kind: str) -> None:
        events: list[GuardEvent] = []
        app = wrap(answering(), CrossOriginGuard.local(), on_verdict=events.append)
        assert run(app, {"type": kind})[0]["status"] == 200
        assert events == []


CONNECTIONS = [
    ("no browser", [HOST], None, True),
    ("own page", [HOST, (b"origin", b"https://api.example.org")], None, True),
    ("listed page", [HOST, (b"origin", APP.encode()), (b"cookie", b"a=b")], None, True),
    ("other page", [HOST, (b"origin", UNTRUSTED.encode())], "WEBSOCKET_ORIGIN", False),
    ("two origins", [HOST, *[(b"origin", APP.encode())] * 2], "WEBSOCKET_ORIGIN", False),
    ("opaque origin", [HOST, (b"origin", b"null")], "WEBSOCKET_ORIGIN", False),
    ("other host", [(b"host", b"rebind.example")], "HOST_NOT_ALLOWED", False),
    ("two hosts", [HOST, HOST], "HOST_MALFORMED", False),
]


class TestHandshakes:
    @layers
    @pytest.mark.parametrize(
        ("headers", "reason", "expected"),
        [case[1:] for case in CONNECTIONS],
        ids=[case[0] for case in CONNECTIONS],
    )
    def test_table(self, wrap: Wrap, headers: Any, reason: str | None, expected: bool) -> None:
        events: list[GuardEvent] = []
        guard = CrossOriginGuard(policy, hosts=["api.example.org"])
        app = wrap(accept, guard, on_verdict=events.append)
        assert is_accepted(app, handshake(headers)) is expected
        (event,) = events
        assert (event.is_websocket, event.verdict.allowed) == (True, expected)
        assert reason in (None, event.verdict.reason.name)

    @layers
    @pytest.mark.parametrize(
        ("header", "status"), [((b"origin", b"null"), b"403"), ((b"host", b"x"), b"421")]
    )
    def test_refusal_is_a_response_if_the_server_can_send_one(
        self, wrap: Wrap, header: tuple[bytes, bytes], status: bytes
    ) -> None:
        app = wrap(unreachable, CrossOriginGuard(policy, hosts=["api.example.org"]))
        headers = [header] if header[0] == b"host" else [HOST, header]
        start, body = connect(app, handshake(headers, extensions=DENIAL))
        assert start["type"] == "websocket.http.response.start"
        assert start["status"] == int(status)
        assert dict(start["headers"])[b"content-length"] == str(len(body["body"])).encode()
        assert body["type"] == "websocket.http.response.body"
        assert body["body"].startswith(b"Guard: ")

    @layers
    @pytest.mark.parametrize("more", [{}, {"extensions": None}, {"extensions": {"tls": {}}}])
    def test_refusal_closes_before_it_accepts(self, wrap: Wrap, more: dict[str, Any]) -> None:
        app = wrap(unreachable, CrossOriginGuard(policy))
        scope = handshake([(b"origin", b"null")], **more)
        assert connect(app, scope) == [{"type": "websocket.close", "code": 1008, "reason": ""}]

    @layers
    def test_http_page_is_not_the_own_one_of_a_wss_server(self, wrap: Wrap) -> None:
        app = wrap(accept, CrossOriginGuard(policy))
        headers = [HOST, (b"origin", b"http://api.example.org")]
        assert is_accepted(app, handshake(headers))
        assert not is_accepted(app, handshake(headers, scheme="wss"))

    @layers
    def test_report_refuses_nothing(self, wrap: Wrap) -> None:
        events: list[GuardEvent] = []
        guard = CrossOriginGuard(policy, mode="report")
        app = wrap(accept, guard, on_verdict=events.append)
        assert is_accepted(app, handshake([(b"origin", b"null")]))
        assert [event.outcome for event in events] == ["reported"]

    @layers
    @pytest.mark.parametrize(
        ("origin", "path", "expected"),
        [
            (APP, "/api/x", True),
            (APP, "/readable/x", False),
            (READER, "/api/x", False),
            (READER, "/readable/x", True),
            (APP, "/other", False),
        ],
    )
    def test_policy_of_the_path_judges(
        self, wrap: Wrap, origin: str, path: str, expected: bool
    ) -> None:
        app = wrap(accept, CrossOriginGuard(routes))
        assert is_accepted(app, handshake([(b"origin", origin.encode())], path)) is expected

    def test_handshakes_pass_without_a_guard(self) -> None:
        app = CorsMiddleware(accept, policy)
        assert is_accepted(app, handshake([(b"origin", b"null")]))

    @layers
    @given(
        origin=st.sampled_from([None, "https://api.example.org", APP, READER, UNTRUSTED, "null"]),
        host=st.sampled_from(["api.example.org", "rebind.example"]),
        has_cookie=st.booleans(),
        path=st.sampled_from(["/api/x", "/readable/x", "/other"]),
    )
    def test_page_connects_exactly_if_it_is_own_or_listed(
        self, wrap: Wrap, origin: str | None, *, host: str, has_cookie: bool, path: str
    ) -> None:
        headers = [(b"host", host.encode())]
        headers += [] if origin is None else [(b"origin", origin.encode())]
        headers += [(b"cookie", b"a=b")] if has_cookie else []
        covering = routes.policy_for(path)
        is_own = origin in (None, f"https://{host}")
        is_listed = (
            covering is not None
            and origin in covering.allow_origins
            and (covering.allow_credentials or not has_cookie)
        )
        app = wrap(accept, CrossOriginGuard(routes))
        assert is_accepted(app, handshake(headers, path)) is (is_own or is_listed)
        checked = wrap(accept, CrossOriginGuard(routes, hosts=["api.example.org"]))
        expected = host == "api.example.org" and (is_own or is_listed)
        assert is_accepted(checked, handshake(headers, path)) is expected
