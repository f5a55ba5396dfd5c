"""Look up the origin of a request in ASGI."""

from __future__ import annotations

from corekit.adapter import Engine, Lookup, LookupRequest, find_lookup, look_up_async

from .headers import find_line
from .layers import Scope


async def look_up_origin(
    lookup: Lookup | None,
    engine: Engine,
    scope: Scope,
    origin: bytes,
) -> Engine:
    """Return the engine for a request or a handshake, after a look-up if that is needed.

    `engine` is that of the policy for the request.
    """
    headers, text = scope["headers"], origin.decode("latin-1")
    site = find_line(headers, b"sec-fetch-site")
    found = find_lookup(lookup, engine, text, site)
    if found is None:
        return engine
    host = find_line(headers, b"host") or b""
    # The scheme of a handshake is that of WebSockets.
    scheme = (scope.get("scheme") or "http").replace("ws", "http")
    request = LookupRequest(scheme, host.decode("latin-1"), scope["path"])
    return await look_up_async(found, engine, text, request)
