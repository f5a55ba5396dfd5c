"""The snippets of docs/asgi-wsgi.md, on real servers."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import CorsPolicy
from corekit_asgi import CorsMiddleware
from tests.docs.pages import APP, OTHER, ROOT, blocks, run
from tests.frameworks.test_delivery import get, over_uvicorn, over_waitress

PAGE = ROOT / "docs" / "asgi-wsgi.md"


@pytest.mark.parametrize(("index", "serve"), [(0, over_uvicorn), (1, over_waitress)])
def test_listed_origins_may_read_and_others_not(index: int, serve: Any) -> None:
    with serve(run(blocks(PAGE, "python")[index], PAGE)["app"]) as port:
        status, headers, body = get(port, "/", APP)
        assert (status, headers["access-control-allow-origin"], body) == (200, APP, b"hello")
        status, headers, body = get(port, "/", OTHER)
        assert (status, headers["vary"], body) == (200, "Origin", b"hello")
        assert "access-control-allow-origin" not in headers


def test_quart_is_wrapped_at_its_asgi_app() -> None:
    from quart import Quart

    app = Quart("shop")
    app.get("/")(hello)
    wrapped: Any = CorsMiddleware(app.asgi_app, CorsPolicy(allow_origins=[APP]))  # type: ignore[arg-type]
    app.asgi_app = wrapped  # type: ignore[method-assign]

    with over_uvicorn(app) as port:
        status, headers, _ = get(port, "/missing", APP)
        assert (status, headers["access-control-allow-origin"]) == (404, APP)
        assert get(port, "/", APP)[2] == b"hello"


async def hello() -> str:
    return "hello"


def test_guard_alone_is_for_local_servers() -> None:
    (snippet,) = (each for each in blocks(PAGE, "python") if "GuardMiddleware" in each)
    with over_uvicorn(run(snippet, PAGE)["app"]) as port:
        assert get(port, "/", f"http://127.0.0.1:{port}")[2] == b"hello"
        status, headers, body = get(port, "/", OTHER)
        assert (status, body) == (
            403,
            b"Guard: the policy does not allow the origin of the page to read.\n",
        )
        assert "access-control-allow-origin" not in headers
