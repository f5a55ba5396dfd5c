"""Sites: which hosts share cookies, and which connections are trustworthy."""

from __future__ import annotations

from corekit._origins import ends_in_number, is_loopback, split_origin
from corekit._suffixes import PRIVATE_SUFFIXES, is_listed_suffix, site_of

from .urls import Url


def is_same_site(origin: str, other: str) -> bool:
    """Return whether two serialized origins are same site; opaque origins never are.

    Source: https://html.spec.whatwg.org/multipage/browsers.html#same-site

    >>> is_same_site("https://app.example.com", "https://api.example.com:8443")
    True
    >>> is_same_site("https://app.example.com", "http://app.example.com")
    False
    >>> is_same_site("https://a.github.io", "https://b.github.io"), is_same_site("null", "null")
    (False, False)
    """
    same_scheme = origin.partition(":")[0] == other.partition(":")[0]
    return same_scheme and is_schemelessly_same_site(origin, other)


def is_schemelessly_same_site(origin: str, other: str) -> bool:
    """Return whether two serialized origins are same site if their schemes do not count.

    Source: https://html.spec.whatwg.org/multipage/browsers.html#schemelessly-same-site

    >>> is_schemelessly_same_site("https://app.example.com", "http://example.com")
    True
    >>> is_schemelessly_same_site("null", "null")
    False
    """
    first, second = split_origin(origin), split_origin(other)
    if first is None or second is None:
        return False
    return site_of(first[1]) == site_of(second[1])


def is_trustworthy(url: Url) -> bool:
    """Return whether nobody on the network can read or change what is sent to `url`.

    Source: https://w3c.github.io/webappsec-secure-contexts/#is-url-trustworthy

    >>> is_trustworthy(Url("http", "localhost:8000", "/")), is_trustworthy(Url("http", "a.example", "/"))
    (True, False)
    """  # noqa: E501 - one line of input
    return url.scheme == "https" or is_loopback(url.host)


def domain_matches(host: str, domain: str) -> bool:
    """Return whether `host` is `domain`, or a name below it.

    Source: https://www.rfc-editor.org/rfc/rfc6265#section-5.1.3

    >>> domain_matches("api.example.com", "example.com"), domain_matches("127.0.0.1", "0.0.1")
    (True, False)
    """
    return host == domain or (host.endswith(f".{domain}") and not ends_in_number(host))


def is_suffix(domain: str) -> bool:
    """Return whether no cookie may be set for all hosts below `domain`.

    >>> is_suffix("co.uk"), is_suffix("localhost"), is_suffix("example.com")
    (True, True, False)
    """
    return domain in PRIVATE_SUFFIXES or is_listed_suffix(domain)
