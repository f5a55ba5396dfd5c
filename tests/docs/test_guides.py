"""The pages of the frameworks: every snippet runs, and does what its page says."""

from __future__ import annotations

import os
from typing import Any

import pytest

from corekit import CorsPolicy
from corekit_asgi import CorsMiddleware
from corekit_testing import Browser, CorsError
from tests.docs.pages import APP, OTHER, ROOT, blocks, call, run

DOCS = ROOT / "docs"
PARTNER = "https://partner.example"
SNIPPETS = [
    (name, index)
    for name in ("aiohttp", "asgi-wsgi", "fastapi", "flask", "recipes")
    for index in range(len(blocks(DOCS / f"{name}.md", "python")))
]


def names_of(page: str, index: int) -> dict[str, Any]:
    path = DOCS / f"{page}.md"
    return run(blocks(path, "python")[index], path)


@pytest.mark.parametrize(("page", "index"), SNIPPETS)
def test_snippet_runs(page: str, index: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {})
    names = names_of(page, index)
    assert "app" in names or isinstance(names["policy"], CorsPolicy)


@pytest.mark.parametrize(
    ("page", "index", "path"),
    [
        ("aiohttp", 0, "/items"),
        ("asgi-wsgi", 0, "/"),
        ("asgi-wsgi", 1, "/"),
        ("fastapi", 0, "/items"),
        ("flask", 0, "/items"),
    ],
)
def test_listed_origins_may_read_and_others_not(page: str, index: int, path: str) -> None:
    status, allowed, _ = call(names_of(page, index)["app"], path, {"Origin": APP})
    assert (status, allowed["Access-Control-Allow-Origin"]) == (200, APP)
    status, denied, _ = call(names_of(page, index)["app"], path, {"Origin": OTHER})
    assert (status, denied["Vary"]) == (200, "Origin")
    assert "Access-Control-Allow-Origin" not in denied


@pytest.mark.parametrize("page", ["fastapi", "flask"])
def test_cookies_are_sent_within_a_site_only(page: str) -> None:
    app = names_of(page, 1)["app"]
    with Browser(app, APP, url="https://api.example.com") as browser:
        assert browser.fetch("POST", "/login", credentials="include").status == 200
        assert browser.fetch("GET", "/me", credentials="include").json() == {"user": "alice"}
    with Browser(app, APP, url="https://api.example.org") as browser:
        assert browser.fetch("POST", "/login", credentials="include").status == 200
        assert browser.fetch("GET", "/me", credentials="include").status == 401


def test_login_in_aiohttp_sets_a_cookie_that_pages_may_get() -> None:
    app = names_of("aiohttp", 2)["app"]
    status, headers, _ = call(app, "/login", {"Origin": APP}, "POST")
    assert (status, headers["Access-Control-Allow-Credentials"]) == (200, "true")
    assert headers["Set-Cookie"].startswith("session=secret; ")


@pytest.mark.parametrize("page", ["fastapi", "flask"])
@pytest.mark.parametrize(
    ("path", "origin", "allowed"),
    [
        ("/feed", OTHER, "*"),
        ("/partners/orders", PARTNER, PARTNER),
        ("/partners/orders", APP, None),
        ("/missing", APP, APP),
    ],
)
def test_closest_policy_applies(page: str, path: str, origin: str, allowed: str | None) -> None:
    _, headers, _ = call(names_of(page, 2)["app"], path, {"Origin": origin})
    assert headers.get("Access-Control-Allow-Origin") == allowed


@pytest.mark.parametrize(
    ("method", "origin", "allowed"),
    [("GET", OTHER, "*"), ("PUT", OTHER, None), ("PUT", APP, APP)],
)
def test_policy_of_the_handler_applies_in_quart(
    method: str, origin: str, allowed: str | None
) -> None:
    app = names_of("asgi-wsgi", 2)["app"]
    status, headers, _ = call(app.asgi_app, "/items/7", {"Origin": origin}, method)
    assert (status, headers.get("Access-Control-Allow-Origin")) == (200, allowed)


@pytest.mark.parametrize(
    ("path", "allowed"), [("/public/hello", "*"), ("/api/hello", None), ("/other", None)]
)
def test_policy_of_the_path_applies_in_aiohttp(path: str, allowed: str | None) -> None:
    _, headers, _ = call(names_of("aiohttp", 3)["app"], path, {"Origin": OTHER})
    assert headers.get("Access-Control-Allow-Origin") == allowed


def test_variables_of_production_replace_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"CORS_ALLOW_ORIGINS": APP})
    assert names_of("recipes", 3)["policy"].allow_origins == (APP,)
    monkeypatch.setattr(os, "environ", {})
    policy = names_of("recipes", 3)["policy"]
    assert policy.allow_origins == ("http://localhost:*", "http://127.0.0.1:*")


def test_added_middleware_misses_unhandled_exceptions() -> None:
    from starlette.applications import Starlette
    from starlette.routing import Route

    async def fail(request: object) -> None:
        raise LookupError

    policy = CorsPolicy(allow_origins=[APP])
    inside = Starlette(routes=[Route("/", fail)])
    inside.add_middleware(CorsMiddleware, policy=policy)
    outside = CorsMiddleware(Starlette(routes=[Route("/", fail)]), policy)
    with Browser(outside, APP, raise_exceptions=False) as browser:
        assert browser.fetch("GET", "/").status == 500
    with (
        Browser(inside, APP, raise_exceptions=False) as browser,
        pytest.raises(CorsError, match="MissingAllowOriginHeader"),
    ):
        browser.fetch("GET", "/")
