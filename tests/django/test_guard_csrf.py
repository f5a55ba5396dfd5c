"""With CORS_GUARD, the CSRF token is asked for only if nothing shows which page sent a request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from tests.django.checking import CSRF, OURS
from tests.django.conftest import Ask, ask_wsgi
from tests.django.guard_urls import PARTNER, reached
from tests.django.test_guard import APP, EVIL, OWN, SETTINGS, send

LOGIN = "tests.django.guard_urls.log_in"

# What was written in Django, with its decorator, in DRF with a session, in django-ninja by cookie.
PATHS = ["/write/", "/protected/", "/drf/", "/ninja/write/"]
WITHOUT = ["/without-csrf/"]


@pytest.fixture(autouse=True, params=["after", "before"])
def guarded(request: pytest.FixtureRequest) -> Iterator[None]:
    """Put Django's check after our middleware, or before it."""
    order = [OURS, CSRF] if request.param == "after" else [CSRF, OURS]
    reached.clear()
    with override_settings(**SETTINGS | {"MIDDLEWARE": [*order, LOGIN]}):
        yield


def write(ask: Ask, path: str, origin: str | None, site: str | None = None, **headers: str) -> Any:
    """Send a request without a CSRF token, of a user who is logged in."""
    sent = {"Cookie": "sessionid=1", **headers}

    def enforce(*args: Any, **values: Any) -> Any:
        return ask(*args, **values, enforce_csrf=True)

    return send(enforce, path, origin, site, **sent)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("origin", "site"),
    [(OWN, "same-origin"), ("null", "same-origin"), (OWN, None), (APP, "cross-site"), (APP, None)],
)
def test_page_that_is_trusted_needs_no_token(
    ask: Ask, path: str, origin: str, site: str | None
) -> None:
    assert write(ask, path, origin, site).status_code == 200
    assert len(reached) == 1


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("site", ["none", None])
def test_request_of_no_page_needs_a_token(ask: Ask, path: str, site: str | None) -> None:
    assert write(ask, path, None, site).status_code == 403
    assert reached == []


@pytest.mark.parametrize("path", [*PATHS, *WITHOUT])
@pytest.mark.parametrize("site", ["cross-site", "same-site", None])
def test_page_that_is_not_listed_is_refused(ask: Ask, path: str, site: str | None) -> None:
    response = write(ask, path, EVIL, site)
    assert response.status_code == 403
    assert response.content.startswith(b"Guard: ")
    assert reached == []


def test_listed_page_of_a_view_needs_no_token(ask: Ask) -> None:
    assert write(ask, "/own/", PARTNER).status_code == 200
    assert write(ask, "/own/", APP).status_code == 403


@pytest.mark.parametrize("mode", ["writes", "mode", "exempt"])
def test_token_is_needed_where_the_guard_decides_nothing(ask: Ask, mode: str) -> None:
    guards = {
        "writes": {"writes": "ignore"},
        "mode": {"mode": "report"},
        "exempt": {"exempt": ["/write/"]},
    }
    origin = EVIL if mode == "exempt" else OWN
    with override_settings(CORS_GUARD=guards[mode]):
        response = write(ask, "/write/", origin)
    assert response.status_code == 403
    assert b"CSRF" in response.content


def test_page_without_credentials_needs_a_token(ask: Ask) -> None:
    """It may not act as the user, so it may not log the user in either."""
    with override_settings(CORS_ALLOW_CREDENTIALS=False):
        response = send(lambda *args, **values: ask(*args, **values, enforce_csrf=True), origin=APP)
        assert response.status_code == 403
        assert b"CSRF" in response.content
        assert write(ask, "/write/", OWN).status_code == 200


@pytest.mark.parametrize(("host", "status"), [("testserver", 200), ("rebind.example", 400)])
def test_allowed_hosts_hold_without_a_token(host: str, status: int) -> None:
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        response = write(ask_wsgi, "/write/", f"https://{host}", None, Host=host)
    assert response.status_code == status
    assert len(reached) == (status == 200)


@pytest.mark.parametrize("headers", [["*"], ["sec_fetch_site"]])
def test_page_that_may_send_any_header_is_not_trusted(ask: Ask, headers: list[str]) -> None:
    with override_settings(
        CORS_ALLOWED_ORIGINS=[],
        CORS_ALLOW_ALL_ORIGINS=True,
        CORS_ALLOW_CREDENTIALS=False,
        CORS_ALLOW_HEADERS=headers,
    ):
        response = write(ask, "/write/", EVIL, "same-origin")
    assert response.status_code == 403
    assert reached == []
