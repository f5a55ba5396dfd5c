"""The pytest plugin: the fixtures `browser` and `open_browser`, and the exchange on failure.

It is loaded where a ``conftest.py`` has ``pytest_plugins = ["corekit_testing.plugin"]``, and not by
itself, since other plugins have a fixture `browser` too. A project overrides the fixture
`cors_app`, and where it likes `cors_page`, and then writes ``def test_it(browser): ...``.
`open_browser` makes browsers with other pages and applications.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any, Final

import pytest

from .browser import Browser
from .outcome import describe

__all__ = ["browser", "cors_app", "cors_page", "open_browser"]

_BROWSERS: Final = pytest.StashKey[list[Browser]]()


@pytest.fixture
def cors_app() -> Any:
    """The application under test, or the URL of a server: to be overridden."""
    raise pytest.UsageError(
        "the fixture `browser` needs the application under test: define a fixture `cors_app` that"
        " returns it, or use the fixture `open_browser`"
    )


@pytest.fixture
def cors_page() -> str:
    """The origin of the page that fetches: https://app.example.com, unless overridden."""
    return "https://app.example.com"


@pytest.fixture
def open_browser(request: pytest.FixtureRequest) -> Iterator[Callable[..., Browser]]:
    """A function that takes what `corekit_testing.Browser` takes; its browsers are closed."""
    browsers: list[Browser] = []
    request.node.stash[_BROWSERS] = browsers

    def open_one(*args: Any, **kwargs: Any) -> Browser:
        opened = Browser(*args, **kwargs)
        browsers.append(opened)
        return opened

    yield open_one
    for opened in browsers:
        opened.close()


@pytest.fixture
def browser(open_browser: Callable[..., Browser], cors_app: Any, cors_page: str) -> Browser:
    """A `corekit_testing.Browser` in front of `cors_app`, with `cors_page` open."""
    return open_browser(cors_app, cors_page)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what went over the wire to the report of a test that failed."""
    report = yield
    if report.failed and _BROWSERS in item.stash:
        browsers = item.stash[_BROWSERS]
        for at, opened in enumerate(browsers, 1):
            title = f"what browser {at} sent (>) and got (<), for a page of {opened.page}"
            report.sections.append((title, describe(tuple(opened.exchanges))))
    return report
