"""The applications in the pages about the guard do what the pages say."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.docs.pages import ROOT, blocks

APP = "https://app.example.com"
EVIL = "https://evil.example"


def application(page: str, index: int = 0) -> Any:
    """Run a block of a page, and return its application."""
    names: dict[str, Any] = {}
    exec(blocks(ROOT / "docs" / page, "python")[index], names)
    return names["app"]


def test_guard() -> None:
    app = application("guard.md")
    app.post("/orders")(lambda: "created")

    with TestClient(app, base_url="https://shop.example.com") as client:
        for origin, expected in ((EVIL, 403), (APP, 200), ("https://shop.example.com", 200)):
            response = client.post("/orders", headers={"Origin": origin})
            assert response.status_code == expected
        assert client.post("/orders").status_code == 200
        assert client.post("/orders", headers={"Host": "rebind.example"}).status_code == 421
        assert client.post("/orders", headers={"Host": ""}).status_code == 400
        refused = client.post("/orders", headers={"Origin": APP, "Sec-Fetch-Site": "a, b"})
        assert refused.status_code == 403
        assert refused.headers["Access-Control-Allow-Origin"] == APP


def hello(client: TestClient, **headers: str) -> str | None:
    """Open the WebSocket of the page; return what it says, None if it is refused."""
    try:
        with client.websocket_connect("/live", headers=headers) as socket:
            return socket.receive_text()
    except WebSocketDisconnect:
        return None


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (None, "hello ann"),
        (APP, "hello ann"),
        ("http://testserver", "hello ann"),
        (EVIL, None),
        ("null", None),
    ],
)
def test_websockets(origin: str | None, expected: str | None) -> None:
    with TestClient(application("websockets.md"), cookies={"user": "ann"}) as client:
        assert hello(client, **({} if origin is None else {"Origin": origin})) == expected


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {}, 405),
        ("POST", {}, 200),
        ("POST", {"Origin": "http://localhost:8000"}, 200),
        ("POST", {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-origin"}, 200),
        ("POST", {"Origin": "http://localhost:5173", "Sec-Fetch-Site": "same-site"}, 403),
        ("GET", {"Origin": "http://localhost:5173", "Sec-Fetch-Site": "same-site"}, 403),
        ("POST", {"Origin": EVIL}, 403),
        ("GET", {"Origin": EVIL}, 403),
        ("GET", {"Host": "rebind.example:8000"}, 421),
        ("POST", {"Host": "rebind.example:8000", "Origin": "http://rebind.example:8000"}, 421),
        ("POST", {"Host": "127.0.0.1:8000"}, 200),
        ("POST", {"Host": "[::1]:8000"}, 200),
    ],
)
def test_local_servers(method: str, headers: dict[str, str], status: int) -> None:
    app = application("local-servers.md")
    with TestClient(app, base_url="http://localhost:8000") as client:
        assert client.request(method, "/run", headers=headers).status_code == status
