"""Django, set up once, and fixtures that send requests through WSGI and ASGI."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import django
import pytest

django.setup()

from django.db import connection, connections  # noqa: E402 - after the set-up
from django.test import AsyncClient, Client, override_settings  # noqa: E402 - after the set-up

Ask = Callable[..., Any]


def _send_wsgi(
    method: str, path: str, headers: dict[str, str], body: bytes, enforce_csrf: bool
) -> Any:
    client = Client(raise_request_exception=False, enforce_csrf_checks=enforce_csrf)
    client.cookies.load(headers.pop("Cookie", ""))
    # As the asynchronous client does.
    headers = {"Host": "testserver", **headers}
    return client.generic(method, path, body, "text/plain", headers=headers, secure=True)


def _send_asgi(
    method: str, path: str, headers: dict[str, str], body: bytes, enforce_csrf: bool
) -> Any:
    async def call() -> Any:
        client = AsyncClient(raise_request_exception=False, enforce_csrf_checks=enforce_csrf)
        client.cookies.load(headers.pop("Cookie", ""))
        return await client.generic(method, path, body, "text/plain", headers=headers, secure=True)

    return asyncio.run(call())


def _ask_by(send: Callable[[str, str, dict[str, str], bytes, bool], Any]) -> Ask:
    def ask(
        method: str,
        path: str,
        *,
        origin: str | None = None,
        asked: str | None = None,
        asked_headers: str | None = None,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        enforce_csrf: bool = False,
    ) -> Any:
        named = {
            "Origin": origin,
            "Access-Control-Request-Method": asked,
            "Access-Control-Request-Headers": asked_headers,
        }
        given = {name: value for name, value in named.items() if value is not None}
        return send(method, path, given | (headers or {}), body, enforce_csrf)

    return ask


ask_wsgi = _ask_by(_send_wsgi)
ask_asgi = _ask_by(_send_asgi)


@pytest.fixture(params=[ask_wsgi, ask_asgi], ids=["wsgi", "asgi"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Send a request: `ask(method, path, origin=, asked=, asked_headers=, headers=)`."""
    chosen: Ask = request.param
    return chosen


@pytest.fixture(scope="session")
def made_database() -> Iterator[None]:
    connection.creation.create_test_db(verbosity=0)
    yield
    connection.creation.destroy_test_db(":memory:", verbosity=0)
    connections.close_all()


@pytest.fixture
def database(made_database: None) -> Iterator[None]:
    """Create SQLite tables and empty them after the test."""
    from shop.models import Partner

    yield
    Partner.objects.all().delete()


@pytest.fixture
def project() -> Iterator[None]:
    """Give the project a policy in its settings."""
    with override_settings(
        CORS_ALLOWED_ORIGINS=["https://app.example.com"],
        CORS_ALLOW_CREDENTIALS=True,
        CORS_ALLOW_METHODS=["PUT"],
        CORS_ALLOW_HEADERS=["content-type"],
    ):
        yield
