"""`refresh()`: extend the policy of a `LivePolicy` by origins from a function, again and again.

Rows are read a few at a time, with a pause after each half of a millisecond, so that requests that
are answered by other threads, or by other tasks, do not wait for all of them.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import (
    AsyncIterable,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
)
from contextlib import suppress
from functools import partial
from itertools import islice
from threading import Timer
from types import TracebackType
from typing import Any, Final, NoReturn, Self, cast

from corekit import LivePolicy
from corekit.adapter import show

from .loaded_origins import SLOW, LoadedOrigins
from .polling import LONGEST_WAIT, Poller
from .uwsgi import check_server

Rows = Iterable[str]
Load = Callable[[], Rows]
AsyncLoad = Callable[[], AsyncIterable[str] | Awaitable[Rows]]

PAUSE: Final = 0.0005
"""Seconds of work between two pauses, and of each pause."""

_ROWS_AT_ONCE: Final = 16
"""One that is not valid takes up to a quarter of a millisecond."""

_ASYNC: Final = "load is an async function. Use refresh_async()."
_BLOCKS: Final = (
    "load is not an async function, so all requests would wait for it. Use refresh(), which calls"
    " it in a thread."
)


class WrongFunctionError(TypeError):
    """The function that loads is async and should not be, or the other way around."""


class _Loaded:
    """What is known of the last load, for health checks."""

    _origins: LoadedOrigins

    @property
    def size(self) -> int:
        """How many rows extend the policy."""
        return self._origins.size

    @property
    def age(self) -> float | None:
        """The seconds since the last load that was used, None if there was none."""
        return self._origins.age


class Refresher(_Loaded, Poller):
    """Loads rows in a thread: see `refresh()`."""

    def __init__(self, load: Load, origins: LoadedOrigins, *, every: float, required: bool) -> None:
        self._load = load
        self._origins = origins
        origins.open()
        try:
            self._load_first(required=required)
            super().__init__(self._refresh, "loading origins", every=every, delay=every)
        except BaseException:
            origins.close()
            raise

    def close(self) -> None:
        """Stop loading; the policy stays extended by the rows of the last load."""
        self._origins.close()
        super().close()

    async def __aenter__(self) -> NoReturn:
        self.close()
        raise TypeError("refresh() is for `with`. For `async with`, use refresh_async().")

    async def __aexit__(self, *_: object) -> None: ...

    def _load_first(self, *, required: bool) -> None:
        try:
            self._read(lambda _: None)  # the server does not answer requests yet
        except WrongFunctionError:
            raise
        except Exception:
            if required:
                raise
            self._origins.fail()

    def _refresh(self) -> float:
        try:
            self._read(time.sleep)
        except BaseException:  # noqa: BLE001 - it is reported
            self._origins.fail()
        return self._every

    def _read(self, sleep: Callable[[float], None]) -> None:
        timer = Timer(SLOW, self._origins.report_slow)
        timer.daemon = True
        timer.start()
        try:
            until = time.perf_counter() + PAUSE
            for _ in self._steps():
                if time.perf_counter() > until:
                    sleep(PAUSE)
                    until = time.perf_counter() + PAUSE
        finally:
            timer.cancel()

    def _steps(self) -> Iterator[None]:
        reader = self._origins.begin()
        rows: object = self._load()
        if inspect.isawaitable(rows) or isinstance(rows, AsyncIterable):
            if inspect.iscoroutine(rows):
                rows.close()
            raise WrongFunctionError(_ASYNC)
        for chunk in _chunks(rows):
            reader.read(chunk)
            yield
        yield from self._origins.end(reader)


class AsyncRefresher(_Loaded):
    """Loads rows in a task, as an async context manager: see `refresh_async()`."""

    def __init__(
        self,
        load: AsyncLoad,
        make_origins: Callable[[], LoadedOrigins],
        *,
        every: float,
        required: bool,
    ) -> None:
        self._load: Final = load
        self._make_origins: Final = make_origins
        self._origins = make_origins()
        self._every: Final = every
        self._required: Final = required
        self._wakes = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._until = 0.0

    @property
    def is_running(self) -> bool:
        """Whether it was entered and not left, and its task is alive."""
        return self._task is not None and not self._task.done()

    def wake(self) -> None:
        """Load at once; call it in the event loop."""
        self._wakes.set()

    async def __aenter__(self) -> Self:
        origins = self._make_origins()
        origins.open()
        # If it is entered again, maybe in another event loop, nothing is as before.
        self._origins, self._wakes = origins, asyncio.Event()
        try:
            await self._load_first(origins)
        except BaseException:
            origins.close()
            raise
        self._task = asyncio.create_task(self._run(origins, self._wakes))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # What was canceled may hold a connection, in the frames of its exception.
        task, self._task = cast("asyncio.Task[None]", self._task), None
        self._origins.close()
        task.cancel()
        await asyncio.wait([task], timeout=LONGEST_WAIT)

    def __enter__(self) -> NoReturn:
        raise TypeError("refresh_async() is for `async with`. For `with`, use refresh().")

    def __exit__(self, *_: object) -> None: ...

    async def _load_first(self, origins: LoadedOrigins) -> None:
        try:
            await self._read(origins)
        except WrongFunctionError:
            raise
        except Exception:
            if self._required:
                raise
            origins.fail()

    async def _run(self, origins: LoadedOrigins, wakes: asyncio.Event) -> None:
        # A load may end normally although it was canceled.
        while not origins.is_closed:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every):
                    await wakes.wait()
            wakes.clear()
            try:
                await self._read(origins)
            except Exception:  # noqa: BLE001 - it is reported
                with suppress(Exception):  # a handler or a filter of the log may fail too
                    origins.fail()

    async def _read(self, origins: LoadedOrigins) -> None:
        timer = asyncio.get_running_loop().call_later(SLOW, origins.report_slow)
        try:
            await self._read_rows(origins)
        except (Exception, GeneratorExit, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError) and _is_canceled():
                raise
            raise RuntimeError(f"load raised {error!r}") from error
        finally:
            timer.cancel()

    async def _read_rows(self, origins: LoadedOrigins) -> None:
        reader = origins.begin()
        rows: Any = self._load()
        is_async = inspect.isawaitable(rows)
        if is_async:
            rows = await rows
        if isinstance(rows, AsyncIterable):
            chunk: list[object] = []
            async for row in rows:
                chunk.append(row)
                if len(chunk) == _ROWS_AT_ONCE:
                    reader.read(chunk)
                    chunk = []
                    await self._pause()
            reader.read(chunk)
        elif not is_async:
            raise WrongFunctionError(_BLOCKS)
        else:
            for chunk in _chunks(rows):
                reader.read(chunk)
                await self._pause()
        for _ in origins.end(reader):
            await self._pause()

    async def _pause(self) -> None:
        """Let other tasks run if this one has worked long enough."""
        if time.perf_counter() > self._until:
            await asyncio.sleep(0)
            self._until = time.perf_counter() + PAUSE


def _is_canceled() -> bool:
    """Return whether the task that runs is canceled, and not just another one that it awaits."""
    return cast("asyncio.Task[Any]", asyncio.current_task()).cancelling() > 0


def _chunks(rows: object) -> Iterator[list[object]]:
    if isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Iterable):
        raise TypeError(
            f"load returned a {type(rows).__name__}: {show(rows)}. Return or yield strings, one for"
            " each origin."
        )
    left = iter(rows)
    while chunk := list(islice(left, _ROWS_AT_ONCE)):
        yield chunk


def refresh(
    load: Load,
    live: LivePolicy,
    *,
    every: float = 30.0,
    required: bool = True,
    accept_risks: Collection[str] = (),
    allow_patterns: bool = False,
    path: str | None = None,
) -> Refresher:
    """Allow the origins that `load` returns in addition to those of the policy of `live`.

    `load` is called at once, and then in a thread `every` few seconds. It returns or yields
    strings, such as the rows of a table: one origin each, with ``allow_patterns=True`` also
    patterns. They are validated as in `allow_origins`, with the credentials and the accepted risks
    of the policy; `accept_risks` are accepted for rows too. Rows that are not valid are left out,
    and logged by "corekit.config" at WARNING. `path` is that of the route to extend, if `live` has
    routes.

    If the first load raises an exception, that is raised, or logged with ``required=False``. If a
    later one does, the rows from before stay, and their age is logged at ERROR. So it is if there
    are rows and none of them is valid, which raises ValueError in the first load. No rows at all
    are an answer, if the next load has none either; until then the rows from before stay.

    The rows are kept if the policy of `live` is replaced, for example by `watch()`. They may allow
    more than before, whatever `on_widen` is.

    Processes that are forked later load too; in uWSGI, RuntimeError is raised if they would not.
    `wake()` loads at once; `close()` stops, and the rows stay: a load that is running then has no
    effect. `is_running`, `size` and `age` are for health checks.

    >>> from corekit import CorsPolicy
    >>> live = LivePolicy(CorsPolicy(allow_origins=["https://app.example.com"]))
    >>> with refresh(lambda: ["https://shop-1.example"], live) as refresher:
    ...     live.policy.decide("GET", origin="https://shop-1.example").allowed
    True
    >>> refresher.size
    1
    """
    if inspect.iscoroutinefunction(load) or inspect.isasyncgenfunction(load):
        raise WrongFunctionError(_ASYNC)
    origins = LoadedOrigins(live, load, every, accept_risks, path, allow_patterns=allow_patterns)
    check_server("refresh()")
    return Refresher(load, origins, every=every, required=required)


def refresh_async(
    load: AsyncLoad,
    live: LivePolicy,
    *,
    every: float = 30.0,
    required: bool = True,
    accept_risks: Collection[str] = (),
    allow_patterns: bool = False,
    path: str | None = None,
) -> AsyncRefresher:
    """Like `refresh()`, with an async function or generator, in a task of the event loop.

    The result is an async context manager, for the lifespan of an application: the first load ends
    before it is entered, and the task is canceled when it is left, which waits at most five seconds
    for it. It can be entered again. Raise TypeError for a function that is not async, here or in
    the first load.

    >>> async def load():
    ...     yield "https://shop-1.example"
    >>> from corekit import CorsPolicy
    >>> live = LivePolicy(CorsPolicy(allow_origins=["https://app.example.com"]))
    >>> async def main():
    ...     async with refresh_async(load, live):
    ...         return live.policy.decide("GET", origin="https://shop-1.example").allowed
    >>> asyncio.run(main())
    True
    """
    if inspect.isgeneratorfunction(load):
        raise WrongFunctionError(_BLOCKS)
    make_origins = partial(
        LoadedOrigins, live, load, every, accept_risks, path, allow_patterns=allow_patterns
    )
    return AsyncRefresher(load, make_origins, every=every, required=required)
