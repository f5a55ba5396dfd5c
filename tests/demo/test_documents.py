"""The documents of the demo: their content, their security policy and their accessibility."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from typing import Final

import pytest

from corekit.arguments import SETTINGS
from corekit_cli.demo.form import EMPTY, Origins
from corekit_cli.demo.pages import SCRIPTS, Document, make_frame, make_page

ORIGINS: Final = Origins("http://localhost:8000", "http://localhost:3000", "http://localhost:4000")
PAGE: Final = make_page(ORIGINS, ORIGINS.page)
FRAME: Final = make_frame(ORIGINS)
HTML: Final = PAGE.html.decode()


class Tags(HTMLParser):
    """Collects the tags of a document with their attributes, and the text of each."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags:
            self.texts.append((self.tags[-1][0], data))


TAGS: Final = Tags(HTML).tags


def directives(document: Document) -> dict[str, list[str]]:
    split = [directive.split(" ") for directive in document.security.split("; ")]
    return {name: values for name, *values in split}


@pytest.mark.parametrize("document", [PAGE, FRAME], ids=["page", "frame"])
def test_document_loads_nothing_and_has_no_inline_handlers(document: Document) -> None:
    html = document.html.decode()
    for tag, attributes in Tags(html).tags:
        assert "src" not in attributes, tag
        assert attributes.get("href", "data:,").startswith(("data:,", "#")), tag  # type: ignore[union-attr]
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
    assert not re.search(r"@import|url\(|innerHTML|outerHTML|insertAdjacentHTML|eval\(", html)
    links = set(re.findall(r"https?://[^\s\"'`<]*", html))
    assert links <= {
        "http://www.w3.org/2000/svg",
        "https://app.example.com",
    }


@pytest.mark.parametrize("document", [PAGE, FRAME], ids=["page", "frame"])
def test_only_scripts_of_the_document_run(document: Document) -> None:
    policy = directives(document)
    html = document.html.decode()
    for tag in ("script", "style"):
        inline = [text for name, text in Tags(html).texts if name == tag and text.strip()]
        hashes = [b64encode(sha256(text.encode()).digest()).decode() for text in inline]
        assert policy.get(f"{tag}-src", []) == [f"'sha256-{each}'" for each in hashes]
    for name in ("default-src", "base-uri", "form-action"):
        assert policy[name] == ["'none'"]
    assert "unsafe" not in document.security
    assert policy["require-trusted-types-for"] == ["'script'"]


def test_documents_connect_only_to_what_they_need() -> None:
    page, untrusted, frame = (
        directives(document) for document in (PAGE, make_page(ORIGINS, ORIGINS.untrusted), FRAME)
    )
    assert page["connect-src"] == untrusted["connect-src"] == ["'self'", ORIGINS.api]
    assert frame["connect-src"] == [ORIGINS.api]
    assert page["frame-src"] == ["'self'", ORIGINS.untrusted]
    assert untrusted["frame-src"] == ["'self'", ORIGINS.page]
    assert page["frame-ancestors"] == ["'none'"]
    assert frame["frame-ancestors"] == [ORIGINS.page, ORIGINS.untrusted]


def test_all_files_are_in_a_document() -> None:
    there = {path.name for path in files("corekit_cli.demo").joinpath("page").iterdir()}
    assert there == {*SCRIPTS, "frame.js", "page.html", "frame.html", "page.css"}


def test_every_field_of_the_call_has_a_label() -> None:
    labeled = {attributes.get("for") for tag, attributes in TAGS if tag == "label"}
    controls = [attributes for tag, attributes in TAGS if tag in ("input", "select", "textarea")]
    for attributes in controls:
        assert attributes["id"] in labeled or attributes.get("aria-label"), attributes
    fields = EMPTY.keys() - SETTINGS.keys()
    assert {attributes.get("name") for attributes in controls} - {None} == fields
    # Problems are shown at the element with the name of the field.
    assert {attributes.get("id") for _, attributes in TAGS} >= fields


def test_page_is_accessible_to_screen_readers() -> None:
    assert ("html", {"lang": "en"}) in TAGS
    live = [attributes["id"] for _, attributes in TAGS if attributes.get("role") == "status"]
    assert live == ["progress", "problems", "status"]
    ids = [attributes["id"] for _, attributes in TAGS if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in TAGS:
        for name in ("aria-labeledby", "aria-describedby"):
            assert set((attributes.get(name) or "").split()) <= set(ids)
    headings = [tag for tag, _ in TAGS if re.fullmatch(r"h[1-6]", tag)]
    assert headings[0] == "h1"
    assert headings.count("h1") == 1
    for before, after in pairwise(headings):
        assert int(after[1]) <= int(before[1]) + 1
    for wanted in (
        ":focus-visible",
        "prefers-reduced-motion: reduce",
        "prefers-color-scheme: dark",
    ):
        assert wanted in HTML


def luminance(color: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(scheme: int, *names: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    colors = [re.findall(rf"--{name}: (#[0-9a-f]{{6}});", HTML)[scheme] for name in names]
    lighter, darker = sorted(map(luminance, colors), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        *((ink, paper) for ink in ("ink", "soft", "link") for paper in ("paper", "card", "code")),
        *((ink, paper) for ink in ("yes", "no") for paper in ("paper", "card", f"{ink}-back")),
        ("alarm", "alarm-back"),
        ("on-link", "link"),
    ],
)
@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_has_enough_contrast(scheme: int, ink: str, paper: str) -> None:
    assert contrast(scheme, ink, paper) >= 4.5


@pytest.mark.parametrize("edge", ["edge", "link", "no"])
@pytest.mark.parametrize("paper", ["paper", "card"])
@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_edges_of_controls_have_enough_contrast(scheme: int, edge: str, paper: str) -> None:
    assert contrast(scheme, edge, paper) >= 3
