"""Reading the code of a page, running it, and calling the application that it builds."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, Final

import httpx
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

Response = tuple[int, Mapping[str, str], str]
"""Status, headers and body."""

ROOT: Final = Path(__file__).parents[2]
APP: Final = "https://app.example.com"
OTHER: Final = "https://evil.example"


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a page that are in `language`."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)


def run(snippet: str, page: Path) -> dict[str, Any]:
    """Run a snippet as if it were pasted into a module, and return its names."""
    names: dict[str, Any] = {"__name__": "snippet"}
    exec(compile(snippet, page.name, "exec"), names)
    return names


def call(app: Any, path: str, headers: Mapping[str, str], method: str = "GET") -> Response:
    """Call an ASGI, WSGI or aiohttp application."""
    if isinstance(app, web.Application):
        return asyncio.run(_call_aiohttp(app, method, path, headers))
    if iscoroutinefunction(app) or iscoroutinefunction(type(app).__call__):
        return asyncio.run(_call_asgi(app, method, path, headers))
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://shop") as client:
        response = client.request(method, path, headers=headers)
    return response.status_code, response.headers, response.text


async def _call_asgi(app: Any, method: str, path: str, headers: Mapping[str, str]) -> Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        response = await client.request(method, path, headers=headers)
    return response.status_code, response.headers, response.text


async def _call_aiohttp(
    app: web.Application, method: str, path: str, headers: Mapping[str, str]
) -> Response:
    async with TestClient(TestServer(app)) as client:
        response = await client.request(method, path, headers=headers)
        return response.status, response.headers, await response.text()
