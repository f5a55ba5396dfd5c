"""The application behind a proxy: it sends two lines of Vary, and grants everything."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.export.proxies import Application, serving


@pytest.fixture(scope="module")
def application() -> Iterator[Application]:
    with serving(("Vary", "Accept-Encoding"), ("Vary", "Cookie")) as application:
        yield application
