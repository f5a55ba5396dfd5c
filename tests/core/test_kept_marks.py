"""The mark of a handler is found on what says that it wraps the handler."""

from __future__ import annotations

from functools import partial, wraps

from corekit.adapter import kept_policy, own_mark, unwrap
from tests.core.marking import ADMIN, APP, make, mark, mark_of


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
