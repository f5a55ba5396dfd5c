"""`OriginLookup`: runs the state of a look-up with a clock, for threads and for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from inspect import iscoroutine
from threading import Event, Thread
from time import monotonic
from typing import Any, Final, Literal, cast

from corekit.adapter import Engine
from corekit.locks import is_held
from corekit.lookups import (
    Ask,
    Flight,
    Key,
    LookupRequest,
    Outcome,
    Wait,
    may_look_up,
    split_key,
)

from .arguments import (
    check_function,
    check_number,
    check_seconds,
    check_tenant,
    is_async,
    read_risks,
)
from .bounded import BoundedLookup
from .threads import Threads

SyncLookup = Callable[[str], bool] | Callable[[str, str], bool]
AsyncLookup = Callable[[str], Awaitable[bool]] | Callable[[str, str], Awaitable[bool]]
Tenant = Callable[[LookupRequest], str]


class OriginLookup(BoundedLookup):
    """Allows the origins for which a function returns True.

    `lookup`
        A function, sync or async, which returns True or False: ``lookup(origin)``, and with
        `tenant` ``lookup(origin, tenant)``. It is called for origins that the policy does not list.
        The result is remembered for the tenant and the origin, so it must depend on nothing else.
    `tenant`
        A function of a `LookupRequest`, which returns a string. Without it, an origin is allowed on
        all hosts and paths or on none.
    `ttl`, `negative_ttl`
        How many seconds True and False are remembered. An origin that is removed from the table is
        allowed for up to `ttl` seconds more.
    `size`
        How many results are remembered, of True and of False each.
    `concurrency`
        How many look-ups run at a time. A request that would need one more is not allowed. Under
        asyncio, a function that is not async is called in as many threads, which nothing else uses.
    `timeout`
        How many seconds a look-up may take. A task is canceled then. A thread goes on, and counts
        as running until it returns.
    `stale_if_error`
        For how many seconds after `ttl` True is used if the look-up fails.
    `accept_risks`
        ``insecure-origin`` allows HTTP origins with credentials, which are not looked up otherwise.
    `clock`
        Returns seconds, for tests.

    An exception or a timeout of a function allows nothing, and is logged. The origin is not looked
    up again for a second. Anything but True and False raises `LookupResultError`.

    >>> lookup = OriginLookup(lambda origin: origin == "https://shop-1.example")
    >>> request = LookupRequest("https", "api.example.com", "/")
    >>> lookup.ask_sync("https://shop-1.example", request)
    <Outcome.ALLOWED: 'allowed'>
    >>> lookup.ask_sync("https://shop-1.example", request)
    <Outcome.CACHED_ALLOWED: 'cached_allowed'>
    """

    recall: Callable[[str], Outcome | None]
    """Returns CACHED_ALLOWED for an HTTPS origin that was allowed a moment ago, for all requests.

    None if it has to be looked up: with `tenant`, that is always so.
    """

    def __init__(
        self,
        lookup: SyncLookup | AsyncLookup,
        *,
        tenant: Tenant | None = None,
        ttl: float = 60,
        negative_ttl: float = 10,
        size: int = 10_000,
        concurrency: int = 16,
        timeout: float = 1.0,
        stale_if_error: float = 0,
        accept_risks: Collection[Literal["insecure-origin"]] = (),
        clock: Callable[[], float] = monotonic,
    ) -> None:
        if tenant is not None:
            check_function(tenant, "tenant", ("request",))
            if is_async(tenant):
                raise TypeError("tenant is an async function. Pass one that is not.")
        taken = ("origin",) if tenant is None else ("origin", "tenant")
        check_function(lookup, "lookup", taken)
        for name, seconds in (
            ("ttl", ttl),
            ("negative_ttl", negative_ttl),
            ("stale_if_error", stale_if_error),
        ):
            check_seconds(seconds, name, least=0)
        check_number(size, "size")
        super().__init__(
            "look-up",
            ttl=ttl,
            negative_ttl=negative_ttl,
            size=size,
            negative_size=size,
            concurrency=concurrency,
            timeout=timeout,
            stale_if_error=stale_if_error,
            clock=clock,
        )
        self._recall: Final = self._state.recall_with(clock)
        self.recall = self._recall if tenant is None else _recall_nothing
        self.accept_risks: Final = read_risks(accept_risks)
        self.is_async: Final = is_async(lookup)
        self.ttl: Final = ttl
        self.function: Final[Any] = lookup
        self._tenant: Final = tenant
        self._threads: Final = Threads(concurrency)
        self._started: Final[set[asyncio.Future[Any]]] = set()

    def is_asked(self, engine: Engine, origin: str) -> bool:
        """Return whether an origin that a policy does not list is looked up.

        `engine` is that of the policy; see `corekit.lookups.may_look_up`.
        """
        return may_look_up(engine, origin, self.accept_risks)

    def ask_sync(self, origin: str, request: LookupRequest) -> Outcome:
        """Look up an origin in this thread, or wait for the thread that does.

        Raise TypeError if the function is async, `LookupResultError` if it returned anything but
        True or False, and what is raised that is not an `Exception`, such as KeyboardInterrupt.
        """
        if self.is_async:
            raise TypeError("lookup is an async function. Pass one that is not.")
        key = origin if self._tenant is None else self._find_key(self._tenant, origin, request)
        if key is None:
            return Outcome.FAILED
        outcome = self._recall(key)
        if outcome is not None:
            return outcome
        ended = Event()
        found = self._ask(key, ended.set)
        if isinstance(found, Outcome):
            return found
        flight = found.flight
        if isinstance(found, Ask):
            self._call(flight)
        elif not ended.wait(self._left(flight)):
            self._end(flight, self._state.time_out)
        return _outcome_of(flight, has_asked=isinstance(found, Ask))

    async def ask_async(self, origin: str, request: LookupRequest) -> Outcome:
        """Look up an origin in a task, or wait for the one that does.

        A function that is not async is called in a thread. If this call is canceled, since the
        client disconnects, the look-up goes on for the others. Raise `LookupResultError` if the
        function returned anything but True or False.
        """
        key = origin if self._tenant is None else self._find_key(self._tenant, origin, request)
        if key is None:
            return Outcome.FAILED
        outcome = self._recall(key)
        if outcome is not None:
            return outcome
        loop = asyncio.get_running_loop()
        ended = loop.create_future()
        found = self._ask(key, partial(_wake, loop, ended))
        if isinstance(found, Outcome):
            return found
        flight = found.flight
        if isinstance(found, Ask):
            self._start(loop, flight)
        try:
            async with asyncio.timeout(self._left(flight)):
                await ended
        except TimeoutError:
            self._end(flight, self._state.time_out)
        return _outcome_of(flight, has_asked=isinstance(found, Ask))

    def invalidate(self, origin: str) -> None:
        """Forget what is known about an origin, for all tenants; call it if a table has changed.

        A look-up that is running may have read the old table, so it is not remembered either. Each
        process has its own memory. A signal handler can call it; if it interrupts what needs the
        memory, the origin is forgotten right after that.
        """
        self._forget(partial(self._state.invalidate, origin))

    def clear(self) -> None:
        """Forget what is known about all origins, as `invalidate()` does for one."""
        self._forget(self._state.clear)

    def _forget(self, forget: Callable[[], None]) -> None:
        if is_held(self._lock):
            # This is a signal handler, and the state is in the middle of a change.
            Thread(target=self._forget, args=(forget,), daemon=True).start()
            return
        with self._lock:
            forget()

    def _find_key(self, tenant: Tenant, origin: str, request: LookupRequest) -> Key | None:
        """Return the key of a request; None if the function `tenant` has failed."""
        try:
            return check_tenant(tenant(request)), origin
        # For example for a host that it does not expect.
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001
            with self._lock:
                self._state.count(Outcome.FAILED)
            self._log.log(self._clock(), "function tenant", None, error)
            return None

    def _ask(self, key: Key, wake: Callable[[], None]) -> Outcome | Ask | Wait:
        """Ask the state; `wake` is called once the flight has an outcome, if there is one."""
        with self._lock:
            found = self._state.ask(key, self._clock())
            if not isinstance(found, Outcome):
                found.flight.waiters.append(wake)
        return found

    def _call(self, flight: Flight) -> None:
        """Call the function in this thread, and end its flight."""
        try:
            result = self.function(*_arguments_of(flight))
        except BaseException as error:
            self._end(flight, self._state.fail, error)
            # Nothing cancels a thread, only what the function may wait for.
            if not isinstance(error, Exception | asyncio.CancelledError):
                raise
        else:
            self._settle(flight, result)

    async def _call_async(self, flight: Flight) -> None:
        """Call the async function, and end its flight."""
        limit = asyncio.timeout(self._left(flight))
        try:
            async with limit:
                result = await self.function(*_arguments_of(flight))
        except BaseException as error:
            if limit.expired():
                self._end(flight, self._state.time_out)
            self._end(flight, self._state.fail, error)
            if not isinstance(error, Exception):
                raise
        else:
            self._settle(flight, result)

    def _start(self, loop: asyncio.AbstractEventLoop, flight: Flight) -> None:
        """Start the function in a task or in a thread, which ends its flight."""
        started: asyncio.Future[Any]
        if self.is_async:
            started = loop.create_task(self._call_async(flight))
        else:
            run = copy_context().run
            try:
                called = self._threads.run(lambda: run(self._call, flight))
                started = asyncio.wrap_future(called, loop=loop)
            except RuntimeError as error:  # the server stops, and starts no more threads
                self._end(flight, self._state.fail, error)
                return
        self._started.add(started)
        started.add_done_callback(partial(self._check_started, flight))

    def _check_started(self, flight: Flight, started: asyncio.Future[Any]) -> None:
        """End the flight of what was canceled before it ran, as a server that stops does."""
        self._started.discard(started)
        if started.cancelled():
            self._end(flight, self._state.fail, asyncio.CancelledError())
        else:
            started.exception()

    def _settle(self, flight: Flight, result: object) -> None:
        self._end(flight, partial(self._state.settle, result=result))
        if iscoroutine(result):
            result.close()  # it would warn that nobody has awaited it


def _recall_nothing(_: str) -> None:
    return None


def _arguments_of(flight: Flight) -> tuple[str, ...]:
    tenant, origin = split_key(flight.key)
    return (origin,) if tenant is None else (origin, tenant)


def _outcome_of(flight: Flight, *, has_asked: bool) -> Outcome:
    """Return the outcome of a flight that has ended; raise its error in the request that asked."""
    if has_asked and flight.error is not None:
        raise flight.error
    return cast("Outcome", flight.outcome)


def _wake(loop: asyncio.AbstractEventLoop, ended: asyncio.Future[None]) -> None:
    with suppress(RuntimeError):  # the loop of a request that was canceled may be closed
        loop.call_soon_threadsafe(_finish, ended)


def _finish(ended: asyncio.Future[None]) -> None:
    if not ended.done():
        ended.set_result(None)
