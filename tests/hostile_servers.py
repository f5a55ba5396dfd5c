"""Servers on loopback that speak HTTP without end, slowly or at length. Not a test."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from socket import create_server, socket
from typing import Final, NamedTuple

Talk = Callable[[socket], None]

_OK: Final = b"HTTP/1.1 200 OK\r\n"
_CHUNKED: Final = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_HANDSHAKE: Final = b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb"
"""The first bytes of a TLS record with a long ServerHello."""

BOMB: Final = gzip.compress(bytes(10_000_000))
SECONDS: Final = 8.0
"""How long a server goes on if nobody stops it."""


@contextmanager
def talking(talk: Talk) -> Iterator[int]:
    """Accept connections and let `talk` have each; yields the port."""
    with create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection, suppress(ConnectionError, TimeoutError):
                    talk(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
        listening.shutdown(2)
    thread.join(timeout=10)


def say(words: bytes) -> Talk:
    def talk(connection: socket) -> None:
        connection.recv(4096)
        connection.sendall(words)

    return talk


def be_silent(connection: socket) -> None:
    connection.settimeout(10)
    while connection.recv(4096):
        pass


def repeat(first: bytes, rest: bytes, pause: float) -> Talk:
    """Say `first` once and `rest` again and again."""

    def talk(connection: socket) -> None:
        connection.settimeout(SECONDS)
        connection.recv(4096)
        connection.sendall(first)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            connection.sendall(rest)
            time.sleep(pause)

    return talk


class Hostile(NamedTuple):
    """A server, the limit that it exceeds, and whether there is a head before that."""

    talk: Talk
    limit: str
    has_head: bool = False
    scheme: str = "http"


HOSTILE: Final = {
    "says nothing": Hostile(be_silent, "timeout"),
    "informational responses": Hostile(repeat(b"", b"HTTP/1.1 103 Hints\r\n\r\n", 0.02), "timeout"),
    "many informational responses": Hostile(
        repeat(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, 0), "timeout"
    ),
    "slow status line": Hostile(repeat(b"HTTP/1.1 200 ", b"O", 0.02), "timeout"),
    "slow header": Hostile(repeat(_OK + b"X: ", b"y", 0.02), "timeout"),
    "slow handshake": Hostile(repeat(_HANDSHAKE, b"\0", 0.02), "timeout", scheme="https"),
    "endless header": Hostile(repeat(_OK + b"X: ", b"y" * 9999, 0), "head"),
    "endless headers": Hostile(repeat(_OK, b"X: y\r\n" * 999, 0), "head"),
    "slow body": Hostile(repeat(_OK + b"\r\n", b"z", 0.02), "timeout", has_head=True),
    "slow chunks": Hostile(repeat(_CHUNKED, b"1\r\nz\r\n", 0.02), "timeout", has_head=True),
    "slow extension": Hostile(repeat(_CHUNKED + b"1;", b"a", 0.02), "timeout", has_head=True),
    "slow trailer": Hostile(repeat(_CHUNKED + b"0\r\n", b"X: y\r\n", 0.02), "timeout", True),
    "endless extension": Hostile(repeat(_CHUNKED + b"1;", b"a" * 9999, 0), "head", has_head=True),
    "endless trailers": Hostile(repeat(_CHUNKED + b"0\r\n", b"X: y\r\n" * 999, 0), "head", True),
    "endless body": Hostile(repeat(_OK + b"\r\n", b"z" * 65536, 0), "max_body", has_head=True),
    "endless chunks": Hostile(
        repeat(_CHUNKED, b"4000\r\n%b\r\n" % (b"z" * 16384), 0), "max_body", has_head=True
    ),
}
