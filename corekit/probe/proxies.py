"""Which proxy a response came from or through, as far as its headers `Via` and `Server` say.

An application behind a proxy often gets the blame for what the proxy does: it answers preflights,
repeats headers, or responds itself if the application does not.
"""

from __future__ import annotations

import re
from typing import Final

from corekit.browser.fields import get_header
from corekit.browser.messages import Headers
from corekit.diagnostics import show

_PROXIES: Final = (
    "akamai",
    "apache",
    "awselb",
    "caddy",
    "cloudflare",
    "cloudfront",
    "envoy",
    "fly",
    "google frontend",
    "haproxy",
    "heroku",
    "microsoft-iis",
    "netlify",
    "nginx",
    "openresty",
    "traefik",
    "varnish",
    "vercel",
)
"""Names in the header Server of software that mostly runs in front of an application."""

_find_proxy = re.compile("|".join(map(re.escape, _PROXIES)), re.IGNORECASE).search


def find_proxy(headers: Headers) -> str | None:
    """Return how a response names the proxy that it came from or through, or None.

    >>> find_proxy((("Server", "nginx/1.27.0"),)), find_proxy((("Via", "1.1 cache"),))
    ("Server: 'nginx/1.27.0'", "Via: '1.1 cache'")
    >>> find_proxy((("Server", "uvicorn"),))
    """
    server, via = get_header(headers, "server"), get_header(headers, "via")
    if server is not None and _find_proxy(server):
        return f"Server: {show(server)}"
    return None if via is None else f"Via: {show(via)}"


def blame_proxy(headers: Headers) -> str:
    """Return a sentence, to add to a hint, about the proxy of a response; empty without one."""
    proxy = find_proxy(headers)
    if proxy is None:
        return ""
    return (
        f" A proxy or web server ({proxy}) sent this response or passed it on: check its"
        " configuration too."
    )
