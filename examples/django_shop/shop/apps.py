"""The Django app of the shop."""

from __future__ import annotations

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """Connects the receivers of signals."""

    name = "shop"

    def ready(self) -> None:
        """Import the receivers, which need the models."""
        from . import receivers  # noqa: F401, PLC0415 - importing connects them
