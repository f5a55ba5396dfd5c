"""A handler with its own policy refuses to run under another one."""

from __future__ import annotations

import asyncio
import inspect
import pickle
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from copy import deepcopy
from functools import partial, partialmethod
from pathlib import Path
from types import MethodType
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy
from corekit.adapter import (
    MARKS,
    Applied,
    Mark,
    applying,
    check_found,
    is_applied,
    is_bridged,
    keep_policy,
    kept_policy,
    unchecked,
)
from tests.core.marking import (
    ADMIN,
    ALL_PATHS,
    ANY,
    APP,
    EQUAL,
    OTHER,
    PATTERN,
    POLICIES,
    SOME_PATHS,
    make,
    mark,
    mark_of,
    runs_in_context,
    runs_under,
)

ROOT = Path(__file__).parents[2]


OWN = "own"
"""The mark of the handler itself, among those that the layer found."""


@pytest.mark.parametrize(
    ("policy", "applied", "found", "runs"),
    [
        (ADMIN, None, [], True),
        (ADMIN, CorsPolicy.deny_all(), [], True),
        (ADMIN, ADMIN, [], True),
        (ADMIN, APP, [], False),
        (ADMIN, ANY, [], False),
        (ADMIN, PATTERN, [], False),
        (CorsPolicy.deny_all(), APP, [], False),
        (ADMIN, APP, [APP, OWN], True),
        (ADMIN, APP, [APP, OTHER], False),
        # Another mark has the same policy or an equal one, but a nearer one applies.
        (ADMIN, APP, [ADMIN, APP], False),
        (ADMIN, APP, [EQUAL, APP], False),
        # It applies.
        (ADMIN, EQUAL, [EQUAL], True),
        (ADMIN, EQUAL, [APP, EQUAL], True),
        # It may be the policy of another path.
        (ALL_PATHS, APP, [], False),
        (ALL_PATHS, ADMIN, [], False),
        (ALL_PATHS, OTHER, [], False),
        (ALL_PATHS, OTHER, [OWN], True),
        (ALL_PATHS, OTHER, [ALL_PATHS], False),
        (SOME_PATHS, ADMIN, [], True),
        (SOME_PATHS, OTHER, [], False),
        # The layer found it, and it does not cover the path.
        (SOME_PATHS, OTHER, [OWN], True),
        ("a policy of an adapter", APP, [], False),
        ("a policy of an adapter", APP, [OWN], True),
    ],
)
def test_handler_runs_only_under_its_policy(
    policy: object, applied: CorsPolicy | None, found: list[object], runs: bool
) -> None:
    handler = mark(lambda: "ran", policy)
    marks = [mark_of(handler) if each is OWN else Mark(each) for each in found]
    engine = None if applied is None else applied.engine
    assert runs_under(handler, Applied(engine, marks)) is runs
    assert runs_under(handler, lambda: Applied(engine, marks)) is runs
    assert runs_under(handler, None)


@given(
    st.sampled_from(POLICIES),
    st.sampled_from(POLICIES),
    st.lists(st.sampled_from(POLICIES)),
    st.booleans(),
)
def test_handler_runs_if_its_mark_was_found_or_its_policy_is_applied(
    own: CorsPolicy, applied: CorsPolicy, others: list[CorsPolicy], is_found: bool
) -> None:
    handler = mark(lambda: "ran", own)
    found = [*map(Mark, others), *([mark_of(handler)] if is_found else [])]
    assert runs_under(handler, Applied(applied.engine, found)) is (own is applied or is_found)


def test_error_names_the_handler_and_the_fix() -> None:
    with applying(Applied(APP.engine)), pytest.raises(RuntimeError) as caught:
        make()()
    assert str(caught.value) == (
        f"{make.__module__}.make.<locals>.<lambda> has its own CORS policy, which was not found:"
        " the policy of the application or of another route would apply. Use functools.wraps in"
        " the decorators around it, put cors() above them, mark the route or the mount, or add"
        " install() or Cors to the application."
    )
    with applying(Applied(APP.engine)), pytest.raises(RuntimeError, match=r"^Mount /x has its own"):
        check_found("Mount /x", [Mark(ADMIN)])


def test_context_ends_with_the_request() -> None:
    assert not is_applied()
    with applying(Applied(APP.engine)):
        assert is_applied()
        with applying(Applied(ADMIN.engine)):
            assert runs_under(make(), Applied(ADMIN.engine))
        assert not runs_under(make(), Applied(APP.engine))
    assert not is_applied()


