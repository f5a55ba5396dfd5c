"""The snippets of the documentation about databases, and calls of what they build. Not a test."""

from __future__ import annotations

from typing import Any, Final

from tests.docs.pages import ROOT, blocks

PAGE: Final = ROOT / "docs" / "dynamic-origins.md"

APP: Final = "https://app.example.com"
SHOP: Final = "https://shop-1.example"
OTHER: Final = "https://shop-2.example"


def snippet(start: str) -> str:
    """Return the snippet that starts with a line."""
    (found,) = (each for each in blocks(PAGE, "python") if each.startswith(f"{start}\n"))
    return found


def names_of(start: str) -> dict[str, Any]:
    """Return the names of a snippet after it has run."""
    names: dict[str, Any] = {"__name__": "snippet"}
    exec(compile(snippet(start), PAGE.name, "exec"), names)
    return names
