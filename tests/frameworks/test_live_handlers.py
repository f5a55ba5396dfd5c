"""A live policy of a handler that is replaced while a request is on its way, in every adapter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Final

import django
import pytest

from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit.browser import HttpRequest
from tests.frameworks.live_apps import LIVE_APPS, Setup
from tests.frameworks.test_live import ADMIN, APP, NEW, OLD, summarize
from tests.properties.application import Send

ANY: Final = CorsPolicy(allow_origins=["*"])
URL: Final = "https://api.example.org/own"

Make = Callable[[Setup], Send]

every_app = pytest.mark.parametrize("make", LIVE_APPS, ids=lambda make: make.__name__)


@pytest.fixture
def site() -> Iterator[ExitStack]:
    django.setup()
    with ExitStack() as stack:
        yield stack


def get(origin: str) -> HttpRequest:
    return HttpRequest("GET", URL, (("Origin", origin),))


def preflight(origin: str, method: str) -> HttpRequest:
    return HttpRequest(
        "OPTIONS", URL, (("Origin", origin), ("Access-Control-Request-Method", method))
    )


def allowed(send: Send, request: HttpRequest) -> str | None:
    headers = {name.lower(): value for name, value in send(request).headers}
    return headers.get("access-control-allow-origin")


@every_app
@pytest.mark.parametrize("is_named", [True, False])
@pytest.mark.parametrize(("old", "new"), [(OLD, OLD.replace(allow_origins=[ADMIN])), (OLD, NEW)])
def test_handler_keeps_the_policy_that_the_request_found(
    make: Make, site: ExitStack, is_named: bool, old: CorsPolicy, new: CorsPolicy | CorsRoutes
) -> None:
    """Also if it is not found, and the application has the same live policy."""
    live = LivePolicy(old)
    default = ANY if is_named else live
    send = make(Setup(default, live, lambda: live.replace(new), is_named, site))
    response = send(get(APP))
    assert (response.status, response.body.strip(b'"')) == (200, b"secret")
    assert ("access-control-allow-origin", APP) in summarize(response).headers
    assert live.policy is new
    assert allowed(send, get(APP)) is None
    assert allowed(send, get(ADMIN)) == ADMIN


@every_app
def test_preflight_is_that_of_one_policy(make: Make, site: ExitStack) -> None:
    live = LivePolicy(OLD)
    send = make(Setup(ANY, live, lambda: None, True, site))
    assert allowed(send, preflight(APP, "PUT")) == APP
    live.replace(NEW)
    assert allowed(send, preflight(APP, "PUT")) is None
    assert allowed(send, preflight(ADMIN, "PUT")) == ADMIN


@every_app
def test_other_policy_of_a_hidden_handler_is_still_refused(make: Make, site: ExitStack) -> None:
    """Two holders differ, whatever they hold."""
    live = LivePolicy(OLD)
    other = LivePolicy(OLD.replace(allow_origins=[APP, ADMIN]))
    send = make(Setup(other, live, lambda: None, False, site))
    try:
        response = send(get(ADMIN))
    except RuntimeError as error:
        assert "has its own CORS policy, which was not found" in str(error)  # noqa: PT017
    else:
        assert response.status == 500
