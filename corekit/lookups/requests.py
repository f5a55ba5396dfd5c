"""What may decide which tenant a request belongs to."""

from __future__ import annotations

from typing import NamedTuple


class LookupRequest(NamedTuple):
    """The place that a request was sent to, for the function `tenant` of a look-up.

    `scheme` is that of the server, `host` the value of Host, empty if it is missing, and `path` is
    decoded; all three are what a client sent. There is nothing else of the request, since a
    preflight has nothing else: no cookie, no Authorization and no header of the page's own.

    >>> LookupRequest("https", "shop-1.example.com", "/orders")
    LookupRequest(scheme='https', host='shop-1.example.com', path='/orders')
    """

    scheme: str
    host: str
    path: str
