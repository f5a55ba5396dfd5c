"""Receivers of the signal, and what follows from them. Not a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from django.http import HttpRequest

from corekit_django import SignalLookup
from tests.django.conftest import Ask

PARTNER: Final = "https://partner.example"
ALLOW_ORIGIN: Final = "Access-Control-Allow-Origin"

Receiver = Callable[..., Any]


def counted(bounds: SignalLookup) -> dict[str, int]:
    return {outcome: count for outcome, count in bounds.counts.items() if count}


def plainly(reply: Receiver) -> Receiver:
    return lambda sender, request, **kwargs: reply(request)


def later(reply: Receiver) -> Receiver:
    async def receiver(sender: object, request: HttpRequest, **kwargs: object) -> object:
        return reply(request)

    return receiver


def as_coroutine(reply: Receiver) -> Receiver:
    """Make a receiver that Django does not know to be async."""
    receiver = later(reply)

    def wrapper(**named: Any) -> Any:
        return receiver(**named)

    return wrapper


kinds = pytest.mark.parametrize("make", [plainly, later, as_coroutine])


def assert_unknown(ask: Ask) -> None:
    """Check a preflight and a GET of an origin that is not known to be allowed."""
    preflight = ask("OPTIONS", "/plain/", origin=PARTNER, asked="PUT")
    assert (preflight.status_code, preflight.headers["Retry-After"]) == (503, "1")
    actual = ask("GET", "/plain/", origin=PARTNER)
    assert (actual.status_code, actual.content) == (200, ask("GET", "/plain/").content)
    for response in (preflight, actual):
        assert ALLOW_ORIGIN not in response.headers
        assert response.headers["Cache-Control"] == "no-store"
        assert "Origin" in response.headers["Vary"]
