"""Live policies in Django: as the value of CORS_POLICY, and of views."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path

from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit.browser import HttpRequest
from corekit.compat import RegexCorsPolicy
from corekit_config import refresh
from corekit_django import cors, get_guard, get_policy
from corekit_django.conf import get_configuration
from corekit_django.policies import find_policies
from tests.django.commanding import run, run_json
from tests.django.conftest import Ask
from tests.django.test_middleware import forget_settings
from tests.frameworks.live_holder import CountingPolicy
from tests.properties.adapters import asgi_sender, wsgi_sender

APP = "https://app.example.com"
NEW = "https://new.example.com"
EVIL = "https://evil.example"

OLD_POLICY = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"], max_age=600)
NEW_ROUTES = CorsRoutes([("/plain/", CorsPolicy(allow_origins=[NEW]))])


@pytest.fixture
def live() -> Iterator[CountingPolicy]:
    made = CountingPolicy(OLD_POLICY)
    with override_settings(CORS_POLICY=made):
        forget_settings()
        with override_settings(CORS_GUARD=True):
            yield made


def allowed(response: Any) -> str | None:
    found: str | None = response.headers.get("Access-Control-Allow-Origin")
    return found


def test_setting_is_replaced(live: LivePolicy, ask: Ask) -> None:
    assert allowed(ask("GET", "/plain/", origin=APP)) == APP
    assert allowed(ask("OPTIONS", "/plain/", origin=APP, asked="PUT")) == APP
    assert ask("POST", "/plain/", origin=NEW).status_code == 403
    live.replace(NEW_ROUTES)
    assert allowed(ask("GET", "/plain/", origin=APP)) is None
    assert allowed(ask("GET", "/plain/", origin=NEW)) == NEW
    assert allowed(ask("OPTIONS", "/plain/", origin=NEW, asked="PUT")) == NEW
    assert ask("OPTIONS", "/plain/", origin=APP, asked="PUT").status_code == 403
    assert ask("POST", "/plain/", origin=NEW).status_code == 200
    # No route covers it.
    assert allowed(ask("GET", "/own-headers/", origin=EVIL)) == "*"


@pytest.mark.parametrize("kind", [CorsPolicy, RegexCorsPolicy])
def test_rows_extend_the_setting(kind: type[CorsPolicy], live: LivePolicy, ask: Ask) -> None:
    live.replace(kind(allow_origins=[APP], allow_methods=["PUT"]))
    with refresh(lambda: [NEW], live):
        for origin in (APP, NEW):
            assert allowed(ask("GET", "/plain/", origin=origin)) == origin
            assert allowed(ask("OPTIONS", "/plain/", origin=origin, asked="PUT")) == origin
        assert allowed(ask("GET", "/plain/", origin=EVIL)) is None
        live.replace(kind.deny_all())
        assert allowed(ask("GET", "/plain/", origin=NEW)) is None


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("origin", [APP, EVIL, None])
@pytest.mark.parametrize("is_async", [False, True])
def test_holder_is_read_once_for_each_request(
    live: CountingPolicy, method: str, origin: str | None, is_async: bool
) -> None:
    # A client of Django's creates the middleware for each request, which reads the settings.
    send = asgi_sender(ASGIHandler()) if is_async else wsgi_sender(WSGIHandler())
    own = () if origin is None else (("Origin", origin),)
    headers = (*own, ("Access-Control-Request-Method", "PUT"))
    for policy in (OLD_POLICY, NEW_ROUTES):
        live.replace(policy)
        before = live.reads
        send(HttpRequest(method, "https://testserver/plain/", headers))
        assert live.reads - before == 1


def test_configuration_is_made_once_for_each_policy(live: LivePolicy) -> None:
    first = get_configuration()
    assert get_configuration() is first
    live.replace(NEW_ROUTES)
    second = get_configuration()
    assert get_configuration() is second is not first
    assert (first.policy, second.policy) == (OLD_POLICY, NEW_ROUTES)
    assert first.observer is second.observer


def test_public_functions_return_the_live_policy(live: LivePolicy) -> None:
    assert get_policy() is live
    assert get_guard().policy is live


def test_command_and_checks_see_the_policy_of_the_moment(live: LivePolicy) -> None:
    assert APP in run()
    live.replace(NEW_ROUTES)
    assert NEW in run()
    assert run_json("--origin", NEW, "--path", "/plain/")[1]["allowed"] is True
    assert NEW_ROUTES.routes[0][1] in [*find_policies()]


@pytest.fixture
def marked_view(monkeypatch: pytest.MonkeyPatch) -> LivePolicy:
    made = LivePolicy(OLD_POLICY)

    @cors(made)
    def view(_: object) -> HttpResponse:
        return HttpResponse("marked")

    urls = ModuleType("marked_urls")
    vars(urls)["urlpatterns"] = [path("plain/<int:pk>/", view)]
    monkeypatch.setitem(sys.modules, "marked_urls", urls)
    return made


@override_settings(ROOT_URLCONF="marked_urls")
def test_policy_of_a_view_is_replaced(marked_view: LivePolicy, ask: Ask) -> None:
    assert allowed(ask("GET", "/plain/1/", origin=APP)) == APP
    assert "\n    origins          https://app.example.com\n" in run().partition("Per-view")[2]
    marked_view.replace(NEW_ROUTES)
    assert allowed(ask("GET", "/plain/1/", origin=APP)) is None
    assert allowed(ask("GET", "/plain/1/", origin=NEW)) == NEW
    assert "\n    origins          https://new.example.com\n" in run().partition("Per-view")[2]
    marked_view.replace(CorsRoutes([("/other/", OLD_POLICY)]))
    assert allowed(ask("GET", "/plain/1/", origin=NEW)) is None
    assert "exempt: CORS does not apply" in run()


def test_routes_of_a_view_are_an_error() -> None:
    with pytest.raises(TypeError, match="a view has one path"):
        cors(NEW_ROUTES)  # type: ignore[arg-type]
