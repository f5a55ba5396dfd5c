"""A request gets the policy of the path that is routed, on every server and below every prefix."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.frameworks.asgi_path_apps import ASGI_APPS
from tests.frameworks.path_policies import ADMIN, APP_HEADER, OTHER, PREFIX, SECRET
from tests.frameworks.wsgi_path_apps import WSGI_APPS

ROOT = Path(__file__).parents[2]

# As a client may send them. Many lead to the secret in one framework or server and not in another.
PATHS: Final = (
    SECRET,
    f"{SECRET}/",
    "/",
    "/admin",
    "//admin/secret",
    "///admin/secret",
    "/admin//secret",
    "/./admin/secret",
    "/x/../admin/secret",
    "/admin/./secret",
    "/admin/secret/.",
    "/admin/x/../secret",
    "/%61dmin/secret",
    "/admin/%73ecret",
    "/admin%2Fsecret",
    "/admin%2fsecret",
    "/%2Fadmin/secret",
    "/admin%5Csecret",
    "/%2e/admin/secret",
    "/%2E%2E/admin/secret",
    "/x/%2e%2e/admin/secret",
    "/admin%252Fsecret",
    "/%61dmin%2Fsecret",
    "/ADMIN/secret",
    "/admin/secret;x",
    "/admin/secret%00",
    "/admin/secret%20",
    "/admin/secret%0A",
    "/admin/secret%0D%0A",
    "/admin/secret/%0A",
    "/adm%FFin/secret",
    "/admin%C3/secret",
    "/admin/secret%ED%A0%80",
    "/adminx/secret",
    "/admin/@@secret",
    "/admin/@@secret/",
)
PREFIXES: Final = (
    "",
    PREFIX,
    f"/x{PREFIX}",
    PREFIX * 2,
    PREFIX * 3,
    f"/{PREFIX}",
    "/v%31",
    "/x/v2",
)


class Server(NamedTuple):
    """A command that serves applications, and how it is named here."""

    name: str
    command: tuple[str, ...]
    apps: tuple[str, ...]


_ASGI: Final = "tests.frameworks.asgi_path_apps:serve_asgi"
_WSGI: Final = "tests.frameworks.wsgi_path_apps:serve_wsgi"
_ASGI_APPS: Final = tuple(ASGI_APPS)
_WSGI_APPS: Final = tuple(WSGI_APPS)
_UVICORN: Final = ("uvicorn", _ASGI, "--factory", "--port", "{port}", "--log-level", "critical")
_HYPERCORN: Final = ("hypercorn", f"{_ASGI}()", "--bind", "127.0.0.1:{port}")
_GRANIAN: Final = ("granian", "--factory", "--port", "{port}", "--no-log", "--interface")
_GUNICORN: Final = ("gunicorn", f"{_WSGI}()", "--bind", "127.0.0.1:{port}", "--log-level=critical")
_WAITRESS: Final = ("waitress", "--call", "--listen=127.0.0.1:{port}")

SERVERS: Final = (
    Server("uvicorn", _UVICORN, _ASGI_APPS),
    Server("uvicorn --root-path", (*_UVICORN, "--root-path", PREFIX), _ASGI_APPS),
    Server("hypercorn", _HYPERCORN, _ASGI_APPS),
    Server("hypercorn --root-path", (*_HYPERCORN, "--root-path", PREFIX), _ASGI_APPS),
    Server("granian", (*_GRANIAN, "asgi", _ASGI), _ASGI_APPS),
    Server("granian prefix", (*_GRANIAN, "asgi", "--url-path-prefix", PREFIX, _ASGI), _ASGI_APPS),
    Server("gunicorn", _GUNICORN, _WSGI_APPS),
    Server("gunicorn SCRIPT_NAME", (*_GUNICORN, "--env", f"SCRIPT_NAME={PREFIX}"), _WSGI_APPS),
    Server("granian wsgi", (*_GRANIAN, "wsgi", _WSGI), _WSGI_APPS),
    Server(
        "granian wsgi prefix", (*_GRANIAN, "wsgi", "--url-path-prefix", PREFIX, _WSGI), _WSGI_APPS
    ),
    Server("waitress", (*_WAITRESS, _WSGI), _WSGI_APPS),
    Server("waitress --url-prefix", (*_WAITRESS, f"--url-prefix={PREFIX}", _WSGI), _WSGI_APPS),
    Server("aiohttp", ("tests.frameworks.path_servers", "aiohttp", "{port}"), ("aiohttp",)),
    Server(
        "aiohttp subapplications",
        ("tests.frameworks.path_servers", "aiohttp-below", "{port}"),
        ("aiohttp",),
    ),
    Server("sanic marks", ("tests.frameworks.path_servers", "sanic-marked", "{port}"), ("sanic",)),
    Server("sanic", ("tests.frameworks.path_servers", "sanic", "{port}"), ("sanic",)),
)
# It is not known what the first three route under a prefix, so that nothing is granted.
# CORS_URLS_REGEX does not match the secret.
UNKNOWN: Final = {
    "whole path, unknown",
    "below the root, unknown",
    "sanic, unknown",
    "django with CORS_URLS_REGEX",
}
WHOLE_PATH: Final = {"falcon", "sanic, unknown", "whole path", "whole path, unknown"}


@contextmanager
def served(server: Server) -> Iterator[int]:
    """Serve a command of the table on a free port, and terminate it at the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    command = [each.format(port=port) for each in server.command]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


