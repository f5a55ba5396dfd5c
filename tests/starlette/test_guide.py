"""The snippets of docs/migrating-from-starlette.md run and work as described."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.docs.pages import APP, OTHER, ROOT, blocks, run

PAGE = ROOT / "docs" / "migrating-from-starlette.md"


def client_of_snippet(index: int) -> TestClient:
    return TestClient(run(blocks(PAGE, "python")[index], PAGE)["app"])


@pytest.mark.parametrize("index", [1, 2])
def test_keyword_arguments_of_starlette_work(index: int) -> None:
    response = client_of_snippet(index).get("/", headers={"Origin": APP})
    assert response.headers["access-control-allow-origin"] == APP


def test_policy_allows_listed_origins_only() -> None:
    client = client_of_snippet(3)
    allowed = client.get("/items", headers={"Origin": APP})
    denied = client.get("/items", headers={"Origin": OTHER})
    preflight = client.options(
        "/items",
        headers={
            "Origin": APP,
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "authorization",
        },
    )
    assert allowed.json() == ["a", "b"]
    assert allowed.headers["access-control-allow-origin"] == APP
    assert allowed.headers["access-control-allow-credentials"] == "true"
    assert "access-control-allow-origin" not in denied.headers
    assert preflight.status_code == 204
    assert "PUT" in preflight.headers["access-control-allow-methods"]


def test_present_layer_is_observed(caplog: pytest.LogCaptureFixture) -> None:
    client = client_of_snippet(0)
    client.get("/", headers={"Origin": APP})
    assert caplog.messages == []
    preflight = {"Origin": APP, "Access-Control-Request-Method": "POST"}
    assert client.options("/", headers=preflight).status_code == 400
    (line,) = caplog.messages
    assert '"reasons": ["PREFLIGHT_GRANTED"]' in line
