"""Header names and values that an ASGI application sends as other types than bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit import CorsPolicy
from corekit.browser import HttpRequest
from tests.properties.adapters import ADAPTERS
from tests.properties.application import Application

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"
RAW = ["asgi", "starlette"]
policy = CorsPolicy(allow_origins=[APP])

HEADERS = [
    ("Content-Type", "text/plain"),
    ("Access-Control-Allow-Origin", "*"),
    ("X-Mine", "1"),
    ("Vary", "Accept"),
]
TYPES: dict[str, Callable[[str], Any]] = {
    "bytearray": lambda text: bytearray(text, "latin-1"),
    "memoryview": lambda text: memoryview(text.encode()),
    "writable memoryview": lambda text: memoryview(bytearray(text, "latin-1")),
    "memoryview of characters": lambda text: memoryview(text.encode()).cast("c"),
}


@pytest.mark.parametrize("adapter", RAW)
@pytest.mark.parametrize("encode", TYPES.values(), ids=TYPES.keys())
@pytest.mark.parametrize("origin", [None, APP, UNTRUSTED])
def test_no_header_is_lost(adapter: str, encode: Callable[[str], Any], origin: str | None) -> None:
    fields = () if origin is None else (("Origin", origin),)
    request = HttpRequest("GET", "https://api.example.org/", fields)
    usual, other = (
        ADAPTERS[adapter](policy, Application(200, HEADERS, each))(request)
        for each in (str.encode, encode)
    )
    assert other == usual
    assert dict(usual.headers)["x-mine"] == "1"
    assert dict(usual.headers).get("access-control-allow-origin") == (
        APP if origin == APP else None
    )
