"""The ASGI middleware with every kind of application."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit_asgi import CorsMiddleware
from tests.asgi.calling import (
    APP,
    GRANT,
    UNTRUSTED,
    VARY,
    RawHeaders,
    answering,
    ask,
    policy,
    preflight,
    public,
    unreachable,
)


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


@pytest.mark.parametrize("wrong", [["*"], {"allow_origins": ["*"]}, "https://app.example.com"])
def test_other_types_than_policies_are_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"Pass a CorsPolicy, a CorsRoutes or a LivePolicy"):
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
