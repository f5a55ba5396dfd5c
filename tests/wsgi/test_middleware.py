"""The WSGI middleware, checked by the PEP 3333 validator of the standard library."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn
from wsgiref.util import FileWrapper, setup_testing_defaults
from wsgiref.validate import validator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy, CorsRoutes
from corekit_wsgi import CorsMiddleware

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"

policy = CorsPolicy(
    allow_origins=[APP],
    allow_credentials=True,
    allow_methods=["PUT"],
    allow_headers=["content-type"],
    expose_headers=["x-request-id"],
    max_age=600,
)
public = CorsPolicy(allow_origins=["*"])

Headers = list[tuple[str, str]]
Application = Callable[..., Iterable[bytes]]
PLAIN = ("Content-Type", "text/plain")
GRANT = [
    ("Access-Control-Allow-Origin", APP),
    ("Access-Control-Allow-Credentials", "true"),
    ("Access-Control-Expose-Headers", "x-request-id"),
]
VARY = ("Vary", "Origin")


class Exchange:
    """One request through an application, as a server would run it."""

    def __init__(
        self, app: Application, method: str = "GET", path: str = "/", mount: str = "", **more: str
    ) -> None:
        self.status = ""
        self.headers: Headers = []
        self.written = b""
        self.starts = 0
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": mount,
            "PATH_INFO": path,
        }
        environ |= {f"HTTP_{name.upper()}": value for name, value in more.items()}
        environ["SCRIPT_NAME"] = mount
        setup_testing_defaults(environ)
        environ["QUERY_STRING"] = ""
        self.result = app(environ, self.start_response)
        self.body = b"".join(self.result)
        close = getattr(self.result, "close", None)
        if close is not None:
            close()

    def start_response(
        self, status: str, headers: Headers, exc_info: Any = None
    ) -> Callable[[bytes], object]:
        self.starts += 1
        self.status, self.headers = status, headers
        if exc_info and self.written:
            raise exc_info[1].with_traceback(exc_info[2])
        return self.write

    def write(self, data: bytes) -> None:
        self.written += data


def valid(app: Application, use: CorsPolicy | CorsRoutes = policy) -> Application:
    """Wrap an application, with validators on both sides of the middleware."""
    return validator(CorsMiddleware(validator(app), use))


def answering(headers: Headers | None = None, status: str = "200 OK") -> Application:
    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response(status, [PLAIN, *(headers or [])])
        return [b"hello"]

    return app


def unreachable(environ: Any, start_response: Any) -> NoReturn:
    raise AssertionError("the application must not be asked")


def preflight(app: Application, origin: str, **more: str) -> Exchange:
    asked = {"access_control_request_method": "PUT", **more}
    return Exchange(app, "OPTIONS", origin=origin, **asked)


class TestActualRequests:
    def test_allowed_origin_may_read(self) -> None:
        exchange = Exchange(valid(answering([("X-Request-ID", "7")])), origin=APP)
        assert exchange.status == "200 OK"
        assert exchange.headers == [PLAIN, ("X-Request-ID", "7"), *GRANT, VARY]
        assert exchange.body == b"hello"

    @pytest.mark.parametrize(
        "origin", [UNTRUSTED, "null", "", f"{APP}/", f"{APP},{APP}", "\xff", APP + "a" * 100_000]
    )
    def test_denied_origin_gets_no_headers(self, origin: str) -> None:
        exchange = Exchange(valid(answering()), origin=origin)
        assert exchange.headers == [PLAIN, VARY]
        assert exchange.body == b"hello"

    def test_response_without_an_origin_still_varies(self) -> None:
        assert Exchange(valid(answering())).headers == [PLAIN, VARY]

    def test_public_response_is_static_and_does_not_vary(self) -> None:
        app = valid(answering(), public)
        expected = [PLAIN, ("Access-Control-Allow-Origin", "*")]
        assert Exchange(app).headers == Exchange(app, origin=UNTRUSTED).headers == expected

    def test_plain_options_reaches_the_application(self) -> None:
        app = valid(answering([("Allow", "GET")]))
        own = [PLAIN, ("Allow", "GET")]
        assert Exchange(app, "OPTIONS").headers == [*own, VARY]
        assert Exchange(app, "OPTIONS", origin=APP).headers == [*own, *GRANT, VARY]
        no_origin = Exchange(app, "OPTIONS", access_control_request_method="PUT")
        assert no_origin.headers == [*own, VARY]

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_only_options_is_a_preflight(self, method: str) -> None:
        asking = {"origin": APP, "access_control_request_method": "PUT"}
        exchange = Exchange(valid(answering()), method, **asking)
        assert exchange.headers == [PLAIN, *GRANT, VARY]
        assert exchange.body == b"hello"

    def test_head_and_304_have_the_headers(self) -> None:
        def empty(environ: Any, start_response: Any) -> Iterable[bytes]:
            start_response("304 Not Modified", [("ETag", '"1"')])
            return []

        exchange = Exchange(valid(empty), "HEAD", origin=APP)
        assert exchange.headers == [("ETag", '"1"'), *GRANT, VARY]

    def test_cors_headers_are_replaced_and_vary_is_merged(self) -> None:
        own = [
            ("access-control-allow-origin", "*"),
            ("Vary", "Accept"),
            ("Access-Control-Allow-Credentials", "true"),
            ("vary", "Cookie"),
        ]
        exchange = Exchange(valid(answering(own)), origin=UNTRUSTED)
        assert exchange.headers == [PLAIN, ("Vary", "Accept, Cookie, Origin")]


class TestPreflights:
    def test_allowed_origin_gets_all_grants(self) -> None:
        exchange = preflight(validator(CorsMiddleware(unreachable, policy)), APP)
        assert exchange.status == "204 No Content"
        assert exchange.headers == [
            ("Access-Control-Allow-Origin", APP),
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT"),
            ("Access-Control-Allow-Headers", "content-type"),
            ("Access-Control-Max-Age", "600"),
            VARY,
        ]
        assert exchange.body == b""

    def test_denied_preflight_has_a_text_body(self) -> None:
        exchange = preflight(validator(CorsMiddleware(unreachable, policy)), UNTRUSTED)
        assert exchange.status == "403 Forbidden"
        assert exchange.body == b"CORS: the origin is not allowed.\n"
        assert exchange.headers == [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(exchange.body))),
            VARY,
        ]

    @pytest.mark.parametrize(("status", "line"), [(200, "200 OK"), (299, "299 OK")])
    def test_preflight_has_the_status_of_the_policy(self, status: int, line: str) -> None:
        use = policy.replace(preflight_status=status)
        exchange = preflight(validator(CorsMiddleware(unreachable, use)), APP)
        assert exchange.status == line
        assert ("Content-Length", "0") in exchange.headers

    def test_requested_headers_and_private_network_are_read(self) -> None:
        use = policy.replace(allow_headers=["*"], allow_private_network=True)
        exchange = preflight(
            validator(CorsMiddleware(unreachable, use)),
            APP,
            access_control_request_headers="X-B,,x-a",
            access_control_request_private_network="true",
        )
        assert ("Access-Control-Allow-Headers", "x-a, x-b") in exchange.headers
        assert ("Access-Control-Allow-Private-Network", "true") in exchange.headers

    @given(st.binary(max_size=50), st.binary(max_size=50), st.binary(max_size=200))
    def test_hostile_bytes_get_a_response(self, origin: bytes, method: bytes, names: bytes) -> None:
        asked = {
            "access_control_request_method": method.decode("latin-1"),
            "access_control_request_headers": names.decode("latin-1"),
        }
        app = CorsMiddleware(unreachable, policy)
        assert preflight(app, origin.decode("latin-1"), **asked).status == "403 Forbidden"
        assert preflight(app, APP, **asked).status == "204 No Content"


class TestPep3333:
    def test_write_callable_reaches_the_server(self) -> None:
        def writing(environ: Any, start_response: Any) -> Iterable[bytes]:
            start_response("200 OK", [PLAIN])(b"written, ")
            return [b"returned"]

        exchange = Exchange(valid(writing), origin=APP)
        assert (exchange.written, exchange.body) == (b"written, ", b"returned")
        assert exchange.headers == [PLAIN, *GRANT, VARY]

    @pytest.mark.parametrize("by_name", [False, True])
    def test_error_page_has_the_headers(self, by_name: bool) -> None:
        def failing(environ: Any, start_response: Any) -> Iterable[bytes]:
            start_response("200 OK", [PLAIN])
            try:
                int("late")
            except ValueError:
                information = sys.exc_info()
                if by_name:
                    start_response("500 Oops", [PLAIN], exc_info=information)
                else:
                    start_response("500 Oops", [PLAIN], information)
            return [b"sorry"]

        exchange = Exchange(CorsMiddleware(failing, policy), origin=APP)
        assert exchange.starts == 2
        assert exchange.status == "500 Oops"
        assert exchange.headers == [PLAIN, *GRANT, VARY]

    def test_error_after_the_first_bytes_is_raised_by_the_server(self) -> None:
        def failing(environ: Any, start_response: Any) -> Iterable[bytes]:
            start_response("200 OK", [PLAIN])(b"first")
            try:
                int("too late")
            except ValueError:
                start_response("500 Oops", [PLAIN], sys.exc_info())
            return []

        with pytest.raises(ValueError, match="too late"):
            Exchange(valid(failing), origin=APP)

    def test_exception_propagates(self) -> None:
        def failing(environ: Any, start_response: Any) -> Iterable[bytes]:
            raise LookupError("the application's own")

        with pytest.raises(LookupError, match="the application's own"):
            Exchange(CorsMiddleware(failing, policy), origin=APP)

    def test_returned_iterable_is_closed_by_the_server(self) -> None:
        closed: list[bool] = []

        class Body:
            def __iter__(self) -> Iterator[bytes]:
                yield b"part"

            def close(self) -> None:
                closed.append(True)

        def app(environ: Any, start_response: Any) -> Iterable[bytes]:
            start_response("200 OK", [PLAIN])
            return Body()

        assert Exchange(valid(app), origin=APP).body == b"part"
        assert closed == [True]

    def test_file_wrapper_is_passed_to_the_server(self) -> None:
        wrapper = FileWrapper(io.BytesIO(b"a large file"))

        def app(environ: Any, start_response: Any) -> Iterable[bytes]:
            start_response("200 OK", [PLAIN])
            return wrapper

        exchange = Exchange(CorsMiddleware(app, policy), origin=APP)
        assert exchange.result is wrapper
        assert exchange.body == b"a large file"

    def test_generator_may_start_its_response_late(self) -> None:
        def late(environ: Any, start_response: Any) -> Iterator[bytes]:
            start_response("200 OK", [PLAIN])
            yield b"late"

        exchange = Exchange(valid(late), origin=APP)
        assert exchange.headers == [PLAIN, *GRANT, VARY]
        assert exchange.body == b"late"

    def test_shared_header_list_is_not_changed(self) -> None:
        headers = [PLAIN, ("Vary", "Accept")]

        def reusing(environ: Any, start_response: Any) -> Iterable[bytes]:
            start_response("200 OK", headers)
            return []

        app = valid(reusing)
        allowed = Exchange(app, origin=APP).headers
        denied = Exchange(app, origin=UNTRUSTED).headers
        assert headers == [PLAIN, ("Vary", "Accept")]
        assert allowed == [PLAIN, *GRANT, ("Vary", "Accept, Origin")]
        assert denied == [PLAIN, ("Vary", "Accept, Origin")]

    def test_changed_header_list_affects_no_other_response(self) -> None:
        app = valid(answering())
        Exchange(app, origin=APP).headers.append(("X-Added", "1"))
        assert Exchange(app, origin=APP).headers == [PLAIN, *GRANT, VARY]


class TestRoutes:
    app = CorsMiddleware(
        answering([("Access-Control-Allow-Origin", "own")]),
        CorsRoutes([("/public/", public), ("/\u00fc/", policy)]),
    )

    def test_each_path_has_its_policy(self) -> None:
        found = Exchange(self.app, path="/public/x", origin=APP).headers
        assert found == [PLAIN, ("Access-Control-Allow-Origin", "*")]

    def test_path_bytes_are_decoded(self) -> None:
        path = "/\u00fc/x".encode().decode("latin-1")
        assert Exchange(self.app, path=path, origin=APP).headers == [PLAIN, *GRANT, VARY]

    @pytest.mark.parametrize("mount", ["", "/v1", "/public"])
    def test_mount_point_is_not_part_of_the_path(self, mount: str) -> None:
        found = Exchange(self.app, path="/public/x", origin=APP, mount=mount).headers
        assert ("Access-Control-Allow-Origin", "*") in found
        own = [PLAIN, ("Access-Control-Allow-Origin", "own")]
        assert Exchange(self.app, path="/x", origin=APP, mount="/public").headers == own

    @pytest.mark.parametrize("path", ["/other", "/\xff\xfe", "/\u20ac", ""])
    def test_path_without_a_policy_is_not_changed(self, path: str) -> None:
        own = [PLAIN, ("Access-Control-Allow-Origin", "own")]
        assert Exchange(self.app, path=path, origin=APP).headers == own
        asked = {"origin": APP, "access_control_request_method": "PUT"}
        assert Exchange(self.app, "OPTIONS", path, **asked).headers == own


@pytest.mark.parametrize("wrong", [["*"], {"allow_origins": ["*"]}, "https://app.example.com"])
def test_other_types_than_policies_are_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"Pass a CorsPolicy, a CorsRoutes or a LivePolicy"):
        CorsMiddleware(answering(), wrong)


def test_arguments_of_a_policy_are_accepted() -> None:
    app = CorsMiddleware(answering(), allow_origins=[APP])

    assert app.policy == CorsPolicy(allow_origins=[APP])
    with pytest.raises(TypeError, match=r"^on_decison: .* Did you mean on_decision\?$"):
        CorsMiddleware(answering(), app.policy, on_decison=print)  # type: ignore[call-arg]


def test_policy_cannot_be_replaced() -> None:
    app = CorsMiddleware(answering(), allow_origins=[APP])

    with pytest.raises(AttributeError):
        app.policy = CorsPolicy(allow_origins=["*"])  # type: ignore[misc]


def test_package_is_typed() -> None:
    import corekit_wsgi

    assert Path(corekit_wsgi.__file__).with_name("py.typed").exists()
