"""What WSGI servers make of two Origin headers, as docs/asgi-wsgi.md says."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from corekit import CorsPolicy
from corekit_wsgi import CorsMiddleware
from tests.conformance.table import CASES
from tests.frameworks.matrix import ROWS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PAGE: Final = Path(__file__).parents[2] / "docs" / "asgi-wsgi.md"
APP: Final = "https://app.example.com"
OTHER: Final = "https://evil.example"


def show_origin(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    body = environ["HTTP_ORIGIN"].encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture(scope="module")
def cheroot() -> Iterator[int]:
    """Serve the application with cheroot, and yield its port."""
    wsgi = pytest.importorskip("cheroot.wsgi")
    app = CorsMiddleware(show_origin, CorsPolicy(allow_origins=[APP]))
    server = wsgi.Server(("127.0.0.1", 0), app, numthreads=1)
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server.bind_addr[1]
    server.stop()
    thread.join(10)


@pytest.mark.parametrize(
    ("first", "last", "granted"), [(OTHER, APP, True), (APP, OTHER, False), (APP, APP, True)]
)
def test_last_origin_decides_on_cheroot(cheroot: int, first: str, last: str, granted: bool) -> None:
    request = f"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nOrigin: {first}\r\nOrigin: {last}"
    with socket.create_connection(("127.0.0.1", cheroot), 10) as connection:
        connection.sendall(f"{request}\r\n\r\n".encode())
        response = b"".join(iter(lambda: connection.recv(4096), b""))
    head, _, body = response.partition(b"\r\n\r\n")
    assert body == last.encode()
    assert (f"Access-Control-Allow-Origin: {last}".encode() in head) == granted


def test_servers_that_join_are_those_of_the_matrix() -> None:
    # They pass these cases over a socket in test_matrix.py.
    cases = [case for case in CASES if "two Origin headers" in case.name]
    assert {case.request.method for case in cases} == {"GET", "OPTIONS"}
    # Any origin is a constant, also for two of them.
    constant = {"two Origin headers, any allowed", "preflight, any origin: two Origin headers"}
    exact = [case for case in cases if case.name not in constant]
    assert all(case.expected.headers == {} for case in exact)
    (joining,) = re.findall(r"^\| (.+) \| both, joined", PAGE.read_text(), re.MULTILINE)
    tested = {row.server for row in ROWS if row.framework == "a bare WSGI callable"}
    assert set(joining.split(", ")) == {server.removesuffix(" (WSGI)") for server in tested}
