"""Caddy sends the headers with its own errors, and in blocks of every kind."""

from __future__ import annotations

import socket
import threading
from email import message_from_bytes
from email.message import Message
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Final

import pytest

from corekit import CorsPolicy
from corekit.export import export_policy
from tests.export.caddy import CADDY
from tests.export.proxies import Application, running, serving, write_configuration
from tests.export.test_nginx_errors import APP, GRANTED, POLICY, ask

UNTRUSTED: Final = "https://evil.example.net"
MERGED: Final = [("Vary", "Origin,Accept-Encoding,Cookie")]


def test_errors_of_caddy_itself(tmp_path: Path) -> None:
    text = write_configuration(CADDY, POLICY, "http://127.0.0.1:9")
    text = text.replace(
        "\tbind ",
        '\thandle_errors {\n\t\theader X-Page own\n\t\trespond "{err.status_code}"\n\t}\n\tbind ',
    )
    text = text.replace("\treverse_proxy", "\terror /teapot 418\n\treverse_proxy")
    with running(CADDY, text, tmp_path) as port:
        vary = [("Vary", "Origin")]
        for path, status in (("/200", 502), ("/teapot", 418)):
            assert ask(port, path, APP) == (status, GRANTED + vary)
            assert ask(port, path, UNTRUSTED) == (status, vary)
            assert ask(port, path, None) == (status, vary)


@pytest.mark.parametrize("status", [200, 204, 205, 299])
def test_preflights_have_their_status_and_no_error_page(tmp_path: Path, status: int) -> None:
    policy = POLICY.replace(preflight_status=status)
    text = write_configuration(CADDY, policy, "http://127.0.0.1:9")
    text = text.replace("\tbind ", '\thandle_errors {\n\t\trespond "page" 500\n\t}\n\tbind ')
    with running(CADDY, text, tmp_path) as port:
        for origin, expected in ((APP, status), (UNTRUSTED, 403)):
            body = b"" if expected == status else b"CORS: the origin is not allowed.\n"
            assert preflight(port, origin) == (expected, body)


def preflight(port: int, origin: str) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    connection.request("OPTIONS", "/200", headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body


LOGIN: Final = "\tforward_auth {url} {{\n\t\turi /401\n\t}}\n"


def test_preflights_need_no_login_in_a_route(application: Application, tmp_path: Path) -> None:
    text = write_configuration(CADDY, POLICY, application.url)
    login = LOGIN.format(url=application.url)
    before, after = text.split("\tbind 127.0.0.1\n")
    after = after.removesuffix("}\n").replace("\treverse_proxy", f"{login}\treverse_proxy")
    with running(
        CADDY, f"{before}\tbind 127.0.0.1\n\troute {{\n{after}\t}}\n}}\n", tmp_path
    ) as port:
        assert ask(port, "/200", APP) == (401, GRANTED + MERGED)
        assert ask(port, "/200", UNTRUSTED) == (401, MERGED)
        assert preflight(port, APP) == (204, b"")


def test_file_is_imported_into_several_blocks(application: Application, tmp_path: Path) -> None:
    for name, text in export_policy(POLICY, CADDY.target).files.items():
        (tmp_path / name).write_text(text)
    proxy = f"reverse_proxy {application.url}"
    blocks = "\n".join(
        f"\t{block} {{\n\t\timport cors.caddy\n\t\t{rest}\n\t}}"
        for block, rest in (
            ("handle /404", proxy),
            ("handle_path /api/*", proxy),
            ("handle", "respond 410"),
        )
    )
    text = f"{{\n\tadmin off\n}}\nhttp://:8080 {{\n\tbind 127.0.0.1\n{blocks}\n}}\n"
    with running(CADDY, text, tmp_path) as port:
        for path, status in {"/404": 404, "/api/401": 401, "/": 410}.items():
            vary = [("Vary", "Origin")] if status == 410 else MERGED
            assert ask(port, path, APP) == (status, GRANTED + vary)
            assert ask(port, path, UNTRUSTED) == (status, vary)


def test_headers_of_the_site_are_kept(application: Application, tmp_path: Path) -> None:
    text = write_configuration(CADDY, POLICY, application.url)
    text = text.replace("\tbind ", "\theader Vary X-Site\n\tencode gzip\n\tbind ")
    with running(CADDY, text, tmp_path) as port:
        status, headers = ask(port, "/200", APP)
        assert (status, headers[:3]) == (200, GRANTED)
        fields = ", ".join(value for name, value in headers[3:]).replace(" ", "").split(",")
        assert sorted(fields) == ["Accept-Encoding", "Cookie", "Origin", "X-Site"]


def test_vary_of_the_application_is_not_repeated(tmp_path: Path) -> None:
    for own, expected in {
        "Origin": "Origin",
        "accept,oRIGIN": "accept,oRIGIN",
        "*": "*",
        "X-Origin, Origins": "Origin,X-Origin, Origins",
    }.items():
        with serving(("Vary", own)) as application:
            text = write_configuration(CADDY, POLICY, application.url)
            with running(CADDY, text, tmp_path) as port:
                assert ask(port, "/200", None) == (200, [("Vary", expected)])


class _EarlyHints(BaseHTTPRequestHandler):
    """An application that sends a response with status 103 first."""

    def do_GET(self) -> None:
        self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nVary: Accept\r\n\r\n")
        self.send_response(200)
        for value in self.path[1:].split():
            self.send_header("Vary", value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.mark.parametrize(
    ("own", "expected"), [("", "Origin"), ("Accept", "Origin, Accept"), ("*", "*")]
)
def test_early_hints_do_not_remove_vary(own: str, expected: str, tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), _EarlyHints) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        text = write_configuration(CADDY, POLICY, f"http://127.0.0.1:{server.server_port}")
        with running(CADDY, text, tmp_path) as port:
            assert final_response(port, f"/{own}").get_all("Vary") == [expected]


def final_response(port: int, path: str) -> Message:
    """Return the headers of the response after the early hints."""
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        lines = f"GET {path} HTTP/1.1", "Host: api.example.com", "Connection: close"
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        hints, final, *_ = connection.makefile("rb").read().split(b"\r\n\r\n")
    assert hints.startswith(b"HTTP/1.1 103 ")
    return message_from_bytes(final.partition(b"\r\n")[2])


def test_policy_for_any_origin_replaces_the_headers(
    application: Application, tmp_path: Path
) -> None:
    policy = CorsPolicy(allow_origins=["*"], expose_headers=["x-total"])
    text = write_configuration(CADDY, policy, application.url)
    grant = [
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Expose-Headers", "x-total"),
    ]
    vary = [("Vary", "Accept-Encoding"), ("Vary", "Cookie")]
    with running(CADDY, text, tmp_path) as port:
        for origin in (APP, None):
            assert ask(port, "/404", origin) == (404, grant + vary)
    text = write_configuration(CADDY, policy, "http://127.0.0.1:9")
    with running(CADDY, text, tmp_path) as port:
        assert ask(port, "/200", APP) == (502, grant)
