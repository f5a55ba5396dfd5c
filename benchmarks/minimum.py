"""The practical limit: CORS for one origin, written by hand for one application.

There is no policy, pattern, route or option: every header is a literal. It is correct nevertheless:
two Origin headers count as none, Vary is merged, the application's own Access-Control headers are
removed, and its message and list are not modified. A library cannot be much faster than this, so
the difference is the cost of being a library.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

_ORIGIN: Final = "https://app.example.com"
_RAW_ORIGIN: Final = _ORIGIN.encode()

_GRANT: Final = (
    ("Access-Control-Allow-Origin", _ORIGIN),
    ("Access-Control-Allow-Credentials", "true"),
    ("Access-Control-Expose-Headers", "x-request-id"),
    ("Vary", "Origin"),
)
_DENIAL: Final = (("Vary", "Origin"),)
_PREFLIGHT: Final = (
    ("Access-Control-Allow-Origin", _ORIGIN),
    ("Access-Control-Allow-Credentials", "true"),
    ("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE"),
    ("Access-Control-Allow-Headers", "authorization, content-type, x-csrftoken"),
    ("Access-Control-Max-Age", "600"),
    ("Vary", "Origin"),
)


def _raw(headers: Iterable[tuple[str, str]]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.lower().encode(), value.encode()) for name, value in headers)


_RAW_GRANT: Final = _raw(_GRANT)
_RAW_DENIAL: Final = _raw(_DENIAL)
_RAW_PREFLIGHT: Final = _raw(_PREFLIGHT)

_OWN: Final = frozenset({name for name, _ in (*_PREFLIGHT, *_GRANT)})
_RAW_OWN: Final = frozenset(name.lower().encode() for name in _OWN)


class MinimalAsgi:
    """ASGI middleware."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        origin = None
        for name, value in scope["headers"]:
            if name == b"origin":
                origin = value if origin is None else b""
        if origin is not None and scope["method"] == "OPTIONS":
            for name, _ in scope["headers"]:
                if name == b"access-control-request-method":
                    granted = origin == _RAW_ORIGIN
                    await send(
                        {
                            "type": "http.response.start",
                            "status": 204 if granted else 403,
                            "headers": list(_RAW_PREFLIGHT if granted else _RAW_DENIAL),
                        }
                    )
                    await send({"type": "http.response.body", "body": b""})
                    return
        mine = _RAW_GRANT if origin == _RAW_ORIGIN else _RAW_DENIAL

        def send_with_headers(message: Any) -> Any:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                for name, _ in headers:
                    if name in _RAW_OWN:
                        merged = _merge_raw(headers, mine)
                        break
                else:
                    merged = [*headers, *mine]
                message = message.copy()
                message["headers"] = merged
            return send(message)

        await self.app(scope, receive, send_with_headers)


class MinimalWsgi:
    """WSGI middleware."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        origin = environ.get("HTTP_ORIGIN")
        if (
            origin is not None
            and environ["REQUEST_METHOD"] == "OPTIONS"
            and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        ):
            if origin == _ORIGIN:
                start_response("204 No Content", list(_PREFLIGHT))
            else:
                start_response("403 Forbidden", [("Content-Length", "0"), *_DENIAL])
            return []
        mine = _GRANT if origin == _ORIGIN else _DENIAL

        def start_with_headers(status: str, headers: Any, exc_info: Any = None) -> Any:
            for name, _ in headers:
                if name in _OWN:
                    return start_response(status, _merge(headers, mine), exc_info)
            return start_response(status, [*headers, *mine], exc_info)

        return self.app(environ, start_with_headers)


def _merge_raw(headers: Any, mine: Any) -> list[tuple[bytes, bytes]]:
    kept = [header for header in headers if header[0] not in _RAW_OWN]
    lines = [value for name, value in headers if name == b"vary"]
    vary = b", ".join(lines)
    names = vary.lower().replace(b" ", b"").split(b",")
    if b"*" in names or b"origin" in names:
        return [*kept, *mine[:-1], (b"vary", vary)]
    return [*kept, *mine[:-1], (b"vary", vary + b", Origin" if vary else b"Origin")]


def _merge(headers: Any, mine: Any) -> list[tuple[str, str]]:
    kept = [header for header in headers if header[0] not in _OWN]
    lines = [value for name, value in headers if name == "Vary"]
    vary = ", ".join(lines)
    names = vary.lower().replace(" ", "").split(",")
    if "*" in names or "origin" in names:
        return [*kept, *mine[:-1], ("Vary", vary)]
    return [*kept, *mine[:-1], ("Vary", f"{vary}, Origin" if vary else "Origin")]
