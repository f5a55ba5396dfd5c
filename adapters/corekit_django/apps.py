"""The app: its name, and the registration of its checks."""

from __future__ import annotations

from django.apps import AppConfig

__all__ = ["CorekitConfig"]


class CorekitConfig(AppConfig):
    """What "corekit_django" in INSTALLED_APPS stands for."""

    name = "corekit_django"
    verbose_name = "CORS (corekit)"

    def ready(self) -> None:
        """Register the checks, which cannot be imported before the apps are."""
        from .checks import register_all  # noqa: PLC0415 - apps are loaded before what it imports

        register_all()
