"""Look-ups in Flask: a request that a middleware changed is judged with the looked-up origin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from flask import Flask

from corekit import CorsPolicy
from corekit.guard import CrossOriginGuard
from corekit_flask import Cors, cors
from corekit_lookups import OriginLookup

SHOP = "https://shop-1.example"
EVIL = "https://evil.example"
CROSS_SITE = {"Sec-Fetch-Site": "cross-site"}

policy = CorsPolicy(allow_origins=["https://app.example.com"], allow_credentials=True)


class Override:
    """A middleware that sends a GET on as the method that a header names."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["REQUEST_METHOD"] = environ.get("HTTP_X_METHOD", environ["REQUEST_METHOD"])
        result: Iterable[bytes] = self.app(environ, start_response)
        return result


def make(calls: list[str], *, has_view_policy: bool) -> Flask:
    def is_allowed(origin: str) -> bool:
        calls.append(origin)
        return origin == SHOP

    app = Flask("shop")
    app.testing = True  # exceptions are raised

    @app.route("/orders", methods=["GET", "DELETE"])
    def orders() -> str:
        return "orders"

    if has_view_policy:
        app.add_url_rule("/own", view_func=cors(allow_origins=[EVIL])(lambda: "own"))
    app.wsgi_app = Override(app.wsgi_app)  # type: ignore[method-assign]
    guard = CrossOriginGuard(policy)
    Cors(app, policy, guard=guard, lookup=OriginLookup(is_allowed, timeout=10))
    return app


@pytest.mark.parametrize("has_view_policy", [False, True])
def test_changed_request_of_a_looked_up_origin_is_not_refused(has_view_policy: bool) -> None:
    calls: list[str] = []
    client = make(calls, has_view_policy=has_view_policy).test_client()
    headers = {"Origin": SHOP, "X-Method": "DELETE", **CROSS_SITE}
    response = client.get("/orders", headers=headers)
    assert response.text == "orders"
    assert response.headers["Access-Control-Allow-Origin"] == SHOP
    assert calls == [SHOP]


@pytest.mark.parametrize("has_view_policy", [False, True])
def test_changed_request_of_another_origin_is_an_error(has_view_policy: bool) -> None:
    calls: list[str] = []
    client = make(calls, has_view_policy=has_view_policy).test_client()
    with pytest.raises(RuntimeError, match="to 'DELETE /orders', which the guard refuses"):
        client.get("/orders", headers={"Origin": EVIL, "X-Method": "DELETE", **CROSS_SITE})
    assert calls == [EVIL]
