"""A minimal WebSocket client for text messages, to connect to Chromium's DevTools.

https://www.rfc-editor.org/rfc/rfc6455; `devtools` and `tab` define the messages.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA


class WebSocket:
    """An open connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb")

    def handshake(self, host: str, path: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET /{path} HTTP/1.1",
            f"Host: {host}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
        ]
        self._connection.sendall("\r\n".join([*lines, "", ""]).encode())
        while self._stream.readline() != b"\r\n":
            pass

    def send(self, text: str) -> None:
        self._send(TEXT, text.encode())

    def receive(self) -> str:
        """Wait for the next message; raise EOFError at the end of the connection."""
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
                return message.decode()

    def _send(self, opcode: int, payload: bytes) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        length = len(payload)
        size = 0 if length < 126 else 2 if length < 2**16 else 8
        head = bytes([0x80 | opcode, 0x80 | {0: length, 2: 126, 8: 127}[size]])
        head += length.to_bytes(size, "big") if size else b""
        self._connection.sendall(head + mask + masked)

    def _exactly(self, count: int) -> bytes:
        data = self._stream.read(count)
        if len(data) < count:
            raise EOFError
        return data

    def close(self) -> None:
        self._stream.close()


def _find_page(profile: Path, url: str) -> str:
    for _ in range(200):
        with suppress(OSError, ValueError, StopIteration):
            # The file may exist before it has a text.
            port = int((profile / "DevToolsActivePort").read_text().partition("\n")[0])
            with urllib.request.urlopen(
                f"http://127.0.0.1:{port}/json/list", timeout=5
            ) as response:
                targets = json.load(response)
            pages = (each for each in targets if each["url"].startswith(url))
            found: str = next(pages)["webSocketDebuggerUrl"]
            return found
        time.sleep(0.05)
    raise TimeoutError("the browser did not start its DevTools server")


@contextmanager
def connect(profile: Path, url: str) -> Iterator[WebSocket]:
    """Connect to the page at `url` in the Chromium that uses `profile`."""
    address = _find_page(profile, url).removeprefix("ws://")
    host, _, path = address.partition("/")
    name, _, port = host.partition(":")
    with socket.create_connection((name, int(port)), timeout=60) as connection:
        web = WebSocket(connection)
        web.handshake(host, path)
        try:
            yield web
        finally:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
