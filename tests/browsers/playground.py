"""The playground in a tab, for its tests: load it, fill in its fields, run it."""

from __future__ import annotations

from typing import Final

from tests.browsers.tab import Tab

ENDED: Final = "/^[\u2713\u2717!]/.test(byId('status').innerText) && !busy"


def go(tab: Tab, url: str) -> None:
    # Load another page first, since a new fragment alone does not load the page again.
    for each in ("about:blank", url):
        tab.call("Page.navigate", url=each)
        tab.wait_for(f"document.URL.startsWith('{each}') && document.readyState === 'complete'")
    tab.wait_for("typeof byId === 'function' && byId('examples').children.length > 0")


def run(tab: Tab) -> str:
    """Press the button and wait for the result."""
    tab.evaluate("byId('status').textContent = ''")
    tab.click("#run")
    tab.wait_for(ENDED)
    return tab.text("#status")


def fill(tab: Tab, field: str, text: str) -> None:
    """Click into a field, replace its text, and leave it."""
    tab.click(f"#{field}")
    tab.type(text)
    tab.evaluate("document.activeElement.blur()")
    settle(tab)


def settle(tab: Tab) -> None:
    """Wait until the problems of the form are shown, since they move what is below them."""
    tab.evaluate("check()")
