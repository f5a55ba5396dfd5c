"""The origin that a user means, and what is wrong with how it is written."""

from __future__ import annotations

import pytest

from corekit import CorsPolicy
from corekit.browser import Fetch
from corekit.explain import explain, read_origin

POLICY = CorsPolicy(allow_origins=["https://app.example.com"])
FETCH = Fetch("https://api.example.com/")
ORIGIN = "https://app.example.com"
EXAMPLE = "Write an origin such as https://app.example.com."


@pytest.mark.parametrize("text", [ORIGIN, "http://localhost:3000", "null"])
def test_origin_as_browsers_send_it(text: str) -> None:
    assert read_origin(text) == (text, None)


@pytest.mark.parametrize(
    ("text", "origin", "code", "message", "hint"),
    [
        (
            "https://*.example.com",
            None,
            "malformed-origin",
            "A page has exactly one origin.",
            "Name one origin, not a pattern.",
        ),
        ("*", None, "malformed-origin", "A page has exactly one origin.", "Name one origin, not a"),
        (
            "HTTPS://App.example.com/",
            ORIGIN,
            "non-canonical-origin",
            "Browsers do not send origins with upper case or a trailing slash.",
            "Did you mean 'https://app.example.com'?",
        ),
        (
            "app.example.com",
            ORIGIN,
            "malformed-origin",
            "The origin has no scheme",
            "Did you mean 'https://app.example.c",
        ),
        ("https://", None, "malformed-origin", "Browsers never send this as an origin.", EXAMPLE),
        ("", None, "malformed-origin", "The origin is empty.", EXAMPLE),
    ],
)
def test_other_spelling_is_reported(
    text: str, origin: str | None, code: str, message: str, hint: str
) -> None:
    found, problem = read_origin(text, "page")
    assert found == origin
    assert problem is not None
    assert (problem.code, problem.severity) == (code, "error")
    assert (problem.subject, problem.value, problem.fix) == ("page", text, origin)
    assert problem.message.startswith(message)
    assert problem.hint.startswith(hint)


def test_subject_is_an_origin_unless_named() -> None:
    for text in ("*", "app.example.com"):
        _, problem = read_origin(text)
        assert problem is not None
        assert problem.subject == "origin"


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("https://", rf"^not the origin of a page: 'https://'\. {EXAMPLE}$"),
        ("*", r"^not the origin of a page: '\*'\. Name one origin, not a pattern\.$"),
    ],
)
def test_page_that_has_no_origin_is_an_error(page: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        explain(POLICY, FETCH, page=page)


@pytest.mark.parametrize("page", ["file:///index.html", "FILE:///x", "data:text/html,x"])
def test_page_without_a_host_has_an_opaque_origin(page: str) -> None:
    explanation = explain(POLICY, FETCH, page=page)
    assert explanation.summary.startswith("A page from null cannot read the response")
