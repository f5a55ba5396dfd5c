"""Log lines in the output of real servers, which run in separate processes."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"

ASGI = """
async def hello(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})

from corekit_asgi import CorsMiddleware
"""
WSGI = """
def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]

from corekit_wsgi import CorsMiddleware
"""
POLICY = """
from corekit import CorsPolicy
policy = CorsPolicy(allow_origins=["https://app.example.com"])
"""
QUIET = """
import logging
logging.basicConfig(format="%(levelname)s %(name)s %(message)s", level=logging.INFO)
app = CorsMiddleware(hello, policy)
"""
PLAIN = """
app = CorsMiddleware(hello, policy)
"""
DEBUGGED = """
app = CorsMiddleware(hello, policy, debug=True)
"""
WSGIREF = """
from wsgiref.simple_server import make_server
import sys
import app
make_server("127.0.0.1", int(sys.argv[1]), app.app).serve_forever()
"""

UVICORN = ["-m", "uvicorn", "app:app", "--log-level", "critical", "--port", "PORT"]
GUNICORN = ["-m", "gunicorn", "app:app", "--log-level", "critical", "--bind", "127.0.0.1:PORT"]
SERVERS: Mapping[str, tuple[str, list[str]]] = {
    "uvicorn": (ASGI, UVICORN),
    "gunicorn": (WSGI, [*GUNICORN, "--worker-tmp-dir", "/dev/shm"]),
    "wsgiref": (WSGI, ["serve.py", "PORT"]),
}


@contextmanager
def serve(server: str, rest: str, folder: Path) -> Iterator[int]:
    """Run an application on a server and write its output to the file ``output``."""
    application, command = SERVERS[server]
    (folder / "app.py").write_text(application + POLICY + rest)
    (folder / "serve.py").write_text(WSGIREF)
    port = free_port()
    command = [word.replace("PORT", str(port)) for word in command]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=folder, stdout=output, stderr=output
        )
        try:
            wait_for(port)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=20)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def wait_for(port: int) -> None:
    for _ in range(400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("the server did not start")


def ask(port: int, method: str, path: str, **headers: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=named)
    connection.getresponse().read()
    connection.close()


def send_requests(port: int) -> None:
    ask(port, "GET", "/")
    ask(port, "GET", "/", Origin=APP)
    for _ in range(2):
        ask(port, "GET", "/items%0d%0aINFO%20forged%1b[31m%e2%80%ae", Origin=UNTRUSTED)
    ask(port, "OPTIONS", "/", Origin=APP, Access_Control_Request_Method="DELETE")


def lines_of(folder: Path, start: str) -> list[str]:
    lines = (folder / "output").read_bytes().decode("ascii").split("\n")
    return [line for line in lines if line.startswith(start)]


DENIED_AGAIN = (
    rf"CORS: GET '/items\r\nINFO forged\x1b[31m\u202e' from '{UNTRUSTED}' denied: the policy does"
    " not allow this origin. [ORIGIN_NOT_ALLOWED]"
)
DENIED_ORIGIN = DENIED_AGAIN.replace(" [", f" Add '{UNTRUSTED}' to allow_origins. [")
DENIED_METHOD = (
    f"CORS: preflight for DELETE '/' from '{APP}' denied: the policy does not allow the requested"
    " method. Add 'DELETE' to allow_methods. [METHOD_NOT_ALLOWED]"
)


@pytest.mark.parametrize("server", SERVERS)
def test_denials_are_logged_at_info(server: str, tmp_path: Path) -> None:
    with serve(server, QUIET, tmp_path) as port:
        send_requests(port)
    name = "corekit.asgi" if server == "uvicorn" else "corekit.wsgi"
    assert lines_of(tmp_path, f"INFO {name}") == [
        f"INFO {name} {DENIED_ORIGIN}",
        f"INFO {name} {DENIED_AGAIN}",
        f"INFO {name} {DENIED_METHOD}",
    ]
    assert lines_of(tmp_path, "INFO forged") == []


@pytest.mark.parametrize("server", SERVERS)
def test_debug_mode_logs_each_denial_once_without_setup(server: str, tmp_path: Path) -> None:
    with serve(server, DEBUGGED, tmp_path) as port:
        send_requests(port)
    assert lines_of(tmp_path, "CORS: GET") == [DENIED_ORIGIN]
    assert lines_of(tmp_path, "CORS: preflight") == [DENIED_METHOD]


@pytest.mark.parametrize("server", SERVERS)
def test_denials_of_a_page_on_localhost_are_logged_once_without_setup(
    server: str, tmp_path: Path
) -> None:
    with serve(server, PLAIN, tmp_path) as port:
        send_requests(port)
        for _ in range(2):
            ask(port, "GET", "/items", Origin="http://localhost:5173")
    (line,) = lines_of(tmp_path, "CORS: ")
    assert line == (
        "CORS: GET '/items' from 'http://localhost:5173' denied: the policy does not allow this"
        " origin. Add 'http://localhost:5173' to allow_origins. [ORIGIN_NOT_ALLOWED]"
    )
