"""The signal: origins that the project's code allows, from a real table, sync and async."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import override_settings

from corekit import CorsPolicy, CorsRoutes
from corekit_django.signals import check_request_enabled
from tests.django.conftest import Ask
from tests.django.views import OWN_ORIGIN

APP = "https://app.example.com"
PARTNER = "https://partner.example"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"


@pytest.fixture(autouse=True)
def project() -> Iterator[None]:
    with override_settings(CORS_ALLOWED_ORIGINS=[APP], CORS_ALLOW_CREDENTIALS=True):
        yield


@contextmanager
def connected(receiver: Callable[..., Any]) -> Iterator[None]:
    check_request_enabled.connect(receiver)
    try:
        yield
    finally:
        assert check_request_enabled.disconnect(receiver)


class Receiver:
    """Return a fixed answer, and record the origins of the requests."""

    def __init__(self, answer: object = True) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def __call__(self, sender: object, request: HttpRequest, **kwargs: object) -> object:
        assert sender is None
        self.asked.append(request.headers["Origin"])
        return self.answer


async def say_yes(sender: object, request: HttpRequest, **kwargs: object) -> bool:
    return request.headers["Origin"] == PARTNER


def is_admitted(ask: Ask, origin: str, path: str = "/plain/") -> bool:
    preflight = ask("OPTIONS", path, origin=origin, asked="PUT")
    actual = ask("GET", path, origin=origin)
    admitted: bool = preflight.status_code == 204
    for response in (preflight, actual):
        assert response.headers.get(ALLOW_ORIGIN) == (origin if admitted else None)
        assert ("Access-Control-Allow-Credentials" in response.headers) is admitted
        assert "Origin" in response.headers.get("Vary", "")
    return admitted


def test_receiver_may_read_origins_from_a_table(ask: Ask, database: None) -> None:
    from shop.models import Partner
    from shop.receivers import allow_partners

    check_request_enabled.disconnect(allow_partners)
    with connected(allow_partners):
        assert not is_admitted(ask, PARTNER)
        Partner.objects.create(origin=PARTNER)
        assert is_admitted(ask, PARTNER)
        assert not is_admitted(ask, "https://partner.example.evil.example")
        Partner.objects.all().delete()
        assert not is_admitted(ask, PARTNER)


def test_async_receiver_is_awaited(ask: Ask) -> None:
    with connected(say_yes):
        assert is_admitted(ask, PARTNER)
        assert not is_admitted(ask, "https://untrusted.example")


def test_one_true_receiver_is_enough(ask: Ask) -> None:
    no, yes = Receiver(answer=None), Receiver(answer=True)
    with connected(no), connected(yes):
        assert is_admitted(ask, PARTNER)
    assert no.asked == yes.asked == [PARTNER, PARTNER]


class Coroutine:
    """A receiver that Django does not know to be async."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    async def __call__(self, sender: object, **kwargs: object) -> object:
        return self.answer


def decorated(answer: object) -> Callable[..., Any]:
    async def reply(sender: object, **kwargs: object) -> object:
        return answer

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return reply(*args, **kwargs)

    return wrapper


@pytest.mark.parametrize("make", [Receiver, Coroutine, decorated])
@pytest.mark.parametrize(
    "answer", [True, False, None, 1, "yes", [PARTNER], object(), NotImplemented]
)
def test_only_true_allows_an_origin(
    ask: Ask, make: Callable[[object], Callable[..., Any]], answer: object
) -> None:
    with connected(make(answer)):
        assert is_admitted(ask, PARTNER) is (answer is True)


@pytest.mark.parametrize("origin", [APP, None, "not an origin", f"{APP},{PARTNER}", "null"])
def test_signal_is_not_sent_if_the_policy_decides(ask: Ask, origin: str | None) -> None:
    receiver = Receiver()
    with connected(receiver):
        ask("GET", "/plain/", origin=origin)
        ask("OPTIONS", "/plain/", origin=origin, asked="PUT")
    assert receiver.asked == []


def test_signal_allows_opaque_origin_without_credentials_only(ask: Ask) -> None:
    with connected(Receiver()):
        assert ALLOW_ORIGIN not in ask("GET", "/plain/", origin="null").headers
        with override_settings(CORS_ALLOW_CREDENTIALS=False):
            assert ask("GET", "/plain/", origin="null").headers[ALLOW_ORIGIN] == "null"


def test_signal_does_not_extend_a_view_policy(ask: Ask) -> None:
    receiver = Receiver()
    with connected(receiver):
        assert ALLOW_ORIGIN not in ask("GET", "/own/", origin=PARTNER).headers
        assert ask("GET", "/own/", origin=OWN_ORIGIN).headers[ALLOW_ORIGIN] == OWN_ORIGIN
    assert receiver.asked == []


@override_settings(CORS_URLS_REGEX=r"^/api/.*$")
def test_signal_alone_applies_outside_the_path_regex(ask: Ask) -> None:
    with connected(say_yes):
        assert is_admitted(ask, PARTNER)
        assert not is_admitted(ask, APP)
        response = ask("GET", "/own-headers/")
        assert response.headers["Vary"] == "Accept, Origin"
        assert ALLOW_ORIGIN not in response.headers


@override_settings(
    CORS_ALLOW_ALL_ORIGINS=True, CORS_ALLOW_CREDENTIALS=False, CORS_URLS_REGEX=r"^/api/.*$"
)
def test_all_origins_setting_stops_at_the_path_regex(ask: Ask) -> None:
    with connected(say_yes):
        assert ask("GET", "/plain/", origin=PARTNER).headers[ALLOW_ORIGIN] == PARTNER
        assert ALLOW_ORIGIN not in ask("GET", "/plain/", origin=APP).headers


@override_settings(CORS_ALLOWED_ORIGINS=[])
def test_signal_works_without_allowed_origins(ask: Ask) -> None:
    with connected(say_yes):
        assert is_admitted(ask, PARTNER)
        assert not is_admitted(ask, APP)


class OwnPolicy(CorsPolicy):
    """A policy class of an application."""


@pytest.mark.parametrize("nothing", [CorsPolicy.deny_all(), OwnPolicy.deny_all()])
def test_signal_does_not_apply_to_deny_all_routes(ask: Ask, nothing: CorsPolicy) -> None:
    from tests.django.test_middleware import forget_settings

    some = CorsPolicy(allow_origins=[APP], allow_credentials=True)
    anyone = CorsPolicy(allow_origins=["*"])
    routes = CorsRoutes([("/plain/", some), ("/file/", nothing), ("/stream/", anyone)])
    receiver = Receiver()
    with override_settings(CORS_POLICY=routes), connected(receiver):
        forget_settings()
        assert is_admitted(ask, PARTNER)
        assert not is_admitted(ask, PARTNER, "/file/")
        receiver.asked.clear()
        assert ask("GET", "/stream/", origin=PARTNER).headers[ALLOW_ORIGIN] == "*"
        assert ask("GET", "/own-headers/", origin=PARTNER).headers["Vary"] == "Accept"
    assert receiver.asked == []


def test_preflight_is_not_cached_if_methods_differ(ask: Ask) -> None:
    with connected(say_yes):
        response = ask("OPTIONS", "/own-method/", origin=PARTNER, asked="DELETE")
    assert response.headers[ALLOW_ORIGIN] == PARTNER
    assert response.headers["Access-Control-Max-Age"] == "0"
