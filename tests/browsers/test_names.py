"""The model names failures like Chromium's developer tools."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import pytest

from corekit.browser import CHROMIUM
from tests.browsers.chromium import open_page
from tests.browsers.comparing import model_outcomes
from tests.browsers.devtools import DevTools, listen
from tests.browsers.lab import Lab, open_lab
from tests.browsers.sessions import MAKERS

pytestmark = pytest.mark.browser

SESSIONS = 400


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, DevTools]]:
    home = tmp_path_factory.mktemp("chromium")
    with open_lab() as lab:
        url = f"{lab.page}/"
        browser = open_page(url, arguments=["--remote-debugging-port=0"], home=home)
        with browser, listen(home / "profile", url) as tools:
            yield lab, tools


def test_model_names_failures_like_chromium(visit: tuple[Lab, DevTools]) -> None:
    lab, tools = visit
    seen: Counter[str] = Counter()
    for make in MAKERS.values():
        # DevTools reports frames in other processes on other connections.
        sessions = [each for each in make(lab, SESSIONS, 2, "n") if each.page == lab.page]
        lab.run(sessions)
        expected: dict[str, list[str]] = {}
        for session in sessions:
            outcomes = model_outcomes(session, CHROMIUM)
            for fetch, outcome in zip(session.fetches, outcomes, strict=True):
                if outcome.failure is not None and outcome.failure.is_cors:
                    # DevTools reports URLs without the fragment.
                    url = fetch.url.partition("#")[0]
                    expected.setdefault(url, []).append(outcome.failure.name)
        wanted = sum(map(len, expected.values()))
        seen.update(name for names in expected.values() for name in names)
        for _ in range(100):
            got = {url: tools.failures.get(url, []) for url in expected}
            if sum(map(len, got.values())) >= wanted:
                break
            time.sleep(0.05)
        assert got == expected
    assert len(seen) >= 15, seen
