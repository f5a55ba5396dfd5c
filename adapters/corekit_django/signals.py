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
from collections.abc import Callable
from inspect import CORO_CREATED, getcoroutinestate, isawaitable, iscoroutine
from typing import Any, Final

from asgiref.sync import async_to_sync
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
    """Call receivers, and return what each returns or raises.

    `send_robust()` would log each exception, and `asend_robust()` can be canceled only without its
    threads.
    """
    return [_call(receiver, request) for receiver in receivers]


def settle(replies: list[object], seconds: float | None = None) -> list[object]:
    """Return replies, with what each awaitable returns or raises in place of it.

    Not only functions that Django knows to be coroutine functions return them: so does an object
    with an async ``__call__``. Raise TimeoutError if they take more than `seconds`.
    """
    has_awaitables = any(map(isawaitable, replies))
    return async_to_sync(settle_async)(replies, seconds) if has_awaitables else replies


async def settle_async(replies: list[object], seconds: float | None) -> list[object]:
    """Like `settle()`, in an event loop."""
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.gather(*map(_await, replies))
    finally:
        for reply in replies:
            # One that was canceled before it began would warn that nobody has awaited it.
            if iscoroutine(reply) and getcoroutinestate(reply) == CORO_CREATED:
                reply.close()


def judge(replies: list[object]) -> tuple[bool, BaseException | None]:
    """Return whether a receiver allows the origin, and the first exception of the others.

    If there is an exception and no receiver allows the origin, it is not known whether it is.

    >>> judge([None, "yes", True]), judge([False])
    ((True, None), (False, None))
    """
    errors = (reply for reply in replies if isinstance(reply, BaseException))
    return any(reply is True for reply in replies), next(errors, None)


def _call(receiver: Callable[..., Any], request: HttpRequest) -> object:
    try:
        return receiver(signal=check_request_enabled, sender=None, request=request)
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - the caller judges it
        return error


async def _await(reply: object) -> object:
    try:
        return await reply if isawaitable(reply) else reply
    # If the request was canceled, `gather()` raises that anyway.
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - the caller judges it
        return error
