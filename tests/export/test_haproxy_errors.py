"""HAProxy sends the headers with its own errors, next to other rules and in other sections."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Final

import pytest
import trustme

from corekit import CorsPolicy
from corekit.export import export_policy
from corekit.export.haproxy import MOST_CHARACTERS
from tests.export.haproxy import HAPROXY
from tests.export.proxies import Application, running, serving, write_configuration
from tests.export.test_generated import Seen, ask_all
from tests.export.test_nginx_errors import APP, GRANTED, POLICY, ask
from tests.properties.strategies import Preflight

UNTRUSTED: Final = "https://evil.example.net"
NOWHERE: Final = "http://127.0.0.1:9"
VARY: Final = [("Vary", "Origin")]


def preflights(port: int, *origins: str) -> list[Seen]:
    return [*ask_all(port, [Preflight(each, "PUT", None, None) for each in origins])]


def test_errors_of_haproxy_itself(tmp_path: Path) -> None:
    text = write_configuration(HAPROXY, POLICY, NOWHERE)
    # Headers of other rules are replaced, too.
    rule = "http-request return status 429 hdr Access-Control-Allow-Origin * if { path /429 }"
    text = text.replace(HAPROXY.listen, f"{HAPROXY.listen}\n    {rule}")
    with running(HAPROXY, text, tmp_path) as port:
        assert ask(port, "/200", APP) == (503, GRANTED + VARY)
        assert ask(port, "/200", UNTRUSTED) == ask(port, "/200", None) == (503, VARY)
        assert ask(port, "/429", APP) == (429, GRANTED + VARY)
        assert ask(port, "/429", UNTRUSTED) == (429, VARY)


def test_preflights_need_no_login_and_its_error_has_the_headers(
    application: Application, tmp_path: Path
) -> None:
    text = write_configuration(HAPROXY, POLICY, application.url)
    login = f"{HAPROXY.listen}\n    http-request auth unless {{ http_auth(nobody) }}"
    text = "userlist nobody\n" + text.replace(HAPROXY.listen, login)
    with running(HAPROXY, text, tmp_path) as port:
        assert ask(port, "/200", APP) == (401, GRANTED + VARY)
        assert [status for status, _ in preflights(port, APP, UNTRUSTED)] == [204, 403]


@pytest.mark.parametrize("status", [200, 204, 205, 299])
def test_preflights_have_their_status(tmp_path: Path, status: int) -> None:
    policy = POLICY.replace(preflight_status=status)
    with running(HAPROXY, write_configuration(HAPROXY, policy, NOWHERE), tmp_path) as port:
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        for origin, expected in ((APP, status), (UNTRUSTED, 403)):
            headers = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
            connection.request("OPTIONS", "/200", headers=headers)
            response = connection.getresponse()
            assert response.status == expected
            body = b"" if expected == status else b"CORS: the origin is not allowed.\n"
            assert response.read() == body
        connection.close()


def test_lines_can_be_copied_into_a_listen_section(
    application: Application, tmp_path: Path
) -> None:
    section = export_policy(POLICY, HAPROXY.target).files["cors.cfg"].partition("\ndefaults cors\n")
    lines = ["timeout client 1m", "timeout connect 5s", "timeout server 1m", HAPROXY.listen]
    server = f"server application {application.url.removeprefix('http://')}"
    text = "\n".join(["listen web", *lines, section[2], server, ""])
    with running(HAPROXY, text, tmp_path) as port:
        assert ask(port, "/404", APP)[0] == 404
        assert ask(port, "/404", APP)[1][:3] == GRANTED
        assert [status for status, _ in preflights(port, APP, UNTRUSTED)] == [204, 403]


ANY_NAME: Final = CorsPolicy(
    allow_origins=[APP], allow_credentials=True, allow_methods=["*"], allow_headers=["*"]
)
COMMON: Final = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


def requested(port: int, *lines: tuple[str, str]) -> tuple[str | None, str | None]:
    """Return the headers and methods that a preflight with these lines is granted."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.putrequest("OPTIONS", "/200")
    for name, value in (("Origin", APP), *lines):
        connection.putheader(name, value)
    connection.endheaders()
    headers = connection.getresponse().headers
    connection.close()
    return headers["Access-Control-Allow-Methods"], headers["Access-Control-Allow-Headers"]


def test_names_are_named_as_they_are_requested(tmp_path: Path) -> None:
    one, many = "Access-Control-Request-Method", "Access-Control-Request-Headers"
    long = ",".join(f"x-{number:04}" for number in range(585))
    assert len(long) == 4094
    with running(HAPROXY, write_configuration(HAPROXY, ANY_NAME, NOWHERE), tmp_path) as port:
        assert requested(port, (one, "PUT"), (many, "X-B, x-a,x-b")) == (COMMON, "x-b, x-a,x-b")
        assert requested(port, (one, "PURGE"), (many, long)) == (f"{COMMON}, PURGE", long)
        for names in (f"{long},xx", "x-a,*", "x a", "x-a;", ",", ""):
            assert requested(port, (one, "PURGE"), (many, names)) == (f"{COMMON}, PURGE", None)
        # Several lines are not read.
        assert requested(port, (one, "A"), (one, "B"), (many, "x-a"), (many, "x-b")) == (
            COMMON,
            None,
        )


LONGEST_ORIGIN: Final = f"{'a' * 64}://{'b.' * 121}example.com:65535"


class LargeResponse(StreamRequestHandler):
    """Respond with more than a buffer of HAProxy, at once."""

    def handle(self) -> None:
        while self.rfile.readline() not in (b"\r\n", b""):
            pass
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n"
        self.wfile.write(head + b"x" * 300_000)


@contextmanager
def large_responses() -> Iterator[str]:
    with ThreadingTCPServer(("127.0.0.1", 0), LargeResponse) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(timeout=20)


def test_longest_lists_are_sent(tmp_path: Path) -> None:
    policy = CorsPolicy(
        allow_origins=[f"{'a' * 64}://*.example.com:*"],
        allow_credentials=True,
        allow_methods=["X" * (MOST_CHARACTERS["allow_methods"] - len(COMMON) - 2), "*"],
        allow_headers=["x" * MOST_CHARACTERS["allow_headers"], "*"],
        expose_headers=["x" * MOST_CHARACTERS["expose_headers"]],
        max_age=86400,
        allow_private_network=True,
    )
    names = ",".join(f"x-{each:08}" for each in range(policy.engine.max_request_headers // 11))
    request = Preflight(LONGEST_ORIGIN, "A" * 64, names, "true")
    with (
        large_responses() as url,
        running(HAPROXY, write_configuration(HAPROXY, policy, url), tmp_path) as port,
    ):
        ((status, headers),) = ask_all(port, [request])
        assert ask(port, "/", LONGEST_ORIGIN)[0] == 200
    assert status == 204
    assert headers["access-control-allow-headers"] == [f"{policy.allow_headers[0]}, {names}"]


def test_certificate_of_an_https_application_is_verified(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    with serving(tls=context) as application:
        for host, status in (("localhost", 200), ("127.0.0.1", 503)):
            url = application.url.replace("127.0.0.1", host)
            text = write_configuration(HAPROXY, POLICY, url)
            text = text.replace("@system-ca", str(tmp_path / "authority.pem"))
            with running(HAPROXY, text, tmp_path / host) as port:
                assert ask(port, "/200", APP) == (status, GRANTED + VARY)
