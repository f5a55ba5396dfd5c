"""The marks of class-based views: which ones there are for a method, and in which order."""

from __future__ import annotations

from functools import partial, wraps
from typing import Any, ClassVar

import pytest

from corekit import CorsPolicy
from corekit.adapter import Mark, has_marks, keep_policy, own_mark, view_class, view_marks
from tests.core.marking import mark, mark_of

METHOD, AROUND, DECORATED, CLASS, PARENT, ENTRY = (
    CorsPolicy(allow_origins=[f"https://{name}.example"])
    for name in ("method", "around", "decorated", "class", "parent", "entry")
)


class View:
    """Like a class-based view of Flask, whose decorators do not know of the class."""

    decorators: ClassVar[list[Any]] = []

    def dispatch_request(self) -> str:
        return "ran"

    @classmethod
    def as_view(cls) -> Any:
        def view() -> object:
            return cls().dispatch_request()

        for decorate in cls.decorators:
            view = decorate(view)
        vars(view)["view_class"] = cls
        return view


def marks_for(view: object, method: str = "GET") -> list[object]:
    """Return the policies of the marks of a view, in the order in which they are used."""
    # A guard has the mark of the function in it.
    return [each.policy for each in dict.fromkeys(view_marks(view, method))]


def test_view_that_is_a_function_has_its_own_marks() -> None:
    view = mark(lambda: "ran", METHOD)
    assert marks_for(view) == marks_for(wraps(view)(lambda: None)) == [METHOD]
    assert marks_for(lambda: None) == []
    assert view_class(view) is None


def test_marks_of_a_method_come_before_those_of_its_view_and_its_class() -> None:
    class Parent(View):
        @partial(mark, policy=ENTRY)
        def dispatch(self) -> str:
            return "ran"

    class Report(Parent):
        decorators: ClassVar = [partial(mark, policy=DECORATED)]

        @partial(mark, policy=METHOD)
        def put(self) -> str:
            return "ran"

        def get(self) -> str:
            return "ran"

    mark(Parent, PARENT)
    mark(Report, CLASS)
    view = mark(Report.as_view(), AROUND)
    rest = [AROUND, DECORATED, CLASS, ENTRY, PARENT]
    assert marks_for(view, "PUT") == [METHOD, *rest]
    assert marks_for(view, "GET") == marks_for(view, "DELETE") == rest
    assert marks_for(wraps(view)(lambda: None), "PUT") == [METHOD, *rest]
    assert view_class(view) is view_class(partial(view)) is Report


def test_decorators_belong_to_the_class_that_has_them() -> None:
    class Parent(View):
        decorators: ClassVar = [partial(mark, policy=DECORATED)]

    class Child(Parent): ...

    mark(Parent, PARENT)
    mark(Child, CLASS)
    assert marks_for(Child.as_view()) == [CLASS, DECORATED, PARENT]


def test_mark_that_no_class_has_comes_last() -> None:
    class Plain:
        def get(self) -> str:
            return "ran"

        __call__ = get

    mark(Plain, CLASS)
    view = mark(lambda: "ran", DECORATED)
    view.view_class = Plain
    assert marks_for(view) == [CLASS, DECORATED]
    # On a view that has a class already, it is that of this use of the class.
    assert marks_for(mark(view, AROUND)) == [AROUND, CLASS, DECORATED]


def test_head_is_answered_by_get_unless_the_view_has_a_head() -> None:
    class Reading(View):
        @partial(mark, policy=METHOD)
        def get(self) -> str:
            return "ran"

    class Both(Reading):
        @partial(mark, policy=ENTRY)
        def head(self) -> str:
            return ""

    assert marks_for(Reading.as_view(), "HEAD") == [METHOD]
    assert marks_for(Reading.as_view(), "POST") == []
    assert marks_for(Both.as_view(), "HEAD") == [ENTRY]
    assert marks_for(Both.as_view(), "GET") == [METHOD]


class Anything:
    """Like an object that takes the look-up of any attribute for something else."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


def test_marks_are_found_in_classes_and_their_members() -> None:
    class Plain:
        anything = Anything()

        def get(self) -> str:
            return "ran"

        __call__ = get

    class Method(Plain):
        @partial(mark, policy=METHOD)
        def put(self) -> str:
            return "ran"

    class Partial(Plain):
        put = mark(partial(lambda: "ran"), METHOD)

    class Marked(Plain): ...

    class Below(Marked): ...

    class BelowMethod(Method): ...

    mark(Marked, CLASS)
    view = mark(lambda: "ran", METHOD)
    for each in (view, partial(view), Method, Partial, Marked, Below, BelowMethod):
        assert has_marks(each)
    for each in (Plain, Plain.get, Plain(), lambda: None, None, 5):
        assert not has_marks(each)


def test_what_has_any_attribute_has_no_mark() -> None:
    class Anyone:
        def __getattr__(self, name: str) -> str:
            return name

    assert own_mark(Anyone()) is None


@pytest.mark.parametrize("kind", [lambda function: function, staticmethod, classmethod])
def test_marks_with_the_same_token_are_the_same(kind: Any) -> None:
    def marked(token: bytes | None) -> Mark:
        made = keep_policy(kind(lambda: "ran"), METHOD, "the function", token=token)
        return mark_of(getattr(made, "__func__", made))

    assert marked(b"one") == marked(b"one") == Mark(METHOD, token=b"one")
    assert marked(b"one") != marked(b"two")
    assert marked(None) != marked(None)


class Slots:
    """A handler that takes no attributes."""

    __slots__ = ()

    def __call__(self) -> None: ...


class Data:
    """Not a view."""


PLAIN = (
    "The class Data cannot keep a policy: it is not a view, which has one of the methods"
    " dispatch_request, dispatch, __await__, __call__. Use cors() on the view that inherits from"
    " it, or on its methods."
)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (Slots(), "A Slots cannot keep a policy. Pass the function."),
        (5, "A int cannot keep a policy. Pass the function."),
        (Data, PLAIN),
    ],
)
def test_error_names_what_takes_no_policy(target: object, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        keep_policy(target, METHOD, "the function")
    assert str(caught.value) == message
