"""Origins from the database: partners can be added without changing the settings."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.http import HttpRequest

from corekit_django.signals import check_request_enabled

from .models import Partner


@receiver(check_request_enabled)
def allow_partners(sender: object, request: HttpRequest, **kwargs: Any) -> bool:
    """Allow the origins of partners, with everything that the settings grant."""
    return Partner.objects.filter(origin=request.headers["Origin"]).exists()
