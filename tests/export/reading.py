"""Reading the maps of an exported nginx configuration, as nginx reads them. Not a test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

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


def origin_regexes(text: str) -> list[str]:
    """Return the regular expressions of the allowed origins, without anchors."""
    found = []
    for key, value in rows(text, "cors_origin"):
        if key == "default":
            assert value == ""
            continue
        assert value == "$http_origin"
        assert key.startswith("~^")  # with case, from the beginning
        assert key.endswith(r"\z")  # to the end; `$` would be before a line break too
        found.append(key[2:-2])
    return found
