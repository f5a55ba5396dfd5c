"""What a client sees of a handshake that the guard refuses, on each ASGI server."""

from __future__ import annotations

import base64
import socket
from http.client import HTTPConnection

import pytest

from tests.frameworks.guard_servers import APP, SERVERS
from tests.frameworks.test_paths import Server, served

UNTRUSTED = "https://untrusted.example"
CONNECTED = 101
MALFORMED = 400

HANDSHAKES: list[tuple[str, list[str], int]] = [
    ("/none", ["Host: localhost:{port}"], CONNECTED),
    ("/own", ["Host: localhost:{port}", "Origin: http://localhost:{port}"], CONNECTED),
    ("/listed", ["Host: localhost:{port}", f"Origin: {APP}"], CONNECTED),
    ("/cookie", ["Host: localhost:{port}", f"Origin: {APP}", "Cookie: a=b"], 403),
    ("/other", ["Host: localhost:{port}", f"Origin: {UNTRUSTED}"], 403),
    ("/other-port", ["Host: localhost:{port}", "Origin: http://localhost:1"], 403),
    ("/two", ["Host: localhost:{port}", f"Origin: {APP}", f"Origin: {APP}"], 403),
    ("/null", ["Host: localhost:{port}", "Origin: null"], 403),
    ("/host", ["Host: rebind.example:{port}", "Origin: http://rebind.example:{port}"], 421),
]


def connect(port: int, path: str, headers: list[str]) -> int:
    """Send a handshake, and return the status of the response."""
    key = base64.b64encode(b"0123456789abcdef").decode()
    lines = [
        f"GET {path} HTTP/1.1",
        *(each.format(port=port) for each in headers),
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
    ]
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        received = b""
        while b"\r\n\r\n" not in received and (chunk := connection.recv(4096)):
            received += chunk
    return int(received.split(b" ", 2)[1])


@pytest.mark.parametrize("name", SERVERS)
def test_handshake(name: str) -> None:
    command = ("tests.frameworks.guard_servers", name, "{port}")
    with served(Server(name, command, ())) as port:
        statuses = {path: connect(port, path, headers) for path, headers, _ in HANDSHAKES}
        client = HTTPConnection("127.0.0.1", port, timeout=10)
        client.request("GET", "/")
        connected = client.getresponse().read().decode().split()
        client.close()
    if statuses["/two"] == MALFORMED:  # websockets refuses two Origin headers itself
        statuses["/two"] = 403
    assert statuses == {path: status for path, _, status in HANDSHAKES}
    assert connected == [path for path, _, status in HANDSHAKES if status == CONNECTED]
