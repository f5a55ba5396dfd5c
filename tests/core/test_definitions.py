"""Which functions are being defined while a decorator runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from types import FunctionType
from typing import Any

import pytest

from corekit.adapter import defined_now, keep_policy, kept_policy
from tests.core.marking import ADMIN, EQUAL, OTHER, make, mark


def note(found: list[Any]) -> Callable[[Any], Any]:
    """Return a decorator that notes what is being defined."""

    def decorate(function: Any) -> Any:
        found.append(defined_now(function))
        return function

    return decorate


def wrap(function: Any) -> Any:
    @wraps(function)
    def wrapper() -> object:
        return function()

    return wrapper


def test_function_is_defined_while_its_decorators_run() -> None:
    found: list[Any] = []

    # fmt: off
    @note(found)
    @partial
    @wrap
    @note(found)
    def function(
        argument: object = None,
    ) -> str: return "ran"
    # fmt: on

    wrapper = function.func
    above, below = found[1], found[0]
    assert above.functions == (function, wrapper, wrapper.__wrapped__)
    assert above.function is below.function is wrapper.__wrapped__
    assert below.functions == (wrapper.__wrapped__,)
    assert above.wrapped is below.wrapped is None


def test_function_is_not_defined_after_its_decorators() -> None:
    found: list[Any] = []

    def function() -> str:
        note(found)(function)
        return "ran"

    function()
    note(found)(function)
    note(found)(wrap(function))
    note(found)(lambda: "ran")
    note(found)(print)
    assert [each.functions for each in found] == [()] * 5
    assert {each.function for each in found} == {None}


def test_function_that_another_one_wraps_is_not_being_defined() -> None:
    found: list[Any] = []
    base = make()

    @note(found)
    @wrap
    @note(found)
    @wraps(base)
    def function() -> object:
        return base()

    assert [each.wrapped for each in found] == [base, base]
    assert base not in found[1].functions
    assert len(found[1].functions) == 2


def test_function_in_another_file_is_not_being_defined() -> None:
    found: list[Any] = []

    def note_moved(function: Any) -> Any:
        found.append(defined_now(function))
        moved = FunctionType(function.__code__.replace(co_filename="other.py"), {})
        found.append(defined_now(moved))

    @note_moved
    def function() -> str:
        return "ran"

    assert [bool(each.functions) for each in found] == [True, False]


def test_mark_is_on_all_that_a_definition_has_made() -> None:
    registered: list[Any] = []

    def register(function: Any) -> Any:
        registered.append(function)
        return function

    base = mark(lambda: "ran", OTHER)

    @mark
    @partial
    @register
    @wrap
    @register
    @wraps(base)
    def function() -> str:
        return "ran"

    assert [kept_policy(each) for each in (*registered, function)] == [ADMIN] * 3
    assert kept_policy(base) is OTHER


def test_function_has_one_policy_even_if_it_wraps_another_one() -> None:
    base = mark(lambda: "ran", OTHER)

    def cors(policy: object) -> Callable[[Any], Any]:
        return partial(keep_policy, policy=policy, kinds="the function")

    with pytest.raises(TypeError, match="has another CORS policy already"):

        @cors(ADMIN)
        @cors(OTHER)
        @wraps(base)
        def function() -> None: ...

    @cors(ADMIN)
    @cors(EQUAL)
    @wraps(base)
    def accepted() -> None: ...

    assert kept_policy(accepted) is ADMIN
