"""The page about policies that change: its snippets do what the page says."""

from __future__ import annotations

import logging

import pytest

from tests.docs.pages import APP, ROOT, blocks, call, run

PAGE = ROOT / "docs" / "changing-a-policy.md"


def test_snippet_replaces_a_policy() -> None:
    (snippet,) = (text for text in blocks(PAGE, "python") if "comparison = live.replace(" in text)
    names = run(snippet, PAGE)
    headers = {"origin": APP, "access-control-request-method": "PUT"}
    status, found, _ = call(names["app"], "/", headers, method="OPTIONS")
    assert (status, found["access-control-allow-methods"]) == (204, "GET, HEAD, POST, PUT")
    assert names["comparison"].relation.value == "wider"
    assert names["live"].generation == 2


def test_snippet_compares_a_candidate(caplog: pytest.LogCaptureFixture) -> None:
    (snippet,) = (text for text in blocks(PAGE, "python") if "def on_difference" in text)
    names = run(snippet, PAGE)
    origin = "https://old.example.com"
    with caplog.at_level(logging.INFO, "corekit"):
        _, headers, _ = call(names["app"], "/items", {"Origin": origin})
    assert headers["access-control-allow-origin"] == origin
    assert names["differences"] == [("would_deny", "ORIGIN_DENIED", origin)]
    assert caplog.messages == [text.strip() for text in blocks(PAGE, "text") if "shadow" in text]


def test_snippet_observes_another_layer(caplog: pytest.LogCaptureFixture) -> None:
    (snippet,) = (text for text in blocks(PAGE, "python") if "observe(" in text)
    application = run(snippet, PAGE)["application"]
    _, headers, _ = call(application, "/", {"Origin": APP})
    assert headers["access-control-allow-origin"] == "*"
    assert caplog.messages == []
    call(application, "/", {"Origin": "https://evil.example"})
    (line,) = caplog.messages
    assert '"cors_shadow": "would_deny"' in line
