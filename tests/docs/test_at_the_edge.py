"""The page about proxies: its table of targets, and its configurations, which run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from corekit import CorsPolicy
from corekit.export import export_policy
from corekit_config import parse_policy
from tests.docs.edge_configurations import (
    fill_caddy,
    fill_envoy,
    fill_haproxy,
    fill_nginx,
    fill_traefik,
    write_export,
)
from tests.docs.export_targets import BEGIN, END, PAGE, table
from tests.docs.pages import blocks
from tests.export.caddy import CADDY
from tests.export.envoy import ENVOY
from tests.export.every import PROXIES
from tests.export.haproxy import HAPROXY
from tests.export.nginx import NGINX
from tests.export.proxies import Proxy, running, serving
from tests.export.test_envoy_errors import preflight
from tests.export.test_nginx_errors import ask
from tests.export.traefik import TRAEFIK

PREVIEW: Final = "https://a.preview.example.com"


def write_shown_policy(proxy: Proxy, folder: Path) -> str:
    """Write the exported policy of the page into a folder, and return it as one text."""
    policy = parse_policy(blocks(PAGE, "toml")[0], "cors.toml")
    assert isinstance(policy, CorsPolicy)
    return write_export(proxy, policy, folder)


def check(proxy: Proxy, text: str, folder: Path) -> None:
    """Check that a proxy with this configuration sends the headers of the policy."""
    with running(proxy, text, folder) as port:
        status, headers = ask(port, "/404", PREVIEW)
        assert (status, dict(headers)["Access-Control-Allow-Origin"]) == (404, PREVIEW)
        assert preflight(port, PREVIEW)[0] == 204
        assert preflight(port, "https://evil.example.net")[0] == 403


def test_page_has_the_table() -> None:
    text = PAGE.read_text()
    assert text.count(BEGIN) == text.count(END) == 1
    assert text.partition(BEGIN)[2].partition(END)[0] == f"\n{table()}\n"


def test_files_of_nginx_are_included_as_shown(tmp_path: Path) -> None:
    write_shown_policy(NGINX, tmp_path)
    with serving() as application:
        text = fill_nginx(blocks(PAGE, "nginx")[0], application.url)
        check(NGINX, text, tmp_path)


def test_section_of_haproxy_is_named_as_shown(tmp_path: Path) -> None:
    write_shown_policy(HAPROXY, tmp_path)
    files = ["-f", "cors.cfg", "-f", "haproxy.cfg"]
    assert f"`haproxy {' '.join(files)}`" in PAGE.read_text()
    both = replace(HAPROXY, command=lambda program, _: [program, *files])
    with serving() as application:
        text = fill_haproxy(blocks(PAGE, "haproxy")[0], application.url)
        check(both, text, tmp_path)


def test_file_of_caddy_is_imported_as_shown(tmp_path: Path) -> None:
    write_shown_policy(CADDY, tmp_path)
    with serving() as application:
        text = fill_caddy(blocks(PAGE, "caddyfile")[0], application.url)
        check(CADDY, text, tmp_path)


def test_parts_of_envoy_are_copied_as_shown(tmp_path: Path) -> None:
    exported = {"cors.yaml": write_shown_policy(ENVOY, tmp_path)}
    with serving() as application:
        text = fill_envoy(blocks(PAGE, "yaml")[0], application.url, exported)
        check(ENVOY, text, tmp_path)


def test_middleware_of_traefik_is_named_as_shown(tmp_path: Path) -> None:
    write_shown_policy(TRAEFIK, tmp_path)
    shown = blocks(PAGE, "yaml")[1]
    with (
        serving() as application,
        running(TRAEFIK, fill_traefik(shown, application.url), tmp_path) as port,
    ):
        for origin, allowed in ((PREVIEW, PREVIEW), ("https://evil.example.net", None)):
            status, headers = ask(port, "/404", origin)
            assert (status, dict(headers).get("Access-Control-Allow-Origin")) == (404, allowed)


@pytest.mark.parametrize("proxy", PROXIES, ids=str)
def test_policy_of_ingress_nginx_is_exported(proxy: Proxy) -> None:
    *_, toml = blocks(PAGE, "toml")
    policy = parse_policy(toml, "ingress.toml")
    assert isinstance(policy, CorsPolicy)
    assert policy.warnings == ()
    assert export_policy(policy, proxy.target).problems == ()
