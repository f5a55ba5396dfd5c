"""Reading what Chromium says of failed fetches, over the DevTools protocol: names and sentences.

It enables two domains of a page and collects what they tell, in a thread.
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

    `failures` has the names of those of CORS, by the URL asked for; `sentences` what the console
    shows of them, in order.
    """

    def __init__(self, web: WebSocket) -> None:
        self._web = web
        self._urls: dict[str, str] = {}
        self.failures: dict[str, list[str]] = {}
        self.sentences: list[str] = []

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
                self._note(event.get("method"), event.get("params", {}))

    def _note(self, method: str | None, told: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            # A redirect is told under the same id; what was asked for is the first URL.
            if told.get("initiator", {}).get("type") != "preflight":
                self._urls.setdefault(told["requestId"], told["request"]["url"])
        elif method == "Network.loadingFailed":
            url = self._urls.get(told["requestId"])
            # Loads that end for other reasons, such as a HEAD without a body, are told here too.
            status = told.get("corsErrorStatus")
            if url is not None and status is not None:
                self.failures.setdefault(url, []).append(status["corsError"])
        elif method == "Log.entryAdded":
            self.sentences.append(told["entry"]["text"])


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
