"""nginx sends the headers with its own errors, and in locations of every kind."""

from __future__ import annotations

from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import pytest

from corekit import CorsPolicy
from tests.export.nginx import NGINX
from tests.export.proxies import Application, running, write_configuration

APP: Final = "https://app.example.com"
POLICY: Final = CorsPolicy(
    allow_origins=[APP, "https://*.example.org"], allow_credentials=True, expose_headers=["x-total"]
)
GRANTED: Final = [
    ("Access-Control-Allow-Credentials", "true"),
    ("Access-Control-Allow-Origin", APP),
    ("Access-Control-Expose-Headers", "x-total"),
]


def ask(
    port: int, path: str, origin: str | None, method: str = "GET"
) -> tuple[int, list[tuple[str, str]]]:
    """Return the status, and the Access-Control-* and Vary headers, in order."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, headers={} if origin is None else {"Origin": origin})
    response = connection.getresponse()
    response.read()
    connection.close()
    headers = [(name.title(), value) for name, value in response.getheaders()]
    cors = sorted(each for each in headers if each[0].startswith("Access-Control-"))
    vary = [("Vary", value) for value in response.headers.get_all("Vary", [])]
    return response.status, cors + vary


def test_errors_of_nginx_itself(tmp_path: Path) -> None:
    text = write_configuration(NGINX, POLICY, "http://127.0.0.1:9")
    limited = text.replace("proxy_pass", "client_max_body_size 1;\nproxy_pass")
    with running(NGINX, limited, tmp_path) as port:
        assert ask(port, "/200", APP) == (502, [*GRANTED, ("Vary", "Origin")])
        assert ask(port, "/200", None) == (502, [("Vary", "Origin")])
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("POST", "/200", b"too long", {"Origin": APP})
        response = connection.getresponse()
        assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (413, APP)
        connection.close()


def test_location_with_a_named_capture(application: Application, tmp_path: Path) -> None:
    text = write_configuration(NGINX, POLICY, application.url)
    text = text.replace("location / {", "location ~ ^/v1(?<rest>/.*)$ {")
    text = text.replace(f"proxy_pass {application.url};", f"proxy_pass {application.url}$rest;")
    with running(NGINX, text, tmp_path) as port:
        for origin in (APP, "https://a.example.org", "https://evil.example.net", None):
            assert ask(port, "/v1/404", origin)[0] == 404


@pytest.mark.parametrize("status", [200, 204, 205, 299])
def test_preflights_have_their_status_and_no_error_page(tmp_path: Path, status: int) -> None:
    policy = POLICY.replace(preflight_status=status)
    text = write_configuration(NGINX, policy, "http://127.0.0.1:9")
    text = text.replace("proxy_pass", "error_page 403 =500 /error;\nproxy_pass")
    with running(NGINX, text, tmp_path) as port:
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        for origin, expected in ((APP, status), ("https://evil.example.net", 403)):
            headers = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
            connection.request("OPTIONS", "/200", headers=headers)
            response = connection.getresponse()
            assert response.status == expected
            body = b"" if expected == status else b"CORS: the origin is not allowed.\n"
            assert response.read() == body
        connection.close()


def test_preflights_need_no_login_and_its_error_has_the_headers(
    application: Application, tmp_path: Path
) -> None:
    (tmp_path / "users").write_text("")
    text = write_configuration(NGINX, POLICY, application.url)
    text = text.replace("proxy_pass", "auth_basic shop;\nauth_basic_user_file users;\nproxy_pass")
    with running(NGINX, text, tmp_path) as port:
        assert ask(port, "/200", APP) == (401, [*GRANTED, ("Vary", "Origin")])
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        headers = {"Origin": APP, "Access-Control-Request-Method": "PUT"}
        connection.request("OPTIONS", "/200", headers=headers)
        assert connection.getresponse().status == 204
        connection.close()
