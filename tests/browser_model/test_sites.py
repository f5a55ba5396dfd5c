"""Which origins are same site, which connections are trustworthy, and which hosts share cookies."""

from __future__ import annotations

import pytest

from corekit.browser.sites import (
    domain_matches,
    is_same_site,
    is_schemelessly_same_site,
    is_suffix,
    is_trustworthy,
)
from corekit.browser.urls import parse_url


# https://html.spec.whatwg.org/multipage/browsers.html#same-site has the first rows.
@pytest.mark.parametrize(
    ("origin", "other", "schemelessly", "same"),
    [
        ("https://example.com", "https://example.com", True, True),
        ("https://app.example.com", "https://api.example.com", True, True),
        ("https://app.example.com", "https://api.example.com:8443", True, True),
        ("https://app.example.com", "http://api.example.com", True, False),
        ("http://app.example.com:8080", "http://example.com", True, True),
        ("https://example.com", "https://example.org", False, False),
        ("https://a.github.io", "https://b.github.io", False, False),
        ("https://x.a.github.io", "https://a.github.io", True, True),
        ("http://127.0.0.1:3000", "http://127.0.0.1", True, True),
        ("http://127.0.0.1", "http://127.0.0.2", False, False),
        ("null", "null", False, False),
        ("null", "https://example.com", False, False),
        ("https://example.com", "null", False, False),
    ],
)
def test_same_site(origin: str, other: str, schemelessly: bool, same: bool) -> None:
    assert is_schemelessly_same_site(origin, other) is schemelessly
    assert is_same_site(origin, other) is same


@pytest.mark.parametrize(
    ("url", "trustworthy"),
    [
        ("https://example.com/", True),
        ("http://localhost:8000/", True),
        ("http://app.localhost/", True),
        ("http://127.0.0.1/", True),
        ("http://[::1]:81/", True),
        ("http://example.com/", False),
        ("http://localhost.example.com/", False),
    ],
)
def test_trustworthy(url: str, trustworthy: bool) -> None:
    assert is_trustworthy(parse_url(url)) is trustworthy


# RFC 6265, section 5.1.3
@pytest.mark.parametrize(
    ("host", "domain", "matches"),
    [
        ("example.com", "example.com", True),
        ("api.example.com", "example.com", True),
        ("a.api.example.com", "example.com", True),
        ("example.com", "api.example.com", False),
        ("notexample.com", "example.com", False),
        ("example.com.evil.example", "example.com", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "0.0.1", False),
    ],
)
def test_domain_match(host: str, domain: str, matches: bool) -> None:
    assert domain_matches(host, domain) is matches


@pytest.mark.parametrize(
    ("domain", "suffix"),
    [
        ("com", True),
        ("co.uk", True),
        ("github.io", True),
        ("localhost", True),
        ("internal", True),
        ("example.com", False),
        ("app.localhost", False),
    ],
)
def test_no_cookie_for_all_hosts_below_a_suffix(domain: str, suffix: bool) -> None:
    assert is_suffix(domain) is suffix
