"""Read Chromium's names and messages for failed fetches, over the DevTools protocol.

Two domains of a page are enabled, and their events are collected in a thread.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.browsers.websocket import WebSocket, connect


class DevTools:
    """The events of one page.

    `failures` has the names of CORS failures by requested URL; `messages` has the console messages
    in order.
    """

    def __init__(self, web: WebSocket) -> None:
        self._web = web
        self._urls: dict[str, str] = {}
        self.failures: dict[str, list[str]] = {}
        self.messages: list[str] = []

    def enable(self) -> None:
        for number, domain in enumerate(("Network", "Log"), 1):
            self._web.send(json.dumps({"id": number, "method": f"{domain}.enable"}))
            while json.loads(self._web.receive()).get("id") != number:
                pass

    def read(self) -> None:
        """Collect events until the connection ends."""
        with suppress(OSError, ValueError, EOFError):
            while True:
                event = json.loads(self._web.receive())
                self._record(event.get("method"), event.get("params", {}))

    def _record(self, method: str | None, params: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            # A redirect has the same id; the requested URL is the first one.
            if params.get("initiator", {}).get("type") != "preflight":
                self._urls.setdefault(params["requestId"], params["request"]["url"])
        elif method == "Network.loadingFailed":
            url = self._urls.get(params["requestId"])
            # Loads that end for other reasons, such as a HEAD without a body, are reported too.
            status = params.get("corsErrorStatus")
            if url is not None and status is not None:
                self.failures.setdefault(url, []).append(status["corsError"])
        elif method == "Log.entryAdded":
            self.messages.append(params["entry"]["text"])


@contextmanager
def listen(profile: Path, url: str) -> Iterator[DevTools]:
    """Collect the events of the page at `url` in the Chromium that uses `profile`."""
    with ExitStack() as stack:
        web = stack.enter_context(connect(profile, url))
        tools = DevTools(web)
        tools.enable()
        thread = threading.Thread(target=tools.read)
        thread.start()
        try:
            yield tools
        finally:
            stack.close()
            thread.join(10)
            web.close()
