"""The snippets of docs/migrating-from-flask-cors.md run and work as described."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.docs.pages import APP, OTHER, ROOT, blocks, run

PAGE = ROOT / "docs" / "migrating-from-flask-cors.md"


def client_of_snippet(index: int) -> FlaskClient:
    client: FlaskClient = run(blocks(PAGE, "python")[index], PAGE)["app"].test_client()
    return client


@pytest.mark.parametrize(
    ("path", "origin", "allowed"),
    [
        ("/api/public/x", OTHER, "*"),
        ("/api/x", APP, APP),
        ("/api/x", OTHER, None),
        ("/feed", OTHER, "*"),
        ("/other", APP, None),
    ],
)
def test_options_of_flask_cors_work(path: str, origin: str, allowed: str | None) -> None:
    response = client_of_snippet(1).get(path, headers={"Origin": origin})
    assert response.headers.get("Access-Control-Allow-Origin") == allowed


def test_policy_allows_listed_origins_only() -> None:
    client = client_of_snippet(2)
    allowed = client.get("/items", headers={"Origin": APP})
    denied = client.get("/items", headers={"Origin": OTHER})
    preflight = client.options(
        "/items", headers={"Origin": APP, "Access-Control-Request-Method": "PUT"}
    )
    assert allowed.json == ["a", "b"]
    assert allowed.headers["Access-Control-Allow-Origin"] == APP
    assert allowed.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Access-Control-Allow-Origin" not in denied.headers
    assert preflight.status_code == 204
    assert "PUT" in preflight.headers["Access-Control-Allow-Methods"]


def test_present_layer_is_observed(caplog: pytest.LogCaptureFixture) -> None:
    client = client_of_snippet(0)
    response = client.get("/items", headers={"Origin": APP})
    assert response.headers["Access-Control-Allow-Origin"] == APP
    assert caplog.messages == []
    client.options("/items", headers={"Origin": APP, "Access-Control-Request-Method": "PUT"})
    (line,) = caplog.messages
    assert '"reasons": ["METHOD_DENIED"]' in line
