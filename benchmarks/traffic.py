"""The traffic of every workload: a browser's request and an application's JSON response.

Each request is built outside the timed part, with new name and value objects, as a server's parser
builds them: an object with a cached hash would favor code that looks it up in a set.
"""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any, Final

ALLOWED: Final = "https://app.example.com"
UNTRUSTED: Final = "https://untrusted.example"

METHODS: Final = ("PUT", "PATCH", "DELETE")
HEADERS: Final = ("authorization", "content-type", "x-csrftoken")
EXPOSED: Final = ("x-request-id",)
MAX_AGE: Final = 600

BODY: Final = b'{"id":7,"name":"a typical JSON response ...","tags":["one","two","three"]}'
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
"""Thirteen headers. Origin, or a header that CORS does not use, is the fourteenth."""

_AT: Final = 7  # where Chromium puts Origin: after Accept, before Sec-Fetch-Site
_COOKIE: Final = ("cookie", "session=0123456789abcdef")


def request_headers(
    origin: str | None, more: Iterable[tuple[str, str]] = ()
) -> list[tuple[str, str]]:
    """Return the fourteen headers of a request; those in `more` replace the last ones."""
    first = ("origin", origin) if origin is not None else _COOKIE
    more = tuple(more)
    rest = REQUEST[: len(REQUEST) - len(more)]
    return [*rest[:_AT], first, *more, *rest[_AT:]]


def preflight_headers(origin: str, names: str = ", ".join(HEADERS)) -> list[tuple[str, str]]:
    """Return the fourteen headers of a preflight for PUT and three headers."""
    more = [("access-control-request-method", "PUT"), ("access-control-request-headers", names)]
    return request_headers(origin, more)


def scope(
    method: str, headers: Iterable[tuple[str, str]], path: str = "/items/7"
) -> dict[str, Any]:
    """Build the scope of an ASGI request as a server does."""
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
    """Build the environ of a WSGI request as a server does."""
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
