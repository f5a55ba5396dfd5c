"""Exactly which strings are serialized origins."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest

from corekit import CorsPolicy
from corekit._origins import (
    MAX_ORIGIN_LENGTH,
    Origin,
    is_loopback,
    is_serialized_origin,
    serialize_ipv6,
    split_origin,
)

LONG_LABEL = "a" * 63
LONG_DOMAIN = ".".join([LONG_LABEL, LONG_LABEL, LONG_LABEL, "a" * 61])

ORIGINS = {
    "https": ("https://example.com", "https", "example.com", ""),
    "http": ("http://example.com", "http", "example.com", ""),
    "one label": ("http://intranet", "http", "intranet", ""),
    "localhost with a port": ("http://localhost:3000", "http", "localhost", "3000"),
    "lowest port": ("https://example.com:1", "https", "example.com", "1"),
    "highest port": ("https://example.com:65535", "https", "example.com", "65535"),
    "the other scheme's port": ("http://example.com:443", "http", "example.com", "443"),
    "the other scheme's port, HTTPS": ("https://example.com:80", "https", "example.com", "80"),
    "trailing dot": ("https://example.com.", "https", "example.com.", ""),
    "underscore": ("https://my_app.example.com", "https", "my_app.example.com", ""),
    "hyphens": ("https://-a-.example--com", "https", "-a-.example--com", ""),
    "punycode": ("https://xn--bcher-kva.example", "https", "xn--bcher-kva.example", ""),
    "digits": ("https://1.2.3.4.example", "https", "1.2.3.4.example", ""),
    "IPv4": ("http://127.0.0.1:8000", "http", "127.0.0.1", "8000"),
    "highest IPv4": ("http://255.255.255.255", "http", "255.255.255.255", ""),
    "IPv6": ("http://[::1]:8000", "http", "[::1]", "8000"),
    "IPv6 without a port": ("https://[2001:db8::1]", "https", "[2001:db8::1]", ""),
    "IPv6, mapped": ("https://[::ffff:c000:201]", "https", "[::ffff:c000:201]", ""),
    "IPv6, one zero group": ("http://[1:0:2:3:4:5:6:7]", "http", "[1:0:2:3:4:5:6:7]", ""),
    "custom scheme": ("capacitor://localhost", "capacitor", "localhost", ""),
    "extension": ("chrome-extension://abcdefgh", "chrome-extension", "abcdefgh", ""),
    "scheme with punctuation": ("a+b.c-1://x", "a+b.c-1", "x", ""),
    "custom scheme with the port of another": ("tauri://x:443", "tauri", "x", "443"),
    "longest label": (f"https://{LONG_LABEL}.example", "https", f"{LONG_LABEL}.example", ""),
    "longest domain": (f"https://{LONG_DOMAIN}.", "https", f"{LONG_DOMAIN}.", ""),
    "longest scheme": (f"{'a' * 64}://x", "a" * 64, "x", ""),
    "longest of all": (
        f"{'a' * 64}://{LONG_DOMAIN}.:65535",
        "a" * 64,
        f"{LONG_DOMAIN}.",
        "65535",
    ),
}

NOT_ORIGINS = {
    "empty": "",
    "no scheme": "example.com",
    "no host": "https://",
    "only a port": "https://:443",
    "no slashes": "https:example.com",
    "one slash": "https:/example.com",
    "relative": "//example.com",
    "upper-case scheme": "HTTPS://example.com",
    "upper-case host": "https://Example.com",
    "trailing slash": "https://example.com/",
    "path": "https://example.com/a",
    "query": "https://example.com?a",
    "fragment": "https://example.com#a",
    "user": "https://user@example.com",
    "default port of https": "https://example.com:443",
    "default port of http": "http://example.com:80",
    "default port of ftp": "ftp://example.com:21",
    "no port after the colon": "https://example.com:",
    "port 0": "https://example.com:0",
    "leading zero": "https://example.com:08080",
    "port too high": "https://example.com:65536",
    "port too long": "https://example.com:100000",
    "port of letters": "https://example.com:http",
    "port of other digits": "https://example.com:\u0663\u0660\u0660\u0660",
    "negative port": "https://example.com:-1",
    "two ports": "https://example.com:1:2",
    "space before": " https://example.com",
    "space after": "https://example.com ",
    "tab": "https://exam\tple.com",
    "newline after": "https://example.com\n",
    "CR LF": "https://example.com\r\nX: y",
    "NUL": "https://example.com\x00",
    "two origins": "https://a.example https://b.example",
    "a list of origins": "https://a.example, https://a.example",
    "a list without a space": "https://a.example,https://b.example",
    "NULL": "NULL",
    "null with a space": "null ",
    "null twice": "null, null",
    "wildcard": "*",
    "pattern": "https://*.example.com",
    "any port": "https://example.com:*",
    "unicode": "https://b\u00fccher.example",
    "fullwidth": "https://\uff45xample.com",
    "percent": "https://ex%61mple.com",
    "empty label": "https://a..example.com",
    "leading dot": "https://.example.com",
    "only a dot": "https://.",
    "two trailing dots": "https://example.com..",
    "file with a host": "file://localhost",
    "socket": "ws://example.com",
    "secure socket": "wss://example.com",
    "data": "data:text/html,x",
    "blob": "blob:https://example.com/1",
    "about": "about:blank",
    "scheme that begins with a digit": "1a://example.com",
    "scheme with an underscore": "a_b://example.com",
    "IPv4 of three parts": "http://127.0.1",
    "IPv4 of five parts": "http://1.2.3.4.5",
    "IPv4 with a zero before": "http://127.0.0.01",
    "IPv4 as one number": "http://2130706433",
    "IPv4 in hexadecimal": "http://0x7f.0.0.1",
    "hexadecimal at the end": "http://a.0x7f",
    "hexadecimal without digits": "http://a.0x",
    "IPv4 out of range": "http://256.0.0.1",
    "IPv4 with a trailing dot": "http://127.0.0.1.",
    "number at the end": "http://example.1",
    "number at the end with a dot": "http://example.1.",
    "IPv6 without brackets": "http://::1",
    "IPv6 with an open bracket": "http://[::1",
    "IPv6 in upper case": "http://[2001:DB8::1]",
    "IPv6 with zeros": "http://[2001:0db8::1]",
    "IPv6 in full": "http://[0:0:0:0:0:0:0:1]",
    "IPv6, one group compressed": "http://[1::2:3:4:5:6:7]",
    "IPv6, the shorter run compressed": "http://[1::1:0:0:0:1]",
    "IPv6, the later run compressed": "http://[1:0:0:2:3::4]",
    "IPv6 with dots": "http://[::ffff:192.0.2.1]",
    "IPv6 with a zone": "http://[fe80::1%25eth0]",
    "IPv6 with something after it": "http://[::1]a",
    "IPv6, empty": "http://[]",
    "IPv6, only colons": "http://[:::]",
    "domain in brackets": "http://[example.com]",
    "domain too long": f"https://{LONG_DOMAIN}.a",
    "scheme too long": f"{'a' * 65}://x",
    "very long": "https://" + "a" * 100_000,
    "brackets": "https://exa[mple.com",
    "backslash": "https://example.com\\",
    "quote": 'https://exa"mple.com',
    "pipe": "https://a|b",
    "caret": "https://a^b",
    "angle": "https://<a>",
    "lone surrogate": "https://a\ud800.example",
}


@pytest.mark.parametrize(("text", "scheme", "host", "port"), ORIGINS.values(), ids=ORIGINS.keys())
def test_origin_is_parsed_and_serialized(text: str, scheme: str, host: str, port: str) -> None:
    assert split_origin(text) == (scheme, host, port)
    assert is_serialized_origin(text)
    origin = Origin.parse(text)
    assert origin == Origin(scheme, host, int(port) if port else None)
    assert str(origin) == text
    assert len(text) <= MAX_ORIGIN_LENGTH
    assert CorsPolicy(allow_origins=[text]).decide("GET", origin=text).allowed


@pytest.mark.parametrize("text", NOT_ORIGINS.values(), ids=NOT_ORIGINS.keys())
def test_other_text_is_not_an_origin(text: str) -> None:
    assert split_origin(text) is None
    assert not is_serialized_origin(text)
    with pytest.raises(ValueError, match="not a serialized origin") as caught:
        Origin.parse(text)
    assert len(str(caught.value)) < 2000
    assert str(caught.value).isprintable()
    decision = CorsPolicy(allow_origins=["https://a.example"]).decide("GET", origin=text)
    assert decision.reason.name == "ORIGIN_MALFORMED"


def test_null_is_an_origin_without_parts() -> None:
    assert is_serialized_origin("null")
    assert split_origin("null") is None
    with pytest.raises(ValueError, match="'null'"):
        Origin.parse("null")


def test_origin_has_a_maximum_length() -> None:
    longest = f"{'a' * 64}://{LONG_DOMAIN}.:65535"
    assert len(longest) == MAX_ORIGIN_LENGTH
    assert split_origin(longest) is not None
    assert split_origin(f"{longest}0") is None


ADDRESSES = {
    "::": "::",
    "::1": "::1",
    "1::": "1::",
    "0:0:1::": "0:0:1::",
    "1:0:0:2:0:0:0:3": "1:0:0:2::3",
    "1:0:0:2:3:0:0:4": "1::2:3:0:0:4",
    "1:0:2:0:3:0:4:0": "1:0:2:0:3:0:4:0",
    "10:0:0:20:30:40:50:60": "10::20:30:40:50:60",
    "2001:DB8:0:0:1:0:0:1": "2001:db8::1:0:0:1",
    "::ffff:192.0.2.1": "::ffff:c000:201",
    "0:1:2:3:4:5:6:0": "0:1:2:3:4:5:6:0",
    "0:0:2:3:4:5:6:0": "::2:3:4:5:6:0",
}


@pytest.mark.parametrize(("text", "serialized"), ADDRESSES.items())
def test_ipv6_address_is_serialized_as_in_browsers(text: str, serialized: str) -> None:
    assert serialize_ipv6(IPv6Address(text)) == serialized
    assert is_serialized_origin(f"http://[{serialized}]")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("a.b.localhost", True),
        ("localhost.", True),
        ("a.localhost.", True),
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("[::1]", True),
        ("localhost.example", False),
        ("alocalhost", False),
        ("127.0.0.1.example", False),
        ("128.0.0.1", False),
        ("[::2]", False),
        ("example.127", False),
        ("1270.example", False),
        ("127.example", False),
    ],
)
def test_loopback_hosts(host: str, expected: bool) -> None:
    assert is_loopback(host) == expected


def test_origins_are_values() -> None:
    origin = Origin.parse("https://example.com")
    assert {origin, Origin("https", "example.com")} == {origin}
    assert origin != Origin("https", "example.com", 8443)
    with pytest.raises(AttributeError):
        origin.port = 1  # type: ignore[misc]
