"""What projects that customized django-cors-headers have, and nothing calls here."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from corsheaders.signals import check_request_enabled as their_signal
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import override_settings

from corekit_django.middleware import CorsMiddleware
from tests.django.checking import COMMON, OURS, run

APP = "https://app.example.com"


def respond(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class Listed(CorsMiddleware):
    def origin_found_in_white_lists(self, origin: str, url: object) -> bool:
        return True


class Policy:
    def is_enabled(self, request: HttpRequest) -> bool:
        return True

    def check_preflight(self, request: HttpRequest) -> None: ...


class Mixed(Policy, CorsMiddleware):
    pass


class Hooked(CorsMiddleware):
    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        return response

    async def __acall__(self, request: HttpRequest) -> None: ...


class Called(Hooked):
    def __call__(self, request: HttpRequest) -> Any:
        return self.process_response(request, super().__call__(request))  # type: ignore[arg-type]


class Timed(CorsMiddleware):
    def __call__(self, request: HttpRequest) -> Any:
        return super().__call__(request)

    def process_view(self, *values: object) -> None: ...


@pytest.mark.parametrize(
    ("cls", "names"),
    [
        (Listed, "origin_found_in_white_lists"),
        (Mixed, "check_preflight, is_enabled"),
        (Hooked, "__acall__, process_response"),
    ],
)
def test_overridden_methods_that_nothing_calls_are_an_error(
    cls: type[CorsMiddleware], names: str
) -> None:
    path = f"{__name__}.{cls.__name__}"
    said = f"{path} overrides {names}, which corekit_django does not call."
    with pytest.raises(TypeError) as caught:
        cls(respond)
    assert str(caught.value).startswith(said)
    (message,) = run(MIDDLEWARE=[path, COMMON])
    assert (message.id, message.msg) == ("corekit_django.E006", said)
    assert "check_request_enabled" in message.hint
    assert "@cors" in message.hint


@pytest.mark.parametrize("cls", [CorsMiddleware, Called, Timed])
def test_overridden_methods_that_are_called_have_no_message(cls: type[CorsMiddleware]) -> None:
    assert isinstance(cls(respond), CorsMiddleware)
    assert run(MIDDLEWARE=[f"{cls.__module__}.{cls.__name__}", COMMON]) == []


def test_replaced_method_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CorsMiddleware, "is_enabled", respond, raising=False)
    with pytest.raises(TypeError, match="overrides is_enabled"):
        CorsMiddleware(respond)


@pytest.fixture
def foreign_receiver() -> Iterator[None]:
    def receiver(**values: object) -> bool:
        return True

    their_signal.connect(receiver)
    yield
    assert their_signal.disconnect(receiver)


@pytest.mark.usefixtures("foreign_receiver")
def test_receiver_of_the_replaced_signal_is_an_error() -> None:
    with pytest.raises(ImproperlyConfigured, match="Import check_request_enabled from"):
        CorsMiddleware(respond)
    (message,) = run(MIDDLEWARE=[OURS, COMMON])
    assert message.id == "corekit_django.E008"


def test_middleware_without_the_app_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    CorsMiddleware(respond)
    assert caplog.records == []
    with override_settings(INSTALLED_APPS=[]):
        CorsMiddleware(respond)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("corekit.django", logging.WARNING)
    assert "is not in INSTALLED_APPS" in record.getMessage()
