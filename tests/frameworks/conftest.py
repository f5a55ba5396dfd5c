"""Every adapter in turn, for the tests of what it reports."""

from __future__ import annotations

import pytest

from tests.frameworks.observing import Client
from tests.properties.adapters import ADAPTERS


@pytest.fixture(params=sorted(ADAPTERS))
def client(request: pytest.FixtureRequest) -> Client:
    """Return an adapter that is not installed yet."""
    return Client(request.param)
