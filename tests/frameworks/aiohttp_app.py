"""The application under test in aiohttp.web, and its server with one port for each policy."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

import corekit_aiohttp
from tests.conformance.case import CASE_HEADER
from tests.conformance.table import response_of
from tests.frameworks.dispatch import METHODS, POLICIES, RAN_PATH, Policy, ran

__all__ = ["make", "serve"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def respond(request: web.Request) -> web.StreamResponse:
    case = response_of(request.headers[CASE_HEADER])
    if case.streamed:
        stream = web.StreamResponse(status=case.status)
        stream.headers.extend(case.headers)
        await stream.prepare(request)
        if request.method != "HEAD":
            for chunk in case.chunks:
                await stream.write(chunk)
        await stream.write_eof()
        return stream
    response = web.Response(status=case.status, body=b"".join(case.chunks))
    response.headers.extend(case.headers)
    return response


async def report_ran(request: web.Request) -> web.StreamResponse:
    return web.Response(text=json.dumps(sorted(ran)))


@web.middleware
async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
    ran.add(request.headers.get(CASE_HEADER, ""))
    return await handler(request)


def make(policy: Policy) -> web.Application:
    app = web.Application(middlewares=[record])
    for method in METHODS:
        app.router.add_route(method, "/app/{path:.*}", respond)
    app.router.add_get("/get-only", respond)
    app.router.add_get(RAN_PATH, report_ran)
    corekit_aiohttp.install(app, policy)
    return app


def serve(ports: Sequence[int]) -> None:
    """Serve an application for each policy until the process is terminated."""
    asyncio.run(_serve(ports))


async def _serve(ports: Sequence[int]) -> None:
    for policy, port in zip(POLICIES, ports, strict=True):
        runner = web.AppRunner(make(policy), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()
