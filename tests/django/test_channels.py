"""The policy of the settings in other ASGI applications, such as consumers of Channels."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from channels.generic.http import AsyncHttpConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from django.urls import path, re_path

from corekit import CorsPolicy, CorsRoutes
from corekit_asgi import CorsMiddleware
from corekit_django import get_policy

APP = "https://app.example.com"
EVIL = "https://evil.example"


class Events(AsyncHttpConsumer):
    async def handle(self, body: bytes) -> None:
        await self.send_response(200, b"events", headers=[(b"content-type", b"text/plain")])


def make_application() -> Any:
    events: Any = CorsMiddleware(Events.as_asgi(), get_policy())
    django: Any = get_asgi_application()
    return ProtocolTypeRouter({"http": URLRouter([path("events/", events), re_path("", django)])})


def ask(method: str, place: str, origin: str, **headers: str) -> httpx.Response:
    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(make_application())
        async with httpx.AsyncClient(transport=transport, base_url="https://testserver") as client:
            return await client.request(method, place, headers={"Origin": origin, **headers})

    return asyncio.run(call())


@pytest.mark.parametrize("place", ["/events/", "/plain/"])
@override_settings(CORS_ALLOWED_ORIGINS=[APP], CORS_ALLOW_CREDENTIALS=True)
def test_consumer_has_the_policy_of_the_settings(place: str) -> None:
    name = "Access-Control-Allow-Origin"
    response = ask("GET", place, APP)
    assert (response.status_code, response.headers[name]) == (200, APP)
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert name not in ask("GET", place, EVIL).headers
    preflight = ask("OPTIONS", place, APP, **{"Access-Control-Request-Method": "PUT"})
    assert (preflight.status_code, preflight.headers[name]) == (204, APP)


def allowed() -> tuple[str, ...]:
    policy = get_policy().policy_for("/events/")
    assert policy is not None
    return policy.allow_origins


def test_policy_is_that_of_the_settings() -> None:
    with override_settings(CORS_ALLOWED_ORIGINS=[APP], CORS_URLS_REGEX="^/api/"):
        assert allowed() == (APP,)
    with override_settings(CORS_ALLOWED_ORIGINS=[EVIL]):
        assert allowed() == (EVIL,)
    for policy in (CorsPolicy.deny_all(), CorsRoutes([("/", CorsPolicy.deny_all())])):
        with override_settings(CORS_POLICY=policy):
            assert get_policy() is policy


@override_settings(CORS_ALLOWED_ORIGINS=[f"{APP}/"])
def test_invalid_settings_have_no_policy() -> None:
    with pytest.raises(ImproperlyConfigured, match="non-canonical-origin"):
        get_policy()
