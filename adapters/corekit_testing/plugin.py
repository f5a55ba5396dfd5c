"""The pytest plugin: the fixtures `browser` and `open_browser`, and the exchanges on failure.

Load it with ``pytest_plugins = ["corekit_testing.plugin"]`` in a ``conftest.py``. It is not loaded
automatically, since other plugins have a fixture `browser` too. Override the fixture `cors_app`,
and optionally `cors_page`, then write ``def test_it(browser): ...``. `open_browser` opens browsers
with other pages and applications.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import Any, Final

import pytest

from .browser import Browser
from .outcome import describe

_BROWSERS: Final = pytest.StashKey[list[Browser]]()


@pytest.fixture
def cors_app() -> Any:
    """Return the application under test, or the URL of a server; to be overridden."""
    raise pytest.UsageError(
        "The fixture `browser` needs the application under test. Define a fixture `cors_app` that"
        " returns it, or use the fixture `open_browser`."
    )


@pytest.fixture
def cors_page() -> str:
    """Return the origin of the page that fetches: https://app.example.com by default."""
    return "https://app.example.com"


@pytest.fixture
def open_browser(request: pytest.FixtureRequest) -> Iterator[Callable[..., Browser]]:
    """Return a function that takes the arguments of `Browser`; the test closes its browsers."""
    browsers: list[Browser] = []
    request.node.stash[_BROWSERS] = browsers
    with ExitStack() as stack:

        def open_one(*args: Any, **kwargs: Any) -> Browser:
            browsers.append(stack.enter_context(Browser(*args, **kwargs)))
            return browsers[-1]

        yield open_one


@pytest.fixture
def browser(open_browser: Callable[..., Browser], cors_app: Any, cors_page: str) -> Browser:
    """Return a `corekit_testing.Browser` for `cors_app`, with `cors_page` open."""
    return open_browser(cors_app, cors_page)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the exchanges to the report of a test that failed."""
    report = yield
    if report.failed and _BROWSERS in item.stash:
        browsers = item.stash[_BROWSERS]
        for at, opened in enumerate(browsers, 1):
            title = f"sent (>) and received (<) by browser {at}, page {opened.page}"
            report.sections.append((title, describe(tuple(opened.exchanges))))
    return report
