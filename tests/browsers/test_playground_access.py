"""Accessibility of the playground: keyboard, screen reader, phones, color schemes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from corekit_cli.demo.command import Demo
from tests.browsers.playground import ENDED, fill, run
from tests.browsers.tab import Tab

pytestmark = pytest.mark.browser


def find(nodes: list[dict[str, Any]], role: str, name: str) -> dict[str, Any]:
    found = [node for node in nodes if node["role"] == role and node["name"].startswith(name)]
    assert found, (role, name, [node["name"] for node in nodes if node["role"] == role])
    return found[0]


def test_keyboard_alone_suffices(demo: Demo, tab: Tab) -> None:
    tab.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    tab.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.tab_to("allow_methods")
    tab.type("PATCH")
    tab.tab_to("page-here")
    tab.press("ArrowDown")
    assert tab.focused() == "page-other"
    tab.press("ArrowDown")
    assert tab.focused() == "page-null"
    tab.press("Tab")
    assert tab.focused() == "typed"
    tab.tab_to("run")
    tab.evaluate("byId('status').textContent = ''")
    tab.press("Enter")
    tab.wait_for(ENDED)
    assert tab.text("#status") == "\u2717 Blocked This browser agrees."
    assert tab.focused() == "run", "the focus stays where it was"
    tab.tab_to("wire-summary-0")
    tab.press("Enter")
    assert tab.evaluate("document.querySelector('#wire details').open")


def test_enter_submits_the_form(demo: Demo, tab: Tab) -> None:
    tab.click("#allow_methods")
    tab.type("DELETE")
    tab.evaluate("byId('status').textContent = ''")
    tab.press("Enter")
    tab.wait_for(ENDED)
    assert tab.text("#status").startswith("\u2717 Blocked")


def test_focused_element_is_visible(demo: Demo, tab: Tab) -> None:
    tab.resize(360, 740)
    tab.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    seen = 0
    for _ in range(60):
        tab.press("Tab")
        told = tab.evaluate(
            "(() => { const one = document.activeElement; const box = one.getBoundingClientRect();"
            "const style = getComputedStyle(one);"
            "return [one.id, box.top, box.bottom, box.left, box.right, style.outlineStyle,"
            "parseFloat(style.outlineWidth), byId('run').getBoundingClientRect().top]; })()"
        )
        name, top, bottom, left, right, outline, width, bar = told
        if tab.focused() == "BODY":
            break
        seen += 1
        assert (outline, width >= 2) == ("solid", True), name
        assert left >= 0
        assert right <= 360, name
        assert bottom > 0, name
        if tab.evaluate("byId('form').contains(document.activeElement)") and name != "run":
            assert top < bar, f"{name} is under the bar"
    assert seen > 20


def test_screen_reader_gets_names_and_problems(demo: Demo, tab: Tab) -> None:
    fill(tab, "allow_methods", "put")
    tab.wait_for("byId('allow_methods-error') !== null")
    nodes = tab.read_aloud()
    methods = find(nodes, "textbox", "allow_methods")
    assert methods["invalid"] == "true"
    assert "Did you mean 'PUT'?" in methods["description"]
    assert "Methods in addition to GET, HEAD and POST" in methods["description"]
    for role, name in (
        ("heading", "What the standard requires"),
        ("heading", "Result"),
        ("textbox", "allow_origins"),
        ("checkbox", "allow_credentials"),
        ("radiogroup", "Origin of the page"),
        ("radio", "Sandboxed iframe"),
        ("textbox", "Another origin"),
        ("combobox", "Method"),
        ("combobox", "Credentials"),
        ("group", "Policy of the API"),
        ("button", "Run in this browser"),
        ("region", "Result"),
        ("form", "Your own call"),
    ):
        find(nodes, role, name)
    image = find(nodes, "image", "Sequence diagram of the call")
    assert image["description"].startswith("From page to browser: fetch PUT")
    unnamed = [
        node
        for node in nodes
        if node["role"] in ("button", "textbox", "checkbox", "radio", "combobox", "link", "image")
        and not node["name"]
    ]
    assert unnamed == []


def test_results_are_announced(demo: Demo, tab: Tab) -> None:
    live = [node for node in tab.read_aloud() if node["role"] == "status"]
    assert [node["live"] for node in live] == ["polite"] * 3


def test_long_text_is_wrapped_or_cut(demo: Demo, tab: Tab) -> None:
    fill(tab, "path", f"/items/{'x' * 300}")
    fill(tab, "headers", f"x-{'a' * 300}: {'b' * 300}")
    fill(tab, "method", "M" * 60)
    tab.wait_for("!busy")
    for words in ("Blocked", "Nothing was sent"):
        assert words in run(tab)
        tab.resize(360, 740)
        tab.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")
        assert tab.evaluate("document.documentElement.scrollWidth") <= 360
        tab.resize(1280)
        fill(tab, "allow_origins", f"https://{'a' * 60}.{'b' * 60}.example/{'c' * 200}")


@pytest.mark.parametrize("width", [320, 360, 414, 768, 1024, 1280, 1920])
@pytest.mark.parametrize(
    "example", ["untrusted-put", "authorization-under-wildcard", "any-origin-with-credentials"]
)
def test_no_horizontal_scrolling(demo: Demo, tab: Tab, width: int, example: str) -> None:
    tab.evaluate("byId('examples-box').open = true")
    tab.evaluate("byId('status').textContent = ''")
    tab.click(f"#example-{example}")
    tab.wait_for(ENDED)
    tab.resize(width)
    tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    tab.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    wide = tab.evaluate(
        "[...document.querySelectorAll('body *')].filter((one) => {"
        "const box = one.getBoundingClientRect();"
        "return box.right > innerWidth + 1 && box.width && !one.closest('pre, .skip, .unseen')"
        "&& getComputedStyle(one).position !== 'absolute'; })"
        ".map((one) => one.outerHTML.slice(0, 80))"
    )
    assert wide == []


def test_diagram_text_keeps_its_size_on_a_phone(demo: Demo, tab: Tab) -> None:
    tab.click("#example-method-not-allowed")
    tab.wait_for("byId('model').innerText.includes('PATCH')")
    tab.resize(320)
    tab.wait_for(
        "(() => { const svg = document.querySelector('#diagram svg');"
        "const { width } = svg.getBoundingClientRect();"
        "return width < 300 && width === svg.viewBox.baseVal.width; })()"
    )
    outside = tab.evaluate(
        "(() => { const edge = document.querySelector('#diagram svg').getBoundingClientRect();"
        "return [...document.querySelectorAll('#diagram text')].filter((one) => {"
        "const box = one.getBoundingClientRect();"
        "return box.left < edge.left - 1 || box.right > edge.right + 1; })"
        ".map((one) => one.textContent); })()"
    )
    assert outside == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_scheme_has_its_own_colors(demo: Demo, tab: Tab, scheme: str, tmp_path: Path) -> None:
    tab.prefer(prefers_color_scheme=scheme)
    paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(247, 247, 244)", "dark": "rgb(20, 23, 26)"}[scheme]
    tab.take_picture(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 20_000


def test_reduced_motion_is_honored(demo: Demo, tab: Tab) -> None:
    tab.resize(360, 740)
    revealed = (
        "(() => { scrollTo({ top: 0, behavior: 'instant' }); reveal();"
        "const { top, bottom } = byId('status').getBoundingClientRect();"
        "return top >= 0 && bottom <= innerHeight; })()"
    )
    tab.prefer(prefers_reduced_motion="reduce")
    assert tab.evaluate(revealed), "it scrolls at once"
    tab.prefer(prefers_reduced_motion="no-preference")
    assert not tab.evaluate(revealed), "it still scrolls"
