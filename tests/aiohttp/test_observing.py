"""Reports of the aiohttp adapter to `on_decision` and to its logger."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from corekit import CorsPolicy, CorsRoutes, DecisionEvent
from corekit_aiohttp import install
from tests.aiohttp.test_install import APP, UNTRUSTED, Client, make_app, policy, with_client
from tests.core.reporting import logged, reported

LOGGER = "corekit.aiohttp"
PARTNER = "https://partner.example"

partners = CorsPolicy(allow_origins=[PARTNER])


async def visit(client: Client) -> None:
    await client.get("/")
    await client.get("/stream", headers={"Origin": APP})
    await client.get("/fail", headers={"Origin": APP})
    await client.get("/missing", headers={"Origin": UNTRUSTED})
    for method in ("PUT", "DELETE"):
        await client.options("/", headers=preflight(APP, method))


def preflight(origin: str, method: str) -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "x-a",
    }


VISITED = [
    ("NOT_CORS", "/", "NOT_CORS"),
    ("ACTUAL", "/stream", "GRANTED"),
    ("ACTUAL", "/fail", "GRANTED"),
    ("ACTUAL", "/missing", "ORIGIN_NOT_ALLOWED"),
    ("PREFLIGHT", "/", "HEADER_NOT_ALLOWED"),
    ("PREFLIGHT", "/", "METHOD_NOT_ALLOWED"),
]


class TestOnDecision:
    @pytest.mark.parametrize("around", [policy, CorsRoutes([("/", policy)])])
    def test_every_request_is_reported_once(self, around: Any) -> None:
        heard: list[DecisionEvent] = []
        app = make_app()
        install(app, around, on_decision=heard.append)
        with_client(app, visit)
        assert reported(heard) == VISITED
        assert {event.adapter for event in heard} == {"aiohttp"}
        assert heard[1].origin == APP
        assert isinstance(heard[1].request, web.Request)
        assert (heard[-1].request_method, heard[-1].request_headers) == ("DELETE", "x-a")
        assert (heard[1].request_method, heard[1].request_headers) == (None, None)

    def test_only_the_application_with_the_policy_reports(self) -> None:
        heard: list[DecisionEvent] = []
        heard_below: list[DecisionEvent] = []
        app, below = web.Application(), make_app()
        install(below, partners, on_decision=heard_below.append)
        install(app, CorsRoutes([("/below/stream", policy)]), on_decision=heard.append)
        app.add_subapp("/below/", below)

        async def use(client: Client) -> None:
            for path in ("/below/", "/below/stream"):
                await client.get(path, headers={"Origin": APP})
                await client.options(path, headers=preflight(APP, "GET"))

        with_client(app, use)
        assert [event.path for event in heard] == ["/below/stream"] * 2
        assert [event.path for event in heard_below] == ["/below/"] * 2
        assert heard[0].decision.allowed
        assert not heard_below[0].decision.allowed

    def test_websockets_and_uncovered_paths_are_not_reported(self) -> None:
        heard: list[DecisionEvent] = []
        app = make_app()
        install(app, CorsRoutes([("/echo", policy)]), on_decision=heard.append)

        async def use(client: Client) -> None:
            async with client.ws_connect("/echo", headers={"Origin": UNTRUSTED}) as socket:
                await socket.send_str("hello")
                assert await socket.receive_str() == "hello"
            await visit(client)

        with_client(app, use)
        assert heard == []

    def test_invalid_on_decision_is_refused(self) -> None:
        async def hear(event: DecisionEvent) -> None: ...

        app = make_app()
        with pytest.raises(TypeError, match="Pass a plain function"):
            install(app, policy, on_decision=hear)  # type: ignore[arg-type]
        install(app, policy)


class TestLog:
    def test_debug_mode_warns_once_per_origin_and_reason(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        app = make_app()
        install(app, policy)

        async def use(client: Client) -> None:
            asyncio.get_running_loop().set_debug(True)
            await visit(client)
            await visit(client)

        with_client(app, use)
        assert logged(caplog, LOGGER) == [
            ("WARNING", "ORIGIN_NOT_ALLOWED"),
            ("WARNING", "HEADER_NOT_ALLOWED"),
            ("WARNING", "METHOD_NOT_ALLOWED"),
        ]
