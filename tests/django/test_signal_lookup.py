"""The bounds of the receivers of the signal, which are those of a look-up."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.test import Client, RequestFactory, override_settings
from prometheus_client import CollectorRegistry

from corekit import CorsPolicy, DecisionEvent, LivePolicy
from corekit.shadow import ShadowEvent, ShadowKind
from corekit_django import SignalLookup
from corekit_django.checks import check_problems
from corekit_django.middleware import CorsMiddleware
from corekit_django.middleware_checks import check_customization
from corekit_lookups import OriginLookup
from corekit_telemetry.prometheus import PrometheusLookups
from tests.clock import Clock
from tests.django.conftest import Ask
from tests.django.receiving import (
    ALLOW_ORIGIN,
    PARTNER,
    Receiver,
    as_coroutine,
    assert_unknown,
    counted,
    kinds,
    later,
    plainly,
)
from tests.django.test_middleware import forget_settings
from tests.django.test_signal import connected
from tests.django.views import plain
from tests.lookups.running import LONG

APP = "https://app.example.com"
FAILED = f"CORS: the look-up by check_request_enabled of '{PARTNER}' raised OSError"

lookup = SignalLookup(timeout=LONG)


@pytest.fixture(autouse=True)
def bounds() -> Iterator[SignalLookup]:
    """Give the project a policy, and bounds that a busy machine does not reach."""
    bounds = SignalLookup(timeout=LONG)
    with override_settings(
        CORS_ALLOWED_ORIGINS=[APP], CORS_ALLOW_CREDENTIALS=True, CORS_LOOKUP=bounds
    ):
        yield bounds


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.name == "corekit.lookups"]


def fail(request: HttpRequest) -> bool:
    raise OSError("The database is down.")


def allow(request: HttpRequest) -> bool:
    return request.headers["Origin"] == PARTNER


@kinds
def test_failure_is_not_a_denial(
    ask: Ask, make: Callable[[Receiver], Receiver], bounds: SignalLookup
) -> None:
    with connected(make(fail)):
        assert_unknown(ask)
        assert ask("GET", "/plain/", origin=APP).headers[ALLOW_ORIGIN] == APP
    assert counted(bounds) == {"failed": 2}


@kinds
def test_outcome_is_in_events(ask: Ask, make: Callable[[Receiver], Receiver]) -> None:
    events: list[DecisionEvent] = []
    replies = iter([True, False, OSError()])

    def reply(request: HttpRequest) -> object:
        found = next(replies)
        if isinstance(found, Exception):
            raise found
        return found

    with override_settings(CORS_ON_DECISION=events.append), connected(make(reply)):
        for _ in range(3):
            ask("GET", "/plain/", origin=PARTNER)
    assert [(event.decision.reason.name, event.decision.lookup) for event in events] == [
        ("GRANTED", "allowed"),
        ("ORIGIN_NOT_ALLOWED", "denied"),
        ("ORIGIN_UNKNOWN", "failed"),
    ]


@pytest.mark.parametrize("make", [later, as_coroutine])
def test_awaitable_is_canceled_after_the_timeout(
    ask: Ask, make: Callable[[Receiver], Receiver]
) -> None:
    ended: list[str] = []

    async def hang(request: HttpRequest) -> bool:
        try:
            await asyncio.sleep(LONG)
        except asyncio.CancelledError:
            ended.append("canceled")
            raise
        return True

    # The clock does not move, so only the event loop knows that they are late.
    bounds = SignalLookup(timeout=0.05, concurrency=1, clock=Clock())
    receiver = make(hang)

    async def unwrap(**named: Any) -> bool:
        result: bool = await (await receiver(**named))
        return result

    with override_settings(CORS_LOOKUP=bounds), connected(unwrap):
        assert_unknown(ask)
    assert ended == ["canceled", "canceled"]
    assert counted(bounds) == {"timed_out": 2}


class CanceledLater:
    """An awaitable that waits for a task that was canceled; the request was not."""

    def __await__(self) -> Any:
        task = asyncio.ensure_future(asyncio.sleep(LONG))
        task.cancel()
        return task.__await__()


def cancel_sync(request: HttpRequest) -> bool:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    "receiver",
    [plainly(cancel_sync), later(cancel_sync), plainly(lambda request: CanceledLater())],
    ids=["sync", "async", "awaitable"],
)
def test_cancellation_in_a_receiver_is_a_failure(
    ask: Ask, receiver: Receiver, bounds: SignalLookup, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(receiver):
        assert_unknown(ask)
        (line,) = logged(caplog)
        assert " raised CancelledError, so it is not known " in line
        allows = plainly(allow)
        with connected(allows):
            assert ask("GET", "/plain/", origin=PARTNER).headers[ALLOW_ORIGIN] == PARTNER
    assert counted(bounds) == {"failed": 2, "allowed": 1}


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("make", [plainly, later])
def test_true_does_not_count_if_another_receiver_takes_too_long(
    ask: Ask, make: Callable[[Receiver], Receiver], is_first: bool
) -> None:
    async def hang(**named: object) -> bool:
        await asyncio.sleep(LONG)
        return True

    bounds = SignalLookup(timeout=0.05)
    first, second = (make(allow), hang) if is_first else (hang, make(allow))
    with override_settings(CORS_LOOKUP=bounds), connected(first), connected(second):
        assert_unknown(ask)
    assert counted(bounds) == {"timed_out": 2}


def test_late_true_is_not_used(ask: Ask) -> None:
    clock = Clock()

    def reply(request: HttpRequest) -> bool:
        clock.now += 2
        return True

    bounds = SignalLookup(timeout=2, clock=clock)
    receiver = plainly(reply)
    with override_settings(CORS_LOOKUP=bounds), connected(receiver):
        assert_unknown(ask)
    assert counted(bounds) == {"timed_out": 2}


def test_sync_receivers_leave_less_time_to_async_ones(ask: Ask) -> None:
    clock = Clock()

    def reply(request: HttpRequest) -> None:
        clock.now += 1.95

    async def hang(**named: object) -> bool:
        await asyncio.sleep(LONG)
        return True

    receiver = plainly(reply)
    bounds = SignalLookup(timeout=2, clock=clock)
    started = time.monotonic()
    with override_settings(CORS_LOOKUP=bounds), connected(receiver), connected(hang):
        assert ask("GET", "/plain/", origin=PARTNER).headers["Cache-Control"] == "no-store"
    assert time.monotonic() - started < 1.5


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_async_receiver_without_time_is_not_begun(ask: Ask) -> None:
    clock, begun = Clock(), list[str]()

    def reply(request: HttpRequest) -> None:
        clock.now += 3

    first, second = plainly(reply), later(lambda request: begun.append(request.method or ""))
    bounds = SignalLookup(timeout=2, clock=clock)
    with override_settings(CORS_LOOKUP=bounds), connected(first), connected(second):
        assert_unknown(ask)
    # A coroutine that was never awaited warns when it is collected.
    gc.collect()
    assert (begun, counted(bounds)) == ([], {"timed_out": 2})


@kinds
@pytest.mark.parametrize("made_first", [plainly, later])
def test_true_counts_whatever_other_receivers_do(
    ask: Ask,
    made_first: Callable[[Receiver], Receiver],
    make: Callable[[Receiver], Receiver],
    caplog: pytest.LogCaptureFixture,
) -> None:
    for replies in ((fail, allow), (allow, fail)):
        caplog.clear()
        bounds = SignalLookup(timeout=LONG)
        first, second = made_first(replies[0]), make(replies[1])
        with override_settings(CORS_LOOKUP=bounds), connected(first), connected(second):
            assert ask("GET", "/plain/", origin=PARTNER).headers[ALLOW_ORIGIN] == PARTNER
        assert logged(caplog) == [f"{FAILED}, and another receiver allows the origin."]
        assert counted(bounds) == {"allowed": 1}


@kinds
def test_failure_counts_if_no_receiver_returns_true(
    ask: Ask, make: Callable[[Receiver], Receiver]
) -> None:
    denies, fails = plainly(lambda request: False), make(fail)
    with connected(denies), connected(fails):
        assert_unknown(ask)


@kinds
def test_log_is_bounded(
    ask: Ask, make: Callable[[Receiver], Receiver], caplog: pytest.LogCaptureFixture
) -> None:
    receiver = make(fail)
    with connected(receiver):
        for _ in range(5):
            ask("GET", "/plain/", origin=PARTNER)
    assert logged(caplog) == [f"{FAILED}, so it is not known whether the origin is allowed."]
    (record,) = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert record.exc_info is not None


@kinds
def test_nothing_is_remembered_for_another_request(
    ask: Ask, make: Callable[[Receiver], Receiver]
) -> None:
    """A client that can make a receiver fail must not affect the requests of other clients."""

    def reply(request: HttpRequest) -> bool:
        return {"yes": True, "no": False}[request.headers["X-Reply"]]

    receiver = make(reply)
    with connected(receiver):
        for word, allowed in (
            ("yes", True),
            ("no", False),
            ("fail", False),
            ("yes", True),
        ):
            response = ask("GET", "/plain/", origin=PARTNER, headers={"X-Reply": word})
            assert (ALLOW_ORIGIN in response.headers) is allowed


def test_interrupt_is_raised_and_frees_the_place() -> None:
    bounds = SignalLookup(concurrency=1, timeout=LONG)

    def interrupt(request: HttpRequest) -> bool:
        raise KeyboardInterrupt

    receiver = plainly(interrupt)
    with override_settings(CORS_LOOKUP=bounds), connected(receiver):
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                Client().get("/plain/", headers={"Origin": PARTNER})


def test_event_loop_in_the_thread_of_a_request_is_a_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing can await a receiver there."""

    class Reply:
        def __await__(self) -> Any: ...

    async def ask() -> Any:
        return CorsMiddleware(plain)(RequestFactory().get("/", headers={"Origin": PARTNER}))

    receiver = plainly(lambda request: Reply())
    with connected(receiver):
        response = asyncio.run(ask())
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
    assert len(logged(caplog)) == 1


