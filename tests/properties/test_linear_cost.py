"""The work on a request is at most linear in its size, whatever a client repeats in it.

Bytecodes are counted, so that the result is the same everywhere. What one bytecode does, such as
joining two strings, does not count, so the time is compared too: at a size at which work that grows
with the square of the size takes far longer than anything else.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corekit import CorsPolicy
from corekit.browser import HttpRequest
from tests.core.steps import own_steps_of, steps_of
from tests.properties.application import Application, Send
from tests.properties.growing import APP, KINDS, LAYERS

GROWTH = 8
EXPLAINED = {"django, a regular expression of paths": 200_000}
"""Bytecodes to log why a long path is denied, where a short one is not; the same for every path."""
SHORT = 0.3
"""Seconds of CPU time within which even the slowest framework handles the largest request."""


def largest_count(layer: str, kind: str) -> int:
    """Return how often a request can repeat something, so that its server accepts the request."""
    many = KINDS[kind].many
    # Both limit the request line to about 8 KiB, Sanic all of the head too, and aiohttp the number
    # of headers. The client that reads the responses of Sanic accepts 100 headers.
    if layer.startswith(("aiohttp", "sanic")):
        one, two = (size_of(KINDS[kind].request(count)) for count in (1, 2))
        if two > one:
            return min(many, 7_000 // (two - one))
        return 90 if layer.startswith("sanic") else many
    return many


def size_of(request: HttpRequest) -> int:
    return len(request.url) + sum(len(name) + len(value) + 4 for name, value in request.headers)


@pytest.fixture(autouse=True)
def _denials_are_logged() -> Iterator[None]:
    logger = logging.getLogger("corekit")
    before = logger.level
    logger.setLevel(logging.INFO)
    yield
    logger.setLevel(before)


@cache
def sender(layer: str) -> tuple[Send, Application]:
    application = Application(200, [])
    return LAYERS[layer](application), application


def prepared(layer: str, kind: str, count: int) -> Callable[[], object]:
    """Return a call that sends one request, and that has been called once before."""
    send, application = sender(layer)
    request, headers = KINDS[kind].request(count), KINDS[kind].response(count)

    def call() -> None:
        application.headers = headers
        send(request)

    call()
    return call


@pytest.mark.parametrize("layer", LAYERS)
@given(count=st.integers(20, 40))
@settings(max_examples=2)
def test_bytecodes_grow_no_faster_than_the_request(layer: str, count: int) -> None:
    for kind in KINDS:
        few = max(1, min(count, largest_count(layer, kind) // GROWTH))
        small, large = (own_steps_of(prepared(layer, kind, size)) for size in (few, GROWTH * few))
        assert 0 < large <= GROWTH * small + EXPLAINED.get(layer, 0), kind


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layer", LAYERS)
def test_time_grows_no_faster_than_the_request(layer: str, kind: str) -> None:
    many = largest_count(layer, kind)
    small, large = (prepared(layer, kind, count) for count in (max(1, many // GROWTH), many))
    # The machine may be busy, but hardly every time.
    for _ in range(3):
        few, took = seconds_of(small), seconds_of(large)
        if took < max(SHORT, 4 * GROWTH * few):
            return
    pytest.fail(f"{took:.2f} s, and {few:.2f} s for a request {GROWTH} times as small")


def seconds_of(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


@pytest.mark.parametrize("size", [100, 5_000, 100_000])
@pytest.mark.parametrize("unit", ["a", "a.", "x-a, ", "é", "\x00", "aaaaaaaaz,"])
def test_hint_of_a_denial_is_bounded(unit: str, size: int) -> None:
    policy = CorsPolicy(
        allow_origins=[APP, "https://*.example.com"], allow_methods=["PUT"], allow_headers=["x-b"]
    )
    value = unit * size
    for asked in (
        {"origin": f"https://{value}"},
        {"origin": APP, "request_method": value},
        {"origin": APP, "request_method": "PUT", "request_headers": value},
    ):
        decision = policy.decide("OPTIONS", **asked)
        assert steps_of(lambda decision=decision: decision.hint) < 500_000
