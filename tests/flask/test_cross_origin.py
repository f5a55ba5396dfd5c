"""`cross_origin` on views, with and without an extension, and `CORS` on blueprints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, request
from flask.testing import FlaskClient
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from corekit import PolicyError
from corekit_flask import Cors
from corekit_flask.compat import CORS, cross_origin

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"


def client_of(app: Flask) -> FlaskClient:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app.test_client()


def reads(client: FlaskClient, path: str = "/", origin: str = APP) -> str | None:
    return client.get(path, headers={"Origin": origin}).headers.get(ALLOW_ORIGIN)


def app_with_views(**options: Any) -> Flask:
    app = Flask("shop")

    @app.get("/feed")
    @cross_origin(origins=APP, **options)
    def feed() -> str:
        return "feed"

    @app.get("/fail")
    @cross_origin(origins=APP)
    def fail() -> str:
        raise RuntimeError

    @app.get("/later")
    @cross_origin(origins=APP)
    async def later() -> Response:
        return Response("later", headers={"Vary": "Accept", ALLOW_ORIGIN: "*"})

    @app.route("/own", methods=["GET", "OPTIONS"])
    @cross_origin(origins=APP, automatic_options=False)
    def own() -> str:
        return f"my own answer to {request.method}"

    @app.get("/other")
    def other() -> str:
        return "other"

    return app


each_cover = pytest.mark.parametrize(
    "cover",
    [lambda app: None, Cors, lambda app: CORS(app, origins=UNTRUSTED)],
    ids=["the decorator alone", "Cors", "CORS"],
)


@each_cover
def test_decorated_view_uses_its_own_policy(cover: Callable[[Flask], object]) -> None:
    app = app_with_views(methods=["PUT"], max_age=60)
    cover(app)
    client = client_of(app)
    asked = {"Origin": APP, "Access-Control-Request-Method": "PUT"}

    assert reads(client, "/feed") == APP
    assert reads(client, "/feed", UNTRUSTED) is None
    assert reads(client, "/fail") == APP
    assert reads(client, "/own") == APP
    granted = client.options("/feed", headers=asked)
    assert granted.status_code == 200
    assert granted.headers[ALLOW_ORIGIN] == APP
    assert granted.headers["Access-Control-Max-Age"] == "60"
    refused = client.options("/feed", headers={**asked, "Origin": UNTRUSTED})
    assert refused.status_code == 403
    assert refused.text == "CORS: the origin is not allowed.\n"
    assert ALLOW_ORIGIN not in refused.headers


@each_cover
def test_headers_of_a_decorated_view_are_merged(cover: Callable[[Flask], object]) -> None:
    pytest.importorskip("asgiref", reason="for asynchronous views")
    app = app_with_views()
    cover(app)

    headers = client_of(app).get("/later", headers={"Origin": APP}).headers

    assert headers.getlist(ALLOW_ORIGIN) == [APP]
    assert headers["Vary"] == "Accept, Origin"


@each_cover
def test_plain_options_is_unchanged(cover: Callable[[Flask], object]) -> None:
    app = app_with_views()
    cover(app)
    client = client_of(app)

    automatic = client.options("/feed", headers={"Origin": APP})
    assert set(automatic.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert automatic.headers[ALLOW_ORIGIN] == APP
    assert client.options("/own").text == "my own answer to OPTIONS"


@each_cover
def test_decorator_alone_does_not_cover_what_is_sent_before_the_view(
    cover: Callable[[Flask], object],
) -> None:
    app = app_with_views()
    app.before_request(lambda: ("log in first", 401) if request.args else None)
    cover(app)

    assert reads(client_of(app), "/feed") == APP
    assert (reads(client_of(app), "/feed?out=1") is None) == (not app.extensions)


def test_undecorated_view_keeps_the_application_policy() -> None:
    app = app_with_views()
    CORS(app, origins=UNTRUSTED)

    assert reads(client_of(app), "/other", UNTRUSTED) == UNTRUSTED
    assert reads(client_of(app), "/feed", UNTRUSTED) is None


def test_decorated_view_uses_the_application_configuration() -> None:
    apps = []
    for origin in (APP, UNTRUSTED):
        app = Flask("shop")
        app.config["CORS_ORIGINS"] = origin
        app.add_url_rule("/feed", view_func=shared)
        apps.append(client_of(app))

    assert [reads(client, "/feed", APP) for client in apps] == [APP, None]
    assert [reads(client, "/feed", UNTRUSTED) for client in apps] == [None, UNTRUSTED]


@cross_origin(methods=["PUT"])
def shared() -> str:
    return "shared"


def test_decorator_raises_for_invalid_options() -> None:
    with pytest.raises(PolicyError):
        cross_origin(origins="https://app.example.com/")


def test_blueprint_uses_the_application_configuration() -> None:
    blueprint = Blueprint("api", "shop")
    blueprint.get("/items")(lambda: "items")
    CORS(blueprint, resources="/v1/*", methods=["PUT"])
    app = Flask("shop")
    app.config["CORS_ORIGINS"] = APP
    app.register_blueprint(blueprint, url_prefix="/v1")
    client = client_of(app)
    asked = {"Origin": APP, "Access-Control-Request-Method": "GET"}

    assert reads(client, "/v1/items") == APP
    assert client.options("/v1/items", headers=asked).status_code == 200
    assert reads(client, "/") is None


def test_invalid_options_fail_when_the_blueprint_is_registered() -> None:
    blueprint = Blueprint("api", "shop")
    CORS(blueprint, origins=f"{APP}/")

    with pytest.raises(PolicyError):
        Flask("shop").register_blueprint(blueprint)


def cover_resources(app: Flask) -> None:
    CORS(app, resources={"/api/*": {"origins": "*"}})


def cover_blueprint(app: Flask) -> None:
    blueprint = Blueprint("api", "shop", url_prefix="/api")
    blueprint.get("/items")(lambda: "items")
    CORS(blueprint, origins="*")
    app.register_blueprint(blueprint)


@pytest.mark.parametrize("cover", [cover_resources, cover_blueprint])
def test_view_of_an_inner_application_that_nothing_covers(cover: Callable[[Flask], None]) -> None:
    app = Flask("shop")
    dispatch = DispatcherMiddleware(app.wsgi_app, {"/legacy": app_with_views()})
    app.wsgi_app = dispatch  # type: ignore[method-assign]
    cover(app)
    client = client_of(app)
    asked = {"Origin": APP, "Access-Control-Request-Method": "GET"}

    assert reads(client, "/legacy/feed") == APP
    assert reads(client, "/legacy/feed", UNTRUSTED) is None
    assert client.options("/legacy/feed", headers=asked).headers[ALLOW_ORIGIN] == APP
