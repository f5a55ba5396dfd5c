"""Requests through the complete Django stack, under WSGI and ASGI."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy, CorsRoutes
from corekit_django.conf import get_configuration
from corekit_django.middleware import CorsMiddleware
from tests.django import views
from tests.django.conftest import Ask, ask_asgi, ask_wsgi

APP = "https://app.example.com"
EVIL = "https://evil.example"
ALLOW = "Access-Control-Allow-"

# The settings of a project that was migrated with two changed lines.
PROJECT = override_settings(
    CORS_ALLOWED_ORIGINS=[APP, "http://localhost:3000"],
    CORS_ALLOW_CREDENTIALS=True,
    CORS_ALLOWED_METHODS=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    CORS_ALLOW_HEADERS=["authorization", "content-type", "x-csrftoken"],
)


@pytest.fixture(autouse=True)
def project() -> Iterator[None]:
    with PROJECT:
        yield


def cors_headers(response: Any) -> dict[str, str]:
    return {
        name: value
        for name, value in response.headers.items()
        if name.lower().startswith("access-control-")
    }


def vary(response: Any) -> set[str]:
    return {name.strip() for name in response.headers.get("Vary", "").split(",")} - {""}


READABLE = {f"{ALLOW}Origin": APP, f"{ALLOW}Credentials": "true"}


def test_allowed_page_reads_the_response(ask: Ask) -> None:
    response = ask("GET", "/plain/", origin=APP)
    assert response.content == b"plain"
    assert cors_headers(response) == READABLE
    assert vary(response) == {"Origin"}


def test_denied_origin_gets_no_headers(ask: Ask) -> None:
    response = ask("GET", "/plain/", origin=EVIL)
    assert (response.status_code, response.content) == (200, b"plain")
    assert cors_headers(response) == {}
    assert vary(response) == {"Origin"}


def test_request_without_an_origin_varies_for_caches(ask: Ask) -> None:
    response = ask("GET", "/plain/")
    assert cors_headers(response) == {}
    assert vary(response) == {"Origin"}


def test_preflight_never_reaches_the_view(ask: Ask) -> None:
    views.CALLED.clear()
    response = ask("OPTIONS", "/plain/", origin=APP, asked="PUT", asked_headers="x-csrftoken")
    assert views.CALLED == []
    assert (response.status_code, response.content) == (204, b"")
    assert "Content-Type" not in response.headers
    assert "Content-Length" not in response.headers
    assert cors_headers(response) == {
        **READABLE,
        f"{ALLOW}Methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        f"{ALLOW}Headers": "authorization, content-type, x-csrftoken",
        "Access-Control-Max-Age": "86400",
    }
    assert vary(response) == {"Origin"}


def test_preflight_of_another_origin_is_denied(ask: Ask) -> None:
    response = ask("OPTIONS", "/plain/", origin=EVIL, asked="PUT")
    assert response.status_code == 403
    assert response.content == b"CORS: the origin is not allowed.\n"
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["Content-Length"] == str(len(response.content))
    assert cors_headers(response) == {}
    assert vary(response) == {"Origin"}


@override_settings(CORS_POLICY=CorsPolicy(allow_origins=[APP], preflight_status=200))
def test_other_preflight_status_has_an_empty_body(ask: Ask) -> None:
    with override_settings():
        forget_settings()
        response = ask("OPTIONS", "/plain/", origin=APP, asked="PUT")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Content-Length"] == "0"


@pytest.mark.parametrize(
    ("origin", "asked"), [(None, "PUT"), (APP, None)], ids=["no origin", "no requested method"]
)
def test_plain_options_reaches_the_view(ask: Ask, origin: str | None, asked: str | None) -> None:
    views.CALLED.clear()
    assert ask("OPTIONS", "/plain/", origin=origin, asked=asked).content == b"plain"
    assert views.CALLED == ["OPTIONS"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/missing/", 404),
        ("/crash/", 500),
        ("/redirect/", 301),
        ("/plain", 301),
        ("/file/", 200),
        ("/stream/", 200),
    ],
)
def test_responses_of_other_layers_are_readable(ask: Ask, path: str, status: int) -> None:
    response = ask("GET", path, origin=APP)
    assert response.status_code == status
    assert cors_headers(response) == READABLE
    assert "Origin" in vary(response)


@pytest.mark.parametrize("debug", [False, True])
def test_error_page_is_readable(ask: Ask, debug: bool) -> None:
    with override_settings(DEBUG=debug):
        response = ask("GET", "/crash/", origin=APP)
    assert response.status_code == 500
    assert (b"the view fails" in response.content) is debug
    assert cors_headers(response) == READABLE


def test_csrf_failure_is_readable(ask: Ask) -> None:
    response = ask("POST", "/protected/", origin=APP, enforce_csrf=True)
    assert response.status_code == 403
    assert b"CSRF" in response.content
    assert cors_headers(response) == READABLE


@pytest.mark.parametrize("urlpatterns", ["not a list of patterns", None], ids=["text", "none"])
def test_broken_urlconf_allows_no_origins(ask: Ask, urlpatterns: object) -> None:
    broken = ModuleType("broken_urls")
    broken.urlpatterns = urlpatterns  # type: ignore[attr-defined]
    sys.modules["broken_urls"] = broken
    with override_settings(ROOT_URLCONF="broken_urls"):
        response = ask("GET", "/plain/", origin=APP)
    assert response.status_code == 500
    assert cors_headers(response) == {}


def test_async_stream_is_readable() -> None:
    async def read() -> tuple[Any, bytes]:
        from django.test import AsyncClient

        client = AsyncClient()
        response: Any = await client.get("/stream-async/", headers={"Origin": APP})
        return response, b"".join([part async for part in response.streaming_content])

    response, body = asyncio.run(read())
    assert body == b"ab"
    assert cors_headers(response) == READABLE


@pytest.mark.parametrize("origin", [APP, EVIL, None])
def test_cors_headers_of_the_view_are_replaced(ask: Ask, origin: str | None) -> None:
    response = ask("GET", "/own-headers/", origin=origin)
    assert cors_headers(response) == (READABLE if origin == APP else {})
    assert response.headers["Vary"] == "Accept, Origin"


def test_vary_wildcard_is_kept(ask: Ask) -> None:
    assert ask("GET", "/own-headers/?vary=*", origin=APP).headers["Vary"] == "*"


def test_reused_response_allows_nothing_to_the_next_request(ask: Ask) -> None:
    assert cors_headers(ask("GET", "/shared/", origin=APP)) == READABLE
    response = ask("GET", "/shared/", origin=EVIL)
    assert cors_headers(response) == {}
    assert response.headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    "origin",
    [
        f"{APP}, {EVIL}",
        f"{APP},{APP}",
        f"{APP}/",
        f"{APP}.evil.example",
        "HTTPS://app.example.com",
        "https://app.example.com:443",
        "null",
        "",
        "https://" + "a" * 10_000,
    ],
)
def test_malformed_origin_is_not_allowed(ask: Ask, origin: str) -> None:
    assert cors_headers(ask("GET", "/plain/", origin=origin)) == {}
    response = ask("OPTIONS", "/plain/", origin=origin, asked="PUT")
    assert (response.status_code, cors_headers(response)) == (403, {})


def test_requested_headers_of_64_kib_are_not_parsed(ask: Ask) -> None:
    response = ask("OPTIONS", "/plain/", origin=APP, asked="PUT", asked_headers="," * 65_536)
    assert response.status_code == 204


def forget_settings() -> None:
    """Delete the project's settings, within `override_settings`."""
    from django.conf import settings

    for name in dir(settings):
        if name.startswith("CORS_") and name != "CORS_POLICY":
            delattr(settings, name)
    setting_changed.send(sender=None, setting="CORS_ALLOWED_ORIGINS", value=None, enter=True)


