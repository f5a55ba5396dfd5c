"""The same small API as an ASGI and as a WSGI application. Not a test.

The header X-Answer is the response: a JSON object with `status`, `headers` and `body`.
Without it, the response is the request as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


def answer(header: str | None, seen: dict[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return status, headers and body."""
    if header is None:
        return 200, [("Content-Type", "application/json")], json.dumps(seen).encode()
    wanted = json.loads(header)
    if wanted.get("fail"):
        raise RuntimeError("as requested")
    headers = [(name, value) for name, value in wanted.get("headers", [])]
    return wanted.get("status", 200), headers, wanted.get("body", "").encode()


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        raise NotImplementedError("no lifespan")
    headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    body = (await receive())["body"]
    seen = {
        "method": scope["method"],
        "path": scope["path"],
        "query": scope["query_string"].decode(),
        "scheme": scope["scheme"],
        "server": list(scope["server"]),
        "headers": headers,
        "body": body.decode("latin-1"),
    }
    status, answered, content = answer(headers.get("x-answer"), seen)
    raw = [(name.encode(), value.encode("latin-1")) for name, value in answered]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": content[:1], "more_body": True})
    await send({"type": "http.response.body", "body": content[1:]})
    assert (await receive())["type"] == "http.disconnect"


def wsgi_app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    headers = {
        key.removeprefix("HTTP_").replace("_", "-").lower(): value
        for key, value in environ.items()
        if key.startswith("HTTP_") or key in ("CONTENT_TYPE", "CONTENT_LENGTH")
    }
    seen = {
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"].encode("latin-1").decode(),
        "query": environ["QUERY_STRING"],
        "scheme": environ["wsgi.url_scheme"],
        "server": [environ["SERVER_NAME"], int(environ["SERVER_PORT"])],
        "headers": headers,
        "body": environ["wsgi.input"]
        .read(int(environ.get("CONTENT_LENGTH") or 0))
        .decode("latin-1"),
    }
    status, answered, content = answer(headers.get("x-answer"), seen)
    write = start_response(f"{status} Status", answered)
    write(content[:1])
    return iter([content[1:]])
