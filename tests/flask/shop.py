"""An application to use flask-cors' options with, and what its clients see."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"


def make_app(**config: Any) -> Flask:
    app = Flask("shop")
    app.config.update(config)

    @app.route("/", methods=["GET", "POST", "PUT"])
    @app.route("/api/items", methods=["GET", "PUT"])
    @app.route("/api/admin/users")
    @app.route("/apiary")
    def hello() -> str:
        return "hello"

    @app.get("/fail")
    def fail() -> str:
        raise RuntimeError

    return app


def client_of(app: Flask) -> FlaskClient:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app.test_client()


def reads(client: FlaskClient, path: str = "/", origin: str = APP) -> str | None:
    return client.get(path, headers={"Origin": origin}).headers.get(ALLOW_ORIGIN)


def may_read(client: FlaskClient, origin: str, path: str = "/") -> bool:
    return reads(client, path, origin) in ("*", origin)