def test_settings_overridden_in_a_test_take_effect(ask: Ask) -> None:
    assert cors_headers(ask("GET", "/plain/", origin=EVIL)) == {}
    with override_settings(CORS_ALLOWED_ORIGINS=[EVIL]):
        assert cors_headers(ask("GET", "/plain/", origin=EVIL)) != {}
        assert cors_headers(ask("GET", "/plain/", origin=APP)) == {}
    assert cors_headers(ask("GET", "/plain/", origin=EVIL)) == {}


@override_settings(CORS_ALLOWED_ORIGINS=[])
def test_policy_without_origins_allows_nothing(ask: Ask) -> None:
    for origin in (APP, None):
        response = ask("GET", "/own-headers/", origin=origin)
        assert cors_headers(response) == {}
        assert "Origin" in vary(response)
    assert ask("OPTIONS", "/plain/", origin=APP, asked="PUT").status_code == 403


@override_settings(CORS_ALLOW_ALL_ORIGINS=True, CORS_ALLOW_CREDENTIALS=False)
def test_any_origin_gets_the_same_response_without_vary(ask: Ask) -> None:
    for origin in (EVIL, None):
        response = ask("GET", "/plain/", origin=origin)
        assert cors_headers(response) == {f"{ALLOW}Origin": "*"}
        assert vary(response) == set()


