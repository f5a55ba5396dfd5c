"""The guide for those who come from Starlette: its snippets, pasted into a file and run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

GUIDE = Path(__file__).parents[2] / "docs" / "migrating-from-starlette.md"
APP = "https://app.example.com"


def client_of_snippet(index: int) -> TestClient:
    snippet = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {"__name__": "snippet"}
    exec(compile(snippet[index], f"{GUIDE.name}[{index}]", "exec"), names)
    return TestClient(names["app"])


def test_the_first_snippet_lets_the_page_in_and_nobody_else() -> None:
    client = client_of_snippet(0)

    mine = client.get("/items", headers={"Origin": APP})
    theirs = client.get("/items", headers={"Origin": "https://stranger.example"})
    preflight = client.options(
        "/items",
        headers={
            "Origin": APP,
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "authorization",
        },
    )

    assert mine.json() == ["a", "b"]
    assert mine.headers["access-control-allow-origin"] == APP
    assert mine.headers["access-control-allow-credentials"] == "true"
    assert "access-control-allow-origin" not in theirs.headers
    assert preflight.status_code == 204
    assert "PUT" in preflight.headers["access-control-allow-methods"]


@pytest.mark.parametrize("index", [1, 2])
def test_the_snippets_with_starlettes_keywords_let_the_page_in(index: int) -> None:
    response = client_of_snippet(index).get("/", headers={"Origin": APP})

    assert response.headers["access-control-allow-origin"] == APP


@pytest.mark.parametrize(
    ("path", "origin", "told"),
    [
        ("/feed", "https://stranger.example", "*"),
        ("/partners/orders", "https://partner.example", "https://partner.example"),
        ("/partners/orders", APP, None),
        ("/docs", APP, APP),
    ],
)
def test_the_snippet_with_policies_of_routes(path: str, origin: str, told: str | None) -> None:
    response = client_of_snippet(3).get(path, headers={"Origin": origin})

    assert response.headers.get("access-control-allow-origin") == told
