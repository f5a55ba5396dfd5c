"""A Django site with a secret path, for ASGI and WSGI."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction

from tests.frameworks.path_policies import APP_HEADER, SECRET, mark


@cache
def _django() -> None:
    import django
    from django.conf import settings
    from django.http import HttpRequest, HttpResponse
    from django.urls import re_path

    from corekit_django import cors

    def secret(_: HttpRequest) -> HttpResponse:
        return HttpResponse("secret")

    def public(_: HttpRequest) -> HttpResponse:
        return HttpResponse("public")

    path = f"^{SECRET[1:]}$"
    for name, view in (("marked", mark(cors, secret)), ("regex", secret)):
        urls = sys.modules[f"urls_{name}"] = ModuleType(f"urls_{name}")
        vars(urls)["urlpatterns"] = [re_path(path, view), re_path("", public)]
    settings.configure(
        ALLOWED_HOSTS=["*"],
        CORS_ALLOW_ALL_ORIGINS=True,
        CORS_URLS_REGEX=r"^/(?!admin(/|$))",
        MIDDLEWARE=[
            "tests.frameworks.django_path_apps.SelectUrls",
            "corekit_django.middleware.CorsMiddleware",
        ],
        ROOT_URLCONF="urls_regex",
    )
    django.setup()


class SelectUrls:
    """Middleware that selects the URLs of an application, as that of a site with tenants does."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self._get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        is_marked = "marked" in request.headers[APP_HEADER]
        request.urlconf = "urls_marked" if is_marked else "urls_regex"
        return self._get_response(request)


def django_asgi() -> Any:
    from django.core.handlers.asgi import ASGIHandler

    _django()
    return ASGIHandler()


def django_wsgi() -> Any:
    from django.core.handlers.wsgi import WSGIHandler

    _django()
    return WSGIHandler()
