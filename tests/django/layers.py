"""Send requests to a view with the middleware of django-cors-headers or of corekit_django."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

APP = "https://app.example.com"
EVIL = "https://evil.example"
PREVIEW = "https://pr-7.example.com"


class Seen(NamedTuple):
    status: int
    headers: dict[str, str]

    @property
    def origin(self) -> str | None:
        return self.headers.get("access-control-allow-origin")

    def names(self, name: str) -> set[str]:
        return {each.strip() for each in self.headers.get(name, "").split(",")} - {""}

    @property
    def vary(self) -> set[str]:
        return {name.lower() for name in self.names("vary")}


def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("from the view", status=202)


def ask(
    layer: Any,
    settings: dict[str, Any],
    method: str = "GET",
    path: str = "/plain/",
    answer: Any = view,
    *,
    script_name: str = "",
    **headers: str,
) -> Seen:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = RequestFactory(headers=named, SCRIPT_NAME=script_name).generic(method, path)
    with override_settings(**settings):
        response = layer(answer)(request)
    return Seen(response.status_code, {k.lower(): v for k, v in response.headers.items()})
