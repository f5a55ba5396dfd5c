"""CORS_LOOKUP: what it may be, and when the server does not start."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.checks import INFO
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path

import corekit_django
from corekit_django.checks import check_lookup_age, check_problems
from corekit_django.middleware import CorsMiddleware
from corekit_django.middleware_checks import check_customization
from corekit_django.signals import check_request_enabled
from corekit_lookups import OriginLookup
from tests.django.commanding import run_and_exit, run_json

SHOP = "https://shop-1.example"
OURS = "corekit_django.middleware.CorsMiddleware"

by_path = OriginLookup(lambda origin: origin == SHOP)


async def look_up(origin: str) -> bool:
    return origin == SHOP


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"page")


@corekit_django.cors(allow_origins=["https://partner.example"])
def own(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"own")


urlpatterns = [path("page", page), path("own", own)]

site = override_settings(
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[OURS],
    ALLOWED_HOSTS=["*"],
    CORS_ALLOWED_ORIGINS=["https://app.example.com"],
    CORS_LOOKUP=f"{__name__}.by_path",
)


@pytest.fixture(autouse=True)
def serve() -> Iterator[None]:
    with site:
        yield


def grants(response: Any) -> bool:
    return bool(response.headers.get("Access-Control-Allow-Origin") == SHOP)


def test_setting_may_be_a_dotted_path() -> None:
    assert grants(Client().get("/page", headers={"Origin": SHOP}))
    assert not grants(Client().get("/page", headers={"Origin": "https://evil.example"}))


def test_policy_of_a_view_is_not_extended() -> None:
    assert not grants(Client().get("/own", headers={"Origin": SHOP}))
    assert not grants(
        Client().options("/own", headers={"Origin": SHOP, "Access-Control-Request-Method": "GET"})
    )


@override_settings(CORS_URLS_REGEX="^/other/")
def test_paths_outside_of_the_setting_are_not_covered() -> None:
    assert not grants(Client().get("/page", headers={"Origin": SHOP}))


@override_settings(CORS_LOOKUP=OriginLookup(look_up))
def test_async_function_needs_asgi() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^CORS_LOOKUP: lookup has an async function"):
        Client().get("/page", headers={"Origin": SHOP})


@override_settings(CORS_LOOKUP=OriginLookup(look_up))
def test_async_function_is_awaited() -> None:
    async def ask() -> Any:
        return await AsyncClient().get("/page", headers={"Origin": SHOP})

    assert grants(asyncio.run(ask()))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (look_up, "lookup is of type function. Pass a corekit_lookups.OriginLookup."),
        ("nowhere.lookup", "No module named 'nowhere'. Use a corekit_lookups.OriginLookup"),
    ],
)
def test_anything_else_stops_the_server(value: object, text: str) -> None:
    with override_settings(CORS_LOOKUP=value):
        with pytest.raises(ImproperlyConfigured) as raised:
            CorsMiddleware(page)
        (message,) = check_problems()
    assert text in str(raised.value)
    assert message.id == "corekit_django.E001"


def test_signal_is_for_projects_without_the_setting() -> None:
    def receiver(**values: object) -> bool:
        return True

    assert list(check_customization()) == []
    check_request_enabled.connect(receiver)
    try:
        with pytest.raises(ImproperlyConfigured, match="Remove CORS_LOOKUP, or disconnect"):
            CorsMiddleware(page)
        (message,) = check_customization()
        with override_settings(CORS_LOOKUP=None):
            assert list(check_customization()) == []
    finally:
        check_request_enabled.disconnect(receiver)
    assert message.id == "corekit_django.E009"


@pytest.mark.parametrize(
    ("values", "value"),
    [
        ({}, 86400),
        ({"CORS_PREFLIGHT_MAX_AGE": 61}, 61),
        ({"CORS_PREFLIGHT_MAX_AGE": 60}, None),
        ({"CORS_LOOKUP": None}, None),
    ],
)
def test_max_age_above_ttl_is_noted(values: dict[str, Any], value: int | None) -> None:
    with override_settings(**values):
        found = list(check_lookup_age())
    if value is None:
        assert found == []
        return
    (message,) = found
    assert (message.id, message.level) == ("corekit_django.I002", INFO)
    assert message.msg.startswith(
        f"CORS_PREFLIGHT_MAX_AGE = {value}: Browsers may send requests of an origin that was"
        f" removed for {value} seconds,"
    )
    assert message.msg.endswith(" [max-age-over-ttl]")
    assert str(message.hint).startswith("Set it to at most 60.")


def test_settings_with_problems_are_up_to_another_check() -> None:
    with override_settings(CORS_PREFLIGHT_MAX_AGE="long"):
        assert list(check_lookup_age()) == []


@pytest.mark.parametrize(
    ("path", "origin", "status"),
    [
        ("/page", SHOP, 2),
        ("/page", "https://app.example.com", 0),
        ("/own", SHOP, 1),
    ],
)
def test_command_says_what_is_looked_up(path: str, origin: str, status: int) -> None:
    found, data = run_json("--origin", origin, "--path", path)
    assert found == status
    assert (data["lookup"] is not None) is (status == 2)
    shown = " ".join(run_and_exit("--origin", origin, "--path", path)[1].split())
    assert ("is asked, which is not done here" in shown) is (status == 2)
