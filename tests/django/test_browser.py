"""The example in a real browser: pages of another site, over HTTPS, on gunicorn and uvicorn.

The page at https://app.example.com uses the example's own script; then the same browser, with the
user logged in, opens a page at https://evil.example. Each page reports what it saw to its own
server. The orders that the shop stored are read from its database.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any, Final

import pytest

from tests.browsers.chromium import open_page, require_chromium
from tests.certificates import Certificate, make_certificate

ROOT: Final = Path(__file__).parents[2]
EXAMPLE: Final = ROOT / "examples" / "django_shop"
API: Final = "https://api.example.org"
PASSWORD: Final = "a password for tests"

GUNICORN: Final = ("gunicorn", "shop.wsgi:application", "--workers=1", "--threads=4")
UVICORN: Final = ("uvicorn", "shop.asgi:application", "--log-level=warning", "--lifespan=off")

# The page reports what it saw as {step: outcome}; an outcome is a status, or "unreadable" where the
# browser kept the answer from the page.
APP_PAGE: Final = """<!doctype html><script type="module">
import { Shop } from "/shop.js";
const shop = new Shop("{api}");
const saw = {};
async function step(name, call) {
  try { saw[name] = (await call()).status } catch (error) { saw[name] = "unreadable" }
}
await step("orders before login", () => shop.orders());
await step("login without token", () => shop.logIn("ada", "{password}"));
await step("token", () => shop.start());
await step("wrong password", () => shop.logIn("ada", "wrong"));
await step("login", () => shop.logIn("ada", "{password}"));
const token = shop.token;
shop.token = null;
await step("order without token", () => shop.order("stolen"));
shop.token = "0".repeat(token.length);
await step("order with a wrong token", () => shop.order("stolen"));
shop.token = token;
await step("order", () => shop.order("teapot"));
await step("change", () => shop.change(1, "cup"));
await step("change of nothing", () => shop.change(99, "cup"));
saw["orders"] = (await shop.orders()).answer.orders;
await fetch("/saw", { method: "POST", body: JSON.stringify(saw) });
location = "https://evil.example/";
</script>"""

EVIL_PAGE: Final = """<!doctype html><script type="module">
const saw = {};
async function step(name, path, options) {
  try { saw[name] = (await fetch("{api}" + path, { credentials: "include", ...options })).status }
  catch (error) { saw[name] = "unreadable" }
}
await step("orders", "/api/orders/");
await step("token", "/api/token/");
await step("order", "/api/orders/", {
  method: "POST",
  headers: { "Content-Type": "application/json", "X-CSRFToken": "0".repeat(64) },
  body: JSON.stringify({ item: "stolen" }),
});
await step("order without preflight", "/api/orders/", {
  method: "POST", body: JSON.stringify({ item: "stolen" }),
});
await step("change", "/api/orders/1/", { method: "PUT", body: JSON.stringify({ item: "stolen" }) });
await step("catalog", "/api/catalog/", { credentials: "omit" });
await fetch("/saw", { method: "POST", body: JSON.stringify(saw) });
</script>"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    hosts = ("app.example.com", "evil.example", "api.example.org")
    return make_certificate(tmp_path_factory.mktemp("certificate"), *hosts)


class Pages(BaseHTTPRequestHandler):
    """Serve a page by the host of the request, and collect its reports."""

    saw: Queue[tuple[str, Any]]

    def do_GET(self) -> None:
        if self.path == "/shop.js":
            self.reply((EXAMPLE / "page" / "shop.js").read_bytes(), "text/javascript")
            return
        page = APP_PAGE if self.headers["Host"] == "app.example.com" else EVIL_PAGE
        page = page.replace("{api}", API).replace("{password}", PASSWORD)
        self.reply(page.encode(), "text/html; charset=utf-8")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.saw.put((self.headers["Host"], json.loads(body)))
        self.reply(b"", "text/plain")

    def reply(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass


@contextmanager
def serve_pages(certificate: Certificate) -> Iterator[tuple[int, Queue[tuple[str, Any]]]]:
    saw: Queue[tuple[str, Any]] = Queue()
    handler = type("Handler", (Pages,), {"saw": saw})
    context = certificate.server_context()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1], saw
        finally:
            server.shutdown()
            thread.join(10)


