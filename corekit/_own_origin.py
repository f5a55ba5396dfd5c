"""Whether a request comes from a page of the server itself, so that CORS does not apply.

Browsers send Origin with every request but GET and HEAD, also to the page's own server
(https://fetch.spec.whatwg.org/#append-a-request-origin-header). The headers of the response do not
depend on this: the browser does not ask for them. Only who reports decisions needs to know.
"""

from __future__ import annotations

from typing import Final

from ._origins import DEFAULT_PORTS, split_origin

_SAME_ORIGIN: Final = "same-origin"
_SECURE: Final = ("https", "wss")


def is_own_origin(
    origin: str | None, host: str | None, sec_fetch_site: str | None, scheme: str | None = None
) -> bool:
    """Return whether `origin` is that of the server that the request was sent to.

    `host` and `sec_fetch_site` are the values of Host and Sec-Fetch-Site, None for a header that is
    missing. Browsers send the second one to HTTPS and loopback, and pages cannot change it. Without
    it, the host and the port are compared. `scheme` is that of the server, if it is known: a proxy
    may have added TLS to a server with http, but nothing removes it from one with https.

    >>> is_own_origin("https://example.com", "example.com", None)
    True
    >>> is_own_origin("http://localhost:5173", "localhost:8000", None)
    False
    >>> is_own_origin("null", "example.com", "same-origin")
    True
    """
    if origin is None:
        return False
    if sec_fetch_site is not None:
        return sec_fetch_site == _SAME_ORIGIN
    parts = split_origin(origin)
    if parts is None or host is None:
        return False
    origin_scheme, name, port = parts
    if scheme in _SECURE and origin_scheme != "https":
        return False
    asked, _, asked_port = host.lower().rpartition(":")
    if not asked or not asked_port.isdecimal():
        return not port and host.lower() == name
    return (asked, asked_port) == (name, port or DEFAULT_PORTS.get(origin_scheme))
