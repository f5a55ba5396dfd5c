"""Explanations of hostile, huge and invalid input."""

from __future__ import annotations

import time
from typing import Any

import pytest

from corekit.browser import Fetch, HttpResponse
from tests.explain.calls import ITEMS, PAGE, details, explained, live


def test_untrusted_text_is_bounded_and_escaped() -> None:
    hostile = "x\x1b[2J\r\n\x00\xff" + "y" * 100_000
    headers = tuple((f"Access-Control-{at}", hostile) for at in range(500))
    explanation = live(
        Fetch(ITEMS),
        HttpResponse(200, (("Access-Control-Allow-Origin", hostile), *headers)),
    )
    text = str(explanation)
    assert len(text) < 20_000
    assert text.isascii()
    assert all(line.isprintable() for line in text.split("\n"))
    assert "x\\x1b[2J\\r\\n\\x00\\xff" in text
    assert "..." in details(explanation, "response")
    assert "origin: 'x\\x1b[2J\\r\\n\\x00\\xffyyy" in explanation.summary
    assert explanation.failure is not None
    assert explanation.failure.value == hostile


@pytest.mark.parametrize(("length", "end"), [(200, "x'"), (201, "x...'")])
def test_values_are_cut_after_200_characters(length: int, end: str) -> None:
    value = "x" * length
    explanation = live(Fetch(ITEMS), HttpResponse(200, (("Access-Control-Allow-Origin", value),)))
    assert explanation.failure is not None
    assert explanation.failure.message.endswith(f": '{value[:199]}{end}.")


def test_request_with_a_thousand_headers_is_bounded() -> None:
    names = [f"X-{at}" for at in range(500)]
    headers = tuple((name, "1") for name in (*names, *(["Cookie"] * 500)))
    start = time.process_time()
    allowed = [f"x-{at}-" for at in range(500)]
    explanation = explained(fetch={"headers": headers}, allow_headers=allowed)
    assert time.process_time() - start < 5.0
    assert len(explanation.near_misses) == 20
    assert len(str(explanation)) < 20_000
    assert explanation.steps[1].details[-1] == "..."
    assert len(explanation.steps[1].details) == 21
    fix = explanation.fixes[0]
    assert "and 480 more to allow_headers" in fix.message
    assert len(fix.changes["allow_headers"]) == 1000


@pytest.mark.parametrize(
    ("page", "origin"),
    [
        ("https://app.example.com/", PAGE),
        ("HTTPS://App.Example.Com:443/path", PAGE),
        ("app.example.com", PAGE),
        ("localhost:3000", "http://localhost:3000"),
    ],
)
def test_other_spelling_of_the_page_is_read_as_browsers_do(page: str, origin: str) -> None:
    url = ITEMS if origin == PAGE else "http://localhost:8000/"
    explanation = explained(page, url=url, allow_origins=[origin])
    assert explanation.allowed
    (near,) = explanation.near_misses
    assert (near.subject, near.given, near.nearest) == ("origin", page, origin)
    assert near.message.startswith(f"Browsers write {page!r} as {origin!r}. ")


@pytest.mark.parametrize("page", ["file:///home/me/index.html", "FILE://", "data:text/html,x"])
def test_page_from_a_file_is_opaque(page: str) -> None:
    explanation = explained(page)
    assert explanation.failure is not None
    assert explanation.failure.origin == "null"
    (near,) = explanation.near_misses
    assert near.nearest == "null"


@pytest.mark.parametrize("page", ["", "https://*.example.com", "https://a b", "*"])
def test_invalid_page_is_rejected(page: str) -> None:
    hint = "Write an origin such as https://app.example.com."
    if "*" in page:
        hint = "Name one origin, not a pattern."
    with pytest.raises(ValueError) as caught:
        explained(page)
    assert str(caught.value) == (f"not the origin of a page: {page!r}. {hint}")


@pytest.mark.parametrize(
    "fetch",
    [{"method": "TRACE"}, {"body": b"x"}, {"headers": (("a b", "1"),)}, {"mode": "navigate"}],
)
def test_invalid_fetch_is_rejected(fetch: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        explained(fetch=fetch)
