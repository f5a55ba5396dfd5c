"""A proxy that runs on loopback, in front of a careless application. Not a test."""

from __future__ import annotations

import os
import re
import shlex
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import pytest

from corekit import CorsPolicy
from corekit.export import Export, Target, export_policy
from tests.conformance.bare import respond
from tests.conformance.case import CASE_HEADER

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


def is_listening(port: int) -> bool:
    """Return True, or raise OSError if nothing listens at a port."""
    socket.create_connection(("127.0.0.1", port), 1).close()
    return True


@dataclass(frozen=True)
class Proxy:
    """A proxy that can run: `find` returns its program, None if it is not installed or is old.

    `command` makes the command of the program and a folder with the standalone `file`, where
    `listen` occurs once. `is_ready` returns whether it serves at a port, or raises OSError.
    `origin_regexes` returns the matchers of the allowed origins, without anchors. `broken` are
    parts of the configuration for `TOML` of test_probe.py, each of which occurs once, what each is
    replaced by, and the code of the finding then. `other` are the names of conformance cases, all
    with a difference that the export names.
    """

    target: Target
    file: str
    listen: str
    find: Callable[[], str | None]
    command: Callable[[str, Path], Sequence[str]]
    origin_regexes: Callable[[Export], Sequence[str]]
    broken: Sequence[tuple[str, str, str]]
    other: AbstractSet[str] = frozenset()
    is_ready: Callable[[int], bool] = is_listening

    @property
    def name(self) -> str:
        return self.target.name

    def __str__(self) -> str:
        return self.name


def require(proxy: Proxy) -> str:
    """Return the program of a proxy, or skip the test; fail it if COREKIT_REQUIRE_PROXIES=1."""
    program = proxy.find()
    if program is not None:
        return program
    message = f"{proxy.target.requires} is not installed (pip install --group proxies)"
    if os.environ.get("COREKIT_REQUIRE_PROXIES") == "1":
        pytest.fail(f"COREKIT_REQUIRE_PROXIES=1, but {message}", pytrace=False)
    pytest.skip(message)


def is_new(program: str, arguments: Sequence[str], version: str, oldest: tuple[int, ...]) -> bool:
    """Return whether the version that a program prints, as a regex reads it, is new enough."""
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=False, timeout=20
    )
    found = re.search(version, done.stderr + done.stdout)
    return found is not None and tuple(map(int, found.groups())) >= oldest


@dataclass
class Application:
    """The application behind a proxy: its URL, and the names of the cases that reached it.

    It has the same responses below `/public`, and `path` is that of the last request.
    """

    url: str
    ran: set[str] = field(default_factory=set)
    path: str | None = None
    headers: Sequence[tuple[str, str]] = CARELESS


@contextmanager
def serving(*headers: tuple[str, str], tls: ssl.SSLContext | None = None) -> Iterator[Application]:
    """Serve the application of the conformance table, with careless headers and these."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # otherwise, each body waits for an acknowledgment

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
            application.path = self.path
            path = self.path.removeprefix("/public")
            if name:
                response = respond(self.command, path, name)
                status, own, body = response.status, response.headers, b"".join(response.chunks)
            else:
                status = int(path[1:4]) if path[1:4].isdigit() else 404
                own, body = (), b"hello"
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

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            # A proxy may reset its connections, or reject the certificate.
            if not isinstance(sys.exception(), OSError):
                super().handle_error(request, client_address)  # type: ignore[arg-type]

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        scheme = "http" if tls is None else "https"
        application = Application(f"{scheme}://127.0.0.1:{server.server_port}")
        application.headers = (*CARELESS, *headers)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield application
        finally:
            server.shutdown()
            thread.join(timeout=_SECONDS)


def printed_command(program: str, folder: Path, file: str) -> Sequence[str]:
    """Return the command that a file in the folder names, with this program."""
    (printed,) = re.findall(r"Run it: (.*)", (folder / file).read_text())
    return [program, *shlex.split(printed)[1:]]


def write_configuration(proxy: Proxy, policy: CorsPolicy, upstream: str) -> str:
    """Return the complete configuration for a policy."""
    export = export_policy(policy, proxy.target, standalone=upstream)
    assert export.problems == ()
    return export.files[proxy.file]


@contextmanager
def running(proxy: Proxy, text: str, folder: Path) -> Iterator[int]:
    """Run a proxy with a complete configuration; yield its port."""
    program = require(proxy)
    port = _free_port()
    assert text.count(proxy.listen) == 1
    folder.mkdir(exist_ok=True)
    (folder / proxy.file).write_text(
        text.replace(proxy.listen, proxy.listen.replace("8080", str(port)))
    )
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            proxy.command(program, folder), cwd=folder, stdout=log, stderr=log
        )
    try:
        _wait_for(proxy, process, port, folder / "log")
        yield port
    finally:
        process.terminate()
        process.wait(timeout=_SECONDS)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _wait_for(proxy: Proxy, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _SECONDS
    while process.poll() is None and time.monotonic() < end:
        with suppress(OSError):
            if proxy.is_ready(port):
                return
        time.sleep(0.005)
    pytest.fail(f"the proxy did not start:\n{log.read_text()}")
