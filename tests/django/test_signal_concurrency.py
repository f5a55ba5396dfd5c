"""Receivers of the signal that run at the same time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import AsyncClient, RequestFactory, override_settings

from corekit_django import SignalLookup
from corekit_lookups import Outcome
from tests.django.conftest import Ask, ask_asgi, ask_wsgi
from tests.django.receiving import ALLOW_ORIGIN, PARTNER, assert_unknown, counted
from tests.django.test_signal import connected
from tests.lookups.running import LONG, run, wait_until


@pytest.fixture(autouse=True)
def project() -> Iterator[None]:
    with override_settings(CORS_ALLOWED_ORIGINS=["https://app.example.com"]):
        yield


class Held:
    """A receiver that returns True once it is released, and counts its calls."""

    def __init__(self) -> None:
        self.calls = 0
        self.called, self.released = threading.Event(), threading.Event()

    def __call__(self, sender: object, **kwargs: object) -> Any:
        self.calls += 1
        self.called.set()
        assert self.released.wait(LONG)
        return True


class HeldLater(Held):
    async def __call__(self, sender: object, **kwargs: object) -> bool:
        self.calls += 1
        self.called.set()
        await wait_until(self.released.is_set)
        return True


held = pytest.mark.parametrize("make", [Held, HeldLater])


def start(ask: Ask) -> tuple[threading.Thread, list[Any]]:
    found: list[Any] = []
    thread = threading.Thread(
        target=lambda: found.append(ask("GET", "/plain/", origin=PARTNER)), daemon=True
    )
    thread.start()
    return thread, found


@pytest.mark.parametrize(
    ("ask", "make"),
    # The asynchronous client has one thread for all requests.
    [(ask_wsgi, Held), (ask_wsgi, HeldLater), (ask_asgi, HeldLater)],
    ids=["wsgi, sync", "wsgi, async", "asgi, async"],
)
def test_overload_is_not_a_denial(ask: Ask, make: type[Held]) -> None:
    bounds, receiver = SignalLookup(concurrency=1, timeout=LONG), make()
    with override_settings(CORS_LOOKUP=bounds), connected(receiver):
        thread, found = start(ask)
        assert receiver.called.wait(LONG)
        assert_unknown(ask)
        receiver.released.set()
        thread.join(LONG)
        assert found[0].headers[ALLOW_ORIGIN] == PARTNER
        assert ask("GET", "/plain/", origin=PARTNER).headers[ALLOW_ORIGIN] == PARTNER
    assert receiver.calls == 2
    assert counted(bounds) == {"allowed": 2, "overloaded": 2}


def test_equal_requests_do_not_wait_for_each_other() -> None:
    bounds = SignalLookup(timeout=LONG)
    both = threading.Barrier(2, timeout=LONG)

    def receiver(sender: object, **kwargs: object) -> bool:
        both.wait()
        return True

    requests = [RequestFactory().get("/", headers={"Origin": PARTNER}) for _ in range(2)]
    with connected(receiver):
        threads = [threading.Thread(target=bounds.ask, args=(each,)) for each in requests]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LONG)
    assert counted(bounds) == {"allowed": 2}


@held
def test_client_that_disconnects_does_not_free_the_place(make: type[Held]) -> None:
    bounds, receiver = SignalLookup(concurrency=1, timeout=LONG), make()

    def request() -> HttpRequest:
        return RequestFactory().get("/", headers={"Origin": PARTNER})

    async def disconnect() -> None:
        task = asyncio.create_task(bounds.ask_async(request()))
        await wait_until(receiver.called.is_set)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await bounds.ask_async(request()) is Outcome.OVERLOADED
        receiver.released.set()
        await wait_until(lambda: bounds.counts["allowed"] == 1)
        assert await bounds.ask_async(request()) is Outcome.ALLOWED

    with connected(receiver):
        run(disconnect)


def test_task_that_is_canceled_before_it_runs_takes_no_place() -> None:
    bounds = SignalLookup(concurrency=1, timeout=LONG)

    def request() -> HttpRequest:
        return RequestFactory().get("/", headers={"Origin": PARTNER})

    async def stop() -> None:
        asking = asyncio.create_task(bounds.ask_async(request()))
        await asyncio.sleep(0)
        for each in asyncio.all_tasks() - {asyncio.current_task()}:
            each.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    async def drop() -> None:
        """Leave the loop to be closed before the task has run."""
        asking = asyncio.create_task(bounds.ask_async(request()))
        await asyncio.sleep(0)
        asking.cancel()

    with connected(is_partner):
        for each in (stop, drop):
            run(each)
            assert bounds.ask(request()) is Outcome.ALLOWED


async def is_partner(sender: object, request: HttpRequest, **kwargs: object) -> bool:
    return request.headers["Origin"] == PARTNER


def test_async_client_may_ask_many_times() -> None:
    bounds = SignalLookup(timeout=LONG)

    async def ask() -> None:
        client = AsyncClient()
        calls = [client.get("/plain/", headers={"Origin": PARTNER}) for _ in range(50)]
        for response in await asyncio.gather(*calls):
            allowed = response.headers.get(ALLOW_ORIGIN) == PARTNER
            assert allowed or response.headers["Cache-Control"] == "no-store"

    with override_settings(CORS_LOOKUP=bounds), connected(is_partner):
        asyncio.run(ask())
    assert sum(bounds.counts.values()) == 50
