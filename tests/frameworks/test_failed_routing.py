"""A router that raises an exception: no origins are allowed, since the handler is not known."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import product
from types import MethodType
from typing import Any, Final

import litestar
import pytest
import quart as quart_module
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404
from flask import Flask, current_app
from litestar import Litestar
from litestar.params import FromPath
from quart import Quart
from sanic.exceptions import SanicException
from starlette.applications import Starlette
from starlette.convertors import CONVERTOR_TYPES
from starlette.exceptions import HTTPException as StarletteError
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from werkzeug.exceptions import abort

import corekit_asgi
import corekit_flask
import corekit_starlette
from corekit.adapter import UNROUTABLE
from tests.frameworks.asking import Ask, ask_asgi, ask_flask
from tests.frameworks.failing_routers import (
    ADMIN,
    APP,
    DEFAULT,
    OWN,
    ROUTED_TWICE,
    Load,
    Loading,
    converter,
    django,
    django_cached,
    fastapi,
    flask,
    flask_blueprint,
    flask_compat,
    quart,
    sanic,
    starlette,
)


@pytest.fixture(autouse=True)
def convertors() -> Iterator[None]:
    yield
    CONVERTOR_TYPES.pop("item", None)


class Flaky:
    """Raises an exception each time, but the first few, that `fail()` says."""

    def __init__(self) -> None:
        self.failures = 0

    def __call__(self, value: str) -> str:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the database is away")
        return value


def ask_all(ask: Ask, origin: str) -> list[tuple[int, str | None]]:
    """Return the responses to a preflight, and to the request itself."""
    preflight = {"Origin": origin, "Access-Control-Request-Method": "DELETE"}
    return [
        ask("OPTIONS", "/admin/1", preflight),
        ask("DELETE", "/admin/1", {"Origin": origin}),
    ]


def is_read(response: tuple[int, str | None]) -> bool:
    status, allowed = response
    return status < 300 and allowed is not None


@pytest.mark.parametrize("make", [*ROUTED_TWICE, django_cached])
def test_router_that_fails_once_allows_no_origins(
    make: Callable[[Load], Ask], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "corekit")
    flaky = Flaky()
    ask = make(flaky)
    preflight = {"Access-Control-Request-Method": "DELETE"}
    # Sanic remembers the handler of a path.
    for number, (origin, fields) in enumerate(product((APP, ADMIN), (preflight, {}))):
        path, method = f"/admin/{number}", "OPTIONS" if fields else "DELETE"
        flaky.failures = 1
        caplog.clear()
        assert ask(method, path, {"Origin": origin, **fields}) == (403 if fields else 200, None)
        (line,) = [each for each in caplog.records if each.levelno == logging.ERROR]
        asked = "preflight for DELETE" if fields else method
        expected = f"CORS: {asked} '{path}' from '{origin}': no origins are allowed,"
        assert line.getMessage().startswith(expected)
        assert line.exc_info is not None
        assert isinstance(line.exc_info[1], ConnectionError)
        # No hint suggests to allow the origin, which would not help.
        (denied,) = [each for each in caplog.records if " denied: " in each.getMessage()]
        hint = UNROUTABLE.decide("GET", origin=APP).hint
        assert denied.getMessage().endswith(f" {hint} [ORIGIN_NOT_ALLOWED]")
    # Afterwards, the handler has its own policy.
    assert all(map(is_read, ask_all(ask, ADMIN)))
    assert not any(map(is_read, ask_all(ask, APP)))


@pytest.mark.parametrize("make", [*ROUTED_TWICE, django])
def test_router_that_always_fails_allows_no_origins(
    make: Callable[[Load], Ask], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(value: str) -> str:
        raise KeyError(value)

    ask = make(fail)
    for origin in (APP, ADMIN):
        assert [allowed for _, allowed in ask_all(ask, origin)] == [None, None]
    assert ask("DELETE", "/admin/1", {})[0] == 500
    # The framework also logs what it responds to with 500.
    lines = [each for each in caplog.records if "no origins are allowed," in each.getMessage()]
    assert len(lines) == 5


DJANGO_ERRORS: Final = {400: BadRequest, 403: PermissionDenied, 404: Http404}
REFUSED: Final = [
    *product(ROUTED_TWICE, [400, 401, 403, 404, 405, 410]),
    *((django, status) for status in DJANGO_ERRORS),
]


def refuse(make: Callable[[Load], Ask], status: int) -> Ask:
    """Return an application whose router raises an error of its framework."""

    def fail(value: str) -> str:
        if make is django:
            raise DJANGO_ERRORS[status]
        if make is sanic:
            raise SanicException(value, status_code=status)
        if make in {starlette, fastapi}:
            raise StarletteError(status)
        abort(status)

    return make(fail)


@pytest.mark.parametrize(("make", "status"), REFUSED)
def test_value_that_the_router_refuses_has_the_policy_of_the_application(
    make: Callable[[Load], Ask], status: int
) -> None:
    ask = refuse(make, status)
    preflight, response = ask_all(ask, APP)
    assert is_read(preflight)
    assert response == (status, APP)
    assert [allowed for _, allowed in ask_all(ask, ADMIN)] == [None, None]


@pytest.mark.parametrize("make", ROUTED_TWICE)
def test_server_error_of_the_router_allows_no_origins(make: Callable[[Load], Ask]) -> None:
    ask = refuse(make, 503)
    for origin in (APP, ADMIN):
        (preflight, response) = ask_all(ask, origin)
        assert (preflight, response) == ((403, None), (503, None))


def test_parameter_that_litestar_fails_to_parse_allows_no_origins(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @litestar.get("/admin/{item:decimal}")
    @corekit_asgi.cors(OWN)
    async def respond(item: FromPath[Decimal]) -> str:
        return str(item)

    app = Litestar([respond], openapi_config=None, logging_config=None)
    ask = ask_asgi(corekit_asgi.install(app, DEFAULT))
    for origin in (APP, ADMIN):
        preflight = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        assert ask("OPTIONS", "/admin/x", preflight) == (403, None)
        assert ask("GET", "/admin/x", {"Origin": origin}) == (500, None)
    assert ask("GET", "/admin/1", {"Origin": ADMIN}) == (200, ADMIN)
    assert len(caplog.records) == 4


@pytest.mark.parametrize("make", [flask, flask_blueprint, flask_compat])
def test_converter_in_flask_has_the_application(make: Callable[[Load], Ask]) -> None:
    ask = make(lambda value: str(current_app.config["ITEMS"][value]))
    assert all(map(is_read, ask_all(ask, ADMIN)))
    assert not any(map(is_read, ask_all(ask, APP)))


def test_converter_in_quart_has_the_application() -> None:
    ask = quart(lambda value: str(quart_module.current_app.config["ITEMS"][value]))
    assert all(map(is_read, ask_all(ask, ADMIN)))
    assert not any(map(is_read, ask_all(ask, APP)))


@pytest.mark.parametrize("framework", [Flask, Quart])
@pytest.mark.parametrize("has_converters", [True, False])
def test_router_has_a_context_for_own_converters_only(
    framework: type[Any], has_converters: bool
) -> None:
    app = framework("torn")
    ended: list[object] = []
    app.teardown_appcontext(ended.append)
    if has_converters:
        app.url_map.converters["item"] = converter(str)
    if framework is Flask:
        app.add_url_rule("/", view_func=corekit_flask.cors(OWN)(lambda: ""), endpoint="home")
        corekit_flask.Cors(app, DEFAULT)
        ask = ask_flask(app)
    else:

        async def home() -> str:
            return ""

        app.add_url_rule("/", view_func=corekit_asgi.cors(OWN)(home))
        ask = ask_asgi(corekit_asgi.install(app, DEFAULT))
    assert ask("GET", "/", {"Origin": ADMIN}) == (200, ADMIN)
    assert ended == [None] * (2 if has_converters else 1)


@pytest.mark.parametrize("make", [*ROUTED_TWICE, django_cached])
def test_failing_log_changes_no_response(
    make: Callable[[Load], Ask],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise LookupError("a bug of the logger")

    flaky = Flaky()
    ask = make(flaky)
    for name in ("asgi", "django", "flask", "sanic", "starlette"):
        monkeypatch.setattr(logging.getLogger(f"corekit.{name}"), "log", refuse)
    flaky.failures = 1
    assert ask("DELETE", "/admin/1", {"Origin": APP}) == (200, None)
    assert "a bug of the logger" in capsys.readouterr().err


def to_public(app: Any) -> Any:
    """Wrap an ASGI or WSGI application in a middleware that changes the path."""

    async def change(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "path": "/public/1"}, receive, send)

    def change_environ(environ: Any, start_response: Any) -> Any:
        return app({**environ, "PATH_INFO": "/public/1"}, start_response)

    return change_environ if isinstance(app, MethodType) else change


def changed_flask(load: Load) -> Ask:
    app = Flask("changed")
    app.url_map.converters["item"] = converter(load)
    app.add_url_rule("/admin/<item:item>", "admin", corekit_flask.cors(OWN)(lambda item: item))
    app.add_url_rule("/public/<item:item>", "public", lambda item: item)
    vars(app)["wsgi_app"] = to_public(app.wsgi_app)
    corekit_flask.Cors(app, DEFAULT)
    return ask_flask(app)


def changed_starlette(load: Load) -> Ask:
    CONVERTOR_TYPES["item"] = Loading(load)

    def respond(_: object) -> PlainTextResponse:
        return PlainTextResponse("item")

    admin = corekit_starlette.cors(OWN)(Route("/admin/{item:item}", respond))
    app = Starlette(routes=[admin, Route("/public/{item:item}", respond)])
    app.add_middleware(to_public)
    return ask_asgi(corekit_starlette.install(app, DEFAULT))


# Flask routes before the layer notices the change, and Starlette after that.
@pytest.mark.parametrize(
    ("make", "successes"), [(changed_flask, 2), (changed_starlette, 1)], ids=["flask", "starlette"]
)
def test_changed_request_whose_policy_is_not_known_fails(
    make: Callable[[Load], Ask], successes: int
) -> None:
    outcomes = [True] * successes + [False] * 2

    def load(value: str) -> str:
        if outcomes and not outcomes.pop(0):
            raise ConnectionError("the database is away")
        return value

    assert make(load)("GET", "/admin/1", {"Origin": ADMIN})[0] == 500
    assert outcomes == [False]
