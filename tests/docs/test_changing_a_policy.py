"""The page about policies that change: its snippet replaces what the next request gets."""

from __future__ import annotations

from tests.docs.pages import APP, ROOT, blocks, call, run

PAGE = ROOT / "docs" / "changing-a-policy.md"


def test_snippet_replaces_a_policy() -> None:
    (snippet,) = (text for text in blocks(PAGE, "python") if "live.replace(" in text)
    names = run(snippet, PAGE)
    headers = {"origin": APP, "access-control-request-method": "PUT"}
    status, found, _ = call(names["app"], "/", headers, method="OPTIONS")
    assert (status, found["access-control-allow-methods"]) == (204, "GET, HEAD, POST, PUT")
    assert names["comparison"].relation.value == "wider"
    assert names["live"].generation == 2
