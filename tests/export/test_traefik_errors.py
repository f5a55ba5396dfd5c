"""Traefik sends the headers with every response to a router, and keeps what caches need."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Final

import pytest

from corekit import CorsPolicy
from tests.export.proxies import Application, running, serving, write_configuration
from tests.export.test_nginx_errors import APP, GRANTED, POLICY, ask
from tests.export.traefik import TRAEFIK

UNTRUSTED: Final = "https://evil.example.net"
ORIGINS: Final = (APP, UNTRUSTED, None)
ALLOW_ORIGIN: Final = ("Access-Control-Allow-Origin", APP)


def sent_to(origin: str | None) -> list[tuple[str, str]]:
    """Return the headers of `POLICY`: without the origin, browsers ignore the others."""
    return [each for each in GRANTED if origin == APP or each != ALLOW_ORIGIN]


def test_response_of_a_careless_application(application: Application, tmp_path: Path) -> None:
    text = write_configuration(TRAEFIK, POLICY, application.url)
    with running(TRAEFIK, text, tmp_path) as port:
        for status in (200, 204, 302, 304, 404, 500, 503):
            for method in ("GET", "HEAD", "POST", "OPTIONS"):
                for origin in ORIGINS:
                    expected = [*sent_to(origin), ("Vary", "Accept-Encoding,Origin")]
                    assert ask(port, f"/{status}", origin, method) == (status, expected)


def test_errors_of_traefik_itself(tmp_path: Path) -> None:
    text = write_configuration(TRAEFIK, POLICY, "http://127.0.0.1:9")
    login = "        - login\n      service"
    text = (
        text.replace("      service", login)
        + "    login:\n      basicAuth:\n        users: ['a:a']\n"
    )
    for status, each in ((401, text), (502, text.replace("        - login\n", ""))):
        with running(TRAEFIK, each, tmp_path) as port:
            for origin in ORIGINS:
                assert ask(port, "/200", origin) == (status, [*sent_to(origin), ("Vary", "Origin")])
            # A login is not necessary for preflights.
            response = send(port, "OPTIONS", [APP])
            assert (response.status, response.headers[ALLOW_ORIGIN[0]]) == (200, APP)
            assert "Vary" not in response.headers


def test_request_without_a_router_gets_no_headers(tmp_path: Path) -> None:
    text = write_configuration(TRAEFIK, POLICY, "http://127.0.0.1:9")
    text = text.replace("PathPrefix(`/`)", "PathPrefix(`/200`)")
    with running(TRAEFIK, text, tmp_path) as port:
        assert ask(port, "/404", APP) == (404, [])


def send(port: int, method: str, origins: list[str], *more: tuple[str, str]) -> HTTPResponse:
    """Return the response to a request with these Origin headers, which may be a preflight."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.putrequest(method, "/200", skip_accept_encoding=True)
    fields = [("Origin", each) for each in origins]
    for name, value in (*fields, ("Access-Control-Request-Method", "PUT"), *more):
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def test_first_of_several_origins_is_read(application: Application, tmp_path: Path) -> None:
    text = write_configuration(TRAEFIK, POLICY, application.url)
    with running(TRAEFIK, text, tmp_path) as port:
        for method in ("GET", "OPTIONS"):
            for origins, allowed in (
                ([APP, UNTRUSTED], APP),
                ([UNTRUSTED, APP], None),
                ([f"{APP},{UNTRUSTED}"], None),
            ):
                response = send(port, method, origins)
                assert (response.status, response.headers[ALLOW_ORIGIN[0]]) == (200, allowed)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], ["Origin"]),
        (["Accept, Cookie"], ["Accept, Cookie,Origin"]),
        (["accept,oRIGIN"], ["accept,oRIGIN,Origin"]),
        (["*"], ["*,Origin"]),
        (["Accept", "Cookie"], ["Accept,Origin"]),
        (["Origin", "Cookie"], ["Origin", "Cookie"]),
    ],
)
def test_one_line_of_vary_is_kept(lines: list[str], expected: list[str], tmp_path: Path) -> None:
    with serving(*(("Vary", each) for each in lines)) as application:
        text = write_configuration(TRAEFIK, POLICY, application.url)
        with running(TRAEFIK, text, tmp_path) as port:
            for origin in ORIGINS:
                _, headers = ask(port, "/200", origin)
                assert [value for name, value in headers if name == "Vary"] == expected


GZIP: Final = """\
    gzip:
      compress:
        minResponseBodyBytes: 1
"""


def test_compress_removes_vary_of_the_application(tmp_path: Path) -> None:
    with serving(("Vary", "Cookie")) as application:
        text = write_configuration(TRAEFIK, POLICY, application.url) + GZIP
        for order in ("cors\n        - gzip\n", "gzip\n        - cors\n"):
            compressed = text.replace("        - cors\n", f"        - {order}")
            with running(TRAEFIK, compressed, tmp_path) as port:
                response = send(port, "GET", [APP], ("Accept-Encoding", "gzip"))
                assert response.headers.get_all("Vary") == ["Accept-Encoding,Origin"]
                response = send(port, "GET", [APP])
                assert response.headers.get_all("Vary") == ["Cookie,Origin"]


def test_policy_for_any_origin_replaces_the_headers(
    application: Application, tmp_path: Path
) -> None:
    policy = CorsPolicy(allow_origins=["*"], expose_headers=["x-total"])
    grant = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "x-total")]
    vary = [("Vary", "Accept-Encoding"), ("Vary", "Cookie")]
    for url, status, kept in ((application.url, 404, vary), ("http://127.0.0.1:9", 502, [])):
        text = write_configuration(TRAEFIK, policy, url)
        with running(TRAEFIK, text, tmp_path) as port:
            for origin in ORIGINS:
                assert ask(port, "/404", origin) == (status, grant + kept)
