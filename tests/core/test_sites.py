"""The site of a host: its registrable domain, from the public suffix list."""

from __future__ import annotations

import pytest

from corekit._suffixes import site_of

SITES = {
    "example.com": "example.com",
    "a.example.com": "example.com",
    "a.b.c.example.com": "example.com",
    "example.com.": "example.com",
    "a.example.com.": "example.com",
    "example.co.uk": "example.co.uk",
    "api.shop.example.co.uk": "example.co.uk",
    "me.github.io": "me.github.io",
    "pages.me.github.io": "me.github.io",
    "localhost": "localhost",
    "app.localhost": "app.localhost",
    "a.app.localhost": "app.localhost",
    "db.corp.internal": "corp.internal",
    "com": "com",
    "co.uk": "co.uk",
    "github.io": "github.io",
    "127.0.0.1": "127.0.0.1",
    "192.0.2.1": "192.0.2.1",
    "[2001:db8::1]": "[2001:db8::1]",
    "[::ffff:c000:201]": "[::ffff:c000:201]",
}


@pytest.mark.parametrize("host", SITES)
def test_site_is_the_registrable_domain(host: str) -> None:
    assert site_of(host) == SITES[host]
