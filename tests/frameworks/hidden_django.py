"""Django sites with marked views behind everything that may wrap them."""

from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse as DjangoResponse
from django.test import Client as DjangoClient
from django.urls import path as django_path
from django.views import View as DjangoView

import corekit_asgi
import corekit_django
from tests.frameworks.django_urls import serve_urls
from tests.frameworks.hidden_requests import (
    ANY,
    OWN,
    Ask,
    Seen,
    ask_asgi,
    headers_of,
)
from tests.frameworks.hiding import Wrapping


def _make_urls(wrapping: Wrapping) -> None:
    cors = corekit_django.cors(OWN)
    wrap = wrapping.function

    @cors
    def function(_: object) -> DjangoResponse:
        return DjangoResponse("secret")

    class Method(DjangoView):
        @cors
        def get(self, _: object) -> DjangoResponse:
            return DjangoResponse("secret")

    @cors
    class Class(DjangoView):
        def get(self, _: object) -> DjangoResponse:
            return DjangoResponse("secret")

    @cors
    async def coroutine(_: object) -> DjangoResponse:
        return DjangoResponse("secret")

    serve_urls(
        django_path("open", lambda _: DjangoResponse("public")),
        django_path("function", wrap(function)),
        django_path("method", wrap(Method.as_view())),
        django_path("class", wrap(Class.as_view())),
        django_path("coroutine", wrapping.coroutine(coroutine)),
        django_path("sync", async_to_sync(coroutine)),
    )


def django_wsgi(wrapping: Wrapping) -> Ask:
    _make_urls(wrapping)
    client = DjangoClient(raise_request_exception=False)

    def ask(path: str, origin: str | None) -> Seen:
        response = client.get(path, headers=headers_of(origin))
        allowed = response.headers.get("Access-Control-Allow-Origin")
        return Seen(response.status_code, allowed, b"secret" in response.content)

    return ask


def django_asgi(wrapping: Wrapping) -> Ask:
    _make_urls(wrapping)
    return ask_asgi(ASGIHandler())


def django_in_the_middleware(wrapping: Wrapping) -> Ask:
    _make_urls(wrapping)
    app: Any = ASGIHandler()
    return ask_asgi(corekit_asgi.CorsMiddleware(app, ANY))
