"""`manage.py cors` with middleware that responds or selects the URLconf."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import markcoroutinefunction
from django.core.exceptions import MiddlewareNotUsed, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import override_settings

from tests.django.commanding import APP, run, run_and_exit

pytestmark = pytest.mark.usefixtures("project")


def test_scheme_of_the_host_reaches_the_middleware() -> None:
    middleware = [
        "django.middleware.security.SecurityMiddleware",
        "corekit_django.middleware.CorsMiddleware",
    ]
    with override_settings(SECURE_SSL_REDIRECT=True, MIDDLEWARE=middleware):
        call = ("--origin", APP, "--path", "/plain/", "--host")
        assert "SecurityMiddleware responds" in run_and_exit(*call, "http://testserver")[1]
        assert "SecurityMiddleware" not in run(*call, "https://testserver")


def select_urls(get_response: Any) -> Any:
    def respond(request: Any) -> Any:
        if request.get_host() == "testserver":
            request.urlconf = "tests.django.empty_urls"
        return get_response(request)

    return respond


class SelectLater:
    """Async middleware."""

    sync_capable = False
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> Any:
        if request.get_host() == "testserver":
            request.urlconf = "tests.django.empty_urls"
        return await self.get_response(request)


def unused(get_response: Any) -> Any:
    raise MiddlewareNotUsed


def refuse(get_response: Any) -> Any:
    def respond(request: HttpRequest) -> HttpResponse:
        if request.method != "GET":
            raise PermissionDenied
        return HttpResponse(headers={"Access-Control-Allow-Origin": "*"})

    return respond


OURS = "corekit_django.middleware.CorsMiddleware"


@pytest.mark.parametrize("name", ["select_urls", "SelectLater"])
def test_middleware_before_selects_the_urlconf(name: str) -> None:
    with override_settings(MIDDLEWARE=[f"{__name__}.unused", f"{__name__}.{name}", OURS]):
        own = run_and_exit("--origin", APP, "--path", "/own/")[1]
        other = run_and_exit("--origin", APP, "--path", "/own/", "--host", "testserver")[1]
    assert own.startswith("Policy: the per-view policy of tests.django.views.own\n")
    assert other.startswith("Policy: the CORS_* settings\n")


@pytest.mark.parametrize(("method", "status", "sent"), [("PUT", 1, 403), ("GET", 2, 200)])
def test_middleware_before_that_responds_is_named(method: str, status: int, sent: int) -> None:
    with override_settings(MIDDLEWARE=[f"{__name__}.refuse", OURS]):
        found, printed = run_and_exit("--origin", APP, "--method", method, "--path", "/plain/")
    assert found == status
    assert printed == (
        f"Policy: {__name__}.refuse responds before the CORS middleware. Its response, {sent},"
        " has no CORS headers of corekit.\n"
    )
