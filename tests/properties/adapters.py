"""Every adapter, as a function that puts a policy around one small application: one line each.

Not a test: what the theorem is proved through. The application answers every request with the same
`Answer` and remembers what reached it; an adapter's function returns what carries a request to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import corekit_asgi
import corekit_wsgi
from corekit import CorsPolicy
from corekit.browser import HttpRequest, HttpResponse
from corekit_testing.asgi import AsgiTransport
from corekit_testing.transports import WsgiTransport


@dataclass
class Application:
    """What every adapter is put around: one answer, and the methods that reached it."""

    status: int
    headers: list[tuple[str, str]]
    reached: list[str] = field(default_factory=list)

    async def asgi(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.reached.append(scope["method"])
            raw = [(name.lower().encode(), value.encode()) for name, value in self.headers]
            await send({"type": "http.response.start", "status": self.status, "headers": raw})
            await send({"type": "http.response.body", "body": b"secret"})

    def wsgi(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.reached.append(environ["REQUEST_METHOD"])
        start_response(f"{self.status} Status", list(self.headers))
        return [b"secret"]


Send = Callable[[HttpRequest], HttpResponse]


def through_asgi(policy: CorsPolicy, application: Application) -> Send:
    app = corekit_asgi.CorsMiddleware(application.asgi, policy)
    return AsgiTransport(app, raise_exceptions=True).send


def through_wsgi(policy: CorsPolicy, application: Application) -> Send:
    app = corekit_wsgi.CorsMiddleware(application.wsgi, policy)
    return WsgiTransport(app, raise_exceptions=True).send


ADAPTERS: dict[str, Callable[[CorsPolicy, Application], Send]] = {
    "asgi": through_asgi,
    "wsgi": through_wsgi,
}