class Seen(NamedTuple):
    """What a client got."""

    app: str
    path: str
    script_name: str
    is_secret: bool
    granted: frozenset[str]


class Client:
    """Sends paths as they are, over one connection as long as the server keeps it."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=10)

    def ask(self, app: str, path: str, script_name: str = "") -> Seen:
        """Return whether the secret came back, and which origins may read it."""
        granted = set()
        for origin in (OTHER, ADMIN):
            body, allowed = self._send(app, path, origin, script_name)
            if body != b"secret":
                return Seen(app, path, script_name, False, frozenset())
            if allowed in ("*", origin):
                granted.add(origin)
        return Seen(app, path, script_name, True, frozenset(granted))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _send(self, app: str, path: str, origin: str, script_name: str) -> tuple[bytes, str | None]:
        connection = self._connection
        for _ in range(2):
            try:
                connection.putrequest("GET", path)
                connection.putheader(APP_HEADER, app)
                connection.putheader("Origin", origin)
                if script_name:
                    connection.putheader("SCRIPT_NAME", script_name)
                connection.endheaders()
                response = connection.getresponse()
                return response.read(), response.getheader("Access-Control-Allow-Origin")
            except (HTTPException, ConnectionError):
                # A server may close the connection after a response, or for an unusual path.
                connection.close()
        return b"", None


@pytest.mark.parametrize("server", SERVERS, ids=[server.name for server in SERVERS])
def test_request_gets_the_policy_of_the_path_that_is_routed(server: Server) -> None:
    paths = [f"{prefix}{path}" for prefix in PREFIXES for path in PATHS]
    with served(server) as port, closing(Client(port)) as client:
        seen = [client.ask(app, path) for app in server.apps for path in paths]
        if server.name.startswith("gunicorn"):
            for name in (PREFIX, "/admin", "/x"):
                seen += [
                    client.ask(app, f"{name}{path}", name) for app in server.apps for path in PATHS
                ]
    secret = [each for each in seen if each.is_secret]
    exposed = {(each.app, each.path) for each in secret if OTHER in each.granted}
    assert exposed == set()
    # A path that is not ambiguous is granted to its own origin.
    denied = {(each.app, each.path) for each in secret if ADMIN not in each.granted}
    odd = re.compile(r"//|/\.|%|;|@@")
    assert {each for each in denied if not odd.search(each[1]) and each[0] not in UNKNOWN} == set()
    # Each application was reached; uvicorn puts the root path before each path.
    unreached = set(server.apps) - {each.app for each in secret}
    assert unreached == (WHOLE_PATH if server.name == "uvicorn --root-path" else set())
