"""Requests to applications whose handlers have a policy, and what is seen of the response."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from starlette.testclient import TestClient

from corekit import CorsPolicy

UNTRUSTED: Final = "https://untrusted.example"
APP: Final = "https://app.example.com"
ANY: Final = CorsPolicy(allow_origins=["*"], allow_methods=["PUT"])
OWN: Final = CorsPolicy(allow_origins=[APP])


class Seen(NamedTuple):
    """A status, Access-Control-Allow-Origin, and whether the handler ran."""

    status: int
    allowed: str | None
    ran: bool


Ask = Callable[[str, str | None], Seen]
"""Sends a GET request for a path with an Origin header, if any."""


def headers_of(origin: str | None) -> dict[str, str]:
    return {} if origin is None else {"Origin": origin}


def ask_asgi(app: Any) -> Ask:
    client = TestClient(app, raise_server_exceptions=False)

    def ask(path: str, origin: str | None) -> Seen:
        response = client.get(path, headers=headers_of(origin))
        allowed = response.headers.get("access-control-allow-origin")
        return Seen(response.status_code, allowed, "secret" in response.text)

    return ask
