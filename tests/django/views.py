"""Views of every kind; views whose names begin with `own` have the policy OWN."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from functools import wraps
from io import BytesIO
from typing import Any, Final

from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.decorators import decorate_view
from rest_framework.decorators import action, api_view
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from corekit import CorsPolicy
from corekit_django import cors, cors_exempt

OWN_ORIGIN: Final = "https://own.example"
OWN: Final = CorsPolicy(
    allow_origins=[OWN_ORIGIN], allow_methods=["PUT"], expose_headers=["x-own"], max_age=60
)

CALLED: Final[list[str]] = []
"""The methods with which views were called."""

THREADS: Final[list[int]] = []
"""The threads in which async views ran."""


def plain(request: HttpRequest, **_: object) -> HttpResponse:
    CALLED.append(request.method or "")
    return HttpResponse("plain")


async def in_loop(request: HttpRequest) -> HttpResponse:
    THREADS.append(threading.get_ident())
    return HttpResponse("in the loop")


def crash(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("the view fails")


def protected(request: HttpRequest) -> HttpResponse:
    return HttpResponse("written")


def stream(request: HttpRequest) -> HttpResponseBase:
    return StreamingHttpResponse(iter([b"a", b"b"]))


async def stream_async(request: HttpRequest) -> HttpResponseBase:
    async def parts() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    return StreamingHttpResponse(parts())


def file(request: HttpRequest) -> HttpResponseBase:
    return FileResponse(BytesIO(b"a file"), filename="a.txt")


def redirect(request: HttpRequest) -> HttpResponse:
    return HttpResponsePermanentRedirect("/plain/")


def own_headers(request: HttpRequest) -> HttpResponse:
    """Set CORS headers in the view, wrongly."""
    return HttpResponse(
        "own headers",
        headers={
            "Access-Control-Allow-Origin": "*",
            "access-control-allow-credentials": "true",
            "Vary": request.GET.get("vary", "Accept"),
        },
    )


SHARED = HttpResponse("the same object for every request")


def shared(request: HttpRequest) -> HttpResponse:
    return SHARED


@cors(OWN)
def own(request: HttpRequest) -> HttpResponse:
    CALLED.append(request.method or "")
    return HttpResponse("own")


@cors(OWN)
async def own_async(request: HttpRequest) -> HttpResponse:
    return HttpResponse("own, async")


def passes_on(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return wrapper


own_wrapped = passes_on(own)


@cors(OWN)
@csrf_exempt
def own_without_csrf(request: HttpRequest) -> HttpResponse:
    return HttpResponse("own, without CSRF protection")


@cors(OWN)
class OwnClass(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("own class")

    put = get


class OwnSubclass(OwnClass):
    pass


@method_decorator(cors(OWN), name="dispatch")
class OwnDispatch(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("own dispatch")


class OwnMethod(View):
    """PUT and GET have their own policy; DELETE has the policy of the settings."""

    @cors(OWN)
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("own get")

    @method_decorator(cors(OWN))
    def put(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("own put")

    def delete(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("the settings' delete")


class CallableView:
    def __call__(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("an object")

    def method(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("a method of an object")


@cors_exempt
def exempt(request: HttpRequest) -> HttpResponse:
    CALLED.append(request.method or "")
    return HttpResponse(
        "exempt", headers={"Access-Control-Allow-Origin": "https://by-itself.example"}
    )


@cors(OWN)
@api_view(["GET", "PUT"])
def drf_above(request: Any) -> Response:
    return Response("above")


@api_view(["GET", "PUT"])
@cors(OWN)
def drf_below(request: Any) -> Response:
    return Response("below")


@cors(OWN)
class DrfClass(APIView):
    def get(self, request: Any) -> Response:
        return Response("class")


class DrfSet(ViewSet):
    def list(self, request: Any) -> Response:
        return Response("list")

    @cors(OWN)
    def create(self, request: Any) -> Response:
        return Response("create")

    @action(detail=False, methods=["get", "put"])
    @cors(OWN)
    def extra(self, request: Any) -> Response:
        return Response("extra")


api = NinjaAPI(urls_namespace="sync")
async_api = NinjaAPI(urls_namespace="async")


@api.get("/below")
@cors(OWN)
def ninja_below(request: HttpRequest, n: int = 0) -> str:
    return "below"


@cors(OWN)
@api.get("/above")
def ninja_above(request: HttpRequest) -> str:
    return "above"


@api.get("/decorated")
@decorate_view(cors(OWN))
def ninja_decorated(request: HttpRequest) -> str:
    return "decorated"


@api.get("/methods")
@cors(OWN)
def ninja_get(request: HttpRequest) -> str:
    return "own"


@api.delete("/methods")
def ninja_delete(request: HttpRequest) -> str:
    return "the settings'"


@async_api.put("/own")
@cors(OWN)
async def ninja_async(request: HttpRequest) -> str:
    return "own, async"
