"""A `LivePolicy` that counts how often it is read."""

from __future__ import annotations

from typing import Any

from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit.adapter import PolicySource

__all__ = ["CountingPolicy"]


class CountingPolicy(LivePolicy):
    """Counts how often an adapter reads it."""

    __slots__ = ()

    _source: _CountingSource

    def __init__(self, policy: CorsPolicy | CorsRoutes, **arguments: Any) -> None:
        super().__init__(policy, **arguments)
        self._source = _CountingSource(policy)

    @property
    def reads(self) -> int:
        return self._source.reads


class _CountingSource(PolicySource):
    __slots__ = ("held", "reads")

    def __init__(self, policy: CorsPolicy | CorsRoutes) -> None:
        super().__init__(policy)
        self.reads = 0

    @property
    def current(self) -> CorsPolicy | CorsRoutes:
        self.reads += 1
        return self.held

    @current.setter
    def current(self, policy: CorsPolicy | CorsRoutes) -> None:
        self.held = policy