def test_check_needs_the_context_of_the_request() -> None:
    check_found("a handler", [Mark(ADMIN)])
    handler, generator = make(), mark(stream)
    vars(stream).clear()
    with ThreadPoolExecutor(1) as threads, applying(Applied(APP.engine)):
        assert threads.submit(handler).result() == "ran"
        with pytest.raises(RuntimeError, match="has its own CORS policy"):
            threads.submit(copy_context().run, handler).result()
        parts = (part for _ in range(1) for part in generator())
    # Like a response that is sent when the request has ended.
    assert list(parts) == ["ran"]


def test_copy_of_a_context_ends_with_it() -> None:
    handler = make()
    for is_ended_first in (False, True):
        context = applying(Applied(APP.engine), "asgi", [])
        with context:
            copied = copy_context()
            if is_ended_first:
                context.end()
            for run in (copied.run, copied.copy().run, lambda call, *args: call(*args)):
                assert run(is_applied) is not is_ended_first
                assert run(is_bridged, "wsgi", []) is not is_ended_first
                assert run(runs_in_context, handler) is is_ended_first
        assert not copied.run(is_applied)
        assert not copied.run(is_bridged, "wsgi", [])
        assert copied.run(runs_in_context, handler)


def test_task_has_the_context_in_which_it_was_started() -> None:
    async def run() -> tuple[object, object]:
        asked = asyncio.Event()

        async def call() -> object:
            await asked.wait()
            return make()()

        earlier = asyncio.create_task(call())
        with applying(Applied(APP.engine)):
            later = asyncio.create_task(call())
            asked.set()
            return await asyncio.gather(earlier, later, return_exceptions=True)

    earlier, later = asyncio.run(run())
    assert earlier == "ran"
    assert isinstance(later, RuntimeError)


@pytest.mark.parametrize("policy", POLICIES)
def test_only_a_policy_without_origins_denies_all(policy: CorsPolicy) -> None:
    assert not policy.engine.denies_all
    assert CorsPolicy.deny_all().engine.denies_all
    assert policy.engine_for(frozenset()).denies_all is False


def test_resolved_policy_is_that_of_the_request() -> None:
    def function(*_: object) -> str:
        return "ran"

    current = {"mark": ADMIN}
    keep: Any = partial(keep_policy, policy="mark", kinds="the function", resolve=current.get)
    marked = [
        keep(function),
        keep(keep(function)),
        keep(partial(function)),
        keep(staticmethod(function)),
        keep(classmethod(function)).__get__(None, object),
    ]
    for each in marked:
        assert runs_under(each, Applied(ADMIN.engine))
        assert not runs_under(each, Applied(APP.engine))
    current.clear()
    for each in marked:
        assert runs_under(each, Applied(APP.engine))


class Item: ...


def read(item: Item, *, depth: int = 1) -> str:
    """Read an item."""
    return f"{item} {depth}"


async def read_async(item: Item) -> Item:
    return item


def stream() -> Iterator[str]:
    yield "ran"


async def stream_async() -> AsyncIterator[str]:
    yield "ran"


@pytest.mark.parametrize("function", [read, read_async, stream, stream_async])
def test_guarded_function_looks_like_the_function(function: Any) -> None:
    kept = dict(vars(function))
    checked = mark(function)
    assert type(checked) is type(function)
    assert inspect.iscoroutinefunction(checked) is inspect.iscoroutinefunction(function)
    assert inspect.signature(checked) == inspect.signature(function)
    # Frameworks read annotations with the globals of what they get or of what that wraps.
    assert checked.__globals__ is function.__globals__
    assert get_type_hints(checked) == get_type_hints(function)
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        assert getattr(checked, name) == getattr(function, name)
    assert inspect.unwrap(checked) is function
    assert unchecked(checked) is function
    assert unchecked(function) is function
    assert kept_policy(checked) is kept_policy(function) is ADMIN
    vars(function).clear()
    vars(function).update(kept)


def test_arguments_and_results_pass() -> None:
    checked, checked_async = mark(read), mark(read_async)
    vars(read).clear()
    vars(read_async).clear()
    with applying(Applied(ADMIN.engine)):
        assert checked("x", depth=2) == "x 2"
        assert asyncio.run(checked_async("x")) == "x"
        assert asyncio.run(checked_async(item="x")) == "x"
    with applying(Applied(APP.engine)), pytest.raises(RuntimeError, match="has its own CORS"):
        asyncio.run(checked_async("x"))


