"""A bound method with its own policy refuses to run under another one."""

from __future__ import annotations

import asyncio
import inspect
from functools import partial

import pytest

from corekit.adapter import Applied, applying, kept_marks, kept_policy
from tests.core.marking import ADMIN, APP, OTHER, mark, runs_under


class Shop:
    def __init__(self, result: str) -> None:
        self.result = result

    def read(self, item: str = "") -> str:
        return self.result + item

    async def read_async(self) -> str:
        return self.result


@pytest.mark.parametrize("name", ["read", "read_async"])
def test_bound_method_is_guarded(name: str) -> None:
    method = getattr(Shop("ran"), name)
    marked = mark(method)
    assert inspect.signature(marked) == inspect.signature(method)
    assert inspect.iscoroutinefunction(marked) is inspect.iscoroutinefunction(method)
    run = (lambda: asyncio.run(marked())) if name == "read_async" else marked
    assert kept_policy(marked) is kept_policy(partial(marked)) is ADMIN
    assert runs_under(run, Applied(ADMIN.engine))
    # A method is made each time that it is read, so the mark is only on what is returned.
    assert kept_policy(method) is kept_policy(getattr(Shop, name)) is None


def test_bound_method_does_not_run_under_another_policy() -> None:
    shop = Shop("ra")
    marked = mark(shop.read)
    with applying(Applied(APP.engine)):
        with pytest.raises(RuntimeError, match=r"Shop\.read has its own CORS policy"):
            marked("n")
        assert shop.read("n") == "ran"
    with applying(Applied(ADMIN.engine)):
        assert marked(item="n") == "ran"


def test_bound_method_may_have_another_policy_than_its_function() -> None:
    class View:
        @mark
        def get(self) -> str:
            return "ran"

    marked = mark(View().get, APP)
    assert kept_policy(marked) is APP
    assert kept_policy(View.get) is ADMIN
    assert runs_under(marked, Applied(APP.engine, kept_marks(marked)))
    assert not runs_under(marked, Applied(ADMIN.engine))
    again = mark(marked, OTHER)
    assert runs_under(again, Applied(OTHER.engine, kept_marks(again)))
    assert not runs_under(again, Applied(APP.engine))
