"""Files that are watched, and an application that watches one. Not a test."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from corekit import LivePolicy
from corekit_asgi import CorsMiddleware as AsgiMiddleware
from corekit_config import load_policy, watch
from corekit_wsgi import CorsMiddleware as WsgiMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

FILE: Final = "WATCHED_FILE"
"""The environment variable that names the file of the applications here."""

OLD: Final = "https://old.example.com"
NEW: Final = "https://new.example.com"


def policy_text(origin: str) -> str:
    return f'allow_origins = ["{origin}"]\n'


def wait_for(is_true: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Return whether something becomes true in time."""
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _watched() -> LivePolicy:
    path = Path(os.environ[FILE])
    live = LivePolicy(load_policy(path))
    watch(path, live, every=0.05)
    return live


def _hello(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]


async def _hello_async(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})


def make_wsgi() -> WsgiMiddleware:
    return WsgiMiddleware(_hello, _watched())


def make_asgi() -> AsgiMiddleware:
    return AsgiMiddleware(_hello_async, _watched())
