"""Origins from the database: pages of partners may call without a change of the settings."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.http import HttpRequest

from corekit_django.signals import check_request_enabled

from .models import Partner


@receiver(check_request_enabled)
def allow_partners(sender: object, request: HttpRequest, **kwargs: Any) -> bool:
    """Admit the origins of partners, for what the settings grant."""
    return Partner.objects.filter(origin=request.headers["Origin"]).exists()
