"""The signal that lets the project's own code allow an origin, such as one from a database table.

`check_request_enabled` is sent with `sender` None and `request`, for requests whose origin the
settings do not allow. Receivers may be sync or async functions. The origin of the request is
allowed if any of them returns True, or an awaitable of True. No other value allows it: an object
that merely counts as true, such as a coroutine or a QuerySet, may say nothing about the origin.

    from django.dispatch import receiver
    from corekit_django.signals import check_request_enabled

    @receiver(check_request_enabled)
    def admit_partners(sender, request, **kwargs):
        return Partner.objects.filter(origin=request.headers["Origin"]).exists()
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from inspect import isawaitable
from typing import Final

from asgiref.sync import async_to_sync
from django.dispatch import Signal
from django.http import HttpRequest

check_request_enabled: Final = Signal()
"""Asks whether to allow the origin of `request` in addition to those of the settings."""

_ADMITTED: Final = "corekit_admitted"


def has_foreign_receivers() -> bool:
    """Return whether receivers are connected to the signal of django-cors-headers itself."""
    theirs = getattr(sys.modules.get("corsheaders.signals"), "check_request_enabled", None)
    return isinstance(theirs, Signal) and theirs.has_listeners(None)


def is_admitted(request: HttpRequest) -> bool:
    """Return whether a receiver allows the origin of a request; ask once for each request."""
    known: bool | None = vars(request).get(_ADMITTED)
    if known is None:
        replies = [reply for _, reply in check_request_enabled.send(None, request=request)]
        known = vars(request)[_ADMITTED] = any(reply is True for reply in settle(replies))
    return known


async def is_admitted_async(request: HttpRequest) -> bool:
    """Like `is_admitted()`, for a request under ASGI."""
    known: bool | None = vars(request).get(_ADMITTED)
    if known is None:
        replies = [reply for _, reply in await check_request_enabled.asend(None, request=request)]
        known = vars(request)[_ADMITTED] = any(reply is True for reply in await _settle(replies))
    return known


def settle(replies: Iterable[object]) -> list[object]:
    """Return the replies of receivers, with the result of each awaitable in place of it.

    Django awaits functions that it knows to be coroutine functions; others return coroutines too,
    such as an object with an async ``__call__``.
    """
    replies = list(replies)
    return async_to_sync(_settle)(replies) if any(map(isawaitable, replies)) else replies


async def _settle(replies: Iterable[object]) -> list[object]:
    return [await reply if isawaitable(reply) else reply for reply in replies]
