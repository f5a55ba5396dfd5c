"""The PostgreSQL server of these tests: one for all of them, cleared before each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.databases.cluster import Cluster, open_cluster


@pytest.fixture(scope="session")
def _cluster() -> Iterator[Cluster]:
    with open_cluster() as cluster:
        yield cluster


@pytest.fixture
def postgres(_cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """Return a running server; the variables of its clients are set."""
    _cluster.clear()
    for name, value in _cluster.environment.items():
        monkeypatch.setenv(name, value)
    return _cluster