@contextmanager
def serve_shop(
    command: Sequence[str], certificate: Certificate, environ: Mapping[str, str]
) -> Iterator[int]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    files = ("--certfile", "--keyfile")
    address = ["--bind", f"127.0.0.1:{port}"]
    if command[0] == "uvicorn":
        files = ("--ssl-certfile", "--ssl-keyfile")
        address = ["--host", "127.0.0.1", "--port", str(port)]
    arguments = [files[0], str(certificate.path), files[1], str(certificate.key)]
    process = subprocess.Popen(
        [sys.executable, "-m", *command, *address, *arguments],
        cwd=EXAMPLE,
        env={**environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_for(port, process)
        yield port
    finally:
        process.terminate()
        try:
            printed, _ = process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            printed, _ = process.communicate(timeout=15)
    assert "Traceback" not in printed, printed


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    pytest.fail("the server did not listen within 30 seconds")


def make_environ(database: Path, settings: str) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": settings,
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{EXAMPLE}",
        "SHOP_DATABASE": str(database),
    }


def manage(environ: Mapping[str, str], *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=EXAMPLE,
        env={**environ},
        check=True,
        capture_output=True,
        timeout=60,
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create the shop's database, with one customer."""
    database = tmp_path_factory.mktemp("database") / "prepared.sqlite3"
    environ = make_environ(database, "shop.settings")
    manage(environ, "migrate", "--verbosity=0")
    manage(environ, "createsuperuser", "--noinput", "--username=ada", "--email=ada@example.com")
    return database


def visit_pages(
    command: Sequence[str], environ: Mapping[str, str], certificate: Certificate
) -> tuple[Any, Any]:
    """Open the page of the customer, then the one of an attacker; return what each saw."""
    require_chromium()
    with serve_shop(command, certificate, environ) as api, serve_pages(certificate) as (pages, saw):
        hosts = {"app.example.com": pages, "evil.example": pages, "api.example.org": api}
        rules = ", ".join(f"MAP {host}:443 127.0.0.1:{port}" for host, port in hosts.items())
        arguments = (f"--host-resolver-rules={rules}", "--ignore-certificate-errors")
        with open_page("https://app.example.com/", arguments=arguments):
            return saw.get(timeout=60), saw.get(timeout=60)


def read_orders(database: Path) -> list[tuple[str]]:
    with sqlite3.connect(database) as connection:
        found = connection.execute("SELECT item FROM shop_order ORDER BY id").fetchall()
    connection.close()
    return found


SEEN_BY_EVIL: Final = (
    "evil.example",
    {
        "orders": "unreadable",
        "token": "unreadable",
        "order": "unreadable",
        "order without preflight": "unreadable",
        "change": "unreadable",
        "catalog": 200,
    },
)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("command", "settings"),
    [
        pytest.param(GUNICORN, "shop.settings", id="example on gunicorn"),
        pytest.param(GUNICORN, "tests.django.migrated_settings", id="migrated on gunicorn"),
        pytest.param(UVICORN, "tests.django.migrated_settings", id="migrated on uvicorn"),
    ],
)
def test_pages_of_other_sites_do_only_what_is_allowed(
    command: Sequence[str],
    settings: str,
    certificate: Certificate,
    prepared: Path,
    tmp_path: Path,
) -> None:
    database = Path(shutil.copy(prepared, tmp_path))
    app, evil = visit_pages(command, make_environ(database, settings), certificate)
    assert app == (
        "app.example.com",
        {
            "orders before login": 401,
            "login without token": 403,
            "token": 200,
            "wrong password": 401,
            "login": 200,
            "order without token": 403,
            "order with a wrong token": 403,
            "order": 201,
            "change": 200,
            "change of nothing": 404,
            "orders": [{"number": 1, "item": "cup"}],
        },
    )
    assert evil == SEEN_BY_EVIL
    assert read_orders(database) == [("cup",)]


@pytest.mark.browser
@pytest.mark.parametrize("command", [GUNICORN, UVICORN], ids=["gunicorn", "uvicorn"])
def test_with_the_guard_a_listed_page_needs_no_token_and_others_order_nothing(
    command: Sequence[str], certificate: Certificate, prepared: Path, tmp_path: Path
) -> None:
    database = Path(shutil.copy(prepared, tmp_path))
    environ = make_environ(database, "shop.settings") | {"SHOP_GUARD": "1"}
    app, evil = visit_pages(command, environ, certificate)
    assert app == (
        "app.example.com",
        {
            "orders before login": 401,
            "login without token": 200,
            "token": 200,
            "wrong password": 401,
            "login": 200,
            "order without token": 201,
            "order with a wrong token": 201,
            "order": 201,
            "change": 200,
            "change of nothing": 404,
            "orders": [
                {"number": 1, "item": "cup"},
                {"number": 2, "item": "stolen"},
                {"number": 3, "item": "teapot"},
            ],
        },
    )
    assert evil == SEEN_BY_EVIL
    # Three of the customer, none of the attacker.
    assert read_orders(database) == [("cup",), ("stolen",), ("teapot",)]


def test_example_passes_its_own_checks(tmp_path: Path) -> None:
    environ = make_environ(tmp_path / "none.sqlite3", "shop.settings")
    manage(environ, "check", "--fail-level=WARNING")
    manage(environ, "makemigrations", "--check", "--dry-run")
