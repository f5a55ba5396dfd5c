"""Check W020: paths that end with a format have another policy than the path of their view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import include, path, register_converter
from django.urls.converters import StringConverter
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter, SimpleRouter
from rest_framework.urlpatterns import format_suffix_patterns
from rest_framework.viewsets import ViewSet

from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit_django import cors
from tests.django.checking import OURS, run

FORMATS = ("json", "api", "html", "csv", "xml", "yaml", "txt")
PUBLIC, NOTHING = CorsPolicy(allow_origins=["*"]), CorsPolicy.deny_all()


class Users(ViewSet):  # type: ignore[misc]
    authentication_classes = ()
    permission_classes = ()

    def list(self, request: Any, **_: str) -> Response:
        return Response(["secret"])

    def retrieve(self, request: Any, **_: str) -> Response:
        return Response("secret")


@cors(NOTHING)
class Marked(Users):
    pass


class Failing(StringConverter):
    def to_python(self, value: str) -> str:
        raise RuntimeError("no database")


register_converter(Failing, "failing")


def routed(router: Any, views: type = Users) -> Any:
    router.register("users", views, basename="users")
    return include(router.urls)


def urls_of(target: Any) -> type:
    return type("Urls", (), {"urlpatterns": [path("<failing:x>", Users), path("api/", target)]})


def strict(path: str, *more: tuple[str, CorsPolicy]) -> CorsRoutes:
    return CorsRoutes([(path, NOTHING), *more, ("/", PUBLIC)])


USERS = strict("/api/users/")
DEFAULT = urls_of(routed(DefaultRouter()))
PATHS = urls_of(routed(DefaultRouter(use_regex_path=False)))
users = [path("users/", Users.as_view({"get": "list"}))]
CSV = urls_of(include(format_suffix_patterns(users, allowed=["csv"])))
SUFFIXED: list[tuple[type, Any, str, str]] = [
    (DEFAULT, USERS, "/api/users/", "/api/users.json"),
    (DEFAULT, LivePolicy(USERS), "/api/users/", "/api/users.json"),
    (DEFAULT, strict("/api/users"), "/api/users", "/api/users.json"),
    (DEFAULT, strict("/api/users/me/"), "/api/users/me/", "/api/users/me.json"),
    (DEFAULT, CorsRoutes([("/api/users/", PUBLIC)]), "/api/users/", "/api/users.json"),
    (PATHS, USERS, "/api/users/", "/api/users.json"),
    (CSV, USERS, "/api/users/", "/api/users.csv"),
]


@pytest.mark.parametrize(("urls", "policy", "route", "path"), SUFFIXED)
def test_format_with_another_policy_is_a_warning(
    urls: type, policy: CorsRoutes, route: str, path: str
) -> None:
    (message,) = run("W020", MIDDLEWARE=[OURS], ROOT_URLCONF=urls, CORS_POLICY=policy)
    assert message.msg == (
        f"The view of {route} also responds to {path}, to which CORS_POLICY gives another policy."
    )


CLEAN: list[tuple[type, Any]] = [
    (DEFAULT, PUBLIC),
    (DEFAULT, strict("/api/")),
    (DEFAULT, strict("/api/other/")),
    (DEFAULT, strict("/x")),
    (DEFAULT, strict("/api/users/", *((f"/api/users.{each}", NOTHING) for each in FORMATS))),
    (urls_of(routed(SimpleRouter())), USERS),
    # Another view.
    (urls_of(include([*users, path("users.json", Users.as_view({"get": "list"}))])), USERS),
    (urls_of(routed(DefaultRouter(), Marked)), USERS),
]


@pytest.mark.parametrize(("urls", "policy"), CLEAN)
def test_format_with_the_same_policy_is_not_reported(urls: type, policy: Any) -> None:
    assert run("W020", MIDDLEWARE=[OURS], ROOT_URLCONF=urls, CORS_POLICY=policy) == []
    assert run("W020", MIDDLEWARE=[OURS], ROOT_URLCONF=None, CORS_POLICY=policy) == []


@pytest.mark.parametrize(("views", "allowed"), [(Users, "*"), (Marked, None)])
def test_fix_of_the_check_closes_the_path(views: Callable[..., Any], allowed: str | None) -> None:
    urls = urls_of(routed(DefaultRouter(), views))  # type: ignore[arg-type]
    with override_settings(MIDDLEWARE=[OURS], ROOT_URLCONF=urls, CORS_POLICY=USERS):
        origin = {"Origin": "https://untrusted.example"}
        response = Client().get("/api/users.json", headers=origin)
    assert response.content == b'["secret"]'
    assert response.headers.get("Access-Control-Allow-Origin") == allowed
