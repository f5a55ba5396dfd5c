"""What goes over the wire in every workload: a browser's request, an application's JSON answer.

Each request is made afresh, outside the timed part, with names and values of its own, as a server's
parser makes them: an object that was hashed before would flatter whoever looks it up in a set.
"""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any, Final

ALLOWED: Final = "https://app.example.com"
STRANGER: Final = "https://stranger.example"

METHODS: Final = ("PUT", "PATCH", "DELETE")
HEADERS: Final = ("authorization", "content-type", "x-csrftoken")
EXPOSED: Final = ("x-request-id",)
MAX_AGE: Final = 600

BODY: Final = b'{"id":7,"name":"a JSON answer of usual size","tags":["one","two","three"]}'
RESPONSE: Final = (
    ("Content-Type", "application/json"),
    ("Content-Length", str(len(BODY))),
    ("Cache-Control", "no-store"),
    ("X-Request-Id", "3f6c1f9a0d9e4c1b"),
)

REQUEST: Final = (
    ("host", "api.example.com"),
    ("connection", "keep-alive"),
    ("sec-ch-ua-platform", '"Linux"'),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0"),
    ("sec-ch-ua", '"Chromium";v="156", "Not)A;Brand";v="24"'),
    ("sec-ch-ua-mobile", "?0"),
    ("accept", "application/json"),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-dest", "empty"),
    ("referer", "https://app.example.com/"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "en-US,en;q=0.9"),
)
"""Thirteen headers; Origin, or one that is nothing to CORS, makes fourteen."""

_AT: Final = 7  # where Chromium puts Origin: after Accept, before Sec-Fetch-Site
_NEITHER: Final = ("cookie", "session=0123456789abcdef")


def request_headers(
    origin: str | None, asked: Iterable[tuple[str, str]] = ()
) -> list[tuple[str, str]]:
    """List the fourteen headers of a request; those in `asked`, of a preflight, take places."""
    mine = ("origin", origin) if origin is not None else _NEITHER
    asked = tuple(asked)
    rest = REQUEST[: len(REQUEST) - len(asked)]
    return [*rest[:_AT], mine, *asked, *rest[_AT:]]


def preflight_headers(origin: str, names: str = ", ".join(HEADERS)) -> list[tuple[str, str]]:
    """List the fourteen headers of a preflight that asks for PUT and three headers."""
    asked = [("access-control-request-method", "PUT"), ("access-control-request-headers", names)]
    return request_headers(origin, asked)


def scope(
    method: str, headers: Iterable[tuple[str, str]], path: str = "/items/7"
) -> dict[str, Any]:
    """Make the scope of an ASGI request as a server does."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "https",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50_000),
        "root_path": "",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers],
        "state": {},
    }


def environ(
    method: str, headers: Iterable[tuple[str, str]], path: str = "/items/7"
) -> dict[str, Any]:
    """Make the environ of a WSGI request as a server does."""
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": BytesIO(),
        "wsgi.errors": None,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **{"HTTP_" + name.upper().replace("-", "_"): f"{value}" for name, value in headers},
    }
