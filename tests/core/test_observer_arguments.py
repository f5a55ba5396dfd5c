"""What an observer takes: plain functions, and nothing that would never run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from corekit import DecisionEvent
from corekit.events import Observer

LOGGER = logging.getLogger("corekit.tests")


async def coroutine(event: DecisionEvent) -> None: ...


async def async_generator(event: DecisionEvent) -> Any:
    yield


def generator(event: DecisionEvent) -> Any:
    yield


class Asynchronous:
    async def __call__(self, event: DecisionEvent) -> None: ...

    async def method(self, event: DecisionEvent) -> None: ...


class Plain:
    def __call__(self, event: DecisionEvent) -> None: ...

    def method(self, event: DecisionEvent) -> None: ...


class TestArguments:
    @pytest.mark.parametrize(
        "given",
        [
            coroutine,
            async_generator,
            generator,
            partial(coroutine),
            partial(partial(coroutine)),
            Asynchronous(),
            partial(Asynchronous()),
            Asynchronous().method,
        ],
    )
    def test_what_would_never_run_is_refused(self, given: Any) -> None:
        with pytest.raises(TypeError, match="on_decision is a coroutine function or a generator"):
            Observer("asgi", LOGGER, on_decision=given)

    @pytest.mark.parametrize("given", ["print", 1, [print], object(), False])
    def test_what_cannot_be_called_is_refused(self, given: Any) -> None:
        name = type(given).__name__
        with pytest.raises(TypeError, match=f"on_decision is of type {name}. Pass a function"):
            Observer("asgi", LOGGER, on_decision=given)

    @pytest.mark.parametrize("given", [Plain, list, DecisionEvent])
    def test_a_class_is_refused_which_would_only_make_objects(self, given: Any) -> None:
        with pytest.raises(TypeError, match=f"on_decision is the class {given.__name__}. Pass an"):
            Observer("asgi", LOGGER, on_decision=given)

    @pytest.mark.parametrize(
        "given", [print, len, Plain(), Plain().method, partial(print), [].append, lambda event: 1]
    )
    def test_any_plain_function_is_taken(self, given: Callable[[DecisionEvent], None]) -> None:
        assert Observer("asgi", LOGGER, on_decision=given).observes_all

    @pytest.mark.parametrize("given", ["false", None, 1])
    def test_a_debug_that_is_no_bool_is_refused(self, given: Any) -> None:
        with pytest.raises(TypeError, match="debug is of type"):
            Observer("asgi", LOGGER, debug=given)
