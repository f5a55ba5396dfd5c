"""The JSON API. Only the catalog has its own policy; the settings apply to all other views."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth import authenticate, login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from corekit_django import cors

from .models import Order


@require_GET
def token(request: HttpRequest) -> HttpResponse:
    """Return the CSRF token, since a page of another site cannot read the cookie.

    Only pages of allowed origins can read this response.
    """
    return JsonResponse({"token": get_token(request)})


@require_POST
def log_in(request: HttpRequest) -> HttpResponse:
    """Log in, and return the CSRF token of the new session."""
    given = _read(request)
    user = authenticate(request, username=given.get("name"), password=given.get("password"))
    if user is None:
        return JsonResponse({"error": "Name or password is wrong."}, status=401)
    login(request, user)
    return JsonResponse({"name": user.get_username(), "token": get_token(request)})


@require_http_methods(["GET", "POST"])
def orders(request: HttpRequest) -> HttpResponse:
    """List the customer's orders, or add one."""
    if not request.user.is_authenticated:
        return JsonResponse({"error": "Log in first."}, status=401)
    if request.method == "POST":
        made = Order.objects.create(customer=request.user, item=_read(request).get("item", ""))
        return JsonResponse(_write(made), status=201)
    mine = Order.objects.filter(customer=request.user).order_by("pk")
    return JsonResponse({"orders": [_write(each) for each in mine]})


@require_http_methods(["PUT", "DELETE"])
def order(request: HttpRequest, number: int) -> HttpResponse:
    """Change or delete an order."""
    if not request.user.is_authenticated:
        return JsonResponse({"error": "Log in first."}, status=401)
    found = get_object_or_404(Order, pk=number, customer=request.user)
    if request.method == "DELETE":
        found.delete()
        return HttpResponse(status=204)
    found.item = _read(request).get("item", "")
    found.save()
    return JsonResponse(_write(found))


@cors(allow_origins=["*"])
@require_GET
def catalog(request: HttpRequest) -> HttpResponse:
    """List the items, for pages of any origin. No cookies are needed."""
    return JsonResponse({"items": ["teapot", "cup", "saucer"]})


def _read(request: HttpRequest) -> dict[str, Any]:
    try:
        given = json.loads(request.body)
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _write(found: Order) -> dict[str, Any]:
    return {"number": found.pk, "item": found.item}
