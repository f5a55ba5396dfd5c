"""The page about proxies: its table of targets, and its configurations, which run."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent

import pytest

from corekit import CorsPolicy
from corekit.export import export_policy
from corekit_config import parse_policy
from tests.docs.export_targets import BEGIN, END, PAGE, table
from tests.docs.pages import blocks
from tests.export.caddy import CADDY
from tests.export.envoy import ENVOY
from tests.export.every import PROXIES
from tests.export.nginx import NGINX
from tests.export.proxies import Proxy, running, serving
from tests.export.test_envoy_errors import preflight
from tests.export.test_nginx_errors import ask


def test_page_has_the_table() -> None:
    text = PAGE.read_text()
    assert text.count(BEGIN) == text.count(END) == 1
    assert text.partition(BEGIN)[2].partition(END)[0] == f"\n{table()}\n"


def test_files_are_included_as_shown(tmp_path: Path) -> None:
    (toml, _), (shown,) = blocks(PAGE, "toml"), blocks(PAGE, "nginx")
    policy = parse_policy(toml, "cors.toml")
    for name, text in export_policy(policy, NGINX.target).files.items():
        (tmp_path / name).write_text(text)
    main = "daemon off;\npid nginx.pid;\nerror_log stderr;\nevents { }\n"
    listen = "    server {\n        listen 127.0.0.1:8080;\n"
    log = "http {\n    access_log off;\n"
    with serving() as application:
        text = main + shown.replace("    server {\n", listen).replace("http {\n", log)
        text = text.replace("http://127.0.0.1:8000", application.url)
        with running(NGINX, text, tmp_path) as port:
            status, headers = ask(port, "/404", "https://a.preview.example.com")
    assert (status, dict(headers)["Access-Control-Allow-Origin"]) == (
        404,
        "https://a.preview.example.com",
    )


@pytest.mark.parametrize("proxy", PROXIES, ids=str)
def test_policy_of_ingress_nginx_is_exported(proxy: Proxy) -> None:
    _, toml = blocks(PAGE, "toml")
    policy = parse_policy(toml, "ingress.toml")
    assert isinstance(policy, CorsPolicy)
    assert policy.warnings == ()
    assert export_policy(policy, proxy.target).problems == ()


def test_caddy_imports_the_file_as_shown(tmp_path: Path) -> None:
    (toml, _), (shown,) = blocks(PAGE, "toml"), blocks(PAGE, "caddyfile")
    for name, text in export_policy(parse_policy(toml, "cors.toml"), CADDY.target).files.items():
        (tmp_path / name).write_text(text)
    with serving() as application:
        site = shown.replace("api.example.com {", "http://:8080 {\n\tbind 127.0.0.1")
        site = site.replace("127.0.0.1:8000", application.url)
        with running(CADDY, f"{{\n\tadmin off\n}}\n{site}", tmp_path) as port:
            status, headers = ask(port, "/404", "https://a.preview.example.com")


def test_parts_are_copied_as_shown(tmp_path: Path) -> None:
    toml, (shown,) = blocks(PAGE, "toml")[0], blocks(PAGE, "yaml")
    policy = parse_policy(toml, "cors.toml")
    (exported,) = export_policy(policy, ENVOY.target).files.values()
    for name in ("layered_runtime", "http_filters", "routes"):
        (line,) = re.findall(rf"^ *# {name} of cors.yaml\n", shown, re.MULTILINE)
        (part,) = re.findall(rf"(?ms)^{name}:\n.*?(?=^[a-z]|\Z)", exported)
        if name != "layered_runtime":
            part = indent(part.partition("\n")[2], " " * line.index("#"))
        shown = shown.replace(line, part)
    with serving() as application:
        text = shown.replace(
            "port_value: 8000", f"port_value: {application.url.rpartition(':')[2]}"
        )
        with running(ENVOY, text, tmp_path) as port:
            status, headers = ask(port, "/404", "https://a.preview.example.com")
            assert preflight(port, "https://a.preview.example.com") == (204, b"")
            assert preflight(port, "https://evil.example.net")[0] == 403
    assert (status, dict(headers)["Access-Control-Allow-Origin"]) == (
        404,
        "https://a.preview.example.com",
    )
