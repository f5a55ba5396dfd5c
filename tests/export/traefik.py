"""Traefik: how it is run, and how it reads the lists of an exported configuration. Not a test."""

from __future__ import annotations

import shutil
import sysconfig
from collections.abc import Sequence
from functools import cache
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final

import yaml

from corekit.export import TARGETS, Export
from corekit.export.origins import escape_regex
from tests.export.proxies import Proxy, is_new, printed_command


def options(text: str) -> dict[str, Any]:
    """Return the options of the middleware."""
    found: dict[str, Any] = yaml.safe_load(text)["http"]["middlewares"]["cors"]["headers"]
    return found


def origin_regexes(export: Export) -> list[str]:
    """Return the regular expressions of the allowed origins, without anchors: exact ones first."""
    found = options(export.text)
    exact = found.get("accessControlAllowOriginList", [])
    regexes = found.get("accessControlAllowOriginListRegex", [])
    # In RE2, `$` is the end of the text.
    assert all(each[0] + each[-1] == "^$" for each in regexes)
    return [*map(escape_regex, exact), *(each[1:-1] for each in regexes)]


@cache
def find() -> str | None:
    """Return the program, from the group `proxies` or of the system; None if it is old."""
    program = shutil.which("traefik", path=sysconfig.get_path("scripts")) or shutil.which("traefik")
    if program is None or not is_new(program, ["version"], r"Version: +v?(\d+)\.(\d+)", (3, 0)):
        return None
    return program


def command(program: str, folder: Path) -> Sequence[str]:
    # The address is an option.
    return printed_command(program, folder, "dynamic.yml")


def is_ready(port: int) -> bool:
    """Return whether the file has been read: until then, the status is 404."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Origin": "https://x.example", "Access-Control-Request-Method": "PUT"}
    try:
        connection.request("OPTIONS", "/200", headers=headers)
        return connection.getresponse().status == 200
    except HTTPException as error:
        raise ConnectionError from error
    finally:
        connection.close()


_REGEXES: Final = "accessControlAllowOriginListRegex:\n"


def _regex(regex: str) -> str:
    return f"{_REGEXES}          - '{regex}'\n"


TRAEFIK: Final = Proxy(
    target=TARGETS["traefik"],
    file="dynamic.yml",
    listen="--entrypoints.web.address=127.0.0.1:8080",
    find=find,
    command=command,
    is_ready=is_ready,
    origin_regexes=origin_regexes,
    broken=(
        (_REGEXES, _regex(r"^https://app\.example\.com"), "prefix"),
        (_REGEXES, _regex(r"app\.example\.com$"), "scheme-downgrade"),
        (_REGEXES, _regex("^https://app.example.com$"), "unescaped-dot"),
        (_REGEXES, _regex(r"^https?://app\.example\.com$"), "scheme-downgrade"),
        (_REGEXES, _regex(""), "any-origin"),
        ("- 'https://app.example.com'", "- '*'", "any-origin"),
        ("- 'https://app.example.com'", "- 'https://APP.example.com'", "refused"),
        ("accessControlAllowCredentials: true", "accessControlAllowCredentials: false", "refused"),
        ("          Access-Control-Allow-Origin: ''\n", "", "any-origin"),
        ("addVaryHeader: true", "addVaryHeader: false", "no-vary"),
        ("          - 'DELETE'\n", "", "less-than-policy"),
        (
            "          - 'DELETE'\n",
            "          - 'DELETE'\n          - 'PATCH'\n",
            "more-than-policy",
        ),
        ("        - cors\n", "        []\n", "refused"),
    ),
)
