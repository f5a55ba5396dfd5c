"""URLs as browsers parse them, as far as fetches and redirects need it."""

from __future__ import annotations

import pytest

from corekit.browser.urls import parse_url

BASE = "https://api.example.com/a/b?c"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.com", "https://example.com/"),
        ("HTTP://EXAMPLE.com:80/A?B#c", "http://example.com/A?B"),
        ("https://example.com:080/", "https://example.com:80/"),
        ("https://example.com:/", "https://example.com/"),
        ("https://[0:0::1]:8443/x", "https://[::1]:8443/x"),
        ("https://[::1]", "https://[::1]/"),
        ("https://e.com/a/./b/../c", "https://e.com/a/c"),
        ("https://e.com/a/%2E%2e/b/%2e", "https://e.com/b/"),
        ("https://e.com/../..", "https://e.com/"),
        ("https://e.com/a/..", "https://e.com/"),
        ("https://e.com/a b/é?ü&'", "https://e.com/a%20b/%C3%A9?%C3%BC&%27"),
        ("https://e.com/%41", "https://e.com/%41"),
        ("\t https://e.com/\n x ", "https://e.com/%20x"),
        ("https:\\\\e.com\\a", "https://e.com/a"),
        ("/x/y", "https://api.example.com/x/y"),
        ("x/../y?z", "https://api.example.com/a/y?z"),
        ("?q", "https://api.example.com/a/b?q"),
        ("", "https://api.example.com/a/b?c"),
        ("#f", "https://api.example.com/a/b?c"),
        ("//other.example/x", "https://other.example/x"),
        ("http:/x", "http://x/"),
        ("https:x", "https://api.example.com/a/x"),
        ("ftp://e.com/x", "ftp://e.com/x"),
        ("mailto:a@b", "mailto:a@b"),
    ],
)
def test_url_is_serialized_as_in_a_browser(text: str, expected: str) -> None:
    assert str(parse_url(text, parse_url(BASE))) == expected


@pytest.mark.parametrize(
    "text",
    [
        "/relative",
        "",
        "https://",
        "https://a b/",
        "https://e.com:x/",
        "https://e.com:65536/",
        "https://[::g]/",
        "https://e.com:٣/",
        "https://256.1.1.1/",
    ],
)
def test_invalid_url_raises(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        parse_url(text)


@pytest.mark.parametrize(
    ("text", "origin", "credentials"),
    [
        ("https://e.com:443/x", "https://e.com", False),
        ("http://e.com:8000", "http://e.com:8000", False),
        ("https://u@e.com", "https://e.com", True),
        ("https://:p@e.com", "https://e.com", True),
        ("https://@e.com", "https://e.com", False),
        ("data:text/plain,x", "null", False),
    ],
)
def test_url_has_an_origin_and_may_contain_credentials(
    text: str, origin: str, credentials: bool
) -> None:
    url = parse_url(text)
    assert (url.origin, url.credentials) == (origin, credentials)


@pytest.mark.parametrize(
    ("text", "base", "expected"),
    [
        ("\x01https://e.com/\x02", "https://api.example.com/items", "https://e.com/"),
        ("https:/x", "https://api.example.com/items", "https://api.example.com/x"),
        ("https:x", "https://api.example.com/items", "https://api.example.com/x"),
        ("https:///x/y", "https://api.example.com/items", "https://x/y"),
        ("https:/x", "http://api.example.com/", "https://x/"),
        ("https://Xavier.example/", "https://api.example.com/items", "https://xavier.example/"),
        ("", "https://e.com/a?b?c", "https://e.com/a?b?c"),
        ("d", "https://e.com/a/b?c?/e", "https://e.com/a/d"),
    ],
)
def test_unusual_urls_are_parsed_as_in_a_browser(text: str, base: str, expected: str) -> None:
    assert str(parse_url(text, parse_url(base))) == expected


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://e.com/x", "e.com"),
        ("http://e.com:8000", "e.com"),
        ("http://[::1]:8000/", "[::1]"),
        ("data:text/plain,x", ""),
    ],
)
def test_http_url_must_have_a_host(text: str, host: str) -> None:
    assert parse_url(text).host == host
