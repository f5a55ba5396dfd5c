"""What handlers with their own policy know of the WSGI layers around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from corekit import CorsPolicy, CorsRoutes
from corekit.adapter import MARKS, is_applied, keep_policy
from corekit_wsgi import CorsMiddleware

APP = CorsPolicy(allow_origins=["https://app.example.com"])
ADMIN = CorsPolicy(allow_origins=["https://admin.example.com"])
ELSEWHERE = CorsRoutes([("/elsewhere", APP)])


@pytest.fixture(autouse=True)
def no_marks_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let other tests find the flag as it was: without marks, a shorter path is taken."""
    monkeypatch.setattr(MARKS, "exist", False)


Application = Callable[..., Iterable[bytes]]


def respond(_: object, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"one", b"two"]


def make() -> Application:
    return keep_policy(lambda *args: respond(*args), ADMIN, "the function")  # noqa: PLW0108


def later(app: Application) -> Application:
    """Return a generator function, which calls the application when the server reads it."""

    def application(environ: Any, start_response: Any) -> Iterator[bytes]:
        yield from app(environ, start_response)

    return application


def send(app: Application) -> bytes | None:
    """Return the body, or None if the handler refused to run."""
    statuses: list[str] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}
    try:
        body = b"".join(app(environ, lambda status, *_: statuses.append(status)))
    except RuntimeError:
        return None
    finally:
        assert not is_applied()
    assert statuses == ["200 OK"]
    return body


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([], True),
        ([ADMIN], True),
        ([APP], False),
        ([ELSEWHERE], True),
        # The outermost layer is the authority, also if an inner one has the policy.
        ([ADMIN, APP], True),
        ([APP, ADMIN], False),
        ([ELSEWHERE, APP], False),
        ([APP, ELSEWHERE], False),
    ],
)
def test_outermost_layer_that_covers_the_path_is_the_authority(
    layers: list[CorsPolicy | CorsRoutes], expected: bool, is_late: bool
) -> None:
    app = later(make()) if is_late else make()
    for policy in reversed(layers):
        app = CorsMiddleware(app, policy)
        app = later(app) if is_late else app
    assert send(app) == (b"onetwo" if expected else None)


class Body:
    """A body that begins with the response, and counts how often it was closed."""

    closed = 0

    def __init__(self, start_response: Any) -> None:
        self._start_response = start_response

    def __iter__(self) -> Iterator[bytes]:
        self._start_response("200 OK", [])
        yield b"part"

    def close(self) -> None:
        self.closed += 1


def test_late_body_is_closed_with_that_of_the_layer() -> None:
    bodies: list[Body] = []

    def app(_: object, start_response: Any) -> Iterable[bytes]:
        bodies.append(Body(start_response))
        return bodies[0]

    make()
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}
    body: Any = CorsMiddleware(app, APP)(environ, lambda *_: print)
    assert next(body) == b"part"
    assert bodies[0].closed == 0
    body.close()
    assert bodies[0].closed == 1


def test_body_is_unchanged_if_the_response_has_begun() -> None:
    make()
    file = [b"part"]

    def app(_: object, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return file

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}
    assert CorsMiddleware(app, APP)(environ, lambda *_: print) is file


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize(
    ("inner", "expected"), [(ADMIN, b"onetwo"), (APP, None), (ELSEWHERE, b"onetwo")]
)
def test_request_that_a_handler_sends_is_not_inside_its_layer(
    inner: CorsPolicy | CorsRoutes, expected: bytes | None, is_late: bool
) -> None:
    app: Application = CorsMiddleware(later(make()) if is_late else make(), inner)
    seen: list[object] = []

    def batch(_: object, start_response: Any) -> Iterable[bytes]:
        statuses: list[str] = []
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}
        try:
            seen.append(b"".join(app(environ, lambda status, *_: statuses.append(status))))
        except RuntimeError:
            seen.append(None)
        return respond(_, start_response)

    outer: Application = CorsMiddleware(later(batch) if is_late else batch, APP)
    assert send(outer) == b"onetwo"
    assert seen == [expected]


def test_layer_may_be_called_again_with_the_same_environ() -> None:
    routes = CorsRoutes([("/admin", ADMIN), ("/", APP)])
    app = CorsMiddleware(make(), routes)
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/admin"}
    assert b"".join(app(environ, lambda *_: print)) == b"onetwo"
    environ["PATH_INFO"] = "/"
    with pytest.raises(RuntimeError, match="has its own CORS policy"):
        app(environ, lambda *_: print)
    assert set(environ) == {"REQUEST_METHOD", "PATH_INFO"}


def test_no_context_is_made_without_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def app(_: object, start_response: Any) -> Iterable[bytes]:
        seen.append(is_applied())
        return respond(_, start_response)

    app = CorsMiddleware(app, APP)  # type: ignore[assignment]
    monkeypatch.setattr(MARKS, "exist", False)
    assert send(app) == b"onetwo"
    monkeypatch.setattr(MARKS, "exist", True)
    assert send(app) == b"onetwo"
    assert seen == [False, True]


def test_late_body_without_close_is_read() -> None:
    class Parts:
        def __init__(self, start_response: Any) -> None:
            self._start_response = start_response

        def __iter__(self) -> Iterator[bytes]:
            self._start_response("200 OK", [])
            return iter([b"one", b"two"])

    make()
    assert send(CorsMiddleware(lambda _, start: Parts(start), APP)) == b"onetwo"
