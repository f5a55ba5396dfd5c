"""An application behind a guard, for servers that import it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from corekit import CorsPolicy
from corekit.guard import CrossOriginGuard
from corekit_wsgi import CorsMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["HOST", "LISTED", "app"]

LISTED: Final = "https://app.example.com"
HOST: Final = "shop.example.com"

_policy: Final = CorsPolicy(allow_origins=[LISTED], allow_credentials=True)


def hello(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


app: Final = CorsMiddleware(hello, _policy, guard=CrossOriginGuard(_policy, hosts=[HOST]))
