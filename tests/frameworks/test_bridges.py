"""An application behind a bridge to another interface keeps the policies of its views."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client as DjangoClient
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from werkzeug.middleware.proxy_fix import ProxyFix

import corekit_starlette
from tests.frameworks.bridged_apps import (
    APP,
    BRIDGES,
    ELSEWHERE,
    OWN,
    WSGI,
    django_site,
    django_wsgi,
    flask,
    flask_with_policy,
    installed,
    ran,
    wrapped,
)
from tests.frameworks.bridging import Received, call_asgi


@pytest.fixture(autouse=True)
def urls() -> Iterator[None]:
    with django_site():
        yield


def _get(app: Any, path: str, **headers: str) -> Any:
    client = TestClient(app, raise_server_exceptions=False)
    return client.get(path, headers={"Origin": APP, **headers})


@pytest.mark.parametrize("outer", [installed, wrapped])
@pytest.mark.parametrize("inner", WSGI)
@pytest.mark.parametrize("bridge", BRIDGES)
def test_view_does_not_run_under_the_policy_of_the_application_around(
    bridge: Any, inner: Callable[[], Any], outer: Callable[[Starlette], Any]
) -> None:
    app = outer(Starlette(routes=[Mount("/inner", bridge(inner()))]))
    assert _get(app, "/inner/secret").status_code == 500
    assert ran == []
    response = _get(app, "/inner/open")
    assert (response.text, response.headers["access-control-allow-origin"]) == ("open", "*")


@pytest.mark.parametrize("inner", [flask, flask_with_policy, django_wsgi])
@pytest.mark.parametrize("bridge", BRIDGES)
def test_view_runs_if_the_mount_has_its_policy(bridge: Any, inner: Callable[[], Any]) -> None:
    mount = corekit_starlette.cors(OWN)(Mount("/inner", bridge(inner())))
    response = _get(installed(Starlette(routes=[mount])), "/inner/secret")
    assert (response.text, response.headers["access-control-allow-origin"]) == ("secret", APP)


@pytest.mark.parametrize("inner", [flask, flask_with_policy, django_wsgi])
@pytest.mark.parametrize("bridge", BRIDGES)
def test_policy_of_the_view_applies_if_no_policy_covers_the_mount(
    bridge: Any, inner: Callable[[], Any]
) -> None:
    app = Starlette(routes=[Mount("/inner", bridge(inner()))])
    corekit_starlette.install(app, ELSEWHERE)
    response = _get(app, "/inner/secret")
    assert (response.text, response.headers["access-control-allow-origin"]) == ("secret", APP)


def _change(app: Any, name: bytes) -> Any:
    async def change(scope: Any, receive: Any, send: Any) -> None:
        headers = [
            (each, b"changed" if each == name else value) for each, value in scope["headers"]
        ]
        await app({**scope, "headers": headers}, receive, send)

    return change


@pytest.mark.parametrize("bridge", BRIDGES)
def test_bridge_is_known_if_a_page_adds_a_header(bridge: Any) -> None:
    inner = flask()
    # As behind a reverse proxy: so the host is another one inside.
    vars(inner)["wsgi_app"] = ProxyFix(inner.wsgi_app, x_host=1)
    app = installed(Starlette(routes=[Mount("/inner", bridge(inner))]))
    response = _get(app, "/inner/secret", user_agent="x", **{"X-Forwarded-Host": "public.example"})
    assert response.status_code == 500
    assert ran == []


@pytest.mark.parametrize("bridge", BRIDGES)
@pytest.mark.parametrize("has_task", [False, True])
def test_request_that_starts_in_the_context_of_another_one_has_its_own_policy(
    bridge: Any, has_task: bool
) -> None:
    async def run() -> Received:
        released = asyncio.Event()

        async def first(_: object) -> PlainTextResponse:
            task = BackgroundTask(released.wait) if has_task else None
            return PlainTextResponse("first", background=task)

        outer = installed(Starlette(routes=[Route("/first", first)]))
        headers = [(b"host", b"api.example.com"), (b"origin", APP.encode())]
        second: asyncio.Future[asyncio.Task[Received]] = asyncio.Future()

        # As servers do if requests are pipelined: the end of a response starts the next request.
        async def server(scope: Any, receive: Any, send: Any) -> None:
            async def start_next(message: Any) -> None:
                await send(message)
                if message["type"] == "http.response.body":
                    request = call_asgi(bridge(flask()), "/secret", headers)
                    second.set_result(asyncio.create_task(request))

            await outer(scope, receive, start_next)

        one = asyncio.create_task(call_asgi(server, "/first", headers))
        received = await (await second)
        released.set()
        assert (await one).body == b"first"
        return received

    received = asyncio.run(run())
    assert (received.status, received.body) == (200, b"secret")
    assert dict(received.headers)["access-control-allow-origin"] == APP


@pytest.mark.parametrize("name", [b"host", b"user-agent"])
@pytest.mark.parametrize("bridge", BRIDGES)
def test_bridge_is_known_behind_a_middleware_that_changes_a_header(
    bridge: Any, name: bytes
) -> None:
    app = installed(Starlette(routes=[Mount("/inner", _change(bridge(flask()), name))]))
    assert _get(app, "/inner/secret").status_code == 500
    assert ran == []


@pytest.mark.parametrize("bridge", BRIDGES)
def test_bridge_is_known_by_a_header_in_several_lines(bridge: Any) -> None:
    app = installed(Starlette(routes=[Mount("/inner", _change(bridge(flask()), b"host"))]))

    async def repeat(scope: Any, receive: Any, send: Any) -> None:
        headers = [*scope["headers"], (b"user-agent", bytearray(b"again"))]
        await app({**scope, "headers": headers}, receive, send)

    assert _get(repeat, "/inner/secret").status_code == 500
    assert ran == []


def _ask_flask() -> str:
    response = flask_with_policy().test_client().get("/secret", headers={"Origin": APP})
    return f"{response.text} {response.headers.get('Access-Control-Allow-Origin')}"


def _ask_django() -> str:
    response = DjangoClient().get("/secret", headers={"Origin": APP})
    return f"{response.content.decode()} {response.headers.get('Access-Control-Allow-Origin')}"


@pytest.mark.parametrize("ask", [_ask_flask, _ask_django])
def test_request_that_an_asgi_handler_sends_to_a_wsgi_application_has_its_own_policy(
    ask: Callable[[], str],
) -> None:
    app = installed(Starlette(routes=[Route("/", lambda _: PlainTextResponse(ask()))]))
    response = _get(app, "/")
    assert (response.text, response.headers["access-control-allow-origin"]) == (
        f"secret {APP}",
        "*",
    )


@pytest.mark.parametrize("bridge", BRIDGES)
def test_request_that_a_view_behind_a_bridge_sends_has_its_own_policy(bridge: Any) -> None:
    inner = flask()
    inner.add_url_rule("/ask", "ask", _ask_flask)
    app = installed(Starlette(routes=[Mount("/inner", bridge(inner))]))
    assert _get(app, "/inner/ask").text == f"secret {APP}"
