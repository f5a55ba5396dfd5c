"""Single differences of django-cors-headers and corekit_django, on the same requests.

The table of parity_rows has most of the requests. Each difference is described
in docs/migrating-from-django-cors-headers.md.
"""

from __future__ import annotations

from typing import Any

import corsheaders.defaults
import pytest
from corsheaders.middleware import CorsMiddleware as Theirs
from corsheaders.signals import check_request_enabled as their_signal
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse

from corekit_django import defaults
from corekit_django.middleware import CorsMiddleware as Ours
from tests.django.layers import APP, EVIL, Seen, ask
from tests.django.test_signal import connected


def view_with_headers(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=202, headers={"Access-Control-Allow-Origin": "*"})


def preflight(layer: Any, settings: dict[str, Any], origin: str, **headers: str) -> Seen:
    return ask(
        layer,
        settings,
        "OPTIONS",
        Origin=origin,
        Access_Control_Request_Method="PUT",
        **headers,
    )


ORIGINS = {"CORS_ALLOWED_ORIGINS": [APP, "http://localhost:3000"]}


def test_defaults_are_the_same() -> None:
    assert defaults.default_headers == corsheaders.defaults.default_headers
    assert defaults.default_methods == corsheaders.defaults.default_methods


def test_origin_regex_must_match_the_whole_origin() -> None:
    settings = {"CORS_ALLOWED_ORIGIN_REGEXES": [r"^https://\w+\.example\.com"]}
    longer = "https://app.example.com.evil.example"
    assert ask(Theirs, settings, Origin=longer).origin == longer
    assert ask(Ours, settings, Origin=longer).origin is None
    assert ask(Ours, settings, Origin=APP).origin == APP


@pytest.mark.parametrize(
    "regex",
    [
        r"^/api",
        r"^/api/",
        r"^/api/.*$",
        r"^/api/$",
        r"^/(api|graphql)/",
        r"(^/api/v2/|^/api/v1/.*)",
        r"^/(?!admin/)",
        r"/api/",
        r"api/",
        r"",
        r"^/api/(?i:V)2",
    ],
)
def test_path_regex_covers_the_same_paths(regex: str) -> None:
    settings = {**ORIGINS, "CORS_URLS_REGEX": regex}
    for path in ("/", "/api", "/api/", "/api/v2/x", "/api-internal/", "/graphql/", "/x/api/"):
        theirs, ours = (ask(each, settings, path=path, Origin=APP) for each in (Theirs, Ours))
        assert ours.origin == theirs.origin


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.com/",
        "https://App.example.com",
        "https://app.example.com:443",
        "app.example.com",
        "file://",
    ],
)
def test_unmatchable_origin_raises_at_startup(origin: str) -> None:
    settings = {"CORS_ALLOWED_ORIGINS": [origin]}
    assert ask(Theirs, settings, Origin=APP).origin in (None, APP)
    with pytest.raises(ImproperlyConfigured):
        ask(Ours, settings, Origin=APP)


def test_opaque_origin_is_a_risk_and_excludes_credentials() -> None:
    settings: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": ["null"]}
    assert ask(Theirs, settings, Origin="null").origin == "null"
    with pytest.raises(ImproperlyConfigured, match="opaque-origin"):
        ask(Ours, settings, Origin="null")
    accepted = {**settings, "CORS_ACCEPT_RISKS": ["opaque-origin"]}
    assert ask(Ours, accepted, Origin="null").origin == "null"
    with pytest.raises(ImproperlyConfigured, match="cannot be accepted"):
        ask(Ours, {**accepted, "CORS_ALLOW_CREDENTIALS": True}, Origin="null")


def test_max_age_of_0_is_sent() -> None:
    settings = {**ORIGINS, "CORS_PREFLIGHT_MAX_AGE": 0}
    assert "access-control-max-age" not in preflight(Theirs, settings, APP).headers
    assert preflight(Ours, settings, APP).headers["access-control-max-age"] == "0"
    silent = {**ORIGINS, "CORS_PREFLIGHT_MAX_AGE": None}
    assert "access-control-max-age" not in preflight(Ours, silent, APP).headers


def test_cors_headers_of_the_view_are_removed() -> None:
    given: dict[str, Any] = {"answer": view_with_headers, "Origin": EVIL}
    assert ask(Theirs, ORIGINS, **given).origin == "*"
    assert ask(Ours, ORIGINS, **given).origin is None


def test_any_origin_is_static_and_does_not_vary() -> None:
    settings = {"CORS_ALLOW_ALL_ORIGINS": True}
    assert ask(Theirs, settings).origin is None
    assert ask(Theirs, settings).vary == {"origin"}
    assert ask(Ours, settings).origin == "*"
    assert ask(Ours, settings).vary == set()


def test_private_network_header_is_sent_on_preflights_only() -> None:
    settings = {**ORIGINS, "CORS_ALLOW_PRIVATE_NETWORK": True}
    asked = {"Access_Control_Request_Private_Network": "true"}
    name = "access-control-allow-private-network"
    assert name in ask(Theirs, settings, Origin=APP, **asked).headers
    assert name not in ask(Ours, settings, Origin=APP, **asked).headers
    assert name in preflight(Ours, settings, APP, **asked).headers


def test_misnamed_settings_take_effect() -> None:
    settings = {**ORIGINS, "CORS_ALLOWED_METHODS": ["PROPFIND"]}
    assert "PROPFIND" not in preflight(Theirs, settings, APP).names("access-control-allow-methods")
    assert "PROPFIND" in preflight(Ours, settings, APP).names("access-control-allow-methods")


def test_signal_is_sent_only_for_denied_origins() -> None:
    asked: list[str | None] = []

    def remember(sender: object, request: HttpRequest, **kwargs: object) -> bool:
        asked.append(request.headers.get("Origin"))
        return True

    settings = {**ORIGINS, "CORS_URLS_REGEX": "^/api/.*$"}
    their_signal.connect(remember)
    ask(Theirs, settings)
    their_signal.disconnect(remember)
    assert asked == [None]
    asked.clear()
    with connected(remember):
        ask(Ours, settings)
        ask(Ours, ORIGINS, Origin=APP)
        assert asked == []
        assert ask(Ours, settings, Origin=EVIL).origin == EVIL
