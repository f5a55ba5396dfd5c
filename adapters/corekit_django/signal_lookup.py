"""`SignalLookup`: asks the receivers of the signal, with the bounds of a look-up.

A receiver may read anything of a request. So what it returns is for that request only, and a
failure says nothing about the next one: clients choose what they send.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import Final, cast

from asgiref.sync import sync_to_async
from django.http import HttpRequest

from corekit.lookups import Flight, Outcome
from corekit_lookups import BoundedLookup

from .signals import call, find_receivers, judge, settle, settle_async

_OUTCOME: Final = "_corekit_outcome"
"""The attribute of a request for the outcome: the guard and the response both need it."""

_NAME: Final = "look-up by check_request_enabled"
_NO_MATTER: Final = "and another receiver allows the origin"


class SignalLookup(BoundedLookup):
    """Asks the receivers of `check_request_enabled`; one may be the setting CORS_LOOKUP.

    `concurrency`
        For how many requests receivers run at a time. One more is not allowed.
    `timeout`
        How many seconds the receivers of a request may take together. Awaitables are canceled then.
        Nothing stops a sync receiver: the request waits for it, and is not allowed.
    `clock`
        Returns seconds, for tests.

    An origin is allowed if a receiver returns True, whatever the others return or raise. If none
    does and one has failed, or if they take too long together, it is not known whether it is.
    """

    def __init__(
        self,
        *,
        concurrency: int = 16,
        timeout: float = 1.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(_NAME, concurrency=concurrency, timeout=timeout, clock=clock)
        self._tasks: Final[set[asyncio.Task[Flight | Outcome]]] = set()

    def ask(self, request: HttpRequest) -> Outcome:
        """Call the receivers in this thread, once for each request."""
        known: Outcome | None = vars(request).get(_OUTCOME)
        if known is not None:
            return known
        begun = self._begin(request)
        if isinstance(begun, Flight):
            self._call(begun, request)
        return _keep(request, begun)

    async def ask_async(self, request: HttpRequest) -> Outcome:
        """Like `ask()`, in a task.

        If the client disconnects, the task goes on: its thread could not be stopped, and has to
        count as running.
        """
        known: Outcome | None = vars(request).get(_OUTCOME)
        if known is not None:
            return known
        task = asyncio.create_task(self._ask_in_task(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return _keep(request, await asyncio.shield(task))

    async def _ask_in_task(self, request: HttpRequest) -> Flight | Outcome:
        # A task that is canceled before it runs has taken no place.
        begun = self._begin(request)
        if isinstance(begun, Flight):
            await self._call_async(begun, request)
        return begun

    def _begin(self, request: HttpRequest) -> Flight | Outcome:
        with self._lock:
            return self._state.begin(request.META["HTTP_ORIGIN"], self._clock())

    def _call(self, flight: Flight, request: HttpRequest) -> None:
        with self._ending(flight):
            plain, later = find_receivers()
            replies = [*call(plain, request), *call(later, request)]
            self._judge(flight, settle(replies, self._left(flight)))

    async def _call_async(self, flight: Flight, request: HttpRequest) -> None:
        with self._ending(flight):
            plain, later = find_receivers()
            replies = await sync_to_async(call)(plain, request) if plain else []
            replies += call(later, request)
            self._judge(flight, await settle_async(replies, self._left(flight)))

    @contextmanager
    def _ending(self, flight: Flight) -> Iterator[None]:
        """End a flight that an exception ends; raise what is not an `Exception`."""
        try:
            yield
        except TimeoutError:
            self._end(flight, self._state.time_out)
            self._end(flight, self._state.fail)
        except BaseException as error:
            self._end(flight, self._state.fail, error)
            if not isinstance(error, Exception):
                raise

    def _judge(self, flight: Flight, replies: list[object]) -> None:
        is_allowed, error = judge(replies)
        if error is not None and not is_allowed:
            self._end(flight, self._state.fail, error)
            return
        self._end(flight, partial(self._state.settle, result=is_allowed))
        if error is not None:
            self._log.log(self._clock(), _NAME, flight.key, error, _NO_MATTER)


def _keep(request: HttpRequest, begun: Flight | Outcome) -> Outcome:
    outcome = begun if isinstance(begun, Outcome) else cast("Outcome", begun.outcome)
    vars(request)[_OUTCOME] = outcome
    return outcome
