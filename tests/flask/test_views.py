"""Policies of views and blueprints: the rule that Flask matches selects the policy."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Blueprint, Flask
from flask.views import MethodView
from werkzeug.routing import BaseConverter

from corekit import CorsPolicy, CorsRoutes
from corekit.adapter import Mark
from corekit_flask import Cors, cors
from corekit_wsgi import CorsMiddleware

APP = "https://app.example.com"
ADMIN = "https://admin.example.com"
PARTNER = "https://partner.example"
UNTRUSTED = "https://untrusted.example"

default = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"])
admin = CorsPolicy(allow_origins=[ADMIN], allow_credentials=True, allow_methods=["PUT", "DELETE"])
partner = CorsPolicy(allow_origins=[PARTNER], allow_methods=["PATCH"])
public = CorsPolicy(allow_origins=["*"])


def reads(
    app: Flask, path: str, origin: str, method: str = "GET", host: str = "localhost"
) -> str | None:
    """Return the allowed origin of the response, or None."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    response = app.test_client().open(
        path, method=method, headers={"Origin": origin}, base_url=f"http://{host}/"
    )
    return response.headers.get("Access-Control-Allow-Origin")


def may_send(app: Flask, path: str, origin: str, method: str) -> bool:
    """Return whether the preflight of `method` is allowed without reaching the application."""
    response = app.test_client().options(
        path, headers={"Origin": origin, "Access-Control-Request-Method": method}
    )
    methods = response.headers.get("Access-Control-Allow-Methods", "").split(", ")
    assert response.status_code in (204, 403)
    return response.status_code == 204 and method in methods


def make_app() -> Flask:
    app = Flask("shop")

    @app.get("/")
    def home() -> str:
        return "home"

    @app.get("/feed/")
    @cors(public)
    def feed() -> str:
        return "feed"

    @app.get("/items/<int:number>")
    def read(number: int) -> str:
        return str(number)

    @app.delete("/items/<int:number>")
    @cors(admin)
    def delete(number: int) -> str:
        return str(number)

    @app.put("/items/<int:number>")
    @cors(partner)
    def replace(number: int) -> str:
        raise RuntimeError

    @app.get("/only-admin")
    @cors(admin)
    def only_admin() -> str:
        return "admin"

    outer, inner = Blueprint("outer", "shop"), Blueprint("inner", "shop")
    cors(partner)(outer)

    @outer.get("/x")
    def in_outer() -> str:
        return "outer"

    @inner.get("/x")
    def in_inner() -> str:
        return "inner"

    @inner.get("/feed")
    @cors(public)
    def inner_feed() -> str:
        return "feed"

    outer.register_blueprint(inner, url_prefix="/inner")
    app.register_blueprint(outer, url_prefix="/outer")
    app.register_blueprint(inner, url_prefix="/bare", name="bare")
    return app


@pytest.mark.parametrize(
    ("method", "path", "origin", "reported"),
    [
        ("GET", "/", APP, APP),
        ("GET", "/", UNTRUSTED, None),
        ("GET", "/feed/", UNTRUSTED, "*"),
        ("GET", "/feed", UNTRUSTED, "*"),
        ("GET", "/missing", APP, APP),
        ("GET", "/items/1", APP, APP),
        ("GET", "/items/1", ADMIN, None),
        ("GET", "/items/x", APP, APP),
        ("DELETE", "/items/1", ADMIN, ADMIN),
        ("DELETE", "/items/1", APP, None),
        ("PUT", "/items/1", PARTNER, PARTNER),
        ("POST", "/only-admin", ADMIN, ADMIN),
        ("POST", "/only-admin", APP, None),
        ("OPTIONS", "/only-admin", ADMIN, ADMIN),
        ("GET", "/outer/x", PARTNER, PARTNER),
        ("GET", "/outer/x", APP, None),
        ("GET", "/outer/inner/x", PARTNER, PARTNER),
        ("GET", "/outer/inner/feed", UNTRUSTED, "*"),
        ("GET", "/bare/x", APP, APP),
        ("GET", "/bare/feed", UNTRUSTED, "*"),
    ],
)
def test_response_has_the_policy_of_its_view(
    method: str, path: str, origin: str, reported: str | None
) -> None:
    app = make_app()
    Cors(app, default)

    assert reads(app, path, origin, method) == reported


