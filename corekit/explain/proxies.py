"""Proxies in front of a server, as far as its responses name them."""

from __future__ import annotations

import re
from typing import Final

from corekit.browser import HttpResponse
from corekit.browser.fields import get_text

from .explanation import Fix

GATEWAY_STATUSES: Final = frozenset({502, 503, 504})
"""https://www.rfc-editor.org/rfc/rfc9110#section-15.6.3 and following"""

_find_proxy = re.compile(
    r"\b(nginx|openresty|apache|caddy|envoy|istio-envoy|haproxy|traefik|varnish|squid|litespeed"
    r"|cloudflare|cloudfront|akamai\w*|awselb|amazons3|google frontend|microsoft-iis|vercel"
    r"|netlify)\b",
    re.IGNORECASE,
).search
_read_via = re.compile(r"(?:[\w.]+/)?[\w.]+ +([\w.:-]{1,100})", re.ASCII).match


def find_proxy(response: HttpResponse) -> str | None:
    """Return the name of a proxy that a response came through; None if it names none.

    >>> find_proxy(HttpResponse(405, (("Server", "nginx/1.31.0"),)))
    'nginx'
    >>> find_proxy(HttpResponse(200, (("Server", "uvicorn"), ("Via", "1.1 edge-7, 1.1 cache"))))
    'edge-7'
    """
    found = _find_proxy(get_text(response.headers, "server"))
    via = _read_via(get_text(response.headers, "via"))
    return found[1] if found else via and via[1]


def add_proxy(fixes: tuple[Fix, ...], response: HttpResponse) -> tuple[Fix, ...]:
    """Return the fixes, with what to look at in the proxy that a failed response came through."""
    proxy = find_proxy(response)
    if proxy is None:
        return fixes
    if response.status in GATEWAY_STATUSES:
        first = Fix(
            f"Start the application behind {proxy}: status {response.status} means that {proxy} got"
            " no response from it, and responded itself."
        )
        return (first, *fixes)
    last = Fix(
        f"Look at the configuration of {proxy}, through which the response came: it may have"
        " responded itself, and it must pass on OPTIONS requests and CORS headers unchanged."
    )
    return (*fixes, last)
