"""The guide for any other framework: its snippets, pasted into a file and served."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from tests.frameworks.test_delivery import get, over_uvicorn, over_waitress

GUIDE = Path(__file__).parents[2] / "docs" / "any-other-framework.md"
APP = "https://app.example.com"
STRANGER = "https://stranger.example"


def app_of_snippet(index: int) -> Any:
    snippet = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {"__name__": "snippet"}
    exec(compile(snippet[index], f"{GUIDE.name}[{index}]", "exec"), names)
    return names["app"]


@pytest.mark.parametrize(("index", "serve"), [(0, over_uvicorn), (1, over_waitress)])
def test_the_snippets_let_the_page_in_and_nobody_else(index: int, serve: Any) -> None:
    with serve(app_of_snippet(index)) as port:
        status, told, body = get(port, "/", APP)
        assert (status, told["access-control-allow-origin"], body) == (200, APP, b"hello")
        status, told, body = get(port, "/", STRANGER)
        assert (status, told["vary"], body) == (200, "Origin", b"hello")
        assert "access-control-allow-origin" not in told


def test_the_snippet_for_aiohttp_lets_the_page_in_and_nobody_else() -> None:
    app: web.Application = app_of_snippet(2)

    async def run() -> None:
        async with TestClient(TestServer(app)) as client:
            mine = await client.get("/", headers={"Origin": APP})
            theirs = await client.get("/", headers={"Origin": STRANGER})
            assert mine.headers["Access-Control-Allow-Origin"] == APP
            assert "Access-Control-Allow-Origin" not in theirs.headers

    asyncio.run(run())


def test_the_place_of_the_application_in_quart_is_right() -> None:
    from quart import Quart

    from corekit import CorsPolicy
    from corekit_asgi import CorsMiddleware

    app = Quart("shop")
    app.get("/")(hello)
    covered: Any = CorsMiddleware(app.asgi_app, CorsPolicy(allow_origins=[APP]))  # type: ignore[arg-type]
    app.asgi_app = covered  # type: ignore[method-assign]

    with over_uvicorn(app) as port:
        status, told, _ = get(port, "/missing", APP)
        assert (status, told["access-control-allow-origin"]) == (404, APP)
        assert get(port, "/", APP)[2] == b"hello"


async def hello() -> str:
    return "hello"
