"""A server of the Model Context Protocol behind `CrossOriginGuard.local()`, and its client.

The protocol requires servers to check Origin against DNS rebinding. The check of the SDK is off
here: https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#security-warning
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from corekit import CorsPolicy
from corekit.guard import CrossOriginGuard
from corekit_asgi import GuardMiddleware
from corekit_starlette import install
from tests.frameworks.test_delivery import over_uvicorn

mcp: Any = pytest.importorskip("mcp", reason="the SDK of the Model Context Protocol is missing")

APP = "https://app.example.com"
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "page", "version": "1"},
    },
}


def make_server(calls: list[int]) -> Any:
    """Return a server with one tool, as a Starlette application."""
    from mcp.server.mcpserver import MCPServer
    from mcp.server.transport_security import TransportSecuritySettings

    def double(number: int) -> int:
        """Double a number."""
        calls.append(number)
        return 2 * number

    server = MCPServer("shop")
    server.add_tool(double)
    unchecked = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    return server.streamable_http_app(transport_security=unchecked)


def guard_alone(app: Any) -> Any:
    return GuardMiddleware(app, CrossOriginGuard.local())


def guard_with_policy(app: Any) -> Any:
    policy = CorsPolicy(allow_origins=[APP], allow_headers=["content-type"])
    return install(app, policy, guard=CrossOriginGuard.local(policy))


@pytest.fixture(params=[guard_alone, guard_with_policy])
def served(request: pytest.FixtureRequest) -> Iterator[tuple[int, list[int]]]:
    calls: list[int] = []
    app = request.param(make_server(calls))
    with over_uvicorn(app, lifespan="on") as port:
        yield port, calls


def post(port: int, **headers: str) -> tuple[int, bytes]:
    """Send what a page sends, as the browser would."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    fields = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    connection.request("POST", "/mcp", json.dumps(INITIALIZE), fields)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body


def test_client_lists_and_calls_tools(served: tuple[int, list[int]]) -> None:
    port, calls = served

    async def work() -> tuple[list[str], Any]:
        async with mcp.Client(f"http://localhost:{port}/mcp") as client:
            tools = await client.list_tools()
            result = await client.call_tool("double", {"number": 21})
            return [tool.name for tool in tools.tools], result.structured_content

    assert asyncio.run(work()) == (["double"], {"result": 42})
    assert calls == [21]


def test_pages_of_other_origins_and_names_are_refused(served: tuple[int, list[int]]) -> None:
    port, _ = served
    evil = "https://evil.example"
    assert post(port)[0] == 200
    assert post(port, Origin=f"http://127.0.0.1:{port}", Sec_Fetch_Site="same-origin")[0] == 200
    assert post(port, Origin=evil, Sec_Fetch_Site="cross-site")[0] == 403
    assert post(port, Origin="http://localhost:1", Sec_Fetch_Site="same-site")[0] == 403
    assert post(port, Origin=evil)[0] == 403
    status, body = post(port, Host=f"rebind.example:{port}", Origin=f"http://rebind.example:{port}")
    assert (status, body.startswith(b"Guard: the server is not known by this name.")) == (421, True)


def test_listed_page_may_call_the_server() -> None:
    with over_uvicorn(guard_with_policy(make_server([])), lifespan="on") as port:
        assert post(port, Origin=APP, Sec_Fetch_Site="cross-site")[0] == 200
    with over_uvicorn(guard_alone(make_server([])), lifespan="on") as port:
        assert post(port, Origin=APP, Sec_Fetch_Site="cross-site")[0] == 403