@kinds
def test_guard_refuses_what_is_not_known(
    ask: Ask, make: Callable[[Receiver], Receiver], bounds: SignalLookup
) -> None:
    receiver = make(fail)
    with override_settings(CORS_GUARD=True), connected(receiver):
        response = ask("POST", "/plain/", origin=PARTNER, headers={"Sec-Fetch-Site": "cross-site"})
    assert (response.status_code, response.headers["Cache-Control"]) == (403, "no-store")
    assert counted(bounds) == {"failed": 1}


@override_settings(CORS_URLS_REGEX="^/api/")
def test_failure_outside_of_the_urls_is_not_stored(ask: Ask) -> None:
    receiver = plainly(fail)
    with connected(receiver):
        assert_unknown(ask)


def test_counts_are_metrics(ask: Ask, bounds: SignalLookup) -> None:
    registry = CollectorRegistry()
    PrometheusLookups(bounds, registry=registry)
    receiver = plainly(allow)
    with connected(receiver):
        ask("GET", "/plain/", origin=PARTNER)
        ask("GET", "/plain/", origin="https://untrusted.example")
    for outcome, count in (("allowed", 1), ("denied", 1), ("failed", 0)):
        assert registry.get_sample_value("cors_lookups_total", {"outcome": outcome}) == count


