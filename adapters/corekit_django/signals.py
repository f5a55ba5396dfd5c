"""The signal that lets the project's own code allow an origin, such as one from a database table.

`check_request_enabled` is sent with `sender` None and `request`, for requests whose origin the
settings do not allow. Receivers may be sync or async functions. The origin of the request is
allowed if any of them returns a true value.

    from django.dispatch import receiver
    from corekit_django.signals import check_request_enabled

    @receiver(check_request_enabled)
    def admit_partners(sender, request, **kwargs):
        return Partner.objects.filter(origin=request.headers["Origin"]).exists()
"""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

check_request_enabled: Final = Signal()
"""Asks whether to allow the origin of `request` in addition to those of the settings."""
