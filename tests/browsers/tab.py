"""A page in headless Chromium, used like a person would: keys, clicks, sizes, accessibility tree.

Commands are sent over the DevTools protocol, one at a time; events are ignored.
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

TIMEOUT: Final = 30  # seconds

ARGUMENTS: Final = ("--remote-debugging-port=0", "--window-size=1280,900")

KEYS: Final = {"Tab": (9, ""), "Enter": (13, "\r"), " ": (32, " "), "ArrowDown": (40, "")}
"""The keys that can be pressed, with their code and text."""


class Tab:
    """One page."""

    def __init__(self, web: WebSocket) -> None:
        self._web = web
        self._last = 0

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Run one command; raise AssertionError with the browser's error, if any."""
        self._last += 1
        self._web.send(json.dumps({"id": self._last, "method": method, "params": params}))
        while True:
            message = json.loads(self._web.receive())
            if message.get("id") == self._last:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result

    def evaluate(self, script: str, *, by_hand: bool = False) -> Any:
        """Evaluate JavaScript, await it if it is a promise, and return its JSON value.

        `by_hand` allows operations that require a user gesture.
        """
        result = self.call(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=by_hand,
        )
        assert "exceptionDetails" not in result, (script, result["exceptionDetails"])
        return result["result"].get("value")

    def wait_for(self, script: str) -> Any:
        """Evaluate JavaScript until the result is true."""
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            if value := self.evaluate(script):
                return value
            time.sleep(0.05)
        raise AssertionError(f"never true: {script}\n{self.evaluate('document.body.innerText')}")

    def text(self, selector: str) -> str:
        """Return the visible text of an element."""
        text: str = self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")
        return text

    def focused(self) -> str:
        """Return the id of the focused element, or its tag name."""
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
        """Press Tab until the element with that id has the focus."""
        passed = []
        for _ in range(80):
            self.press("Tab")
            passed.append(self.focused())
            if passed[-1] == name:
                return
        raise AssertionError(f"Tab does not reach {name}: {passed}")

    def type(self, text: str) -> None:
        """Replace the text of the focused field."""
        self.evaluate("document.activeElement.select()")
        self.call("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """Click in the middle of an element, as a mouse does."""
        # Wait for two frames, until scrolling has stopped and changes are laid out.
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
        """Set the size of the screen, in CSS pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def prefer(self, **features: str) -> None:
        """Set media features such as ``prefers_color_scheme``, with ``_`` in place of ``-``."""
        named = [
            {"name": name.replace("_", "-"), "value": value} for name, value in features.items()
        ]
        self.call("Emulation.setEmulatedMedia", features=named)

    def read_aloud(self) -> list[dict[str, Any]]:
        """Return the accessibility tree: role, name and description of each node."""
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
        """Write a screenshot of the whole page (PNG)."""
        result = self.call("Page.captureScreenshot", captureBeyondViewport=True, format="png")
        path.write_bytes(base64.b64decode(result["data"]))


@contextmanager
def open_tab(url: str) -> Iterator[Tab]:
    """Open `url` in a new Chromium."""
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
