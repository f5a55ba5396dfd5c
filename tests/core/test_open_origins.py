"""The limits of what is open: labels, addresses and apps, with the dot of the root or not."""

from __future__ import annotations

import re

import pytest

from corekit import PolicyError, _origin_language, _suffixes
from corekit._origin_kinds import Kind, automaton_of, pattern_source
from corekit._origin_language import MOST_VALUES, OriginLanguage
from corekit._origins import OriginPattern, OriginSet
from corekit.compat import RegexCorsPolicy


def language(source: str) -> OriginLanguage:
    return OriginLanguage.of_regex(re.compile(source))


def suffix_of(source: str) -> str | None:
    opening = language(source).find_open_site()
    return None if opening is None else opening.suffix


@pytest.mark.parametrize(
    ("labels", "is_open"),
    [
        # 16 and 17 values, of one length and of two.
        ("[a-p]", False),
        ("[a-q]", True),
        ("[a-h]x?", False),
        ("[a-h]x?|i", True),
        ("[a-j]|[a-j]x", True),
        ("[a-h]|[a-h]xx", False),
    ],
)
def test_label_with_more_than_16_values_is_open(labels: str, is_open: bool) -> None:
    assert MOST_VALUES == 16
    assert suffix_of(rf"https://({labels})\.github\.io") == ("github.io" if is_open else None)
    hosts = list(language(rf"https://({labels})\.example\.com").open_hosts())
    assert hosts == (["example.com"] if is_open else [])


ENDS = (
    r"com|ca|de|fr|it|es|nl|se|pl|ae|sa|in|sg|eg|ie|at|ch|be|co\.uk|com\.au|co\.jp|com\.mx|com\.tr"
)
SECOND = "ac|co|gov|ltd|me|net|nhs|org|plc|police"
"""Public suffixes below `uk`."""


@pytest.mark.parametrize(
    ("source", "suffix"),
    [
        # Real ends are not counted, whatever comes before them.
        (rf"https://(www\.)?example\.({ENDS})", None),
        (rf"https://(.*\.)?example\.({ENDS})\.?(:\d+)?", None),
        (rf"https://([a-p]|www)\.example\.({ENDS})", None),
        (rf"https://[a-p]\.({ENDS})", None),
        (rf"https://[a-q]\.({ENDS})", "ca"),
        (rf"https://[a-z]+\.({ENDS})", "ca"),
        # 16 and 17 that do not exist.
        (rf"https://example\.({ENDS}|[a-p]qq)", None),
        (rf"https://example\.({ENDS}|[a-q]qq)", ""),
        (rf"https://[a-p]x\.(({SECOND})\.)?uk", None),
        (rf"https://[a-q]x\.(({SECOND})\.)?uk", "uk"),
        (r"https://example\.[a-z]{2}", ""),
        (r"https://example\.[a-z]{2}\.uk", "uk"),
        (r"https://example\.[a-z]{2,}", ""),
        # Every name below `ck` is a public suffix.
        (r"https://app\.[a-p][a-p]\.ck", None),
        (r"https://app\.[a-z][a-z]\.ck", "ck"),
    ],
)
def test_list_of_public_suffixes_is_not_open(source: str, suffix: str | None) -> None:
    assert suffix_of(source) == suffix


