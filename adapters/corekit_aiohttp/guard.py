"""The guard in aiohttp: judges a request in the outermost middleware, before its handler runs."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web
from multidict import CIMultiDict

from corekit.adapter import (
    CrossOriginGuard,
    Engine,
    GuardedRequest,
    GuardObserver,
    add_vary,
    is_handshake,
)


def request_key(name: str, kind: type) -> Any:
    """Return a key for a value in requests: since version 3.14, aiohttp warns of strings."""
    return web.RequestKey(name, kind) if hasattr(web, "RequestKey") else name


_VARY: Final[Any] = request_key("corekit.vary", tuple)
"""The key in a request for what its response has to add to Vary."""


class Refusal(web.Response):
    """The response to a request that the guard judged by the policy for `routed`."""

    def __init__(self, routed: web.Request, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.routed = routed


class Gate:
    """A guard in front of an application, and the observer of its verdicts."""

    def __init__(self, guard: CrossOriginGuard, observer: GuardObserver) -> None:
        self.guard = guard
        self._observer = observer

    def skips(self, request: web.Request) -> bool:
        """Return whether a request passes without a verdict."""
        return request.method in self.guard.skipped_methods and "Upgrade" not in request.headers

    def refuse(
        self,
        request: web.Request,
        paths: tuple[str, ...],
        engine: Engine | None,
        routed: web.Request,
    ) -> Refusal | None:
        """Judge a request, and return the response to one that is refused.

        `paths` are what aiohttp may route its path as; `engine` is that of the policy for `routed`,
        which is the request itself or the one that it is redirected to, None if no policy covers
        it.
        """
        guarded = GuardedRequest(
            guard=self.guard,
            method=request.method,
            paths=paths,
            engine=engine,
            host=line_of(request, "Host"),
            origin=line_of(request, "Origin"),
            sec_fetch_site=line_of(request, "Sec-Fetch-Site"),
            sec_fetch_mode=line_of(request, "Sec-Fetch-Mode"),
            sec_fetch_dest=line_of(request, "Sec-Fetch-Dest"),
            cookie=line_of(request, "Cookie"),
            authorization=line_of(request, "Authorization"),
            scheme=request.scheme,
            is_websocket=is_handshake(request.method, line_of(request, "Upgrade")),
        )
        verdict = self.guard.judge_request(guarded)
        self._observer.observe(verdict, guarded, path=request.path, request=request)
        if verdict.status is not None:
            status, headers, body = verdict.response()
            return Refusal(routed, status=status, headers=CIMultiDict(headers), body=body)
        if verdict.vary:
            # Two applications around a handler may each have a guard.
            request[_VARY] = tuple(dict.fromkeys((*request.get(_VARY, ()), *verdict.vary)))
        return None


async def add_vary_of_guard(request: web.Request, response: web.StreamResponse) -> None:
    """Write the Vary of a request that passed, as a receiver of ``on_response_prepare``."""
    vary: tuple[str, ...] = request.get(_VARY, ())
    if vary:
        # A new object, since an application may use one for all responses.
        response._headers = CIMultiDict(add_vary(list(response.headers.items()), vary))


def line_of(request: web.Request, name: str) -> str | None:
    """Return the value of a header, or its values joined with a comma, or None."""
    # No origin has a comma: a second header makes it one that matches nothing.
    lines = request.headers.getall(name, None)
    return None if lines is None else ",".join(lines)
