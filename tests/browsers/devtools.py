"""Reading what Chromium says of failed fetches, over the DevTools protocol: names and sentences.

A client for as much of WebSocket (https://www.rfc-editor.org/rfc/rfc6455) as one reader of events
needs: it connects, enables two domains and collects what they tell, in a thread.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA


class DevTools:
    """The events of one page.

    `failures` has the names of those of CORS, by the URL asked for; `sentences` what the console
    shows of them, in order.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb")
        self._urls: dict[str, str] = {}
        self.failures: dict[str, list[str]] = {}
        self.sentences: list[str] = []

    def enable(self) -> None:
        for number, domain in enumerate(("Network", "Log"), 1):
            ask = {"id": number, "method": f"{domain}.enable"}
            self._send(TEXT, json.dumps(ask).encode())
            while json.loads(self._receive()).get("id") != number:
                pass

    def read(self) -> None:
        """Collect events until the connection ends."""
        with suppress(OSError, ValueError, EOFError):
            while True:
                event = json.loads(self._receive())
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

    def _send(self, opcode: int, payload: bytes) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        length = len(payload)
        assert length < 126
        self._connection.sendall(bytes([0x80 | opcode, 0x80 | length]) + mask + masked)

    def _receive(self) -> bytes:
        message = b""
        while True:
            first, second = self._exactly(2)
            length = second & 0x7F
            if length >= 126:
                length = int.from_bytes(self._exactly(2 if length == 126 else 8), "big")
            payload = self._exactly(length)
            opcode = first & 0x0F
            if opcode == CLOSE:
                raise EOFError
            if opcode == PING:
                self._send(PONG, payload)
                continue
            message += payload
            if first & 0x80:
                return message

    def _exactly(self, count: int) -> bytes:
        data = self._stream.read(count)
        if len(data) < count:
            raise EOFError
        return data


def _find_page(profile: Path, url: str) -> str:
    for _ in range(200):
        with suppress(OSError, ValueError, StopIteration):
            port = (profile / "DevToolsActivePort").read_text().split()[0]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=5) as answer:
                targets = json.load(answer)
            pages = (each for each in targets if each["url"].startswith(url))
            found: str = next(pages)["webSocketDebuggerUrl"]
            return found
        time.sleep(0.05)
    raise TimeoutError("the browser did not open its DevTools")


@contextmanager
def listen(profile: Path, url: str) -> Iterator[DevTools]:
    """Collect the events of the page at `url` in the Chromium that uses `profile`."""
    address = _find_page(profile, url).removeprefix("ws://")
    host, _, path = address.partition("/")
    name, _, port = host.partition(":")
    with socket.create_connection((name, int(port)), timeout=60) as connection:
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET /{path} HTTP/1.1",
            f"Host: {host}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
        ]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        tools = DevTools(connection)
        while tools._stream.readline() != b"\r\n":
            pass
        tools.enable()
        thread = threading.Thread(target=tools.read)
        thread.start()
        try:
            yield tools
        finally:
            connection.shutdown(socket.SHUT_RDWR)
            thread.join(10)
            tools._stream.close()
