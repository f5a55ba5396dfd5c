"""The checks of the receivers of the signal, which call them with untrusted origins."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.checks import run_checks
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path, re_path, register_converter
from django.urls.converters import StringConverter

from corekit import CorsPolicy, CorsRoutes
from corekit_django import cors, cors_exempt, receivers
from corekit_django.signals import check_request_enabled

APP = "https://app.example.com"
OPEN, NO_BOOL = "corekit_django.E007", "corekit_django.W011"

Receiver = Callable[..., Any]


def view(request: HttpRequest, **values: object) -> HttpResponse:
    return HttpResponse("secret")


class Urls:
    urlpatterns = (
        path("", view),
        path("api/items/<int:pk>/", view),
        re_path(r"^old/(?P<pk>[0-9]+)/$", view),
        path("own/", cors(allow_origins=[APP], allow_credentials=True)(view)),
        path("exempt/", cors_exempt(view)),
    )


@contextmanager
def project(*connected: Receiver, **values: Any) -> Iterator[None]:
    settings = {
        "ROOT_URLCONF": Urls,
        "MIDDLEWARE": ["corekit_django.middleware.CorsMiddleware"],
        "CORS_ALLOWED_ORIGINS": [APP],
        "CORS_ALLOW_CREDENTIALS": True,
        **values,
    }
    if "CORS_POLICY" in settings:
        del settings["CORS_ALLOWED_ORIGINS"], settings["CORS_ALLOW_CREDENTIALS"]
    for receiver in connected:
        check_request_enabled.connect(receiver)
    try:
        with override_settings(**settings):
            yield
    finally:
        for receiver in connected:
            check_request_enabled.disconnect(receiver)


def check(*connected: Receiver, **values: Any) -> list[tuple[str | None, str]]:
    """Return the id and the text of the checks of receivers."""
    with project(*connected, **values):
        return [
            (message.id, message.msg) for message in run_checks() if message.id in {OPEN, NO_BOOL}
        ]


def origin_of(request: HttpRequest) -> str:
    return request.headers["Origin"]


def everything(sender: object, **kwargs: object) -> bool:
    return True


async def everything_later(sender: object, **kwargs: object) -> bool:
    return True


class Everything:
    async def __call__(self, sender: object, **kwargs: object) -> bool:
        return True


def by_path(sender: object, request: HttpRequest, **kwargs: object) -> bool:
    return request.path.startswith("/api/")


def by_number(sender: object, request: HttpRequest, **kwargs: object) -> bool:
    return request.path == "/api/items/1/"


def by_old_path(sender: object, request: HttpRequest, **kwargs: object) -> bool:
    return request.path.startswith("/old/")


def by_prefix(sender: object, request: HttpRequest, **kwargs: object) -> bool:
    return origin_of(request).startswith(APP)


def by_suffix(sender: object, request: HttpRequest, **kwargs: object) -> bool:
    return origin_of(request).endswith("example.com")


@pytest.mark.parametrize(
    ("receiver", "said"),
    [
        (everything, "https://corekit-probe.example with credentials on /:"),
        (everything_later, "https://corekit-probe.example with credentials on /:"),
        (Everything(), "https://corekit-probe.example with credentials on /:"),
        (by_path, "https://corekit-probe.example with credentials on /api/items/1/:"),
        (by_number, "https://corekit-probe.example with credentials on /api/items/1/:"),
        (by_old_path, "https://corekit-probe.example with credentials on /old/:"),
        (by_prefix, "https://app.example.com.evil.example with credentials on /:"),
        (by_suffix, "https://evilexample.com with credentials on /:"),
    ],
)
def test_receiver_that_allows_an_untrusted_origin_is_an_error(
    receiver: Receiver, said: str
) -> None:
    ((number, text),) = check(receiver)
    name = getattr(receiver, "__qualname__", type(receiver).__qualname__)
    assert number == OPEN
    assert text.startswith(f"{__name__}.{name}, a receiver of check_request_enabled, allows {said}")


def by_origin(sender: object, request: HttpRequest, **kwargs: object) -> bool:
    return origin_of(request) == "https://partner.example"


def by_subdomain(sender: object, request: HttpRequest, **kwargs: object) -> bool:
    return origin_of(request).endswith(".app.example.com")


def nothing(sender: object, **kwargs: object) -> None: ...


def of_a_view(sender: object, request: HttpRequest, **kwargs: object) -> bool:
    return request.path in {"/own/", "/exempt/"}


def of_another_object(sender: object, request: Any, **kwargs: object) -> bool:
    return bool(check_request_enabled.origins)  # type: ignore[attr-defined]


def of_a_tenant(sender: object, request: Any, **kwargs: object) -> bool:
    return origin_of(request) in request.tenant.origins


async def of_a_tenant_later(sender: object, request: Any, **kwargs: object) -> bool:
    return of_a_tenant(sender, request)


class TenantLater:
    async def __call__(self, sender: object, request: Any, **kwargs: object) -> bool:
        return of_a_tenant(sender, request)


def of_a_user(sender: object, request: Any, **kwargs: object) -> bool:
    return bool(request.user.is_staff)


def of_a_table(sender: object, request: HttpRequest, **kwargs: object) -> bool:
    from shop.models import Partner

    return bool(Partner.objects.filter(origin=origin_of(request)).exists())


async def of_a_table_later(sender: object, request: HttpRequest, **kwargs: object) -> bool:
    from shop.models import Partner

    return bool(await Partner.objects.filter(origin=origin_of(request)).aexists())


class FailingLater:
    async def __call__(self, sender: object, **kwargs: object) -> bool:
        raise LookupError("a bug of the receiver")


def of_a_canceled_task(sender: object, **kwargs: object) -> bool:
    raise asyncio.CancelledError


SILENT: list[Receiver] = [
    of_a_canceled_task,
    by_origin,
    by_subdomain,
    nothing,
    of_a_view,
    of_another_object,
    of_a_table,
    of_a_table_later,
    FailingLater(),
]


@pytest.mark.parametrize("receiver", SILENT)
def test_receiver_that_compares_origins_has_no_message(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    assert check(receiver) == []
    assert caplog.records == []


@pytest.mark.parametrize(
    "values",
    [
        {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": False},
        {"CORS_POLICY": CorsPolicy.deny_all()},
        {"CORS_ALLOWED_ORIGINS": ["not an origin"]},
        {"ROOT_URLCONF": None},
    ],
)
def test_receiver_is_called_only_if_it_may_allow_an_origin(values: dict[str, Any]) -> None:
    called: list[str] = []

    def receiver(sender: object, request: HttpRequest, **kwargs: object) -> bool:
        called.append(request.path)
        return True

    assert check(receiver, **values) == []
    assert called == []


@pytest.mark.parametrize(
    "values",
    [
        {"CORS_ALLOW_CREDENTIALS": False},
        {"CORS_POLICY": CorsRoutes([("/api/", CorsPolicy(allow_origins=[APP]))])},
    ],
)
def test_receiver_may_allow_any_origin_without_credentials(values: dict[str, Any]) -> None:
    assert check(everything, by_path, **values) == []
    assert [number for number, _ in check(lambda **_: 1, everything, **values)] == [NO_BOOL]


def test_number_of_paths_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()

    def receiver(sender: object, request: HttpRequest, **kwargs: object) -> bool:
        asked.add(request.path)
        return False

    assert check(receiver) == []
    assert asked == {"/", "/api/items/1/", "/old/"}
    asked.clear()
    monkeypatch.setattr(receivers, "_MOST_PATHS", 2)
    assert check(receiver) == []
    assert asked == {"/", "/api/items/1/"}


def test_paths_outside_of_the_regex_are_tried() -> None:
    (found,) = check(everything, CORS_URLS_REGEX=r"^/api/.*$")
    assert found[0] == OPEN


@pytest.mark.parametrize("value", [1, "yes", [], 0, object()])
def test_receiver_that_returns_no_bool_is_a_warning(value: object) -> None:
    def receiver(sender: object, **kwargs: object) -> object:
        return value

    ((number, text),) = check(receiver)
    assert number == NO_BOOL
    assert f"returns a value of type {type(value).__name__}, which" in text


def set_tenant(get_response: Receiver) -> Receiver:
    def respond(request: Any) -> Any:
        request.tenant = None
        return get_response(request)

    return respond


CORS_LAYER = "corekit_django.middleware.CorsMiddleware"
TENANT_LAYER = f"{__name__}.set_tenant"
SITE_LAYER = "django.contrib.sites.middleware.CurrentSiteMiddleware"


@pytest.mark.parametrize("credentials", [True, False])
@pytest.mark.parametrize(
    ("receiver", "middleware", "hint"),
    [
        (of_a_tenant, [CORS_LAYER], "Put the middleware that sets it before"),
        (of_a_tenant, [CORS_LAYER, TENANT_LAYER], f"Put {TENANT_LAYER} before"),
        (of_a_tenant_later, [CORS_LAYER, TENANT_LAYER], f"Put {TENANT_LAYER} before"),
        (TenantLater(), [SITE_LAYER, CORS_LAYER, TENANT_LAYER], f"Put {TENANT_LAYER} before"),
        (of_a_tenant, [TENANT_LAYER, CORS_LAYER], None),
        (of_a_user, [CORS_LAYER], "A preflight has no cookies"),
    ],
)
def test_receiver_that_reads_what_a_preflight_lacks_is_a_warning(
    receiver: Receiver, middleware: list[str], hint: str | None, credentials: bool
) -> None:
    with project(receiver, MIDDLEWARE=middleware, CORS_ALLOW_CREDENTIALS=credentials):
        messages = [each for each in run_checks() if each.id == "corekit_django.W016"]
    assert len(messages) == (hint is not None)
    for message in messages:
        attribute = "user" if receiver is of_a_user else "tenant"
        assert f"reads request.{attribute}, which preflights do not have" in message.msg
        assert str(message.hint).startswith(hint or "")


def test_each_receiver_is_reported_once() -> None:
    found = check(everything, of_a_user, by_path, by_origin)
    assert [number for number, _ in found] == [OPEN, OPEN]


def test_no_connection_to_a_database_is_opened() -> None:
    seen: list[BaseException] = []

    def receiver(sender: object, request: HttpRequest, **kwargs: object) -> bool:
        try:
            return of_a_table(sender, request)
        except Exception as error:
            seen.append(error)
            raise

    assert check(receiver) == []
    assert {str(error) for error in seen} == {
        "A system check calls this receiver, without databases."
    }


def test_slow_receiver_does_not_stop_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    called: list[str] = []

    def receiver(sender: object, request: HttpRequest, **kwargs: object) -> bool:
        called.append(request.path)
        released.wait(20)
        return True

    monkeypatch.setattr(receivers, "_SECONDS", 0.1)
    started = time.monotonic()
    with project(receiver):
        assert [message.id for message in run_checks() if message.id == OPEN] == []
        assert time.monotonic() - started < 10
        before = threading.active_count()
        released.set()
        for _ in range(200):
            if threading.active_count() < before:
                break
            time.sleep(0.05)
    assert len(called) == 1


class Unavailable(StringConverter):
    def to_python(self, value: str) -> str:
        raise ConnectionError("the database is away")


register_converter(Unavailable, "unavailable")


class UnroutableUrls:
    urlpatterns = (path("", view), path("<unavailable:x>/", view), *Urls.urlpatterns[1:])


def test_path_that_cannot_be_routed_is_not_tried() -> None:
    paths = set()

    def allow(sender: object, request: HttpRequest, **kwargs: object) -> bool:
        paths.add(request.path)
        return True

    ((number, _),) = check(allow, ROOT_URLCONF=UnroutableUrls)
    assert number == OPEN
    assert paths == {"/", "/api/items/1/"}
