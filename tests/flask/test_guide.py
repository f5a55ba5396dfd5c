"""The guide for those who come from flask-cors: its snippets, pasted into a file and run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

GUIDE = Path(__file__).parents[2] / "docs" / "migrating-from-flask-cors.md"
APP = "https://app.example.com"
STRANGER = "https://stranger.example"


def client_of_snippet(index: int) -> FlaskClient:
    snippet = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {"__name__": "snippet"}
    exec(compile(snippet[index], f"{GUIDE.name}[{index}]", "exec"), names)
    client: FlaskClient = names["app"].test_client()
    return client


def test_the_first_snippet_lets_the_page_in_and_nobody_else() -> None:
    client = client_of_snippet(0)

    mine = client.get("/items", headers={"Origin": APP})
    theirs = client.get("/items", headers={"Origin": STRANGER})
    preflight = client.options(
        "/items", headers={"Origin": APP, "Access-Control-Request-Method": "PUT"}
    )

    assert mine.json == ["a", "b"]
    assert mine.headers["Access-Control-Allow-Origin"] == APP
    assert mine.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Access-Control-Allow-Origin" not in theirs.headers
    assert preflight.status_code == 204
    assert "PUT" in preflight.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize(
    ("index", "path", "origin", "told"),
    [
        (1, "/api/public/x", STRANGER, "*"),
        (1, "/api/x", APP, APP),
        (1, "/api/x", STRANGER, None),
        (1, "/feed", STRANGER, "*"),
        (1, "/other", APP, None),
        (2, "/feed", STRANGER, "*"),
        (2, "/partners/orders", "https://partner.example", "https://partner.example"),
        (2, "/partners/orders", APP, None),
        (2, "/other", APP, APP),
    ],
)
def test_the_other_snippets_do_what_they_say(
    index: int, path: str, origin: str, told: str | None
) -> None:
    response = client_of_snippet(index).get(path, headers={"Origin": origin})

    assert response.headers.get("Access-Control-Allow-Origin") == told