@pytest.mark.parametrize(
    ("path", "origin", "method", "granted"),
    [
        ("/items/1", ADMIN, "DELETE", True),
        ("/items/1", APP, "DELETE", False),
        ("/items/1", APP, "GET", True),
        ("/items/1", ADMIN, "GET", False),
        ("/feed/", UNTRUSTED, "GET", True),
        ("/feed", UNTRUSTED, "GET", True),
        ("/only-admin", ADMIN, "PUT", True),
        ("/outer/inner/x", PARTNER, "PATCH", True),
        ("/", APP, "PUT", True),
        ("/missing", APP, "PUT", True),
    ],
)
def test_preflight_has_the_policy_of_the_requested_view(
    path: str, origin: str, method: str, granted: bool
) -> None:
    app = make_app()
    Cors(app, default)

    assert may_send(app, path, origin, method) is granted


def max_age(app: Flask, path: str, origin: str, method: str) -> str | None:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return app.test_client().options(path, headers=asked).headers.get("Access-Control-Max-Age")


def test_preflight_is_not_cached_if_methods_differ_in_policy() -> None:
    kept = default.replace(max_age=600)
    app = Flask("shop")
    own = cors(kept.replace(allow_methods=["*"]))
    app.add_url_rule("/items", "read", lambda: "read", methods=["GET"])
    app.add_url_rule("/items", "delete", own(lambda: "delete"), methods=["DELETE"])
    app.add_url_rule("/same", "same", lambda: "same", methods=["GET"])
    app.add_url_rule("/same", "other", lambda: "other", methods=["DELETE"])
    closed = cors(CorsPolicy.deny_all())(lambda: "closed")
    app.add_url_rule("/closed", "closed", closed, methods=["GET"])
    app.add_url_rule("/closed", "open", lambda: "open", methods=["PUT"])
    Cors(app, kept)

    assert max_age(app, "/items", APP, "GET") == "600"
    assert max_age(app, "/items", APP, "DELETE") == "0"
    assert max_age(app, "/same", APP, "DELETE") == "600"
    assert max_age(app, "/closed", APP, "PUT") == "0"
    assert not may_send(app, "/closed", APP, "GET")


def test_view_may_still_handle_options() -> None:
    app = Flask("shop")

    @app.route("/", methods=["GET", "OPTIONS"])
    @cors(public)
    def home() -> str:
        return "my own answer"

    Cors(app)

    response = app.test_client().options("/", headers={"Origin": APP})
    assert response.text == "my own answer"
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_class_based_view_has_its_policy() -> None:
    class Items(MethodView):
        def get(self) -> str:
            return "items"

    app = Flask("shop")
    app.add_url_rule("/items", view_func=cors(admin)(Items.as_view("items")))
    Cors(app, default)

    assert reads(app, "/items", ADMIN) == ADMIN
    assert reads(app, "/items", APP) is None


def test_only_view_policies_apply_without_a_default() -> None:
    app = make_app()
    Cors(app)

    assert reads(app, "/feed/", UNTRUSTED) == "*"
    assert reads(app, "/", APP) is None
    assert "Vary" not in app.test_client().get("/").headers


def test_blueprint_policy_applies_without_an_extension() -> None:
    app = make_app()

    assert reads(app, "/outer/x", PARTNER) == PARTNER
    assert may_send(app, "/outer/x", PARTNER, "PATCH")
    assert reads(app, "/feed/", UNTRUSTED) == "*"
    assert reads(app, "/", APP) is None


def test_view_policy_has_no_effect_without_an_extension() -> None:
    app = Flask("shop")
    app.add_url_rule("/", view_func=cors(public)(lambda: "hello"))

    assert app.test_client().get("/").status_code == 200
    assert reads(app, "/", UNTRUSTED) is None


def test_nearest_blueprint_wins() -> None:
    outer, inner = Blueprint("outer", "shop"), Blueprint("inner", "shop")
    inner.get("/x")(lambda: "x")
    cors(partner)(outer)
    cors(admin)(inner)
    outer.register_blueprint(inner, url_prefix="/inner")
    app = Flask("shop")
    app.register_blueprint(outer, url_prefix="/outer")

    assert reads(app, "/outer/inner/x", ADMIN) == ADMIN
    assert reads(app, "/outer/inner/x", PARTNER) is None


