"""Caddy: how it is run, and how it reads the map of an exported configuration. Not a test."""

from __future__ import annotations

import re
import shutil
import sysconfig
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from corekit.export import TARGETS, Export
from corekit.export.origins import escape_regex
from tests.export.proxies import Proxy, is_new

_TOKEN: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s"]+)', re.DOTALL)


def tokens(line: str) -> list[str]:
    """Return the tokens of a line: in quotes, only a quote is escaped."""
    return [
        match[2] if match[1] is None else match[1].replace(r"\"", '"')
        for match in _TOKEN.finditer(line)
    ]


def rows(text: str, placeholder: str) -> Iterator[tuple[str, str]]:
    """Yield the rows of the map that sets a placeholder, if there is one."""
    for block in re.findall(
        rf"^\t*map \S+ \{{{placeholder}\}} \{{\n(.*?)^\t*\}}\n", text, re.DOTALL | re.MULTILINE
    ):
        for line in block.splitlines():
            key, value = tokens(line)
            yield key, value


def origin_regexes(export: Export) -> list[str]:
    """Return the regular expressions of the allowed origins, without anchors."""
    found = []
    for key, value in rows(export.text, "cors_verdict"):
        assert value == "allowed"
        if key.startswith("~"):
            assert (key[:2], key[-1]) == ("~^", "$")  # `$` is the end of the text in Go
            found.append(key[2:-1])
        else:
            assert key != "default"
            found.append(escape_regex(key))
    return found


@cache
def find() -> str | None:
    """Return the program, from the group `proxies` or of the system; None if it is old."""
    program = shutil.which("caddy", path=sysconfig.get_path("scripts")) or shutil.which("caddy")
    if program is None or not is_new(program, ["version"], r"v?(\d+)\.(\d+)", (2, 6)):
        return None
    return program


def command(program: str, folder: Path) -> Sequence[str]:
    # It saves the configuration that it runs in the user's home.
    home = [f"XDG_CONFIG_HOME={folder}", f"XDG_DATA_HOME={folder}"]
    return ["env", *home, program, "run", "--config", str(folder / "Caddyfile")]


_DEFERRED: Final = "Access-Control-Expose-Headers x-total\n\t\t\tdefer"

CADDY: Final = Proxy(
    target=TARGETS["caddy"],
    file="Caddyfile",
    listen="http://:8080 {",
    find=find,
    command=command,
    origin_regexes=origin_regexes,
    broken=(
        ("https://app.example.com allowed", r'"~^https://app\.example\.com" allowed', "prefix"),
        (
            "https://app.example.com allowed",
            '"~^https://app.example.com$" allowed',
            "unescaped-dot",
        ),
        (
            "https://app.example.com allowed",
            r'"~^https?://app\.example\.com$" allowed',
            "scheme-downgrade",
        ),
        ("https://app.example.com allowed", "default allowed", "any-origin"),
        (_DEFERRED, _DEFERRED.removesuffix("defer"), "refused"),
        ("Vary {cors_vary}", "Vary Cookie", "no-vary"),
        ("GET, HEAD, POST, PUT, DELETE", "GET, HEAD, POST, PUT", "less-than-policy"),
        ("GET, HEAD, POST, PUT, DELETE", "GET, HEAD, POST, PUT, DELETE, PATCH", "more-than-policy"),
        ("respond 204", "respond 404", "preflight-refused"),
    ),
    other={
        # Origins with such a port or of this length do not exist.
        "denied: a port above 65535",
        "malformed: an origin longer than the maximum",
        # Browsers list header names sorted, once and in lower case.
        "preflight, * with credentials: headers are reflected once, in lower case",
    },
)
