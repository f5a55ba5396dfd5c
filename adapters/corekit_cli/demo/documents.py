"""The two documents of the demo: the page, and the frame in which other origins make their calls.

Each is assembled from the files in ``page/``. It loads nothing, and its Content-Security-Policy
(https://www.w3.org/TR/CSP3/) allows only the scripts and styles that it contains.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Final

from .examples import Origins

SCRIPTS: Final = ("call.js", "form.js", "browser.js", "diagram.js", "results.js", "main.js")

_is_inline = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL).findall


@dataclass(frozen=True, slots=True)
class Document:
    """An HTML document, and its Content-Security-Policy."""

    html: bytes
    security: str


def make_page(origins: Origins, here: str) -> Document:
    """Build the page for the site whose origin is `here`."""
    html = _assemble("page.html", styles=["page.css"], scripts=SCRIPTS)
    other = origins.untrusted if here == origins.page else origins.page
    return _secure(
        html,
        f"connect-src 'self' {origins.api}",
        f"frame-src 'self' {other}",
        "frame-ancestors 'none'",
        "img-src data:",
    )


def make_frame(origins: Origins) -> Document:
    """Build the frame, which only the pages of the demo may embed."""
    html = _assemble("frame.html", styles=[], scripts=["call.js", "frame.js"])
    return _secure(
        html,
        f"connect-src {origins.api}",
        f"frame-ancestors {origins.page} {origins.untrusted}",
    )


def _assemble(name: str, *, styles: Iterable[str], scripts: Iterable[str]) -> str:
    parts = [f"<style>\n{_read(style)}</style>\n" for style in styles]
    head = "".join(parts)
    tail = "".join(f"<script>\n{_read(script)}</script>\n" for script in scripts)
    return _read(name).replace("</head>", f"{head}</head>").replace("</body>", f"{tail}</body>")


def _read(name: str) -> str:
    return files("corekit_cli.demo").joinpath("page", name).read_text("utf-8")


def _secure(html: str, *directives: str) -> Document:
    hashes: dict[str, list[str]] = {"script": [], "style": []}
    for tag, text in _is_inline(html):
        digest = b64encode(sha256(text.encode()).digest()).decode()
        hashes[tag].append(f"'sha256-{digest}'")
    sources = [f"{tag}-src {' '.join(found)}" for tag, found in hashes.items() if found]
    security = [
        "default-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        *sources,
        *directives,
    ]
    return Document(html.encode(), "; ".join(security))
