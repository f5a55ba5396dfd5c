"""A class with its own policy is checked on what frameworks call, also in its subclasses."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from corekit.adapter import Applied, Mark, class_owners, keep_policy, kept_policy
from tests.core.marking import ADMIN, APP, OTHER, mark, mark_of, runs_under


class View:
    """Like a class-based view of Flask."""

    def dispatch_request(self) -> str:
        return self.get()

    def get(self) -> str:
        return "ran"


def test_class_is_guarded_with_its_methods() -> None:
    class Marked(View):
        @partial(mark, policy=APP)
        def post(self) -> str:
            return "ran"

    assert mark(Marked) is Marked
    marked = Marked().dispatch_request
    assert runs_under(marked, Applied(ADMIN.engine))
    # It is that of one method, and the request may be for another one.
    assert not runs_under(marked, Applied(APP.engine))
    assert not runs_under(marked, Applied(APP.engine, [Mark(APP)]))
    assert runs_under(marked, Applied(APP.engine, [mark_of(Marked.post)]))
    assert not runs_under(marked, Applied(OTHER.engine))
    assert runs_under(View().dispatch_request, Applied(OTHER.engine))
    assert not hasattr(Marked.dispatch_request, "__wrapped__")


def test_coroutine_of_a_class_is_guarded() -> None:
    class Marked:
        async def dispatch_request(self) -> str:
            return "ran"

    mark(Marked)

    def run() -> str:
        return asyncio.run(Marked().dispatch_request())

    assert runs_under(run, Applied(ADMIN.engine))
    assert not runs_under(run, Applied(APP.engine))


def test_subclass_with_its_own_mark_is_not_that_of_its_parent() -> None:
    class Parent(View): ...

    mark(Parent, APP)

    class Child(Parent): ...

    class Marked(Parent): ...

    class Dispatching(Parent):
        def dispatch_request(self) -> str:
            return super().dispatch_request()

    mark(Marked, ADMIN)
    mark(Dispatching, ADMIN)
    assert runs_under(Child().dispatch_request, Applied(APP.engine))
    assert not runs_under(Child().dispatch_request, Applied(ADMIN.engine))
    for cls in (Marked, Dispatching):
        assert runs_under(cls().dispatch_request, Applied(ADMIN.engine))
        assert not runs_under(cls().dispatch_request, Applied(APP.engine))
    assert "dispatch_request" not in vars(Marked)


def is_guarded(cls: Any, name: str = "dispatch_request") -> bool:
    entry = getattr(cls(), name)
    return runs_under(entry, Applied(ADMIN.engine)) and not runs_under(entry, Applied(APP.engine))


class Dispatch:
    def dispatch_request(self) -> str:
        return "ran"

    def dispatch(self) -> str:
        return "ran"


def test_entries_of_subclasses_are_guarded() -> None:
    class Parent(View): ...

    class Earlier(Dispatch, Parent): ...

    class Below(Earlier):
        def dispatch_request(self) -> str:
            return "ran"

    mark(Parent)

    class Later(Dispatch, Parent): ...

    class BelowLater(Later):
        def dispatch(self) -> str:
            return "ran"

    for cls in (Earlier, Below, Later, BelowLater):
        assert is_guarded(cls)
        assert is_guarded(cls, "dispatch")
    assert runs_under(Dispatch().dispatch_request, Applied(APP.engine))
    assert runs_under(View().dispatch_request, Applied(APP.engine))


def test_policy_of_the_request_counts_in_subclasses() -> None:
    class Parent(Dispatch): ...

    class Earlier(Parent):
        def dispatch_request(self) -> str:
            return "ran"

        def __init_subclass__(cls) -> None:
            """Do not call that of the class above."""

    keep_policy(Parent, "mark", "the class", {"mark": ADMIN}.get)

    class Later(Parent):
        def dispatch_request(self) -> str:
            return "ran"

    class Below(Earlier):
        def dispatch_request(self) -> str:
            return "ran"

    for cls in (Parent, Earlier, Later, Below):
        assert is_guarded(cls)


def test_policy_of_an_inherited_entry_is_not_that_of_the_class() -> None:
    class Parent(View):
        dispatch_request = mark(View.dispatch_request, APP)

    class Child(Parent): ...

    class Dispatching(View):
        dispatch_request = mark(View.dispatch_request, APP)

    vars(View.dispatch_request).clear()
    for cls in (Child, Dispatching):
        mark(cls)
    owners = list(class_owners(Child))
    assert owners == [Child, Parent.dispatch_request]
    owners = list(class_owners(Dispatching))
    assert owners == [Dispatching.dispatch_request, Dispatching]


def test_owners_of_a_policy_for_all_of_a_class() -> None:
    class Parent(Dispatch):
        dispatch = mark(Dispatch.dispatch, APP)

    class Child(Parent):
        def dispatch(self) -> str:
            return "ran"

    class GrandChild(Child): ...

    vars(Dispatch.dispatch).clear()
    mark(GrandChild)
    assert list(class_owners(GrandChild)) == [GrandChild, Parent.dispatch]
    assert list(class_owners(Child)) == [Parent.dispatch]
    assert list(class_owners(Dispatch)) == []
    assert list(class_owners(GrandChild())) == []


def test_entry_of_a_class_with_a_marked_mixin_is_guarded() -> None:
    class Mixin:
        def dispatch(self) -> str:
            return "ran"

    mark(Mixin)

    class First(Mixin, View): ...

    class Last(View, Mixin): ...

    assert is_guarded(First)
    assert is_guarded(Last)
    assert runs_under(View().dispatch_request, Applied(APP.engine))


def test_own_init_subclass_of_a_class_is_called() -> None:
    called: list[tuple[str, int]] = []

    class Above:
        def __init_subclass__(cls, level: int = 0) -> None:
            called.append((cls.__name__, level))

    class Silent(Above, View):
        def __init_subclass__(cls) -> None:
            """Do not call that of the class above."""

    class Parent(Above, View): ...

    for _ in range(2):
        mark(Parent)
        mark(Silent)
    called.clear()

    class Child(Parent, level=2):
        def dispatch_request(self) -> str:
            return "ran"

        def __init_subclass__(cls) -> None:
            called.append((cls.__name__, 3))

    class GrandChild(Child):
        def dispatch_request(self) -> str:
            return "ran"

    class Quiet(Silent):
        def dispatch_request(self) -> str:
            return "ran"

    assert called == [("Child", 2), ("GrandChild", 3)]
    assert is_guarded(Child)
    assert is_guarded(GrandChild)
    assert is_guarded(Quiet)


def test_subclass_of_a_copy_of_a_class_is_guarded() -> None:
    @dataclass(slots=True)
    class Parent(View):
        depth: int = 0

    copy = dataclass(slots=True)(mark(type("Copied", (View,), {"__annotations__": {}})))
    mark(Parent)

    class Child(Parent):
        def dispatch_request(self) -> str:
            return "ran"

    class OfCopy(copy):  # type: ignore[misc, valid-type]
        def dispatch_request(self) -> str:
            return "ran"

    assert is_guarded(Child)
    assert is_guarded(OfCopy)


def test_class_without_a_known_entry_is_refused() -> None:
    class Plain:
        dispatch = "a name that means something else"

        def get(self) -> str:
            return "ran"

    with pytest.raises(
        TypeError, match=r"The class .*\.Plain cannot keep a policy: it is not a view"
    ):
        mark(Plain)
    assert kept_policy(Plain) is None


def test_instances_of_a_callable_class_have_its_policy() -> None:
    class View:
        def __call__(self) -> str:
            return "ran"

    class Child(View): ...

    mark(Child)
    assert kept_policy(Child()) is ADMIN
