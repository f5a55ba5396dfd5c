"""The guard in Flask: refusals come before the application, and a view's policy judges."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Final

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient

from corekit import CorsPolicy, CorsRoutes, DecisionEvent
from corekit.guard import CrossOriginGuard, GuardEvent
from corekit_flask import Cors, cors

APP: Final = "https://app.example.com"
PARTNER: Final = "https://partner.example"
UNTRUSTED: Final = "https://untrusted.example"
OWN: Final = "http://localhost"

policy = CorsPolicy(allow_origins=[APP], allow_credentials=True)
partners = CorsPolicy(allow_origins=[PARTNER], allow_credentials=True)
guard = CrossOriginGuard(policy)


def make_shop() -> tuple[Flask, list[str]]:
    """Return an application, and a list of the functions in it that ran."""
    app = Flask("shop")
    ran: list[str] = []

    @app.before_request
    def before() -> None:
        ran.append("before")

    @app.route("/orders", methods=["GET", "POST", "DELETE"])
    def orders() -> str:
        ran.append("orders")
        return "orders"

    @app.post("/webhook")
    def webhook() -> str:
        ran.append("webhook")
        return "webhook"

    return app, ran


def add_partners(app: Flask) -> None:
    """Add a view, a blueprint and a WebSocket, each with a policy."""

    @app.post("/view")
    @cors(partners)
    def view() -> str:
        return "view"

    blueprint = Blueprint("blueprint", __name__)
    cors(partners)(blueprint)

    @blueprint.post("/orders")
    def orders() -> str:
        return "orders"

    @cors(partners)
    def feed() -> str:
        return "feed"

    app.register_blueprint(blueprint, url_prefix="/blueprint")
    app.add_url_rule("/feed", view_func=feed, websocket=True)


def status(client: FlaskClient, path: str, origin: str, method: str = "POST", **more: Any) -> int:
    return client.open(path, method=method, headers={"Origin": origin, **more}).status_code


HANDSHAKE: Final = {"method": "GET", "Upgrade": "websocket", "Connection": "Upgrade"}


@pytest.mark.parametrize(
    "around", [policy, CorsRoutes([("/orders", policy)])], ids=["one policy", "routes"]
)
@pytest.mark.parametrize("has_view_policies", [False, True])
class TestEachWay:
    """The outermost layer takes another way for each of these."""

    def make(
        self, around: CorsPolicy | CorsRoutes, has_view_policies: bool, **options: Any
    ) -> tuple[FlaskClient, list[str]]:
        app, ran = make_shop()
        if has_view_policies:
            add_partners(app)
        Cors(app, around, guard=CrossOriginGuard(around, **options))
        client = app.test_client()
        client.get("/orders")  # The first request creates the layer.
        ran.clear()
        return client, ran

    def test_refusal_comes_before_all_functions(
        self, around: CorsPolicy | CorsRoutes, has_view_policies: bool
    ) -> None:
        client, ran = self.make(around, has_view_policies)
        response = client.post("/orders", headers={"Origin": UNTRUSTED})
        assert (response.status_code, ran) == (403, [])
        assert response.text.startswith("Guard: ")
        assert response.headers["Vary"] == "Origin"
        for page in (APP, OWN):
            assert status(client, "/orders", page) == 200
        assert ran == ["before", "orders"] * 2
        assert client.get("/orders", headers={"Origin": UNTRUSTED}).status_code == 200

    def test_path_without_a_policy_is_for_own_pages(
        self, around: CorsPolicy | CorsRoutes, has_view_policies: bool
    ) -> None:
        client, ran = self.make(around, has_view_policies)
        is_covered = around is policy
        assert status(client, "/webhook", APP) == (200 if is_covered else 403)
        assert status(client, "/webhook", OWN) == 200
        assert ran == ["before", "webhook"] * (2 if is_covered else 1)

    def test_handshakes(self, around: CorsPolicy | CorsRoutes, has_view_policies: bool) -> None:
        client, _ = self.make(around, has_view_policies)
        assert status(client, "/orders", UNTRUSTED, **HANDSHAKE) == 403

    def test_other_hosts_and_preflights(
        self, around: CorsPolicy | CorsRoutes, has_view_policies: bool
    ) -> None:
        client, ran = self.make(around, has_view_policies, hosts=["shop.example.com"])
        assert status(client, "/orders", APP, "GET", Host="rebind.example") == 421
        asked = {"Access-Control-Request-Method": "POST", "Host": "rebind.example"}
        assert status(client, "/orders", APP, "OPTIONS", **asked) == 204
        assert ran == []
        assert status(client, "/orders", APP, "GET", Host="shop.example.com") == 200

    def test_changed_method_is_judged(
        self, around: CorsPolicy | CorsRoutes, has_view_policies: bool
    ) -> None:
        app, ran = make_shop()
        inner = app.wsgi_app

        def override(environ: Any, start_response: Any) -> Iterable[bytes]:
            method = environ.get("HTTP_X_METHOD", environ["REQUEST_METHOD"])
            return inner({**environ, "REQUEST_METHOD": method}, start_response)

        app.wsgi_app = override  # type: ignore[method-assign]
        Cors(app, around, guard=CrossOriginGuard(around))
        if has_view_policies:
            add_partners(app)
        app.testing = True
        client = app.test_client()
        for _ in range(2):  # The first request creates the layer.
            with pytest.raises(RuntimeError, match="'GET /orders' to 'DELETE /orders', which the"):
                client.get("/orders", headers={"Origin": UNTRUSTED, "X-Method": "DELETE"})
        assert ran == []
        for page, method in ((APP, "DELETE"), (UNTRUSTED, "HEAD")):
            assert status(client, "/orders", page, "GET", **{"X-Method": method}) == 200


class TestPoliciesOfViews:
    @pytest.fixture
    def client(self) -> FlaskClient:
        app, _ = make_shop()
        add_partners(app)
        Cors(app, policy, guard=guard)
        return app.test_client()

    @pytest.mark.parametrize("path", ["/view", "/blueprint/orders"])
    def test_own_policy_judges(self, client: FlaskClient, path: str) -> None:
        assert status(client, path, PARTNER) == 200
        assert status(client, path, APP) == 403
        assert status(client, "/orders", PARTNER) == 403

    def test_own_policy_judges_a_handshake(self, client: FlaskClient) -> None:
        assert status(client, "/feed", PARTNER, **HANDSHAKE) == 200
        assert status(client, "/feed", APP, **HANDSHAKE) == 403

    def test_partner_can_read_its_refusal(self) -> None:
        app, _ = make_shop()

        @app.post("/view")
        @cors(allow_origins=[PARTNER])
        def view() -> str:
            return "view"

        Cors(app, policy, guard=guard)
        client = app.test_client()
        client.set_cookie("session", "1")
        response = client.post("/view", headers={"Origin": PARTNER})
        assert response.status_code == 403
        assert response.headers["Access-Control-Allow-Origin"] == PARTNER


class TestReports:
    def test_verdicts_and_refusals(self, caplog: pytest.LogCaptureFixture) -> None:
        events: list[GuardEvent] = []
        app, _ = make_shop()
        Cors(app, policy, guard=guard, on_verdict=events.append)
        client = app.test_client()
        client.get("/orders")
        with caplog.at_level(logging.WARNING, "corekit.flask"):
            status(client, "/orders", UNTRUSTED)
            status(client, "/orders", APP)
        assert [event.outcome for event in events] == ["refused", "allowed"]
        assert {event.adapter for event in events} == {"flask"}
        (record,) = caplog.records
        assert record.name == "corekit.flask"
        assert record.getMessage().startswith(f"Guard: POST '/orders' from '{UNTRUSTED}' refused:")

    def test_own_origins_are_not_denials(self) -> None:
        events: list[DecisionEvent] = []
        app, _ = make_shop()
        own = CrossOriginGuard(policy, own_origins=["https://shop.example.com"])
        Cors(app, policy, guard=own, on_decision=events.append)
        assert status(app.test_client(), "/orders", "https://shop.example.com") == 200
        (event,) = events
        assert event.decision.reason.name == "SAME_ORIGIN"


class TestArguments:
    def test_guard_cannot_be_replaced(self) -> None:
        extension = Cors(policy=policy, guard=guard)
        assert extension.guard is guard
        assert Cors(policy=policy).guard is None
        with pytest.raises(AttributeError):
            extension.guard = None  # type: ignore[misc]

    def test_policy_may_come_with_the_application(self) -> None:
        extension = Cors(guard=guard)
        with pytest.raises(ValueError, match="another policy"):
            extension.init_app(Flask("shop"), partners)
        with pytest.raises(ValueError, match="the application has none"):
            extension.init_app(Flask("shop"))
        app, _ = make_shop()
        extension.init_app(app, policy)
        assert status(app.test_client(), "/orders", UNTRUSTED) == 403

    def test_extension_of_two_applications(self) -> None:
        extension = Cors(policy=policy, guard=guard)
        for _ in range(2):
            app, _ = make_shop()
            extension.init_app(app)
            assert status(app.test_client(), "/orders", UNTRUSTED) == 403

    def test_guard_stays_if_a_blueprint_with_a_policy_follows(self) -> None:
        app, _ = make_shop()
        Cors(app, policy, guard=guard)
        add_partners(app)
        assert status(app.test_client(), "/orders", UNTRUSTED) == 403

    def test_wrong_arguments(self) -> None:
        with pytest.raises(ValueError, match="another policy"):
            Cors(policy=partners, guard=guard)
        with pytest.raises(TypeError, match="guard is of type str"):
            Cors(guard="*")  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="Pass guard too"):
            Cors(policy=policy, on_verdict=print)
        with pytest.raises(TypeError, match="on_verdict is of type int"):
            Cors(policy=policy, guard=guard, on_verdict=1)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="Did you mean on_verdict"):
            Cors(policy=policy, guard=guard, on_verdct=print)  # type: ignore[call-arg]
        with pytest.raises(ValueError, match="the application has none"):
            Cors(Flask("shop"), guard=guard)
