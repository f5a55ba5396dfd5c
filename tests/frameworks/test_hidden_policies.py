"""A handler with its own policy runs under it, or not at all: never under the application's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from corekit.adapter import MARKS
from tests.frameworks.django_urls import any_origin_site
from tests.frameworks.hidden_apps import FINDING, NOT_FINDING, PATHS
from tests.frameworks.hidden_requests import APP, UNTRUSTED, Ask, Seen
from tests.frameworks.hiding import WRAPPINGS, Wrapping


@pytest.fixture
def urls() -> Iterator[None]:
    with any_origin_site():
        yield


@pytest.mark.usefixtures("urls")
@pytest.mark.parametrize("name", WRAPPINGS)
@pytest.mark.parametrize("make", [*FINDING, *NOT_FINDING], ids=lambda make: make.__name__)
def test_handler_never_runs_under_the_policy_of_the_application(
    make: Callable[[Wrapping], Ask], name: str
) -> None:
    wrapping = WRAPPINGS[name]
    ask = make(wrapping)
    assert ask("/open", UNTRUSTED) == (200, "*", False)
    assert ask("/open", None).status == 200
    must_run = set(PATHS if name == "plain" else PATHS[:1] if wrapping.is_found else ())
    must_fail = {"/sync"} if wrapping.is_found else {"/function", "/sync"}
    if make in NOT_FINDING:
        must_run, must_fail = set(), set(PATHS)
    for path in (*PATHS, *(("/coroutine", "/sync") if "django" in make.__name__ else ())):
        for origin in (UNTRUSTED, APP, None):
            seen = ask(path, origin)
            ran = Seen(200, APP if origin == APP else None, ran=True)
            assert (path, seen) == (path, ran if seen.ran else Seen(500, seen.allowed, ran=False))
            assert path not in (must_fail if seen.ran else must_run)


@pytest.mark.usefixtures("urls")
@pytest.mark.parametrize("make", FINDING, ids=lambda make: make.__name__)
def test_process_without_marks_skips_the_check(
    make: Callable[[Wrapping], Ask], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = make(WRAPPINGS["no wraps"])
    monkeypatch.setattr(MARKS, "exist", False)
    assert ask("/open", UNTRUSTED) == (200, "*", False)
    # So each of the tests above fails if a mark does not switch the check on.
    assert ask("/function", UNTRUSTED) == (200, "*", True)
