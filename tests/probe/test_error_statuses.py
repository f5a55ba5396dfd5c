"""What the probe says of a server that responds with errors."""

from __future__ import annotations

from typing import Any

import pytest

from corekit.browser import Fetch
from corekit.probe import Plan, is_judged, run_probe
from tests.probe.servers import (
    PAGE,
    URL,
    codes,
    connect,
    is_get,
    probe,
    wrong,
)


@pytest.mark.parametrize(
    ("status", "context", "code"),
    [
        (399, "", None),
        (400, ", status 400", "error-status"),
        (401, ", status 401", "not-judged"),
        (402, ", status 402", "error-status"),
        (403, ", status 403", "not-judged"),
        (404, ", status 404", "error-status"),
        (499, ", status 499", "error-status"),
        (500, ", status 500", "not-judged"),
        (599, ", status 599", "not-judged"),
    ],
)
def test_status_of_an_error_page_is_named(status: int, context: str, code: str | None) -> None:
    app = wrong(lambda environ, _, headers: (status, []) if is_get(environ) else (204, headers))
    found = {each.code: each for each in probe(app)}
    assert found["refused"].message.startswith(f"GET{context}: The response has no ")
    assert [each for each in found if each in ("error-status", "not-judged")] == [code] * bool(code)


@pytest.mark.parametrize(
    ("status", "has_headers", "hint"),
    [
        (499, False, None),
        (500, False, "the application let out an exception"),
        (500, True, "Check the log of the server, or probe another URL."),
        (403, False, "--header"),
    ],
)
def test_hint_for_an_error_of_the_server(status: int, has_headers: bool, hint: str | None) -> None:
    app = wrong(
        lambda environ, code, headers: (
            (status, headers if has_headers else []) if is_get(environ) else (code, headers)
        )
    )
    found = [each.hint for each in probe(app) if each.code == "not-judged"]
    assert [hint in each for each in found if hint] == [True] * (hint is not None)
    assert any("exception" in each for each in found) == (status == 500 and not has_headers)


def test_only_the_responses_to_get_of_pages_are_judged() -> None:
    def judged(bug: Any, **plan: Any) -> tuple[bool, set[str]]:
        responses, found = run_probe(Plan((PAGE,), Fetch(URL, "PUT"), **plan), connect(wrong(bug)))
        return is_judged(responses), codes(found)

    def refuse_others(environ: dict[str, Any], status: int, headers: Any) -> Any:
        return (200 if environ.get("HTTP_ORIGIN") == PAGE else 403), headers

    def refuse_put(environ: dict[str, Any], status: int, headers: Any) -> Any:
        return (403 if environ["REQUEST_METHOD"] == "PUT" else status), headers

    def refuse_page(environ: dict[str, Any], status: int, headers: Any) -> Any:
        return (403 if is_get(environ) else status), headers

    assert judged(refuse_others) == (True, set())
    assert judged(refuse_put, send_unsafe=True) == (True, {"error-status", "forged-write"})
    assert judged(refuse_page) == (False, {"not-judged"})
