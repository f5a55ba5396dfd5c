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
        ("https://e.com:65535", "https://e.com:65535/"),
        ("http://255.255.255.254", "http://255.255.255.254/"),
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
        ("http://127.1/", "http://127.0.0.1/"),
        ("http://127.0.0.1./", "http://127.0.0.1/"),
        ("http://0x7f.1", "http://127.0.0.1/"),
        ("http://0X7F.0.0.1", "http://127.0.0.1/"),
        ("http://0x/", "http://0.0.0.0/"),
        ("http://2130706433/", "http://127.0.0.1/"),
        ("http://0177.0.0.1:80/", "http://127.0.0.1/"),
        ("http://00000000000000000000177.1:81/", "http://127.0.0.1:81/"),
        ("http://1.2.772/", "http://1.2.3.4/"),
        ("http://1.2.3.255", "http://1.2.3.255/"),
        ("http://4294967295", "http://255.255.255.255/"),
        ("http://037777777777", "http://255.255.255.255/"),
        ("http://0x0000ffffffff", "http://255.255.255.255/"),
        ("http://%31%32%37.1", "http://127.0.0.1/"),
        ("https://api%2Eexample.com/%2E", "https://api.example.com/"),
        ("https://%41pi.example.com", "https://api.example.com/"),
        # What is not in https://url.spec.whatwg.org/#forbidden-domain-code-point is valid.
        ("https://*.Example.com", "https://*.example.com/"),
        ("https://e!\"$&'()*+,-.;=_`{}~", "https://e!\"$&'()*+,-.;=_`{}~/"),
        ("https://a..b/", "https://a..b/"),
        ("https://.a/", "https://.a/"),
        ("https://foo.09..", "https://foo.09../"),
        (f"https://{'a.' * 200}b/", f"https://{'a.' * 200}b/"),
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
        "https://e.com:100000/",
        f"https://e.com:{'9' * 5000}/",
        "https://[::g]/",
        "https://[::1/",
        "https://[::1:80/",
        "https://[::1]x/",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        *(f"https://a{forbidden}b/" for forbidden in "\0\x1f <>[]^|%\x7f"),
        "https://e.com:٣/",
        "https://256.1.1.1/",
        "https://1.2.3.256/",
        "https://1.2.65536/",
        "https://1.16777216/",
        "https://4294967296/",
        "https://0x100000000/",
        "https://040000000000/",
        "https://1.2.3.4.5/",
        "https://1.2.3.4.0/",
        "https://1..2/",
        "https://a.1/",
        "https://08.1/",
        "https://0xg.1/",
        f"https://{'9' * 5000}/",
        f"https://0x{'f' * 5000}/",
        "https://a%20b/",
        "https://a%2fb/",
        "https://a%/",
        "https://a%zz/",
        "https://a%25b/",
        "https://%5b::1%5d/",
        "https://e%3a80/",
        "https://%C3%BC.example/",
    ],
)
def test_invalid_url_raises(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        parse_url(text)


@pytest.mark.parametrize(
    ("text", "origin", "href"),
    [
        ("https://e.com:443/x", "https://e.com", "https://e.com/x"),
        ("http://e.com:8000", "http://e.com:8000", "http://e.com:8000/"),
        ("https://u@e.com", "https://e.com", "https://u@e.com/"),
        ("https://u:@e.com", "https://e.com", "https://u@e.com/"),
        ("https://:p@e.com", "https://e.com", "https://:p@e.com/"),
        ("https://u:p:q@r@e.com:8443", "https://e.com:8443", "https://u:p%3Aq%40r@e.com:8443/"),
        ("https://u u@e.com", "https://e.com", "https://u%20u@e.com/"),
        ("https://@e.com", "https://e.com", "https://e.com/"),
        ("https://:@e.com", "https://e.com", "https://e.com/"),
        ("https://u!%41:p$@e.com", "https://e.com", "https://u!%41:p$@e.com/"),
        ("data:text/plain,x", "null", "data:text/plain,x"),
    ],
)
def test_url_has_an_origin_and_may_contain_credentials(text: str, origin: str, href: str) -> None:
    url = parse_url(text)
    assert (url.origin, url.href) == (origin, href)
    assert "@" not in str(url)


@pytest.mark.parametrize(
    ("text", "fragment"),
    [("https://e.com/a", None), ("https://e.com/a#", ""), ("#b#c", "b#c"), ("data:,x#y", "y")],
)
def test_url_may_have_a_fragment(text: str, fragment: str | None) -> None:
    url = parse_url(text, parse_url("https://e.com/#x"))
    assert url.fragment == fragment
    assert "#" not in url.href
    assert "#" not in str(url)


def test_relative_url_inherits_user_name_and_password() -> None:
    base = parse_url("https://u:p@e.com/a")
    assert parse_url("b", base).href == "https://u:p@e.com/b"
    assert parse_url("//e.com/b", base).href == "https://e.com/b"


@pytest.mark.parametrize("text", ["//x/", "/x", "x", "?x", ""])
@pytest.mark.parametrize("base", ["capacitor://localhost", "chrome-extension://abc", "data:,x"])
def test_relative_url_needs_an_http_base(base: str, text: str) -> None:
    with pytest.raises(ValueError, match="not an absolute URL"):
        parse_url(text, parse_url(base))
    assert str(parse_url("https:x", parse_url(base))) == "https://x/"


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
    ("text", "host", "port"),
    [
        ("https://e.com/x", "e.com", None),
        ("https://e.com:443/x", "e.com", None),
        ("http://e.com:8000", "e.com", 8000),
        ("http://e.com:0", "e.com", 0),
        (f"http://e.com:{'0' * 5000}8000", "e.com", 8000),
        ("http://[::1]:8000/", "[::1]", 8000),
        ("http://[::1]/", "[::1]", None),
        ("data:text/plain,x", "", None),
    ],
)
def test_url_has_a_host_and_port(text: str, host: str, port: int | None) -> None:
    assert (parse_url(text).host, parse_url(text).port) == (host, port)
