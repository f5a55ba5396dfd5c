"""What a response grants to the page that sent the request, as a browser reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_SAFELISTED_METHODS: Final = frozenset({"GET", "HEAD", "POST"})
_SAFELISTED_HEADERS: Final = frozenset({"accept", "accept-language", "content-language"})


def is_granted(request: Mapping[str, str], status: int, response: Mapping[str, str]) -> bool:
    """Return whether the page may read the response, or send the request of the preflight.

    Requests with credentials are not meant: they need more.
    """
    origin = request.get("Origin")
    if origin is None or response.get("Access-Control-Allow-Origin") not in ("*", origin):
        return False
    method = request.get("Access-Control-Request-Method")
    if method is None:
        return True
    methods = _names(response.get("Access-Control-Allow-Methods")) | _SAFELISTED_METHODS
    headers = {name.lower() for name in _names(response.get("Access-Control-Allow-Headers"))}
    asked = {name.lower() for name in _names(request.get("Access-Control-Request-Headers"))}
    if "*" in headers:
        asked &= {"authorization"}
    return (
        200 <= status < 300
        and not methods.isdisjoint({method, "*"})
        and asked <= headers | _SAFELISTED_HEADERS
    )


def _names(value: str | None) -> set[str]:
    return {name.strip() for name in (value or "").split(",") if name.strip()}
