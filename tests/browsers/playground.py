"""Using the playground in a tab: loading it, filling its fields, running it; for its tests."""

from __future__ import annotations

from typing import Final

from tests.browsers.tab import Tab

ENDED: Final = "/^[\u2713\u2717!]/.test(byId('status').innerText) && !busy"


def go(tab: Tab, url: str) -> None:
    # By way of another page, since another fragment alone is no other page.
    for each in ("about:blank", url):
        tab.call("Page.navigate", url=each)
        tab.wait_for(f"document.URL.startsWith('{each}') && document.readyState === 'complete'")
    tab.wait_for("typeof byId === 'function' && byId('examples').children.length > 0")


def run(tab: Tab) -> str:
    """Press the button, and wait for what comes of it."""
    tab.evaluate("byId('status').textContent = ''")
    tab.click("#run")
    tab.wait_for(ENDED)
    return tab.text("#status")


def fill(tab: Tab, field: str, text: str) -> None:
    """Click into a field, type over what is in it, and leave it."""
    tab.click(f"#{field}")
    tab.type(text)
    tab.evaluate("document.activeElement.blur()")
    settle(tab)


def settle(tab: Tab) -> None:
    """Wait until the problems are those of the form as it is, since they move what is below."""
    tab.evaluate("check()")
