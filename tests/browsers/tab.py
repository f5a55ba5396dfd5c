"""A page in headless Chromium, used as people use it: keys, clicks, sizes, what is read aloud.

Over the DevTools protocol, one command at a time; events are passed over.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.browsers.chromium import open_page
from tests.browsers.websocket import WebSocket, connect

PATIENCE: Final = 30  # seconds

ARGUMENTS: Final = ("--remote-debugging-port=0", "--window-size=1280,900")

KEYS: Final = {"Tab": (9, ""), "Enter": (13, "\r"), " ": (32, " "), "ArrowDown": (40, "")}
"""Keys that are pressed by name, to their code and the text that they type."""


class Tab:
    """One page."""

    def __init__(self, web: WebSocket) -> None:
        self._web = web
        self._last = 0

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Run one command; raises AssertionError with what the browser says against it."""
        self._last += 1
        self._web.send(json.dumps({"id": self._last, "method": method, "params": params}))
        while True:
            message = json.loads(self._web.receive())
            if message.get("id") == self._last:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result

    def evaluate(self, script: str, *, by_hand: bool = False) -> Any:
        """Evaluate an expression, and what it promises; returns its JSON value.

        `by_hand` lets it do what a page may do only where a person has just done something.
        """
        told = self.call(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=by_hand,
        )
        assert "exceptionDetails" not in told, (script, told["exceptionDetails"])
        return told["result"].get("value")

    def wait_for(self, script: str) -> Any:
        """Evaluate an expression until it is true."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if value := self.evaluate(script):
                return value
            time.sleep(0.05)
        raise AssertionError(f"never true: {script}\n{self.evaluate('document.body.innerText')}")

    def text(self, selector: str) -> str:
        """Read what is shown of an element."""
        text: str = self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")
        return text

    def focused(self) -> str:
        """Name the element that has the focus, by its id."""
        name: str = self.evaluate("document.activeElement.id || document.activeElement.tagName")
        return name

    def press(self, key: str, *, shift: bool = False) -> None:
        code, text = KEYS[key]
        shared = {
            "key": key,
            "code": "Space" if key == " " else key,
            "windowsVirtualKeyCode": code,
            "modifiers": 8 * shift,
        }
        self.call("Input.dispatchKeyEvent", type="keyDown", **shared, text=text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **shared)

    def tab_to(self, name: str) -> None:
        """Press Tab until the element of that id has the focus."""
        passed = []
        for _ in range(80):
            self.press("Tab")
            passed.append(self.focused())
            if passed[-1] == name:
                return
        raise AssertionError(f"Tab does not lead to {name}: {passed}")

    def type(self, text: str) -> None:
        """Type over what stands in the field that has the focus."""
        self.evaluate("document.activeElement.select()")
        self.call("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """Click in the middle of an element, as a mouse does."""
        # Two frames, so that what was scrolling has stopped and what changed has been laid out.
        x, y = self.evaluate(
            f"new Promise((done) => {{ const one = document.querySelector({json.dumps(selector)});"
            "one.scrollIntoView({ block: 'center', behavior: 'instant' });"
            "requestAnimationFrame(() => requestAnimationFrame(() => {"
            "const box = one.getBoundingClientRect();"
            "done([box.x + box.width / 2, box.y + box.height / 2]); })); })"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def resize(self, width: int, height: int = 900) -> None:
        """Take the size of another screen, in CSS pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def prefer(self, **features: str) -> None:
        """Prefer a color scheme, or reduced motion: names with ``_`` for ``-``."""
        named = [
            {"name": name.replace("_", "-"), "value": value} for name, value in features.items()
        ]
        self.call("Emulation.setEmulatedMedia", features=named)

    def read_aloud(self) -> list[dict[str, Any]]:
        """Read the accessibility tree: a role, a name and a description for each node."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [
            {
                "role": node["role"]["value"],
                "name": node.get("name", {}).get("value", ""),
                "description": node.get("description", {}).get("value", ""),
                **{one["name"]: one["value"].get("value") for one in node.get("properties", [])},
            }
            for node in nodes
            if not node["ignored"]
        ]

    def take_picture(self, path: Path) -> None:
        """Write a picture of the whole page (PNG)."""
        told = self.call("Page.captureScreenshot", captureBeyondViewport=True, format="png")
        path.write_bytes(base64.b64decode(told["data"]))


@contextmanager
def open_tab(url: str) -> Iterator[Tab]:
    """Open `url` in a Chromium of its own."""
    with TemporaryDirectory(prefix="corekit-tab-", ignore_cleanup_errors=True) as made:
        home = Path(made)
        with (
            open_page(url, arguments=ARGUMENTS, home=home),
            connect(home / "profile", url) as web,
        ):
            tab = Tab(web)
            tab.wait_for("document.URL !== 'about:blank' && document.readyState === 'complete'")
            try:
                yield tab
            finally:
                web.close()
