"""Two policies in one proxy, put together as docs/at-the-edge.md shows it. Not a test."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from corekit import CorsPolicy
from tests.conformance.policies import API, PUBLIC
from tests.docs.edge_configurations import (
    fill_caddy,
    fill_envoy,
    fill_haproxy,
    fill_nginx,
    fill_traefik,
    write_export,
)
from tests.docs.export_targets import PAGE
from tests.export.proxies import Proxy

POLICIES: Final[Mapping[str, CorsPolicy]] = {"public": PUBLIC, "admin": API}
"""By the names that the page gives them: that of `/public/`, and that of all other paths."""

# Two proxies read YAML: their blocks are in this order.
_BLOCKS: Final = {
    "nginx": ("nginx", 0),
    "haproxy": ("haproxy", 0),
    "caddy": ("caddyfile", 0),
    "envoy": ("yaml", 0),
    "traefik": ("yaml", 1),
}
_TRAEFIK_OPTION: Final = "--entrypoints.web.http.encodedcharacters.allowencodedslash=false"


def section() -> str:
    """Return the section of the page."""
    (text,) = re.findall(r"(?ms)^## Several policies\n(.*?)^## ", PAGE.read_text())
    return str(text)


def put_together(proxy: Proxy, folder: Path, url: str) -> tuple[Proxy, str]:
    """Write both exports into a folder; return the proxy that loads them, and its configuration."""
    exported = {
        f"cors_{name}.yaml": write_export(proxy, policy, folder, name)
        for name, policy in POLICIES.items()
    }
    language, at = _BLOCKS[proxy.name]
    shown = re.findall(rf"(?ms)^```{language}\n(.*?)^```$", section())[at]
    if proxy.name == "nginx":
        return proxy, fill_nginx(shown, url)
    if proxy.name == "caddy":
        return proxy, fill_caddy(shown, url)
    if proxy.name == "envoy":
        return proxy, fill_envoy(shown, url, exported)
    if proxy.name == "traefik":
        assert f"`{_TRAEFIK_OPTION}`" in section()
        return proxy, fill_traefik(shown, url, _TRAEFIK_OPTION)
    files = ["-f", "cors_public.cfg", "-f", "cors_admin.cfg", "-f", "haproxy.cfg"]
    assert f"`haproxy {' '.join(files)}`" in section()
    loading = replace(proxy, command=lambda program, _: [program, *files])
    return loading, fill_haproxy(shown, url)
