"""Envoy sends the headers with its own errors, and with those of its other filters."""

from __future__ import annotations

import base64
import hashlib
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import pytest

from corekit import CorsPolicy
from tests.export.envoy import ENVOY
from tests.export.proxies import Application, running, serving, write_configuration
from tests.export.test_nginx_errors import APP, GRANTED, POLICY, ask

EVIL: Final = "https://evil.example.net"
ROUTER: Final = "          - name: envoy.filters.http.router\n"
DISABLED: Final = (
    'cors: {"@type": type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true}\n'
)


def with_login(text: str) -> str:
    """Return the configuration with a filter that requires a login."""
    digest = base64.b64encode(hashlib.sha1(b"secret", usedforsecurity=False).digest()).decode()
    login = f"""\
          - name: login
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.basic_auth.v3.BasicAuth
              users: {{inline_string: "ada:{{SHA}}{digest}"}}
"""
    assert text.count(ROUTER) == 1
    return text.replace(ROUTER, login + ROUTER)


def preflight(port: int, origin: str) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    connection.request("OPTIONS", "/200", headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body


@pytest.mark.parametrize("vary", ["Origin", "accept,ORIGIN", "*", "Accept , origin , Cookie"])
def test_vary_that_names_the_origin_stays(vary: str, tmp_path: Path) -> None:
    with (
        serving(("Vary", vary)) as application,
        running(ENVOY, write_configuration(ENVOY, POLICY, application.url), tmp_path) as port,
    ):
        for origin in (APP, EVIL, None):
            assert ask(port, "/200", origin)[1][-1:] == [("Vary", vary)]


def test_errors_of_envoy_itself(tmp_path: Path) -> None:
    text = write_configuration(ENVOY, POLICY, "http://127.0.0.1:9")
    with running(ENVOY, text, tmp_path) as port:
        assert ask(port, "/200", APP) == (503, [*GRANTED, ("Vary", "Origin")])
        assert ask(port, "/200", EVIL) == (503, [("Vary", "Origin")])
        assert ask(port, "/200", None) == (503, [("Vary", "Origin")])


def test_error_of_a_public_policy_has_the_headers(tmp_path: Path) -> None:
    policy = CorsPolicy(allow_origins=["*"], expose_headers=["x-total"])
    text = write_configuration(ENVOY, policy, "http://127.0.0.1:9")
    public = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "x-total")]
    with running(ENVOY, text, tmp_path) as port:
        assert ask(port, "/200", APP) == ask(port, "/200", None) == (503, public)


@pytest.mark.parametrize("status", [200, 204, 205, 299])
def test_preflights_have_their_status(tmp_path: Path, status: int) -> None:
    policy = POLICY.replace(preflight_status=status)
    text = write_configuration(ENVOY, policy, "http://127.0.0.1:9")
    with running(ENVOY, text, tmp_path) as port:
        assert preflight(port, APP) == (status, b"")
        assert preflight(port, EVIL) == (403, b"CORS: the origin is not allowed.\n")


def test_error_of_another_filter_has_the_headers(application: Application, tmp_path: Path) -> None:
    text = with_login(write_configuration(ENVOY, POLICY, application.url))
    with running(ENVOY, text, tmp_path / "refused") as port:
        assert ask(port, "/200", APP) == (401, [*GRANTED, ("Vary", "Origin")])
        assert ask(port, "/200", EVIL) == (401, [("Vary", "Origin")])
        assert preflight(port, APP)[0] == 401
    assert text.count(DISABLED) == 2
    indent = " " * 18
    disabled = text.replace(DISABLED, DISABLED + indent + DISABLED.replace("cors", "login"))
    with running(ENVOY, disabled, tmp_path / "disabled") as port:
        assert preflight(port, APP)[0] == 204
        assert preflight(port, EVIL)[0] == 403
        assert ask(port, "/200", APP)[0] == 401


def test_unknown_methods_need_an_option(application: Application, tmp_path: Path) -> None:
    policy = POLICY.replace(allow_methods=["SYNC"])
    text = write_configuration(ENVOY, policy, application.url)
    with running(ENVOY, text, tmp_path / "without") as port:
        assert ask(port, "/200", APP, "SYNC") == (400, [])
    line = "          stat_prefix: cors\n"
    assert text.count(line) == 1
    option = "          http_protocol_options: {allow_custom_methods: true}\n"
    with running(ENVOY, text.replace(line, line + option), tmp_path / "with") as port:
        status, headers = ask(port, "/200", APP, "SYNC")
        assert (status, headers[:3]) == (200, GRANTED)


def test_routes_need_the_layer_of_runtime(tmp_path: Path) -> None:
    text = write_configuration(ENVOY, POLICY, "http://127.0.0.1:9")
    layer = "      re2.max_program_size.error_level: 4294967295\n"
    assert text.count(layer) == 1
    with (
        pytest.raises(pytest.fail.Exception, match="RE2 program size of"),
        running(ENVOY, text.replace(layer, "      a: 1\n"), tmp_path),
    ):
        pass
