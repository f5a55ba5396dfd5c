"""`Cors` on a Flask application: the responses that a browser gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import flask_cors
import pytest
from flask import Flask, Response, abort, redirect, request
from flask.testing import FlaskClient
from werkzeug import Response as BaseResponse
from werkzeug.debug import DebuggedApplication
from werkzeug.test import Client

from corekit import CorsPolicy, CorsRoutes
from corekit_flask import Cors

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"
PREFLIGHT = {"Origin": APP, "Access-Control-Request-Method": "PUT"}

policy = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"])


def make_app() -> Flask:
    app = Flask("shop")

    @app.get("/")
    def hello() -> str:
        return "hello"

    @app.get("/fail")
    def fail() -> str:
        raise RuntimeError("a bug of the application")

    @app.get("/forbidden")
    def forbidden() -> str:
        abort(403)

    @app.get("/moved")
    def moved() -> BaseResponse:
        return redirect("/")

    @app.get("/items/")
    def items() -> str:
        return "items"

    @app.get("/stream")
    def stream() -> Response:
        def pieces() -> Iterator[str]:
            yield from ("one", "two")

        return Response(pieces())

    return app


def client_of(app: Flask) -> FlaskClient:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app.test_client()


each_way = pytest.mark.parametrize(
    "install",
    [
        lambda app: Cors(app, policy),
        lambda app: Cors(policy=policy).init_app(app),
        lambda app: Cors().init_app(app, policy),
    ],
    ids=["constructor", "init_app", "init_app with the policy"],
)


@each_way
@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/fail", 500),
        ("/forbidden", 403),
        ("/missing", 404),
        ("/moved", 302),
        ("/items", 308),
        ("/stream", 200),
    ],
)
def test_every_response_is_readable(
    install: Callable[[Flask], object], debug: bool, path: str, status: int
) -> None:
    app = make_app()
    app.debug = debug
    install(app)

    response = client_of(app).get(path, headers={"Origin": APP})

    assert response.status_code == status
    assert response.headers.getlist(ALLOW_ORIGIN) == [APP]
    assert response.headers["Vary"] == "Origin"


def test_405_has_the_headers() -> None:
    app = make_app()
    Cors(app, policy)

    response = client_of(app).put("/", headers={"Origin": APP})

    assert (response.status_code, response.headers[ALLOW_ORIGIN]) == (405, APP)


def test_untrusted_origin_cannot_read_error_pages() -> None:
    app = make_app()
    Cors(app, policy)

    response = client_of(app).get("/fail", headers={"Origin": UNTRUSTED})

    assert response.status_code == 500
    assert ALLOW_ORIGIN not in response.headers
    assert response.headers["Vary"] == "Origin"


def test_error_handlers_and_hooks_keep_their_responses() -> None:
    app = make_app()
    Cors(app, policy)

    @app.errorhandler(Exception)
    def sorry(error: Exception) -> tuple[str, int]:
        return "sorry", 503

    @app.before_request
    def refuse() -> Response | None:
        return Response("who are you?", 401) if request.path == "/secret" else None

    client = client_of(app)

    failed = client.get("/fail", headers={"Origin": APP})
    assert (failed.status_code, failed.text, failed.headers[ALLOW_ORIGIN]) == (503, "sorry", APP)
    refused = client.get("/secret", headers={"Origin": APP})
    assert (refused.status_code, refused.headers[ALLOW_ORIGIN]) == (401, APP)
    assert client.options("/secret", headers=PREFLIGHT).status_code == 204


def test_propagated_exception_reaches_the_server() -> None:
    app = make_app()
    Cors(app, policy)
    app.testing = True

    with pytest.raises(RuntimeError, match="a bug of the application"):
        app.test_client().get("/fail", headers={"Origin": APP})


def test_debugger_page_is_readable_cross_origin() -> None:
    app = make_app()
    app.debug = True
    Cors(app, policy)

    # As served by `flask run --debug`.
    response = Client(DebuggedApplication(app, evalex=True)).get("/fail", headers={"Origin": APP})

    assert response.status_code == 500
    assert "a bug of the application" in response.text
    assert "EVALEX = false" in response.text
    assert response.headers[ALLOW_ORIGIN] == APP


@pytest.mark.parametrize("origin", [None, "http://localhost"], ids=["none", "its own"])
def test_debugger_stays_interactive(origin: str | None) -> None:
    app = make_app()
    app.debug = True
    Cors(app, policy)
    headers = {} if origin is None else {"Origin": origin}

    response = Client(DebuggedApplication(app, evalex=True)).get("/fail", headers=headers)

    assert response.status_code == 500
    assert "EVALEX = true" in response.text


def test_preflight_never_reaches_the_application() -> None:
    app = make_app()
    Cors(app, policy)
    reached = []
    app.before_request(lambda: reached.append(request.method))

    response = client_of(app).options("/", headers=PREFLIGHT)

    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST, PUT"
    assert reached == []


@pytest.mark.parametrize("headers", [{}, {"Origin": APP}])
def test_plain_options_is_answered_by_flask(headers: dict[str, str]) -> None:
    app = make_app()
    Cors(app, policy)

    response = client_of(app).options("/", headers=headers)

    assert response.status_code == 200
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert response.headers["Vary"] == "Origin"


def test_routes_added_later_are_covered() -> None:
    app = make_app()
    Cors(app, policy)

    @app.get("/late")
    def late() -> str:
        return "late"

    assert client_of(app).get("/late", headers={"Origin": APP}).headers[ALLOW_ORIGIN] == APP


def test_routes_are_accepted_as_a_policy() -> None:
    app = make_app()
    Cors(app, CorsRoutes([("/items/", policy)]))
    client = client_of(app)

    assert client.get("/items/", headers={"Origin": APP}).headers[ALLOW_ORIGIN] == APP
    assert "Vary" not in client.get("/", headers={"Origin": APP}).headers


def test_cors_headers_of_the_application_are_replaced() -> None:
    app = make_app()
    Cors(app, policy)

    @app.after_request
    def open_to_all(response: Response) -> Response:
        response.headers[ALLOW_ORIGIN] = "*"
        return response

    client = client_of(app)
    assert client.get("/", headers={"Origin": APP}).headers.getlist(ALLOW_ORIGIN) == [APP]
    assert ALLOW_ORIGIN not in client.get("/", headers={"Origin": UNTRUSTED}).headers


def test_without_a_policy_nothing_is_changed() -> None:
    app = make_app()
    Cors(app)

    response = client_of(app).get("/", headers={"Origin": APP})

    assert ALLOW_ORIGIN not in response.headers
    assert "Vary" not in response.headers


@pytest.mark.parametrize(
    "install",
    [
        Cors,
        lambda app, wrong: Cors(policy=wrong),
        lambda app, wrong: Cors().init_app(app, wrong),
    ],
)
def test_invalid_policy_is_refused(install: Callable[[Flask, Any], object]) -> None:
    with pytest.raises(TypeError, match=r"got a list: .*Pass a CorsPolicy, a CorsR"):
        install(make_app(), ["*"])


@pytest.mark.parametrize(
    "install",
    [
        lambda app: Cors(app, allow_origins=[APP]),
        lambda app: Cors(allow_origins=[APP]).init_app(app),
        lambda app: Cors().init_app(app, allow_origins=[APP]),
    ],
)
def test_arguments_of_a_policy_are_accepted(install: Callable[[Flask], object]) -> None:
    app = make_app()
    install(app)

    response = client_of(app).get("/", headers={"Origin": APP})

    assert response.headers[ALLOW_ORIGIN] == APP


def test_misspelled_argument_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^on_decison: Cors\(\) has .* mean on_decision\?$"):
        Cors(make_app(), policy, on_decison=print)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"^init_app\(\) got a policy and max_age\."):
        Cors().init_app(make_app(), policy, max_age=5)


def test_policy_cannot_be_replaced() -> None:
    extension = Cors(make_app(), policy)

    assert extension.policy is policy
    with pytest.raises(AttributeError):
        extension.policy = CorsPolicy(allow_origins=["*"])  # type: ignore[misc]


def test_flask_cors_on_the_same_application_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = make_app()
    Cors(app, policy)
    app.after_request(partial(lambda response: response))
    client_of(make_app()).get("/")
    assert not caplog.records
    flask_cors.CORS(app)
    client = client_of(app)
    for _ in range(2):
        response = client.get("/", headers={"Origin": APP})

    assert response.headers.getlist(ALLOW_ORIGIN) == [APP]
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith("CORS: the application also has flask_cors.CORS.")


def test_second_policy_is_refused() -> None:
    app = make_app()
    Cors(app, policy)

    with pytest.raises(RuntimeError, match="already has a policy"):
        Cors(app, policy)


def test_one_extension_covers_several_applications() -> None:
    extension = Cors(policy=policy)

    for app in (make_app(), make_app()):
        extension.init_app(app)
        assert client_of(app).get("/", headers={"Origin": APP}).headers[ALLOW_ORIGIN] == APP