@override_settings(CORS_URLS_REGEX=r"^/own-headers/.*$")
def test_paths_outside_the_regex_are_not_changed(ask: Ask) -> None:
    assert cors_headers(ask("GET", "/own-headers/", origin=APP)) == READABLE
    views.CALLED.clear()
    response = ask("GET", "/plain/", origin=APP)
    assert cors_headers(response) == {}
    assert vary(response) == set()
    assert ask("OPTIONS", "/plain/", origin=APP, asked="PUT").content == b"plain"
    assert views.CALLED == ["GET", "OPTIONS"]


@override_settings(CORS_URLS_REGEX=r"/pl")
def test_path_regex_matches_the_beginning_of_paths(ask: Ask) -> None:
    assert cors_headers(ask("GET", "/plain/", origin=APP)) == READABLE
    assert f"{ALLOW}Origin" not in cors_headers(ask("GET", "/x/plain/", origin=APP))


def test_routes_select_the_policy_by_path(ask: Ask) -> None:
    routes = CorsRoutes(
        [
            ("/plain/", CorsPolicy(allow_origins=["*"])),
            ("/file/", CorsPolicy.deny_all()),
            ("/stream/", CorsPolicy(allow_origins=[APP], allow_credentials=True)),
        ]
    )
    with override_settings(CORS_POLICY=routes):
        forget_settings()
        assert cors_headers(ask("GET", "/plain/", origin=EVIL)) == {f"{ALLOW}Origin": "*"}
        assert cors_headers(ask("GET", "/stream/", origin=APP)) == READABLE
        assert cors_headers(ask("GET", "/file/", origin=APP)) == {}
        untouched = ask("GET", "/own-headers/", origin=APP)
        assert cors_headers(untouched)[f"{ALLOW}Origin"] == "*"
        assert vary(untouched) == {"Accept"}


def test_async_request_stays_in_the_event_loop_thread() -> None:
    async def call() -> int:
        from django.test import AsyncClient

        client = AsyncClient(headers={"Origin": APP})
        await client.get("/in-loop/")
        return threading.get_ident()

    views.THREADS.clear()
    only_ours = ["corekit_django.middleware.CorsMiddleware"]
    with override_settings(MIDDLEWARE=only_ours):
        before = threading.active_count()
        ident = asyncio.run(call())
        assert threading.active_count() == before
    assert [ident] == views.THREADS


def test_middleware_is_async_if_the_inner_handler_is() -> None:
    async def inner(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert iscoroutinefunction(CorsMiddleware(inner))
    assert not iscoroutinefunction(CorsMiddleware(views.plain))


@pytest.mark.parametrize("handler", [WSGIHandler, ASGIHandler])
def test_unsafe_settings_raise_at_startup(handler: Any) -> None:
    with (
        override_settings(
            CORS_ALLOWED_ORIGINS=["*", "http://evil.example/"],
            CORS_ALLOWED_ORIGIN_REGEXES=["https://.*"],
        ),
        pytest.raises(ImproperlyConfigured) as caught,
    ):
        handler()
    text = str(caught.value)
    assert text.startswith("3 problems in the CORS policy:")
    assert "CORS_ALLOWED_ORIGINS = ['*', 'http://evil.example/']: '*' is not an origin" in text
    assert "CORS_ALLOWED_ORIGIN_REGEXES[0] = 'https://.*': " in text
    assert "Use 'https://evil.example'." in text


ORIGINS = st.sampled_from([None, APP, EVIL, "http://localhost:3000", "null", "x", f"{APP},{APP}"])
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "OPTIONS"])
ASKED = st.sampled_from([None, "GET", "PUT", "PROPFIND", "no method"])


@given(ORIGINS, METHODS, ASKED, st.sampled_from([ask_wsgi, ask_asgi]))
def test_response_matches_the_decision_of_the_policy(
    origin: str | None, method: str, asked: str | None, ask: Ask
) -> None:
    policy = get_configuration().policy
    assert isinstance(policy, CorsPolicy)
    decision = policy.decide(method, origin=origin, request_method=asked)
    response = ask(method, "/plain/", origin=origin, asked=asked)
    assert cors_headers(response) == dict(decision.headers)
    assert vary(response) == set(decision.vary)
    if decision.status is not None:
        assert response.status_code == decision.status