def test_at_most_300_ends_are_tried() -> None:
    ends = sorted(filter(str.isascii, _suffixes._top_level_domains()))
    # Words with the same beginning are counted when they differ.
    for count, suffix in ((250, None), (301, "")):
        assert suffix_of(rf"https://example\.({'|'.join(ends[-count:])})") == suffix


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        (
            r"https://.*example\.com.*",
            "any-origin-with-credentials",
            "It matches 'https://example.com.evil.example', so any website could act as the user.",
        ),
        (
            r"https://[a-z]+\.[a-z]{2}",
            "any-origin-with-credentials",
            "It matches 'https://evil.xx', so any website could act as the user.",
        ),
        (
            r"https://.*\.example\.[a-z]{2}",
            "any-origin-with-credentials",
            (
                "It matches 'https://evil.example.xx' and at least 16 other sites: anybody who"
                " gets one of them could act as the user."
            ),
        ),
        (
            r"https://203\.0\.113\.\d+",
            "any-origin-with-credentials",
            (
                "It matches 'https://203.0.113.1' and at least 16 other sites: anybody who gets"
                " one of them could act as the user."
            ),
        ),
        (
            r"https://[a-q]-team\.vercel\.app",
            "public-suffix",
            (
                "It matches 'https://a-team.vercel.app' and at least 16 other names below"
                " 'vercel.app': anybody who registers one of them could act as the user."
            ),
        ),
    ],
)
def test_message_says_who_could_act_as_the_user(source: str, code: str, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        RegexCorsPolicy(allow_origin_regexes=[source], allow_credentials=True)
    assert [(each.code, each.message) for each in caught.value.problems] == [(code, message)]


@pytest.mark.parametrize(
    ("source", "suffix"),
    [
        # A public suffix below a site.
        (r"https://mine\.s3\.amazonaws\.com", None),
        (r"https://[a-z]+\.s3\.amazonaws\.com", "s3.amazonaws.com"),
        (r"https://mine\.ent\.platform\.sh", None),
        # Addresses: of all machines, of this network, written out.
        (r"https://\[2001:db8::[0-9a-f]{4}\]", ""),
        (r"https://\[2001:db8:[0-9a-f]{4}::1\]:8443", ""),
        (r"https://\[2001:db8::[1-9a]\](:\d+)?", None),
        (r"https://\[(2001:db8::[1-4]|fd00::[0-9a-f]{1,4})\]", None),
        (r"https://203\.0\.113\.[1-9]:\d+", None),
    ],
)
def test_site_or_address_is_open(source: str, suffix: str | None) -> None:
    assert suffix_of(source) == suffix


@pytest.mark.parametrize(
    ("source", "origin"),
    [
        (r"https://.*example\.com\.", "https://evilexample.com."),
        (r"https://.*\.co\.uk\.", "https://evil.co.uk."),
    ],
)
def test_open_site_is_shown_with_the_dot_of_the_root(source: str, origin: str) -> None:
    opening = language(source).find_open_site()
    assert opening is not None
    assert opening.origin == origin


@pytest.mark.parametrize(
    ("source", "sites"),
    [
        (r"https://app\.example\.com\.", ["example.com"]),
        (r"https://(app|api)\.example\.com\.?", ["example.com"]),
    ],
)
def test_sites_have_no_dot_of_the_root(source: str, sites: list[str]) -> None:
    assert set(language(source).sites()) == set(sites)


@pytest.mark.parametrize(
    ("source", "host"),
    [
        (r"https://[a-z]+\.example\.com\.", "example.com"),
        (r"https://[a-z]+\.example\.com:\d+", "example.com"),
    ],
)
def test_open_hosts_have_no_dot_of_the_root(source: str, host: str) -> None:
    assert list(language(source).open_hosts()) == [host]


def test_open_hosts_are_searched_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    searched = language(r"https://([a-h]\.){3}[a-z]+\.example\.com")
    assert list(searched.open_hosts()) == ["example.com"]
    # The ends with and without the dot of the root, "com", and "example.com".
    monkeypatch.setattr(_origin_language, "_MOST_SUFFIXES", 4)
    assert list(searched.open_hosts()) == ["example.com"]
    monkeypatch.setattr(_origin_language, "_MOST_SUFFIXES", 3)
    assert list(searched.open_hosts()) == []


@pytest.mark.parametrize(
    ("source", "is_open"),
    [
        ("chrome-extension://[a-p]+", True),
        ("app://[A-Z]", True),
        ("app://[A-Z]{2}", True),
        ("app://[A-P]", False),
        ("app://(one|two)", False),
        (r"app://[a-z]+\.", True),
        ("https://.*", False),
    ],
)
def test_app_is_open_if_it_has_more_than_16_names(source: str, is_open: bool) -> None:
    origin = language(source).find_open_app()
    assert (origin is not None) is is_open
    assert origin is None or re.fullmatch(source, origin)


@pytest.mark.parametrize(
    ("pattern", "origins"),
    [
        ("chrome-extension://*", "chrome-extension://AbC chrome-extension://a.b"),
        ("chrome-extension://*:*", "chrome-extension://[::1]:8 chrome-extension://a"),
        ("http://192.168.*.*:*", "http://192.168.1.255 http://192.168.0.1:81"),
        ("http://10.1.2.*", "http://10.1.2.0 http://10.1.2.256 http://10.1.3.0"),
        ("https://pr-*-x.example.com", "https://pr-1-x.example.com https://pr--x.example.com"),
        ("https://*.example.com", "https://a.b.example.com https://example.com https://a.example"),
    ],
)
def test_source_of_a_pattern_has_the_same_origins(pattern: str, origins: str) -> None:
    parsed = OriginPattern.parse(pattern)
    assert parsed is not None
    matcher = OriginSet([], [parsed])
    for origin in origins.split():
        assert bool(re.fullmatch(pattern_source(pattern), origin)) is (origin in matcher)


def test_addresses_of_ipv6_are_not_those_of_a_private_network() -> None:
    patterns = filter(None, map(OriginPattern.parse, ["http://192.168.1.*", "http://10.*.*.*:*"]))
    matcher = OriginSet([], patterns)
    for origin in ("http://[::1]", "http://[fd00::1]", "http://[::ffff:c0a8:101]"):
        assert origin not in matcher


def test_each_part_is_determined_once() -> None:
    found = OriginLanguage(automaton_of(r"https://a\.example|app://b"), lambda _: True)
    for kind in Kind:
        assert found.part(kind) is found.part(kind)
    assert found.part(Kind.APP) is not found.part(Kind.DOMAIN)
