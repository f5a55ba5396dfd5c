"""Views for the tests of the guard: each one keeps a list of the requests that reached it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.decorators import sync_and_async_middleware
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from ninja import NinjaAPI
from ninja.security import APIKeyCookie
from rest_framework.authentication import SessionAuthentication
from rest_framework.decorators import api_view, authentication_classes

from corekit_django import cors, cors_exempt

PARTNER = "https://partner.example"

reached: list[HttpRequest] = []


def write(request: HttpRequest, **_: Any) -> HttpResponse:
    reached.append(request)
    return HttpResponse("written")


def write_in_drf(request: Any) -> HttpResponse:
    assert request.user.username == "ada"
    return write(request._request)


drf = api_view(["POST"])(authentication_classes([SessionAuthentication])(write_in_drf))


class Session(APIKeyCookie):
    """Asks for the CSRF token, as all authentication of django-ninja by cookie."""

    param_name = "sessionid"

    def authenticate(self, request: HttpRequest, key: str | None) -> str | None:
        return key


api = NinjaAPI(urls_namespace="guard", auth=Session(csrf=True))


@api.post("/write/")
def ninja(request: HttpRequest) -> str:
    write(request)
    return "written"


@sync_and_async_middleware
def log_in(get_response: Any) -> Any:
    """Log a user in who is in no database."""
    from asgiref.sync import iscoroutinefunction

    user = User(pk=1, username="ada")
    if iscoroutinefunction(get_response):

        async def call_async(request: Any) -> Any:
            request.user = user
            return await get_response(request)

        return call_async

    def call(request: Any) -> Any:
        request.user = user
        return get_response(request)

    return call


urlpatterns = [
    path("write/", write),
    path("protected/", csrf_protect(write)),
    path("without-csrf/", csrf_exempt(write)),
    path("own/", cors(allow_origins=[PARTNER], allow_credentials=True)(write)),
    path("public/", cors(allow_origins=["*"])(write)),
    path("exempt/", cors_exempt(write)),
    path("hooks/a/", write),
    path("drf/", drf),
    path("ninja/", api.urls),
]
