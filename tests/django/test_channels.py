"""The policy of the settings in other ASGI applications, such as consumers of Channels."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from channels.generic.http import AsyncHttpConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from django.urls import path, re_path

from corekit import CorsPolicy, CorsRoutes
from corekit.adapter import read_policy
from corekit_asgi import CorsMiddleware, GuardMiddleware
from corekit_django import get_guard, get_policy

OWN = "https://testserver"
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
    policy = read_policy(get_policy()).policy_for("/events/")
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


class Chat(AsyncWebsocketConsumer):
    """Accepts each handshake that reaches it."""


def shake_hands(**headers: str) -> list[str]:
    """Open a WebSocket, and return the messages of the server."""
    chat: Any = URLRouter([path("chat/", Chat.as_asgi())])
    django: Any = get_asgi_application()
    routes = {"websocket": GuardMiddleware(chat, get_guard()), "http": django}
    application: Any = ProtocolTypeRouter(routes)
    given = {"Host": "testserver", **headers}
    raw = [(name.lower().encode(), value.encode()) for name, value in given.items()]
    scope = {"type": "websocket", "path": "/chat/", "scheme": "wss", "headers": raw}
    messages = iter(["websocket.connect", "websocket.disconnect"])
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": next(messages), "code": 1000}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message["type"])

    asyncio.run(application(scope, receive, send))
    return sent


@pytest.mark.parametrize(
    ("origin", "opens"),
    [(APP, True), (OWN, True), (EVIL, False), ("null", False), ("http://testserver", False)],
)
@override_settings(CORS_ALLOWED_ORIGINS=[APP], CORS_ALLOW_CREDENTIALS=True, CORS_GUARD=True)
def test_page_opens_a_websocket_exactly_if_it_is_trusted(origin: str, opens: bool) -> None:
    sent = shake_hands(Origin=origin, Cookie="sessionid=1")
    assert sent == ["websocket.accept" if opens else "websocket.close"]


@override_settings(CORS_ALLOWED_ORIGINS=[APP], CORS_GUARD={"hosts": ["testserver"]})
def test_websocket_is_opened_by_a_listed_name_only() -> None:
    assert shake_hands() == ["websocket.accept"]
    rebound = {"Host": "rebind.example", "Origin": "https://rebind.example"}
    assert shake_hands(**rebound) == ["websocket.close"]