def test_denial_is_compared_with_a_candidate(ask: Ask) -> None:
    seen: list[ShadowEvent] = []
    live = LivePolicy(
        CorsPolicy(allow_origins=[APP]),
        candidate=CorsPolicy(allow_origins=[APP, PARTNER]),
        on_difference=seen.append,
    )
    receiver = plainly(lambda request: request.headers["X-Reply"] == "yes")
    with override_settings(CORS_POLICY=live), connected(receiver):
        forget_settings()
        for word in ("yes", "no"):
            ask("GET", "/plain/", origin=PARTNER, headers={"X-Reply": word})
    assert [event.kind for event in seen] == [ShadowKind.WOULD_GRANT]


class TestSetting:
    def test_receivers_are_bounded_without_it(self, ask: Ask) -> None:
        receiver = plainly(fail)
        with override_settings(CORS_LOOKUP=None), connected(receiver):
            assert_unknown(ask)

    def test_may_be_a_dotted_path(self, ask: Ask) -> None:
        receiver = plainly(allow)
        with override_settings(CORS_LOOKUP=f"{__name__}.lookup"), connected(receiver):
            assert ask("GET", "/plain/", origin=PARTNER).headers[ALLOW_ORIGIN] == PARTNER

    @pytest.mark.parametrize(
        "policy", [{}, {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": False}]
    )
    def test_fits_all_policies(self, policy: dict[str, bool]) -> None:
        receiver = plainly(allow)
        with ExitStack() as stack:
            stack.enter_context(override_settings(**policy))
            stack.enter_context(connected(receiver))
            CorsMiddleware(plain)
            assert [*check_problems(), *check_customization()] == []

    def test_other_look_up_is_an_error_with_receivers(self) -> None:
        receiver = plainly(allow)
        by_table = OriginLookup(lambda origin: False)
        with override_settings(CORS_LOOKUP=by_table), connected(receiver):
            with pytest.raises(ImproperlyConfigured, match="Remove CORS_LOOKUP"):
                CorsMiddleware(plain)
            assert [each.id for each in check_customization()] == ["corekit_django.E009"]

    @pytest.mark.parametrize("wrong", [{"timeout": 0}, {"concurrency": 0}])
    def test_bounds_are_validated(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=f"^{next(iter(wrong))} is 0"):
            SignalLookup(**wrong)
