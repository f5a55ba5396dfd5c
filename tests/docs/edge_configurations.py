"""The configurations of docs/at-the-edge.md, with a port of the machine and an application.

Not a test.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from textwrap import indent
from typing import Final

from corekit import CorsPolicy
from corekit.export import export_policy
from tests.export.haproxy import HAPROXY
from tests.export.proxies import Proxy
from tests.export.traefik import TRAEFIK

SHOWN: Final = "http://127.0.0.1:8000"
"""The URL of the application in the page."""


def write_export(proxy: Proxy, policy: CorsPolicy, folder: Path, name: str | None = None) -> str:
    """Write an exported policy into a folder, and return it as one text."""
    export = export_policy(policy, proxy.target, name=name)
    for file, text in export.files.items():
        (folder / file).write_text(text)
    return export.text


def fill_nginx(shown: str, url: str) -> str:
    main = "daemon off;\npid nginx.pid;\nerror_log stderr;\nevents { }\n"
    listen = "    server {\n        listen 127.0.0.1:8080;\n"
    log = "http {\n    access_log off;\n"
    text = shown.replace("    server {\n", listen).replace("http {\n", log)
    return main + text.replace(SHOWN, url)


def fill_haproxy(shown: str, url: str) -> str:
    text = shown.replace("bind :80", HAPROXY.listen)
    return text.replace(SHOWN.removeprefix("http://"), url.removeprefix("http://"))


def fill_caddy(shown: str, url: str) -> str:
    site = shown.replace("api.example.com {", "http://:8080 {\n\tbind 127.0.0.1")
    return "{\n\tadmin off\n}\n" + site.replace(SHOWN.removeprefix("http://"), url)


def fill_envoy(shown: str, url: str, exported: Mapping[str, str]) -> str:
    """Replace each comment that names a part of a file by that part."""

    def copy(match: re.Match[str]) -> str:
        margin, name, file, _, prefix = match.groups()
        (part,) = re.findall(rf"(?ms)^{name}:\n.*?(?=^[a-z]|\Z)", exported[file])
        if prefix:
            part = part.replace("prefix: /\n", f"{prefix}\n")
        return indent(part.partition("\n")[2], margin) if margin else part

    comment = r"(?m)^( *)# (\w+) of (cors\w*\.yaml)(, with `(.*)`)?\n"
    text = re.sub(comment, copy, shown)
    return text.replace("port_value: 8000", f"port_value: {url.rpartition(':')[2]}")


def fill_traefik(shown: str, url: str, *options: str) -> str:
    """Return the file with the command that it is run with, which reads all files of its folder."""
    command = " ".join(["traefik", TRAEFIK.listen, *options, "--providers.file.directory=."])
    text = shown.replace("Host(`api.example.com`)", "PathPrefix(`/`)")
    return f"# Run it: {command}\n{text.replace(SHOWN, url)}"
