"""Reports of the Flask adapter to `on_decision` and to its logger."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Blueprint, Flask

from corekit import CorsPolicy, CorsRoutes, DecisionEvent
from corekit.adapter import Observer
from corekit_flask import Cors, cors, views
from corekit_flask.compat import CORS, cross_origin
from tests.core.reporting import logged, reported

APP = "https://app.example.com"
PARTNER = "https://partner.example"
UNTRUSTED = "https://untrusted.example"
LOGGER = "corekit.flask"

policy = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"])
partners = CorsPolicy(allow_origins=[PARTNER])


def make_app() -> Flask:
    app = Flask("shop")

    @app.route("/", methods=["GET", "PUT"])
    def hello() -> str:
        return "hello"

    @app.get("/partners")
    @cors(partners)
    def of_partners() -> str:
        return "partners"

    return app


def visit(app: Flask) -> None:
    client = app.test_client()
    client.get("/")
    client.get("/", headers={"Origin": APP})
    client.get("/missing", headers={"Origin": UNTRUSTED})
    for method in ("PUT", "DELETE"):
        client.options("/", headers={"Origin": APP, "Access-Control-Request-Method": method})


VISITED = [
    ("NOT_CORS", "/", "NOT_CORS"),
    ("ACTUAL", "/", "GRANTED"),
    ("ACTUAL", "/missing", "ORIGIN_NOT_ALLOWED"),
    ("PREFLIGHT", "/", "GRANTED"),
    ("PREFLIGHT", "/", "METHOD_NOT_ALLOWED"),
]


class TestOnDecision:
    @pytest.mark.parametrize(
        "install",
        [
            lambda app, hear: Cors(app, policy, on_decision=hear),
            lambda app, hear: Cors(policy=policy, on_decision=hear).init_app(app),
            lambda app, hear: Cors(on_decision=hear).init_app(app, policy),
            lambda app, hear: Cors(app, CorsRoutes([("/", policy)]), on_decision=hear),
            lambda app, hear: CORS(app, origins=APP, methods="PUT", on_decision=hear),
            lambda app, hear: CORS(origins=APP, methods="PUT", on_decision=hear).init_app(app),
        ],
    )
    def test_every_request_is_reported_once(
        self, install: Callable[[Flask, Callable[[DecisionEvent], None]], object]
    ) -> None:
        heard: list[DecisionEvent] = []
        app = make_app()
        install(app, heard.append)
        visit(app)
        assert reported(heard) == VISITED
        assert {event.adapter for event in heard} == {"flask"}
        assert heard[1].request["HTTP_ORIGIN"] == heard[1].origin == APP

    def test_decisions_are_reported_without_view_policies(self) -> None:
        heard: list[DecisionEvent] = []
        app = Flask("shop")
        app.add_url_rule("/", view_func=lambda: "hello", methods=["GET", "PUT"])
        Cors(app, policy, on_decision=heard.append)
        visit(app)
        assert reported(heard) == VISITED

    @pytest.mark.parametrize("hear_first", [True, False])
    def test_on_decision_may_be_set_before_or_after_the_policy(self, hear_first: bool) -> None:
        heard: list[DecisionEvent] = []
        app = make_app()
        if hear_first:
            Cors(app, on_decision=heard.append)
            Cors(app, policy)
        else:
            Cors(app, policy)
            app.test_client().get("/")
            Cors(app, on_decision=heard.append)
        visit(app)
        assert reported(heard) == VISITED

    def test_view_policies_are_reported(self) -> None:
        heard: list[DecisionEvent] = []
        app = make_app()
        Cors(app, on_decision=heard.append)
        client = app.test_client()
        client.get("/partners", headers={"Origin": PARTNER})
        client.get("/partners", headers={"Origin": APP})
        client.get("/", headers={"Origin": APP})
        client.options(
            "/partners", headers={"Origin": PARTNER, "Access-Control-Request-Method": "GET"}
        )
        assert reported(heard) == [
            ("ACTUAL", "/partners", "GRANTED"),
            ("ACTUAL", "/partners", "ORIGIN_NOT_ALLOWED"),
            ("PREFLIGHT", "/partners", "GRANTED"),
        ]

    def test_cross_origin_views_are_reported(self) -> None:
        heard: list[DecisionEvent] = []
        app = Flask("shop")

        @app.get("/")
        @cross_origin(origins=APP)
        def hello() -> str:
            return "hello"

        Cors(app, on_decision=heard.append)
        app.test_client().get("/", headers={"Origin": UNTRUSTED})
        assert reported(heard) == [("ACTUAL", "/", "ORIGIN_NOT_ALLOWED")]

    @pytest.mark.parametrize("extension", [Cors, CORS])
    def test_invalid_on_decision_is_refused(self, extension: Any) -> None:
        async def hear(event: DecisionEvent) -> None: ...

        with pytest.raises(TypeError, match="Pass a plain function"):
            extension(on_decision=hear)
        with pytest.raises(TypeError, match="on_decision is of type str"):
            extension(on_decision="shop.hear")

    def test_second_on_decision_is_refused(self) -> None:
        app = make_app()
        Cors(app, on_decision=print)
        with pytest.raises(RuntimeError, match="already has an on_decision"):
            Cors(app, policy, on_decision=print)

    def test_blueprint_does_not_accept_on_decision(self) -> None:
        with pytest.raises(TypeError, match="for a whole application"):
            CORS(Blueprint("api", "api"), origins=APP, on_decision=print)


class TestLog:
    def test_debug_mode_warns_once_per_origin_and_reason(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        app = make_app()
        Cors(app, policy)
        visit(app)
        assert logged(caplog, LOGGER) == []
        app = make_app()
        Cors(app, policy)
        # Like app.run(debug=True): after the setup, before the first request.
        app.debug = True
        visit(app)
        visit(app)
        assert logged(caplog, LOGGER) == [
            ("WARNING", "ORIGIN_NOT_ALLOWED"),
            ("WARNING", "METHOD_NOT_ALLOWED"),
        ]

    def test_cross_origin_is_logged_without_an_extension(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, LOGGER)
        app = Flask("shop")
        app.add_url_rule("/", view_func=cross_origin(origins=APP)(lambda: "hello"))
        app.test_client().get("/", headers={"Origin": UNTRUSTED})
        assert logged(caplog, LOGGER) == [("INFO", "ORIGIN_NOT_ALLOWED")]

    def test_view_that_handles_options_is_logged(
        self, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # All views share an observer, which gives the hint for a kind of denial once.
        observer = Observer("flask", logging.getLogger(LOGGER))
        monkeypatch.setattr(views, "_OBSERVER", observer)
        caplog.set_level(logging.INFO, LOGGER)
        app = make_self_answering()
        client = app.test_client()
        for origin in (UNTRUSTED, APP):
            client.get("/own", headers={"Origin": origin})
            client.options(
                "/own",
                headers={
                    "Origin": origin,
                    "Access-Control-Request-Method": "DELETE",
                    "Access-Control-Request-Headers": "x-a",
                },
            )
        lines = [record.getMessage() for record in caplog.records if record.name == LOGGER]
        why = "denied: the policy does not allow this origin."
        preflight = "CORS: preflight for DELETE '/mount/own' with 'x-a' from"
        assert lines == [
            (
                f"CORS: GET '/mount/own' from '{UNTRUSTED}' {why} Add '{UNTRUSTED}' to"
                " origins. [ORIGIN_NOT_ALLOWED]"
            ),
            (f"{preflight} '{UNTRUSTED}' {why} Add '{UNTRUSTED}' to origins. [ORIGIN_NOT_ALLOWED]"),
            (
                f"{preflight} '{APP}' denied: the policy does not allow the requested method."
                " Add 'DELETE' to methods. [METHOD_NOT_ALLOWED]"
            ),
        ]

    def test_view_that_handles_options_warns_in_debug_mode(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        app = make_self_answering()
        # Warnings are remembered for the lifetime of the process.
        origin = f"https://{uuid4()}.example"
        for debug in (False, True, True):
            app.debug = debug
            app.test_client().get("/own", headers={"Origin": origin})
        assert logged(caplog, LOGGER) == [("WARNING", "ORIGIN_NOT_ALLOWED")]


def make_self_answering() -> Flask:
    app = Flask("shop")
    app.config["APPLICATION_ROOT"] = "/mount"

    @app.get("/own")
    @cross_origin(origins=APP, methods=["GET"])
    def hello() -> str:
        return "hello"

    return app
