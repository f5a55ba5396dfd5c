"""The site of a host: its registrable domain, from the public suffix list."""

from __future__ import annotations

from pathlib import Path

import pytest
from publicsuffixlist import PSLFILE

from corekit import CorsPolicy, PolicyError
from corekit._suffixes import find_open_suffix, is_public_suffix, site_of

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


def test_every_rule_of_the_list_is_found_below_its_parents() -> None:
    found = 0
    for line in Path(PSLFILE).read_text("utf-8").splitlines():
        if not line or line.startswith(("//", "!")):
            continue
        labels = line.encode("idna").decode("ascii").removeprefix("*.").split(".")
        for index in range(1, len(labels)):
            parent = ".".join(labels[index:])
            suffix = find_open_suffix(parent, below=True)
            assert suffix is not None
            assert suffix.isascii()
            assert suffix == parent or suffix.endswith(f".{parent}")
            found += not is_public_suffix(parent)
    assert found > 100


@pytest.mark.parametrize("host", ["xn--mre-og-romsdal-qqb.no", "xn--stfold-9xa.no", "nordland.no"])
def test_wildcard_above_a_public_suffix_is_a_risk(host: str) -> None:
    with pytest.raises(PolicyError) as caught:
        CorsPolicy(allow_origins=[f"https://*.{host}"], allow_credentials=True)
    (problem,) = caught.value.problems
    assert problem.code == "public-suffix"
    CorsPolicy(allow_origins=[f"https://app.{host}"], allow_credentials=True)
