"""The example with the guard in place of CSRF tokens: who can order, and who cannot."""

from __future__ import annotations

import logging
import runpy
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from corekit_django.signals import check_request_enabled
from tests.core.reporting import logged
from tests.django.conftest import Ask
from tests.django.settings import EXAMPLE

PASSWORD = "a password for tests"
API = "https://api.example.org"
APP = "https://app.example.com"
EVIL = "https://evil.example"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"

NAMES = ("MIDDLEWARE", "ROOT_URLCONF", "CSRF_TRUSTED_ORIGINS", "SESSION_COOKIE_SAMESITE")


def read_settings(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("SHOP_GUARD", "1")
    values = runpy.run_path(str(EXAMPLE / "shop" / "settings.py"))
    return {name: values[name] for name in values if name.startswith("CORS_") or name in NAMES}


@pytest.fixture(params=[False, True], ids=["without tokens", "with tokens"])
def keeps_tokens(request: pytest.FixtureRequest) -> bool:
    """Whether Django's CSRF check stays in the settings, in addition to the guard."""
    return bool(request.param)


@pytest.fixture(autouse=True)
def shop(
    made_database: None, monkeypatch: pytest.MonkeyPatch, keeps_tokens: bool
) -> Iterator[None]:
    from django.contrib.auth.models import User
    from shop.models import Order

    values = read_settings(monkeypatch)
    assert CSRF not in values["MIDDLEWARE"]
    if keeps_tokens:
        values["MIDDLEWARE"].insert(-1, CSRF)
    # A slow hash is for real passwords.
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with override_settings(**values, PASSWORD_HASHERS=hashers):
        user = User.objects.create_user("ada", password=PASSWORD)
        yield
    Order.objects.all().delete()
    user.delete()


LOGIN = b'{"name": "ada", "password": "%s"}' % PASSWORD.encode()


def send(ask: Ask, path: str, body: bytes, origin: str | None, **headers: str) -> Any:
    """POST from a form that looks like JSON, as a page can send it without a preflight."""
    given = {name.replace("_", "-"): value for name, value in headers.items() if value}
    return ask("POST", path, origin=origin, headers=given, body=body, enforce_csrf=True)


def log_in(ask: Ask) -> str:
    """Log in on a page of the server itself, without a token, and return the cookie."""
    response = send(ask, "/api/login/", LOGIN, API, Sec_Fetch_Site="same-origin")
    assert response.status_code == 200
    return f"sessionid={response.cookies['sessionid'].value}"


def order(ask: Ask, origin: str | None, site: str) -> int:
    """Order as the user who is logged in; return the status of the response."""
    headers = {"Sec_Fetch_Site": site, "Cookie": log_in(ask)}
    status: int = send(ask, "/api/orders/", ORDER, origin, **headers).status_code
    return status


def ordered() -> list[str]:
    from shop.models import Order

    return [order.item for order in Order.objects.all()]


ORDER = b'{"item": "teapot", "": "="}'


@pytest.mark.parametrize(
    ("origin", "site"),
    [(API, "same-origin"), ("null", "same-origin"), (APP, "cross-site"), (APP, "")],
)
def test_trusted_page_orders_without_a_token(ask: Ask, origin: str, site: str) -> None:
    assert order(ask, origin, site) == 201
    assert ordered() == ["teapot"]


@pytest.mark.parametrize(
    ("origin", "site", "reason"),
    [
        (EVIL, "cross-site", "CROSS_SITE"),
        (EVIL, "", "OTHER_ORIGIN"),
        ("null", "cross-site", "CROSS_SITE"),
    ],
)
def test_attack_orders_nothing(
    ask: Ask, caplog: pytest.LogCaptureFixture, origin: str, site: str, reason: str
) -> None:
    caplog.set_level(logging.INFO, "corekit.django")
    assert order(ask, origin, site) == 403
    assert ordered() == []
    assert ("WARNING", reason) in logged(caplog, "corekit.django")


def test_attack_cannot_log_the_user_in(ask: Ask) -> None:
    response = send(ask, "/api/login/", LOGIN, EVIL, Sec_Fetch_Site="cross-site")
    assert response.status_code == 403
    assert "sessionid" not in response.cookies


def test_partner_of_the_database_orders(ask: Ask, database: None) -> None:
    from shop.models import Partner
    from shop.receivers import allow_partners

    Partner.objects.create(origin="https://partner.example")
    check_request_enabled.connect(allow_partners)
    try:
        assert order(ask, "https://partner.example", "cross-site") == 201
        assert order(ask, EVIL, "cross-site") == 403
    finally:
        assert check_request_enabled.disconnect(allow_partners)
    assert ordered() == ["teapot"]


def test_what_no_browser_sent_needs_the_token_that_is_kept(ask: Ask, keeps_tokens: bool) -> None:
    assert order(ask, None, "") == (403 if keeps_tokens else 201)