def test_view_may_have_a_policy_per_path() -> None:
    app = Flask("shop")

    @app.get("/files/<path:name>")
    @cors(CorsRoutes([("/files/public/", public)]))
    def files(name: str) -> str:
        return name

    Cors(app, default)

    assert reads(app, "/files/public/x", UNTRUSTED) == "*"
    assert reads(app, "/files/private/x", UNTRUSTED) is None
    assert reads(app, "/files/private/x", APP) == APP


def test_redirect_below_a_prefix_has_the_target_policy() -> None:
    app = make_app()
    Cors(app, default)

    response = app.test_client().get(
        "/feed", headers={"Origin": UNTRUSTED}, base_url="http://localhost/below/"
    )

    assert response.headers["Location"] == "http://localhost/below/feed/"
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_redirect_to_another_server_has_the_default_policy() -> None:
    app = Flask("shop")

    @app.get("/feed")
    @cors(public)
    def feed() -> str:
        return "feed"

    for path, target in (("/here", "/feed"), ("/there", "https://cdn.example.net/feed")):
        app.add_url_rule(path, path[1:], redirect_to=target)
    Cors(app, default)

    assert reads(app, "/here", UNTRUSTED) == "*"
    assert reads(app, "/there", UNTRUSTED) is None
    assert reads(app, "/there", APP) == APP


def test_hosts_are_matched_as_in_flask() -> None:
    app = Flask("shop", host_matching=True, static_host="static.example")

    @app.get("/", host="public.example")
    @cors(public)
    def home() -> str:
        return "home"

    Cors(app, default)

    assert reads(app, "/", UNTRUSTED, host="public.example") == "*"
    assert reads(app, "/", UNTRUSTED, host="other.example") is None


def test_refused_host_gets_the_default_policy() -> None:
    app = make_app()
    app.config["TRUSTED_HOSTS"] = ["shop.example"]
    Cors(app, default)

    assert reads(app, "/feed/", UNTRUSTED) is None
    assert reads(app, "/feed/", APP) == APP


def test_redirect_loop_gets_the_default_policy() -> None:
    app = Flask("shop")
    app.url_map.redirect_defaults = True

    @app.get("/old", redirect_to="/older")
    @cors(public)
    def old() -> str:
        return "old"

    @app.get("/older", redirect_to="/old")
    @cors(public)
    def older() -> str:
        return "older"

    Cors(app, default)

    # The two redirect to each other.
    assert reads(app, "/old", APP) == APP


def test_failing_converter_allows_no_origins() -> None:
    class Breaking(BaseConverter):
        def to_python(self, value: str) -> Any:
            raise RuntimeError

    app = Flask("shop")
    app.url_map.converters["breaking"] = Breaking

    @app.get("/<breaking:value>")
    @cors(public)
    def home(value: str) -> str:
        return value

    Cors(app, default)

    assert reads(app, "/x", APP) is None
    assert reads(app, "/x", UNTRUSTED) is None


def test_invalid_policy_is_refused() -> None:
    with pytest.raises(TypeError, match=r"cors\(\) got a str"):
        cors("*")  # type: ignore[arg-type]


def test_object_without_attributes_is_refused() -> None:
    with pytest.raises(TypeError, match="A builtin_function_or_method cannot keep a policy"):
        cors(public)(list[str]().append)


def test_requests_are_routed_once_without_view_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Flask("shop")
    app.get("/")(lambda: "home")
    bound = []

    def bind(request: Any) -> Any:
        bound.append(request)
        return Flask.create_url_adapter(app, request)

    monkeypatch.setattr(app, "create_url_adapter", bind)
    Cors(app, default)

    assert reads(app, "/", APP) == APP
    assert len([request for request in bound if request is not None]) == 1


@pytest.mark.parametrize(("applied", "status"), [(admin, 200), (default, 500)])
def test_class_that_keeps_the_policy_itself_is_checked(applied: CorsPolicy, status: int) -> None:
    @cors(partner)
    class Stock(MethodView):
        def get(self) -> str:
            return "stock"

    type.__setattr__(Stock, "__corekit_policy__", Mark(admin))
    app = Flask("shop")
    app.add_url_rule("/stock", view_func=Stock.as_view("stock"))
    vars(app)["wsgi_app"] = CorsMiddleware(app.wsgi_app, applied)
    assert app.test_client().get("/stock").status_code == status
