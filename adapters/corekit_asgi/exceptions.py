"""The layer that responds to exceptions, so that the response has the headers of the policy."""

from __future__ import annotations

from typing import Final

from .layers import ASGIApp, Message, Receive, Scope, Send

_BODY: Final = b"Internal Server Error"


class ExceptionResponses:
    """Responds with a 500 to an exception of an application, and raises it again.

    The server then logs it as without this layer. A response that has begun stays as it is.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, as an ASGI 3 application."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        has_begun = False

        async def send_and_note(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except Exception:
            if not has_begun:
                length = str(len(_BODY)).encode()
                headers = [(b"content-type", b"text/plain"), (b"content-length", length)]
                await send({"type": "http.response.start", "status": 500, "headers": headers})
                await send({"type": "http.response.body", "body": _BODY})
            raise
