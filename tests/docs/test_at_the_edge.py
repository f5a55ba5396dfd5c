"""The page about proxies: its table of targets, and its configurations, which run."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from textwrap import indent
from typing import Final

import pytest

from corekit import CorsPolicy
from corekit.export import export_policy
from corekit_config import parse_policy
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
    export = export_policy(parse_policy(blocks(PAGE, "toml")[0], "cors.toml"), proxy.target)
    for name, text in export.files.items():
        (folder / name).write_text(text)
    return export.text


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
    (shown,) = blocks(PAGE, "nginx")
    main = "daemon off;\npid nginx.pid;\nerror_log stderr;\nevents { }\n"
    listen = "    server {\n        listen 127.0.0.1:8080;\n"
    log = "http {\n    access_log off;\n"
    with serving() as application:
        text = main + shown.replace("    server {\n", listen).replace("http {\n", log)
        check(NGINX, text.replace("http://127.0.0.1:8000", application.url), tmp_path)


def test_section_of_haproxy_is_named_as_shown(tmp_path: Path) -> None:
    write_shown_policy(HAPROXY, tmp_path)
    (shown,) = blocks(PAGE, "haproxy")
    assert "`haproxy -f cors.cfg -f haproxy.cfg`" in PAGE.read_text()
    files = ["-f", "cors.cfg", "-f", "haproxy.cfg"]
    both = replace(HAPROXY, command=lambda program, _: [program, *files])
    with serving() as application:
        text = shown.replace("bind :80", HAPROXY.listen)
        text = text.replace("127.0.0.1:8000", application.url.removeprefix("http://"))
        check(both, text, tmp_path)


def test_file_of_caddy_is_imported_as_shown(tmp_path: Path) -> None:
    write_shown_policy(CADDY, tmp_path)
    (shown,) = blocks(PAGE, "caddyfile")
    with serving() as application:
        site = shown.replace("api.example.com {", "http://:8080 {\n\tbind 127.0.0.1")
        site = site.replace("127.0.0.1:8000", application.url)
        check(CADDY, f"{{\n\tadmin off\n}}\n{site}", tmp_path)


def test_parts_of_envoy_are_copied_as_shown(tmp_path: Path) -> None:
    exported = write_shown_policy(ENVOY, tmp_path)
    shown, *_ = blocks(PAGE, "yaml")
    for name in ("layered_runtime", "http_filters", "routes"):
        (line,) = re.findall(rf"^ *# {name} of cors.yaml\n", shown, re.MULTILINE)
        (part,) = re.findall(rf"(?ms)^{name}:\n.*?(?=^[a-z]|\Z)", exported)
        if name != "layered_runtime":
            part = indent(part.partition("\n")[2], " " * line.index("#"))
        shown = shown.replace(line, part)
    with serving() as application:
        port = application.url.rpartition(":")[2]
        check(ENVOY, shown.replace("port_value: 8000", f"port_value: {port}"), tmp_path)


def test_middleware_of_traefik_is_named_as_shown(tmp_path: Path) -> None:
    write_shown_policy(TRAEFIK, tmp_path)
    _, shown, _ = blocks(PAGE, "yaml")
    command = f"# Run it: traefik {TRAEFIK.listen} --providers.file.directory=.\n"
    with serving() as application:
        text = command + shown.replace("Host(`api.example.com`)", "PathPrefix(`/`)")
        text = text.replace("http://127.0.0.1:8000", application.url)
        with running(TRAEFIK, text, tmp_path) as port:
            for origin, allowed in ((PREVIEW, PREVIEW), ("https://evil.example.net", None)):
                status, headers = ask(port, "/404", origin)
                assert (status, dict(headers).get("Access-Control-Allow-Origin")) == (404, allowed)


@pytest.mark.parametrize("proxy", PROXIES, ids=str)
def test_policy_of_ingress_nginx_is_exported(proxy: Proxy) -> None:
    _, toml = blocks(PAGE, "toml")
    policy = parse_policy(toml, "ingress.toml")
    assert isinstance(policy, CorsPolicy)
    assert policy.warnings == ()
    assert export_policy(policy, proxy.target).problems == ()
