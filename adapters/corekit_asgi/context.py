"""The context of a request in which its handlers know what is applied to it."""

from __future__ import annotations

from typing import Final

from corekit.adapter import Applied, Observer, RoutingError, applying, is_bridged

from .headers import find_line, requested_method
from .layers import ASGIApp, Message, Receive, Scope, Send

APPLIED: Final = "corekit.applied"
"""The key in the scope of a request that an outer layer covers, which is the authority."""


async def apply(
    app: ASGIApp, applied: Applied | None, scope: Scope, receive: Receive, send: Send
) -> None:
    """Call an application whose handlers know what is applied to the request, or None for nothing.

    The scope says that a layer is outside, since the context may be that of another request, whose
    handler sends this one. A bridge from another interface cannot set it.
    """
    if APPLIED in scope or is_bridged("asgi", scope["headers"]):
        await app(scope, receive, send)
        return
    if applied is not None:
        scope = {**scope, APPLIED: True}
    context = applying(applied, "asgi", scope["headers"])

    # A server that is sent several requests at once starts the next one inside of this call.
    async def send_and_end(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            context.end()
        await send(message)

    with context:
        await app(scope, receive, send_and_end)


def report_routing_error(observer: Observer, error: RoutingError, scope: Scope) -> None:
    """Report an error of the router, which leaves the handler of a request unknown."""
    origin = find_line(scope["headers"], b"origin")
    observer.report_routing_error(
        error,
        method=scope.get("method", "WebSocket"),
        path=scope["path"],
        origin=None if origin is None else origin.decode("latin-1"),
        request_method=requested_method(scope["headers"]),
    )
