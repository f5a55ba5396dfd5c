"""django-cors-headers and corekit_django, side by side on the same requests.

First what is the same, then each difference. Each difference is described
in docs/migrating-from-django-cors-headers.md.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import corsheaders.defaults
import pytest
from corsheaders.middleware import CorsMiddleware as Theirs
from corsheaders.signals import check_request_enabled as their_signal
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from corekit_django import defaults
from corekit_django.middleware import CorsMiddleware as Ours
from tests.django.test_signal import connected

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


def view_with_headers(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=202, headers={"Access-Control-Allow-Origin": "*"})


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

SAME: dict[str, dict[str, Any]] = {
    "no settings": {},
    "origins": ORIGINS,
    "credentials": {**ORIGINS, "CORS_ALLOW_CREDENTIALS": True},
    "old names": {
        "CORS_ORIGIN_WHITELIST": [APP],
        "CORS_ORIGIN_REGEX_WHITELIST": [r"^https://pr-\d+\.example\.com$"],
    },
    "both names": {"CORS_ALLOWED_ORIGINS": [APP], "CORS_ORIGIN_WHITELIST": [EVIL]},
    "regexes": {"CORS_ALLOWED_ORIGIN_REGEXES": [re.compile(r"^https://pr-\d+\.example\.com$")]},
    "all origins": {"CORS_ALLOW_ALL_ORIGINS": True},
    "all origins, old name": {"CORS_ORIGIN_ALLOW_ALL": True},
    "all origins and a list": {"CORS_ALLOW_ALL_ORIGINS": True, **ORIGINS},
    "lists": {
        **ORIGINS,
        "CORS_ALLOW_METHODS": ["PUT"],
        "CORS_ALLOW_HEADERS": ["x-mine"],
        "CORS_EXPOSE_HEADERS": ["x-total", "x-page"],
        "CORS_PREFLIGHT_MAX_AGE": 600,
    },
    "urls": {**ORIGINS, "CORS_URLS_REGEX": r"^/plain/.*$"},
    "other urls": {**ORIGINS, "CORS_URLS_REGEX": r"^/api/.*$"},
    "private network": {**ORIGINS, "CORS_ALLOW_PRIVATE_NETWORK": True},
}


@pytest.mark.parametrize("settings", SAME.values(), ids=SAME)
@pytest.mark.parametrize("origin", [APP, "http://localhost:3000", PREVIEW, EVIL, "null"])
def test_same_actual_requests_are_allowed(settings: dict[str, Any], origin: str) -> None:
    theirs, ours = (ask(layer, settings, Origin=origin) for layer in (Theirs, Ours))
    assert ours.status == theirs.status == 202
    for name in (
        "access-control-allow-origin",
        "access-control-allow-credentials",
        "access-control-expose-headers",
    ):
        assert ours.headers.get(name) == theirs.headers.get(name)
    if theirs.origin != "*":
        assert ours.vary == theirs.vary


@pytest.mark.parametrize("settings", SAME.values(), ids=SAME)
@pytest.mark.parametrize("origin", [APP, PREVIEW, EVIL])
def test_same_preflights_are_allowed(settings: dict[str, Any], origin: str) -> None:
    asked = {"Access_Control_Request_Private_Network": "true"}
    theirs, ours = (preflight(layer, settings, origin, **asked) for layer in (Theirs, Ours))
    for name in (
        "access-control-allow-origin",
        "access-control-allow-credentials",
        "access-control-max-age",
        "access-control-allow-private-network",
    ):
        assert ours.headers.get(name) == theirs.headers.get(name)
    assert ours.names("access-control-allow-headers") == theirs.names(
        "access-control-allow-headers"
    )
    if theirs.origin is not None:
        methods = "access-control-allow-methods"
        assert ours.names(methods) == theirs.names(methods) | {"GET", "HEAD", "POST"}


def test_defaults_are_the_same() -> None:
    assert defaults.default_headers == corsheaders.defaults.default_headers
    assert defaults.default_methods == corsheaders.defaults.default_methods


def test_preflights_have_status_204_and_403() -> None:
    assert preflight(Theirs, ORIGINS, APP).status == 200
    assert preflight(Ours, ORIGINS, APP).status == 204
    assert preflight(Theirs, ORIGINS, EVIL).status == 200
    assert preflight(Ours, ORIGINS, EVIL).status == 403


def test_options_without_origin_reaches_the_view() -> None:
    asked = {"Access_Control_Request_Method": "PUT"}
    assert ask(Theirs, ORIGINS, "OPTIONS", **asked).status == 200
    assert ask(Ours, ORIGINS, "OPTIONS", **asked).status == 202


def test_plain_options_gets_the_headers() -> None:
    name = "access-control-allow-methods"
    assert name in ask(Theirs, ORIGINS, "OPTIONS", Origin=APP).headers
    assert name not in ask(Ours, ORIGINS, "OPTIONS", Origin=APP).headers


def test_origin_regex_must_match_the_whole_origin() -> None:
    settings = {"CORS_ALLOWED_ORIGIN_REGEXES": [r"^https://\w+\.example\.com"]}
    stranger = "https://app.example.com.evil.example"
    assert ask(Theirs, settings, Origin=stranger).origin == stranger
    assert ask(Ours, settings, Origin=stranger).origin is None
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


def test_any_origin_with_credentials_raises_at_startup() -> None:
    settings = {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": True}
    assert ask(Theirs, settings, Origin=EVIL).origin == EVIL
    with pytest.raises(ImproperlyConfigured, match="any-origin-with-credentials"):
        ask(Ours, settings, Origin=EVIL)


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


def test_malformed_origin_is_allowed_only_by_the_wildcard() -> None:
    odd = f"{APP}/path?query"
    assert ask(Theirs, ORIGINS, Origin=odd).origin == odd
    assert ask(Ours, ORIGINS, Origin=odd).origin is None
    everyone = {"CORS_ALLOW_ALL_ORIGINS": True}
    assert ask(Theirs, everyone, Origin="nonsense").origin == "*"
    assert ask(Ours, everyone, Origin="nonsense").origin == "*"


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


@pytest.mark.filterwarnings("ignore::corekit.PolicyWarning")
def test_forbidden_headers_are_omitted() -> None:
    settings = {**ORIGINS, "CORS_ALLOW_HEADERS": ["accept-encoding", "dnt", "origin", "x-mine"]}
    name = "access-control-allow-headers"
    assert len(preflight(Theirs, settings, APP).names(name)) == 4
    assert preflight(Ours, settings, APP).names(name) == {"x-mine"}


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
