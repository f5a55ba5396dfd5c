"""What the guard makes of two lines of one header on WSGI servers, as docs/asgi-wsgi.md says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final
from wsgiref.simple_server import make_server

import pytest
from werkzeug.serving import make_server as make_werkzeug

from tests.frameworks.quiet import Quiet
from tests.frameworks.test_delivery import over_waitress
from tests.frameworks.test_paths import Server, served
from tests.wsgi.guarded import HOST, LISTED, app

EVIL: Final = "https://evil.example"

_GUNICORN: Final = ("gunicorn", "tests.wsgi.guarded:app", "--bind", "127.0.0.1:{port}")
_QUIET: Final = ("--log-level=critical", "--worker-tmp-dir", "/dev/shm")


@contextmanager
def over_wsgiref() -> Iterator[int]:
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join(10)


@contextmanager
def over_werkzeug() -> Iterator[int]:
    server = make_werkzeug("127.0.0.1", 0, app)
    server.log_startup = lambda: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join(10)
    server.server_close()


@contextmanager
def over_cheroot() -> Iterator[int]:
    wsgi = pytest.importorskip("cheroot.wsgi")
    server = wsgi.Server(("127.0.0.1", 0), app, numthreads=1)
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server.bind_addr[1]
    server.stop()
    thread.join(10)


SERVERS: Final[dict[str, Callable[[], AbstractContextManager[int]]]] = {
    "wsgiref": over_wsgiref,
    "waitress": lambda: over_waitress(app),
    "gunicorn": lambda: served(Server("gunicorn", (*_GUNICORN, *_QUIET), ())),
    "Werkzeug's server": over_werkzeug,
    "cheroot": over_cheroot,
}

# The header, its two values, the status where both are joined, and that where the last one counts.
TABLE: Final = (
    ("Host", HOST, "rebind.example", 400, 421),
    ("Host", "rebind.example", HOST, 400, 200),
    ("Origin", LISTED, EVIL, 403, 403),
    ("Origin", EVIL, LISTED, 403, 200),
    ("Sec-Fetch-Site", "same-origin", "cross-site", 403, 403),
    ("Sec-Fetch-Site", "cross-site", "same-origin", 403, 200),
    ("Sec-Fetch-Site", "same-origin", "same-origin", 403, 200),
)


def ask(port: int, name: str, *values: str, request: str = "POST / HTTP/1.1") -> int:
    """Return the status of the response to a request with these lines of one header."""
    host = [] if name == "Host" else [f"Host: {HOST}"]
    fields = [*host, "Connection: close", "Content-Length: 0", *(f"{name}: {v}" for v in values)]
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall("\r\n".join([request, *fields, "", ""]).encode())
        response = b"".join(iter(lambda: connection.recv(4096), b""))
    return int(response.split()[1])


@pytest.mark.parametrize("server", SERVERS)
def test_two_lines_of_one_header(server: str) -> None:
    with SERVERS[server]() as port:
        assert ask(port, "Origin", LISTED) == ask(port, "Host", HOST) == 200
        assert ask(port, "Origin", EVIL) == 403
        assert ask(port, "Host", request="POST / HTTP/1.0") == 400
        received = [ask(port, name, *values) for name, *values, _, _ in TABLE]
    joined, last = ([row[column] for row in TABLE] for column in (3, 4))
    assert received == (last if server == "cheroot" else joined)


@pytest.mark.parametrize("server", SERVERS)
def test_handshake(server: str) -> None:
    with SERVERS[server]() as port:
        for page, status in ((EVIL, 403), (LISTED, 200), (f"http://{HOST}", 200)):
            request = "GET / HTTP/1.1\r\nUpgrade: websocket"
            assert ask(port, "Origin", page, request=request) == status
