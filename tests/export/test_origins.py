"""The set of origins that a proxy allows is that of the policy: proven for the whole set."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corekit import CorsPolicy
from corekit._automata import Automaton, intersection, members, union
from corekit._origin_kinds import Kind, automaton_of, pattern_source
from corekit._origins import ANY, OriginPattern
from corekit.export import export_policy
from tests.export.every import PROXIES
from tests.export.nginx import NGINX
from tests.export.proxies import Proxy
from tests.properties.strategies import build, patterns

KINDS: Final = union(kind.origins for kind in Kind)
"""All origins that a browser sends. Lengths are not limited here."""

SHORT_LABELS: Final = automaton_of(r"[^:]+://(\[.*\]|([^.:]{1,63}\.)*[^.:]{1,63}\.?)(:[0-9]+)?")
"""Labels of at most 63 characters, as patterns match them."""


def origins_of(entry: str) -> Automaton:
    """Return the origins that an entry of a policy allows."""
    found = intersection(automaton_of(pattern_source(entry)), KINDS)
    pattern = OriginPattern.parse(entry) if ANY in entry else None
    return found if pattern is None or pattern.label is None else intersection(found, SHORT_LABELS)


def exported(proxy: Proxy, policy: CorsPolicy) -> Sequence[str]:
    return proxy.origin_regexes(export_policy(policy, proxy.target))


def matched(regex: str) -> Automaton:
    """Return the origins that a row matches, of those that a browser sends."""
    return intersection(automaton_of(regex), KINDS)


def find_outside(one: Automaton, other: Automaton) -> str | None:
    return next(members(one, [other]), None)


ENTRIES: Final = [
    "https://app.example.com",
    "https://app.example.com:8443",
    "https://xn--bcher-kva.example",
    "https://example.com.",
    "https://*.example.com",
    "https://*.example.com:8443",
    "https://*.example.com:*",
    "https://pr-*.example.com",
    "https://pr-*-x.example.com:*",
    f"https://{'a' * 61}-*.example.com",
    "http://localhost:*",
    "http://[::1]:*",
    "http://127.0.0.1:*",
    "http://192.168.1.*",
    "http://10.*.*.*:*",
    "https://172.16.*.*:8443",
    "capacitor://localhost",
    "a+b.c-d://x:*",
    "chrome-extension://abcdefghijklmnop",
    "chrome-extension://*",
    "myapp://*:*",
    "myapp://a.b~c!$&'()+;=",
    "myapp://*.example.com",
    "app://",
    "file://",
    "null",
]


every_proxy = pytest.mark.parametrize("proxy", PROXIES, ids=str)


@every_proxy
@pytest.mark.parametrize("entry", ENTRIES)
def test_each_entry_has_an_equal_matcher(entry: str, proxy: Proxy) -> None:
    (regex,) = exported(proxy, build({"allow_origins": [entry]}).policy)
    assert find_outside(matched(regex), union([])) is not None
    assert find_outside(matched(regex), origins_of(entry)) is None
    assert find_outside(origins_of(entry), matched(regex)) is None


@every_proxy
@pytest.mark.parametrize("entry", ENTRIES)
def test_no_matcher_matches_a_wildcard(entry: str, proxy: Proxy) -> None:
    # The cors filter of Envoy would allow every origin.
    (regex,) = exported(proxy, build({"allow_origins": [entry]}).policy)
    assert re.fullmatch(regex, "*") is None


@every_proxy
@given(entries=st.lists(patterns, min_size=1, max_size=4, unique=True))
@settings(max_examples=50)
def test_each_row_is_one_entry(entries: list[str], proxy: Proxy) -> None:
    # Traefik has a list of origins, and one of patterns.
    policy = build({"allow_origins": sorted(entries, key=lambda each: ANY in each)}).policy
    for regex, entry in zip(exported(proxy, policy), policy.allow_origins, strict=True):
        assert find_outside(matched(regex), origins_of(entry)) is None
        assert find_outside(origins_of(entry), matched(regex)) is None


@given(st.lists(patterns, min_size=1, max_size=4, unique=True))
@settings(max_examples=20)
def test_matchers_of_nginx_capture_nothing(entries: list[str]) -> None:
    # Captures of a map would replace those of the location.
    for regex in exported(NGINX, build({"allow_origins": entries}).policy):
        assert re.compile(regex).groups == 0


@every_proxy
@pytest.mark.parametrize(
    ("entry", "origin"),
    [
        ("http://localhost:*", "http://localhost:80"),
        ("http://localhost:*", "http://localhost:65536"),
        ("https://*.example.com", f"https://{'a.' * 130}example.com"),
        ("myapp://*", "myapp://[0:0:0:0:0:0:0:1]"),
    ],
)
def test_what_no_browser_sends_may_match(entry: str, origin: str, proxy: Proxy) -> None:
    policy = CorsPolicy(allow_origins=[entry])
    assert not policy.decide("GET", origin=origin).allowed
    assert re.fullmatch(exported(proxy, policy)[0], origin)


@every_proxy
def test_policy_that_allows_nothing_has_no_matcher(proxy: Proxy) -> None:
    assert [*exported(proxy, CorsPolicy.deny_all())] == []
