"""The mark of a handler is found on what says that it wraps the handler."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import pytest

from corekit.adapter import Applied, Mark, kept_marks, kept_policy, own_mark, unwrap
from tests.core.marking import ADMIN, APP, OTHER, SOME_PATHS, make, mark, mark_of, runs_under


def test_policy_is_found_behind_what_says_what_it_wraps() -> None:
    endpoint = make()

    @wraps(endpoint)
    def wrapper() -> None: ...

    vars(wrapper).pop("__corekit_policy__")
    assert kept_policy(wrapper) is ADMIN
    assert kept_policy(partial(partial(wrapper))) is ADMIN


def test_policy_of_what_is_only_closed_over_is_not_used() -> None:
    endpoint = make()

    def wrapper() -> object:
        return endpoint()

    assert kept_policy(wrapper) is None


def test_class_that_a_method_belongs_to_is_not_searched() -> None:
    class Public:
        def dispatch(self) -> None: ...

        def get(self) -> None: ...

    mark(Public, APP)
    assert kept_policy(Public.get) is None


def test_own_mark_is_not_that_of_what_is_wrapped() -> None:
    endpoint = make()
    assert own_mark(endpoint) is mark_of(endpoint)
    assert own_mark(wraps(endpoint)(lambda: None)) is mark_of(endpoint)
    assert own_mark(partial(endpoint)) is None


def test_bound_method_wraps_its_function() -> None:
    class View:
        def get(self) -> None: ...

    get = View().get
    assert list(unwrap(partial(get)))[1:] == [get, View.get]


def test_search_for_a_policy_is_bounded() -> None:
    def outermost() -> None: ...

    for _ in range(200):
        function = wraps(outermost)(lambda: None)
        outermost = function
    assert len(list(unwrap(outermost))) == 100


def wrap(function: Any) -> Any:
    @wraps(function)
    def wrapper() -> object:
        return function()

    return wrapper


@pytest.mark.parametrize("make_use", [lambda function: function, wrap, partial])
def test_second_mark_is_only_for_its_use(make_use: Callable[[Any], Any]) -> None:
    function = make()
    use = make_use(function)
    second = mark(use, APP)
    third = mark(use, OTHER)
    kept = [[each.policy for each in kept_marks(of)] for of in (function, use, second, third)]
    assert kept == [[ADMIN], [ADMIN], [APP], [OTHER]]


@pytest.mark.parametrize("make_use", [wrap, lambda function: partial(wrap(function))])
def test_wrapped_handler_runs_if_the_mark_above_it_is_applied(
    make_use: Callable[[Any], Any],
) -> None:
    outer = mark(make_use(make()), OTHER)
    assert runs_under(outer, Applied(OTHER.engine, kept_marks(outer)))
    assert not runs_under(outer, Applied(APP.engine, kept_marks(outer)))
    assert not runs_under(outer, Applied(OTHER.engine))


def test_wrapped_handler_does_not_run_if_the_routes_above_it_are_passed() -> None:
    inner = mark(lambda: "ran", APP)
    outer = mark(wrap(inner), SOME_PATHS)
    assert runs_under(outer, Applied(ADMIN.engine, kept_marks(outer)))
    assert not runs_under(outer, Applied(OTHER.engine, kept_marks(outer)))


def test_pickled_mark_has_the_marks_that_it_replaces() -> None:
    (inner,) = kept_marks(function := make())
    (outer,) = kept_marks(mark(wrap(function), APP))
    received: Mark = pickle.loads(pickle.dumps(outer))
    assert received == outer
    assert set(received.below) == set(outer.below) == {inner}
