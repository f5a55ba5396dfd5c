"""The signal that lets the project's own code allow an origin, such as one from a database table.

`check_request_enabled` is sent with `sender` None and `request`, for requests whose origin the
settings do not allow. Receivers may be sync or async functions. The origin of the request is
allowed if any of them returns True, or an awaitable of True. No other value allows it: an object
that merely counts as true, such as a coroutine or a QuerySet, may say nothing about the origin.
`SignalLookup` bounds what the receivers may take.

    from django.dispatch import receiver
    from corekit_django.signals import check_request_enabled

    @receiver(check_request_enabled)
    def admit_partners(sender, request, **kwargs):
        return Partner.objects.filter(origin=request.headers["Origin"]).exists()
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable
from inspect import isawaitable
from typing import Any, Final

from asgiref.sync import async_to_sync, sync_to_async
from django.dispatch import Signal
from django.http import HttpRequest

check_request_enabled: Final = Signal()
"""Asks whether to allow the origin of `request` in addition to those of the settings."""

Receivers = list[Callable[..., Any]]


def has_foreign_receivers() -> bool:
    """Return whether receivers are connected to the signal of django-cors-headers itself."""
    theirs = getattr(sys.modules.get("corsheaders.signals"), "check_request_enabled", None)
    return isinstance(theirs, Signal) and theirs.has_listeners(None)


def find_receivers() -> tuple[Receivers, Receivers]:
    """Return the sync and the async receivers, which `send()` would call."""
    return check_request_enabled._live_receivers(None)


def call(receivers: Receivers, request: HttpRequest) -> list[object]:
    """Call receivers, and return their replies; an exception takes the place of a reply.

    `send_robust()` would log each exception, and cannot be canceled without its threads.
    """
    return [_call(receiver, request) for receiver in receivers]


def call_all(request: HttpRequest, seconds: float | None = None) -> list[object]:
    """Call all receivers in this thread, and return their replies.

    Raise TimeoutError if awaitables take more than `seconds`.
    """
    plain, later = find_receivers()
    replies = [*call(plain, request), *call(later, request)]
    return async_to_sync(_settle)(replies, seconds) if any(map(isawaitable, replies)) else replies


async def call_all_async(request: HttpRequest, find_seconds: Callable[[], float]) -> list[object]:
    """Like `call_all()`, with the sync receivers in a thread.

    `find_seconds` returns what is left for awaitables once that thread has returned.
    """
    plain, later = find_receivers()
    replies = await sync_to_async(call)(plain, request) if plain else []
    return await _settle([*replies, *call(later, request)], find_seconds())


def _call(receiver: Callable[..., Any], request: HttpRequest) -> object:
    try:
        return receiver(signal=check_request_enabled, sender=None, request=request)
    except Exception as error:  # noqa: BLE001 - the caller logs it
        return error


async def _settle(replies: Iterable[object], seconds: float | None) -> list[object]:
    """Return replies, with the result of each awaitable in place of it.

    Not only functions that Django knows to be coroutine functions return them: so does an object
    with an async ``__call__``.
    """
    async with asyncio.timeout(seconds):
        return await asyncio.gather(*map(_await, replies))


async def _await(reply: object) -> object:
    try:
        return await reply if isawaitable(reply) else reply
    except Exception as error:  # noqa: BLE001 - the caller logs it
        return error
