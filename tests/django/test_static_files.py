"""Static files: what WhiteNoise and runserver do to their headers."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path
from whitenoise.middleware import WhiteNoiseMiddleware

from corekit import CorsPolicy, CorsRoutes
from corekit_django import cors_exempt, removed
from corekit_testing import Browser, CorsError
from tests.django.checking import OURS, run
from tests.django.conftest import Ask
from tests.django.settings import INSTALLED_APPS

APP = "https://app.example.com"
NOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
ALLOW = "Access-Control-Allow-Origin"


class Noise(WhiteNoiseMiddleware):
    pass


NOISES = [NOISE, f"{__name__}.Noise"]
STATIC: dict[str, Any] = {
    "STATIC_URL": "/static/",
    "INSTALLED_APPS": [*INSTALLED_APPS, "django.contrib.staticfiles"],
    "CORS_ALLOWED_ORIGINS": [APP],
}
ROUTES = CorsRoutes(
    [("/static/", CorsPolicy(allow_origins=["*"])), ("/", CorsPolicy(allow_origins=[APP]))]
)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(
    ("values", "is_removed"),
    [
        ({}, True),
        ({"STATIC_URL": "https://cdn.example.com/static/"}, True),
        ({"CORS_URLS_REGEX": "^/static/"}, True),
        ({"CORS_URLS_REGEX": "^/$"}, False),
        ({"WHITENOISE_ALLOW_ALL_ORIGINS": False}, False),
        ({"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOWED_ORIGINS": []}, False),
        ({"STATIC_URL": None}, False),
        ({"CORS_ALLOW_METHODS": "PUT"}, False),
    ],
)
def test_header_of_whitenoise_that_is_removed_is_reported(
    noise: str, values: dict[str, Any], is_removed: bool
) -> None:
    messages = run("W014", MIDDLEWARE=[OURS, noise], **{**STATIC, **values})
    assert len(messages) == is_removed
    assert run("W017", MIDDLEWARE=[OURS, noise], **{**STATIC, **values}) == []
    for message in messages:
        assert "WhiteNoise adds Access-Control-Allow-Origin: * to the files below /static/" in (
            message.msg
        )
        assert "CORS_URLS_REGEX" in message.hint


def test_route_keeps_the_header_of_whitenoise() -> None:
    project = {name: value for name, value in STATIC.items() if not name.startswith("CORS_")}
    assert run("W014", MIDDLEWARE=[OURS, NOISE], CORS_POLICY=ROUTES, **project) == []
    assert run("W014", MIDDLEWARE=[NOISE, OURS], **STATIC) == []
    assert run("W014", MIDDLEWARE=[NOISE], **STATIC) == []


@pytest.mark.parametrize(
    ("values", "is_open"), [({}, False), ({"CORS_URLS_REGEX": "^/api/"}, True)]
)
def test_whitenoise_serves_what_the_check_says(
    ask: Ask, tmp_path: Path, values: dict[str, Any], is_open: bool
) -> None:
    (tmp_path / "a.woff2").write_text("font")
    with override_settings(MIDDLEWARE=[OURS, NOISE], STATIC_ROOT=tmp_path, **STATIC, **values):
        response = ask("GET", "/static/a.woff2", origin="https://www.example.com")
    response.close()
    assert response.status_code == 200
    assert (response.headers.get(ALLOW) == "*") is is_open


@pytest.mark.parametrize(
    ("values", "is_reported"),
    [
        ({}, True),
        (
            {"CORS_ALLOWED_ORIGINS": [], "CORS_ALLOWED_ORIGIN_REGEXES": [r"https://a\.example"]},
            True,
        ),
        ({"DEBUG": False}, False),
        ({"CORS_ALLOWED_ORIGINS": []}, False),
        ({"STATIC_URL": "https://cdn.example.com/static/"}, False),
        ({"CORS_URLS_REGEX": "^/$"}, False),
        ({"INSTALLED_APPS": INSTALLED_APPS}, False),
        (
            {"INSTALLED_APPS": ["whitenoise.runserver_nostatic", *STATIC["INSTALLED_APPS"]]},
            False,
        ),
    ],
)
def test_files_of_runserver_are_reported(values: dict[str, Any], is_reported: bool) -> None:
    messages = run("I001", **{**STATIC, "DEBUG": True, **values})
    assert len(messages) == is_reported
    assert all("--nostatic" in message.hint for message in messages)


def test_runserver_serves_files_as_the_check_says(tmp_path: Path) -> None:
    (tmp_path / "model.gltf").write_text("{}")
    with override_settings(
        DEBUG=True, ALLOWED_HOSTS=["localhost"], STATICFILES_DIRS=[tmp_path], **STATIC
    ):

        class Urls:
            urlpatterns = staticfiles_urlpatterns()

        def fetch(application: Any) -> int:
            browser = Browser(application, page=APP, url="http://localhost:8000")
            return browser.fetch("GET", "/static/model.gltf").status

        with override_settings(ROOT_URLCONF=Urls):
            application = get_wsgi_application()
            with pytest.raises(CorsError, match="MissingAllowOriginHeader"):
                fetch(StaticFilesHandler(application))
            assert fetch(application) == 200


def open_view(request: HttpRequest, number: int = 0) -> HttpResponse:
    return HttpResponse(headers={ALLOW: "*", "access-control-max-age": "5"})


class OpenUrls:
    urlpatterns = (
        path("open/", open_view),
        path("open/<int:number>/", open_view),
        path("exempt/", cors_exempt(open_view)),
        path("same/", lambda _: HttpResponse(headers={ALLOW: APP})),
    )


class TestLog:
    @pytest.fixture(autouse=True)
    def project(self) -> Any:
        with override_settings(ROOT_URLCONF=OpenUrls, CORS_ALLOWED_ORIGINS=[APP], DEBUG=True):
            yield

    def test_first_removed_header_of_each_path_is_logged(
        self, ask: Ask, caplog: pytest.LogCaptureFixture
    ) -> None:
        for place in ("/open/", "/open/", "/open/1/", "/exempt/", "/same/"):
            ask("GET", place, origin=APP)
        assert {record.levelno for record in caplog.records} == {logging.WARNING}
        lines = [record.getMessage().partition(": the policy")[0] for record in caplog.records]
        assert lines == [
            f"CORS: removed '{ALLOW}: *' from the response of '/open/'",
            f"CORS: removed '{ALLOW}: *' from the response of '/open/1/'",
        ]

    def test_number_of_logged_paths_is_bounded(
        self, ask: Ask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(removed, "_REMEMBERED", 2)
        for number in range(4):
            ask("GET", f"/open/{number}/", origin=APP)
        assert len(caplog.records) == 2

    def test_failing_handler_does_not_change_the_response(
        self, ask: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise OSError("no disk")

        monkeypatch.setattr(logging.getLogger("corekit.django"), "log", fail)
        assert ask("GET", "/open/", origin=APP).headers[ALLOW] == APP

    def test_nothing_is_logged_in_production(
        self, ask: Ask, caplog: pytest.LogCaptureFixture
    ) -> None:
        with override_settings(DEBUG=False):
            ask("GET", "/open/", origin=APP)
        assert caplog.records == []
