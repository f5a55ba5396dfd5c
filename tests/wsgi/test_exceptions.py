"""Exceptions of an application: the server logs them, and with an option pages may read the 500."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from http.client import HTTPConnection
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.validate import validator

import pytest

from corekit import CorsPolicy
from corekit_wsgi import CorsMiddleware

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"
policy = CorsPolicy(allow_origins=[APP])
PLAIN = [("Content-Type", "text/plain")]


def at_once(environ: Any, start_response: Any) -> Iterable[bytes]:
    raise LookupError("a bug")


def after_start(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", PLAIN)
    raise LookupError("a bug")


def generator(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", PLAIN)
    if environ:
        raise LookupError("a bug")
    yield b"never"


def in_the_middle(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", PLAIN)
    yield b"first"
    raise LookupError("a bug")


def after_write(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", PLAIN)(b"first")
    raise LookupError("a bug")


def ask(
    app: Callable[..., Any], origin: str, method: str = "GET"
) -> tuple[int, str | None, bytes, str]:
    """Return status, Access-Control-Allow-Origin, body and log of a server with one request."""
    log = io.StringIO()

    class Handler(WSGIRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def get_stderr(self) -> io.StringIO:
            return log

    with make_server("127.0.0.1", 0, app, handler_class=Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        connection.request(method, "/", headers={"Origin": origin})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        thread.join(10)
    allowed = response.headers["Access-Control-Allow-Origin"]
    return response.status, allowed, body, log.getvalue()


@pytest.mark.parametrize("app", [at_once, after_start, generator])
def test_page_may_read_the_500_of_an_exception(app: Any) -> None:
    covered = CorsMiddleware(app, policy, answers_exceptions=True)
    for method, body in (("GET", b"Internal Server Error"), ("HEAD", b"")):
        status, allowed, sent, log = ask(covered, APP, method)
        assert (status, allowed, sent) == (500, APP, body)
        assert "LookupError: a bug" in log
    assert ask(covered, UNTRUSTED)[:2] == (500, None)


def test_page_may_read_the_500_of_pyramid() -> None:
    with warnings.catch_warnings():
        # Pyramid imports pkg_resources, which warns.
        warnings.simplefilter("ignore")
        from pyramid.config import Configurator  # type: ignore[import-untyped]

    def fail(request: object) -> None:
        raise LookupError("a bug")

    config = Configurator()
    config.add_route("root", "/")
    config.add_view(fail, route_name="root")
    app = config.make_wsgi_app()
    assert ask(CorsMiddleware(app, policy), APP)[:2] == (500, None)
    status, allowed, _, log = ask(CorsMiddleware(app, policy, answers_exceptions=True), APP)
    assert (status, allowed) == (500, APP)
    assert "LookupError: a bug" in log


@pytest.mark.parametrize("app", [at_once, after_start, generator])
def test_server_responds_without_the_option(app: Any) -> None:
    status, allowed, _, log = ask(CorsMiddleware(app, policy), APP)
    assert (status, allowed) == (500, None)
    assert "LookupError: a bug" in log


@pytest.mark.parametrize("app", [in_the_middle, after_write])
def test_response_that_has_begun_is_not_changed(app: Any) -> None:
    status, allowed, body, log = ask(CorsMiddleware(app, policy, answers_exceptions=True), APP)
    assert (status, allowed) == (200, APP)
    assert body.startswith(b"first")
    assert b"Internal Server Error" not in body
    assert "LookupError: a bug" in log


def test_other_responses_are_the_same() -> None:
    closed: list[bool] = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"hello"])

        def close(self) -> None:
            closed.append(True)

    def pieces(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", PLAIN)
        try:
            yield b"hello"
        finally:
            closed.append(True)

    def nothing(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", PLAIN)
        yield from ()

    def whole(environ: Any, start_response: Any) -> Body:
        start_response("200 OK", PLAIN)
        return Body()

    apps: list[tuple[Any, bytes]] = [(pieces, b"hello"), (whole, b"hello"), (nothing, b"")]
    for app, body in apps:
        covered = CorsMiddleware(validator(app), policy, answers_exceptions=True)
        assert ask(covered, APP) == (200, APP, body, "")
    assert closed == [True, True]
    body_of_whole = CorsMiddleware(whole, policy, answers_exceptions=True)
    environ = {"REQUEST_METHOD": "GET", "HTTP_ORIGIN": APP}
    assert isinstance(body_of_whole(environ, lambda *_: lambda _: None), Body)


def test_generator_is_closed_with_the_response() -> None:
    closed: list[bool] = []

    def pieces() -> Iterator[bytes]:
        try:
            yield b"hello"
        finally:
            closed.append(True)

    generator = pieces()  # kept, so that it is not closed as garbage
    app = CorsMiddleware(lambda *_: generator, policy, answers_exceptions=True)
    body: Any = app({"REQUEST_METHOD": "GET"}, lambda *_: lambda _: None)
    assert next(iter(body)) == b"hello"
    body.close()
    assert closed == [True]
