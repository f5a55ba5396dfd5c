"""The names of HTTP and of the Fetch standard: tokens, methods, header fields.

What the standards list is a set here; what they define by a grammar is a function. Nothing in this
module knows what a policy grants.

The facts and their sources:

- a method and a field name are tokens (RFC 9110, section 5.6.2); methods are case-sensitive,
  field names are not (sections 9.1 and 5.1);
- https://fetch.spec.whatwg.org/#methods: CORS-safelisted methods, forbidden methods, and the six
  methods that a browser upper-cases for the page;
- https://fetch.spec.whatwg.org/#forbidden-request-header and
  https://fetch.spec.whatwg.org/#forbidden-response-header-name.
"""

from __future__ import annotations

import re
from typing import Final

_TCHARS = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_is_token = re.compile(_TCHARS).fullmatch
# RFC 9110, section 5.6.1: list elements may be empty and may have white space around them. The
# possessive quantifiers keep the cost linear for any input.
_is_token_list = re.compile(rf"[ \t,]*+(?:{_TCHARS}+[ \t]*+(?:,[ \t,]*+|\Z))*+").fullmatch

SAFELISTED_METHODS: Final = ("GET", "HEAD", "POST")
"""https://fetch.spec.whatwg.org/#cors-safelisted-method, in the order in which they are sent."""

COMMON_METHODS: Final = (*SAFELISTED_METHODS, "PUT", "PATCH", "DELETE", "OPTIONS")
"""The methods that are listed in addition to ``*``: Firefox caches a preflight by name only."""

NORMALIZED_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})
"""https://fetch.spec.whatwg.org/#concept-method-normalize: browsers upper-case only these."""

FORBIDDEN_METHODS: Final = frozenset({"CONNECT", "TRACE", "TRACK"})
"""https://fetch.spec.whatwg.org/#forbidden-method: scripts cannot send these, in any case."""

REGISTERED_METHODS: Final = frozenset(
    # IANA's HTTP Method Registry.
    """
    ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE
    MKACTIVITY MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST
    PROPFIND PROPPATCH PUT QUERY REBIND REPORT SEARCH TRACE UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE
    UPDATEREDIRECTREF VERSION-CONTROL
    """.split()
)
"""Methods that servers expect in upper case; in another case they are another method."""

SAFELISTED_REQUEST_HEADERS: Final = frozenset({"accept", "accept-language", "content-language"})
"""https://fetch.spec.whatwg.org/#cors-safelisted-request-header, with any common value."""

SAFELISTED_RESPONSE_HEADERS: Final = frozenset(
    """
    cache-control content-language content-length content-type expires last-modified pragma
    """.split()
)
"""https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name: any page can read these."""

CORS_REQUEST_HEADERS: Final = frozenset(
    """
    access-control-request-headers access-control-request-method
    access-control-request-private-network origin
    """.split()
)
"""Names of the CORS request headers, in lower case."""

CORS_RESPONSE_HEADERS: Final = frozenset(
    """
    access-control-allow-credentials access-control-allow-headers access-control-allow-methods
    access-control-allow-origin access-control-allow-private-network access-control-expose-headers
    access-control-max-age
    """.split()
)
"""Names of the CORS response headers, in lower case."""

FORBIDDEN_REQUEST_HEADERS: Final = frozenset(
    """
    accept-charset accept-encoding access-control-request-headers access-control-request-method
    connection content-length cookie cookie2 date dnt expect host keep-alive origin referer
    set-cookie te trailer transfer-encoding upgrade via
    """.split()
)
"""https://fetch.spec.whatwg.org/#forbidden-request-header: only browsers set these."""

_FORBIDDEN_REQUEST_PREFIXES: Final = ("proxy-", "sec-")

FORBIDDEN_RESPONSE_HEADERS: Final = frozenset({"set-cookie", "set-cookie2"})
"""https://fetch.spec.whatwg.org/#forbidden-response-header-name: scripts cannot read these."""

RESPONSE_ONLY_HEADERS: Final = CORS_RESPONSE_HEADERS.union(
    """
    accept-ranges age allow etag location retry-after server vary www-authenticate
    """.split()
)
"""Headers that only servers send; in a list of request headers they are a mistake."""

REQUEST_ONLY_HEADERS: Final = CORS_REQUEST_HEADERS.union(
    """
    accept accept-charset accept-language cookie expect host if-match if-modified-since
    if-none-match if-range if-unmodified-since max-forwards range referer te user-agent
    """.split()
)
"""Headers that only clients send; in a list of response headers they are a mistake."""


def is_token(value: str) -> bool:
    """Return whether `value` is a token (RFC 9110), as methods and field names have to be.

    >>> is_token("x-request-id"), is_token("x request"), is_token("")
    (True, False, False)
    """
    return _is_token(value) is not None


def is_sendable_method(method: str) -> bool:
    """Return whether a page can send `method`: https://fetch.spec.whatwg.org/#dom-request

    >>> is_sendable_method("PURGE"), is_sendable_method("Trace"), is_sendable_method("a b")
    (True, False, False)
    """
    return is_token(method) and method.upper() not in FORBIDDEN_METHODS


def is_forbidden_request_header(name: str) -> bool:
    """Return whether scripts cannot set the request header `name` (lower case).

    The three method-override headers do not count: they are forbidden for some values only.
    Source: https://fetch.spec.whatwg.org/#forbidden-request-header

    >>> is_forbidden_request_header("cookie"), is_forbidden_request_header("sec-fetch-mode")
    (True, True)
    >>> is_forbidden_request_header("authorization")
    False
    """
    return name in FORBIDDEN_REQUEST_HEADERS or name.startswith(_FORBIDDEN_REQUEST_PREFIXES)


def is_browser_header(name: str) -> bool:
    """Return whether only browsers set the request header `name` (lower case): a policy lists none.

    >>> is_browser_header("cookie"), is_browser_header("access-control-request-private-network")
    (True, True)
    """
    return name in CORS_REQUEST_HEADERS or is_forbidden_request_header(name)


def parse_field_names(value: str) -> frozenset[str] | None:
    """Parse a list of field names, such as the value of Access-Control-Request-Headers.

    Spaces, tabs, empty elements, repetitions and case make no difference, since gateways split and
    join such lines. Returns the names in lower case, or None if an element is not a token. The cost
    is linear in the length of `value`: bound it first if it comes from a client.

    >>> sorted(parse_field_names("X-B,, x-a ,x-b"))
    ['x-a', 'x-b']
    >>> parse_field_names("x-a, no token") is None
    True
    """
    if _is_token_list(value) is None:
        return None
    return frozenset(value.replace(",", " ").lower().split())
