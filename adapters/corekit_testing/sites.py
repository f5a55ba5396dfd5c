"""Sites: which origins share cookies marked SameSite, and which names nobody can set cookies for.

A site is a scheme and a registrable domain:
https://html.spec.whatwg.org/multipage/browsers.html#obtain-a-site. Registrable domains come from
the Public Suffix List, with the rule that an unknown last label is public: so ``a.localhost`` and
``b.localhost`` are two sites, as browsers have it.
"""

from __future__ import annotations

from functools import cache

from publicsuffixlist import PublicSuffixList

from corekit._origins import OPAQUE, ends_in_number, split_origin

__all__ = ["is_public_suffix", "is_same_site"]


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def is_public_suffix(host: str) -> bool:
    """Say whether a cookie for the whole of `host` would be a cookie for strangers.

    >>> is_public_suffix("co.uk"), is_public_suffix("example.co.uk"), is_public_suffix("localhost")
    (True, False, True)
    """
    return _registrable_domain(host) is None and not _is_address(host)


def is_same_site(origin: str, other: str) -> bool:
    """Say whether two serialized origins are of one site; an opaque origin is of none.

    >>> is_same_site("https://app.example.com", "https://api.example.com:8443")
    True
    >>> is_same_site("https://app.example.com", "http://app.example.com")
    False
    >>> is_same_site("https://a.github.io", "https://b.github.io"), is_same_site("null", "null")
    (False, False)
    """
    site = _site(origin)
    return site is not None and site == _site(other)


def _site(origin: str) -> tuple[str, str] | None:
    parts = None if origin == OPAQUE else split_origin(origin)
    if parts is None:
        return None
    scheme, host, _ = parts
    return scheme, _registrable_domain(host) or host


def _registrable_domain(host: str) -> str | None:
    if _is_address(host):
        return None
    domain: str | None = _suffixes().privatesuffix(host)
    return domain


def _is_address(host: str) -> bool:
    return host.startswith("[") or ends_in_number(host)