@pytest.mark.parametrize("function", [stream, stream_async])
def test_generator_is_checked_when_it_is_called(function: Any) -> None:
    checked = mark(function)
    vars(function).clear()
    with applying(Applied(APP.engine)), pytest.raises(RuntimeError, match="has its own"):
        checked()


def test_second_mark_leaves_the_first_as_it_is() -> None:
    def function() -> str:
        return "ran"

    first = mark(function, APP)
    second = mark(first, ADMIN)
    for each, policy, other in ((first, APP, ADMIN), (second, ADMIN, APP)):
        assert kept_policy(each) is policy
        assert runs_under(each, Applied(policy.engine))
        assert not runs_under(each, Applied(other.engine))
    # The function itself may be registered, and is found by its mark.
    assert kept_policy(function) is APP


def test_partial_is_guarded() -> None:
    def function(result: str) -> str:
        return result

    marked, named = mark(partial(function, "ran")), mark(partial(function, result="ran"))
    assert isinstance(marked, partial)
    assert kept_policy(marked) is ADMIN
    assert kept_policy(function) is None
    again = mark(partial(mark(function, APP), "ran"), ADMIN)
    for each in (marked, named, again):
        assert runs_under(each, Applied(ADMIN.engine))
        assert not runs_under(each, Applied(APP.engine))
    # What has no code of Python is only marked.
    built_in = partial(str, "ran")
    assert mark(built_in) is built_in
    assert kept_policy(built_in) is ADMIN


@pytest.mark.parametrize("kind", [staticmethod, classmethod])
def test_function_of_a_class_is_guarded(kind: type) -> None:
    def function(*_: object) -> str:
        return "ran"

    view = type("View", (), {"get": mark(kind(function))})
    get: Any = vars(view)["get"].__get__(None, view)
    assert kept_policy(get) is ADMIN
    assert runs_under(get, Applied(ADMIN.engine))
    assert not runs_under(get, Applied(APP.engine))


def test_object_without_attributes_cannot_be_marked() -> None:
    targets: list[Any] = [[].append, MethodType(len, []), type, staticmethod(len)]
    for target in targets:
        with pytest.raises(TypeError, match=r"cannot keep a policy\. Pass the function\.$"):
            mark(target)


def test_object_that_is_not_called_cannot_be_marked() -> None:
    for target in (Path(), partialmethod(print)):
        with pytest.raises(TypeError, match=r"cannot keep a policy\. Pass the function\.$"):
            mark(target)
    with pytest.raises(TypeError, match=r"cannot keep a policy\. Pass the function\.$"):
        keep_policy(object(), ADMIN, "the function", is_called=False)


def test_arriving_handler_switches_the_check_on() -> None:
    cells = {type(cell.cell_contents).__name__: cell.cell_contents for cell in make().__closure__}
    assert set(cells) == {"_Checker", "function"}
    mark = cells["_Checker"].mark
    receive = (
        "import pickle, sys; from corekit.adapter import MARKS; before = MARKS.exist;"
        "checker = pickle.load(sys.stdin.buffer); print(before, MARKS.exist, checker.mark.policy)"
    )
    done = subprocess.run(
        [sys.executable, "-c", receive],
        input=pickle.dumps(cells["_Checker"]),
        capture_output=True,
        cwd=ROOT,
        check=True,
    )
    assert done.stdout.decode().strip() == f"False True {ADMIN}"
    assert MARKS.exist
    copies = [pickle.loads(pickle.dumps(mark)), deepcopy(mark)]
    assert all(each == mark and hash(each) == hash(mark) for each in copies)
    assert mark not in (Mark(ADMIN), ADMIN)


def test_unpickled_guard_switches_the_check_on(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = type(MARKS)()
    assert (fresh.exist, fresh.count) == (False, 0)
    (checker,) = (
        cell.cell_contents
        for cell in keep_policy(make(), "mark", "the function", read).__closure__
        if hasattr(cell.cell_contents, "mark")
    )
    count = MARKS.count
    sent = pickle.dumps(checker)
    monkeypatch.setattr(MARKS, "exist", False)
    received = pickle.loads(sent)
    assert (received.mark, received.resolve) == (checker.mark, read)
    # The mark that it replaces arrives with it.
    assert (received.mark.policy, MARKS.exist, MARKS.count) == ("mark", True, count + 2)


@pytest.mark.parametrize("is_around", [True, False])
def test_copy_of_a_mark_was_put_in_the_same_place(is_around: bool) -> None:
    mark = Mark(ADMIN, is_around=is_around)
    assert pickle.loads(pickle.dumps(mark)).is_around is mark.is_around is is_around
    assert not Mark(ADMIN).is_around
