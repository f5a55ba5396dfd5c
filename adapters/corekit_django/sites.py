"""Sites: whether a page and this server are same-site, so that all cookies are sent.

A site is the registrable domain (https://html.spec.whatwg.org/multipage/browsers.html#same-site):
pages of app.example.com and a server at api.example.com are of one site, though of two origins.
Which hosts this server has is known from ALLOWED_HOSTS only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.conf import settings

from corekit._origins import OriginPattern, is_loopback, split_origin
from corekit._suffixes import site_of

_DEBUG_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")
"""What Django allows with DEBUG where ALLOWED_HOSTS is empty."""


def find_cross_site(origins: Iterable[str]) -> list[str]:
    """Give those of the origins and patterns whose pages are of another site than this server.

    Pages of this very machine are compared only where the server is there too: a list may hold
    both the origins of the deployment and those for development.
    """
    hosts = [host.removeprefix(".").lower() for host in settings.ALLOWED_HOSTS]
    if settings.DEBUG and not settings.ALLOWED_HOSTS:
        hosts = list(_DEBUG_HOSTS)
    local = {site_of(host) for host in hosts if is_loopback(host)}
    remote = {site_of(host) for host in hosts if not is_loopback(host)}
    return [origin for origin in origins if _is_cross_site(origin, local, remote)]


def _is_cross_site(origin: str, local: set[str], remote: set[str]) -> bool:
    pattern = OriginPattern.parse(origin)
    parts = split_origin(origin) if pattern is None else (pattern.scheme, pattern.host, "")
    if parts is None or parts[0] not in ("http", "https"):
        return True
    host = parts[1]
    if is_loopback(host):
        return bool(local) and site_of(host) not in local
    return site_of(host) not in remote
