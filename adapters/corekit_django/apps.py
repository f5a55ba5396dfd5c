"""The Django application: its name, and the registration of its checks."""

from __future__ import annotations

from django.apps import AppConfig


class CorekitConfig(AppConfig):
    """The application "corekit_django" in INSTALLED_APPS."""

    name = "corekit_django"
    verbose_name = "CORS (corekit)"

    def ready(self) -> None:
        """Register the checks, by an import of what needs loaded applications."""
        from . import (  # noqa: F401, PLC0415
            checks,
            guard_checks,
            middleware_checks,
            static_checks,
        )
