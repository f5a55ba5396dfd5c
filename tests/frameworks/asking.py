"""Send requests to an application of each framework. Redirects are not followed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient as AiohttpClient
from aiohttp.test_utils import TestServer
from django.test import Client as DjangoClient
from flask import Flask
from starlette.testclient import TestClient

from corekit.browser import HttpRequest
from tests.frameworks.sanic_app import App, send_to

Ask = Callable[[str, str, dict[str, str]], tuple[int, str | None]]
"""Sends a method, a path and headers; returns the status and Access-Control-Allow-Origin."""


def ask_asgi(app: Any) -> Ask:
    client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)
    return lambda method, path, headers: read_response(
        client.request(method, path, headers=headers)
    )


def ask_flask(app: Flask) -> Ask:
    client = app.test_client()
    return lambda method, path, headers: read_response(
        client.open(path, method=method, headers=headers)
    )


def django_site() -> Ask:
    """Send to the URLs that the settings name."""
    client = DjangoClient()
    return lambda method, path, headers: read_response(
        client.generic(method, path, headers=headers)
    )


def read_response(response: Any) -> tuple[int, str | None]:
    return response.status_code, response.headers.get("Access-Control-Allow-Origin")


def ask_aiohttp(make: Callable[[], web.Application]) -> Ask:
    """Make the application in the event loop of each request."""

    def ask(method: str, path: str, headers: dict[str, str]) -> tuple[int, str | None]:
        async def send() -> tuple[int, str | None]:
            async with (
                AiohttpClient(TestServer(make())) as client,
                client.request(method, path, headers=headers, allow_redirects=False) as response,
            ):
                return response.status, response.headers.get("Access-Control-Allow-Origin")

        return asyncio.run(send())

    return ask


def ask_sanic(app: App) -> Ask:
    send = send_to(app)

    def ask(method: str, path: str, headers: dict[str, str]) -> tuple[int, str | None]:
        url = f"https://api.example.org{path}"
        response = send(HttpRequest(method, url, tuple(headers.items())))
        fields = {name.lower(): value for name, value in response.headers}
        return response.status, fields.get("access-control-allow-origin")

    return ask
