"""What a look-up may know about the request that needs it."""

from __future__ import annotations

from typing import NamedTuple


class LookupRequest(NamedTuple):
    """The place that a request was sent to.

    `scheme` is that of the server, `host` the value of Host, and `path` is decoded; all three are
    what a client sent. There is nothing else of the request, since a preflight has nothing else: no
    cookie, no Authorization and no header of the page's own.

    `tenant` is what the function `tenant` made of it. What a look-up returns is remembered for the
    tenant and the origin, so it must not depend on anything else.

    >>> LookupRequest("https", "shop-1.example.com", "/orders")
    LookupRequest(scheme='https', host='shop-1.example.com', path='/orders', tenant=None)
    """

    scheme: str
    host: str
    path: str
    tenant: str | None = None
