"""A `LivePolicy` that counts how often it is read."""

from __future__ import annotations

from corekit import CorsPolicy, CorsRoutes, LivePolicy

__all__ = ["CountingPolicy"]


class CountingPolicy(LivePolicy):
    """Counts how often `current` is read."""

    __slots__ = ("held", "reads")

    @property
    def current(self) -> CorsPolicy | CorsRoutes:
        self.reads = getattr(self, "reads", 0) + 1
        return self.held

    @current.setter
    def current(self, policy: CorsPolicy | CorsRoutes) -> None:
        self.held = policy
