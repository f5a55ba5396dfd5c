"""Every pattern form, the origins that it matches, and similar ones that it must not match."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import CorsPolicy
from corekit._origins import OriginPattern, OriginSet

LABEL = "a" * 63
LONG_BASE = ".".join(["a" * 63, "a" * 63, "a" * 63, "a" * 59])

MATCHES: dict[str, tuple[list[str], list[str]]] = {
    "https://example.com": (
        ["https://example.com"],
        [
            "http://example.com",
            "https://example.com:443",
            "https://example.com:8443",
            "https://example.com.",
            "https://example.com/",
            "https://EXAMPLE.com",
            "https://www.example.com",
            "https://example.co",
            "https://example.comm",
            "https://notexample.com",
            "https://example.com.evil.test",
            "https://exampleXcom",
            "https://example.com\n",
            "null",
            "*",
            "",
        ],
    ),
    "https://*.example.com": (
        [
            "https://www.example.com",
            "https://a.b.c.example.com",
            "https://example.com.example.com",
            "https://-.example.com",
            "https://_dmarc.example.com",
            "https://1.example.com",
            "https://xn--bcher-kva.example.com",
            f"https://{LABEL}.example.com",
        ],
        [
            "https://example.com",
            "https://.example.com",
            "https://a..example.com",
            "https://notexample.com",
            "https://a.notexample.com",
            "https://evil-example.com",
            "https://evil_example.com",
            "https://www.example.com.",
            "https://www.example.com.evil.test",
            "https://www.example.com:8443",
            "http://www.example.com",
            "https://www.example.co",
            "https://wwwxexample.com",
            "https://evil.test/.example.com",
            "https://evil.test?.example.com",
            "https://evil.test#.example.com",
            "https://evil.test@a.example.com",
            "https://evil.test:a.example.com",
            "https://evil.test\\.example.com",
            "https://evil.test, https://a.example.com",
            "https://a~b.example.com",
            "https://*.example.com",
            "https://WWW.example.com",
            f"https://{LABEL}a.example.com",
            "https://" + "a." * 130 + "example.com",
            "null",
        ],
    ),
    "https://pr-*.example.com": (
        [
            "https://pr-1.example.com",
            "https://pr-17.example.com",
            "https://pr--.example.com",
            "https://pr-pr-.example.com",
            f"https://pr-{'a' * 60}.example.com",
        ],
        [
            "https://pr-.example.com",
            "https://pr.example.com",
            "https://pr-1.a.example.com",
            "https://a.pr-1.example.com",
            "https://xpr-1.example.com",
            "https://pr-1-example.com",
            "https://pr-1.example.com.evil.test",
            "https://pr-1.evil.test",
            "https://pr-.evil.test.example.com",
            "https://pr-1.example.com:8443",
            "https://pr-1.xexample.com",
            f"https://pr-{'a' * 61}.example.com",
            "https://pr-*.example.com",
        ],
    ),
    "https://*-app.example.com": (
        ["https://a-app.example.com", "https://--app.example.com", "https://-app-app.example.com"],
        ["https://-app.example.com", "https://a-appx.example.com", "https://x.a-app.example.com"],
    ),
    "https://a*a.example.com": (
        ["https://aba.example.com", "https://aaa.example.com", "https://a-a-a.example.com"],
        ["https://aa.example.com", "https://a.example.com", "https://a.a.example.com"],
    ),
    "http://localhost:*": (
        [
            "http://localhost",
            "http://localhost:1",
            "http://localhost:65535",
            "http://localhost:443",
        ],
        [
            "https://localhost",
            "http://localhost:",
            "http://localhost:80",
            "http://localhost:0",
            "http://localhost:65536",
            "http://localhost:3000/",
            "http://localhost:evil",
            "http://localhost:evil.test",
            "http://localhost:1.evil.test",
            "http://localhost.evil.test:3000",
            "http://localhost@evil.test:3000",
            "http://a.localhost:3000",
            "http://localhost.:3000",
            "http://localhost:*",
        ],
    ),
    "http://127.0.0.1:*": (
        ["http://127.0.0.1", "http://127.0.0.1:8000"],
        ["http://127.0.0.1.evil.test:8000", "http://127.0.0.1:evil.test", "http://127x0x0x1"],
    ),
    "http://[::1]:*": (
        ["http://[::1]", "http://[::1]:8000"],
        ["http://[::2]:8000", "http://[::1].evil.test", "http://[::1]8000", "http://:8000"],
    ),
    "http://[2001:db8::1]:8080": (
        ["http://[2001:db8::1]:8080"],
        ["http://[2001:db8::1]", "http://2", "http://d:8080", "http://[2001:db8:0::1]:8080"],
    ),
    "https://*.example.com:*": (
        ["https://a.example.com", "https://a.b.example.com:8443"],
        ["https://example.com", "https://example.com:8443", "https://a.example.com:443"],
    ),
    "https://*.example.com:8443": (
        ["https://a.example.com:8443"],
        ["https://a.example.com", "https://a.example.com:844", "https://a.example.com:84433"],
    ),
    "https://pr-*.example.com:*": (
        ["https://pr-1.example.com", "https://pr-1.example.com:1"],
        ["https://pr-.example.com:1", "https://x.example.com:1"],
    ),
    "https://*.example.com.": (
        ["https://a.example.com."],
        ["https://a.example.com", "https://example.com."],
    ),
    "http://*.localhost": (["http://a.localhost", "http://a.b.localhost"], ["http://localhost"]),
    "https://*.com": (["https://example.com", "https://a.b.com"], ["https://com", "https://xcom"]),
    "capacitor://localhost": (
        ["capacitor://localhost"],
        ["capacitor://localhost:80", "http://localhost", "xcapacitor://localhost", "capacitor://"],
    ),
    "capacitor://localhost:*": (
        ["capacitor://localhost", "capacitor://localhost:80"],
        ["capacitor://localhost:0", "capacitor://local"],
    ),
    "app://*.example": (["app://a.example"], ["app://example", "app://a.example:1"]),
    "app://a~b:*": (["app://a~b:1", "app://a~b"], ["app://a:1", "app://x.a~b"]),
    f"https://{LABEL[1:]}*.b": ([f"https://{LABEL}.b"], [f"https://{LABEL[1:]}.b"]),
    f"https://*.{LONG_BASE}": ([f"https://a.{LONG_BASE}"], [f"https://ab.{LONG_BASE}.a"]),
    "*": (
        [
            "https://example.com",
            "null",
            "capacitor://localhost",
            "http://[::1]:1",
            "*",
            "",
            "example.com",
            "https://a, https://b",
            "https://example.com/",
            "https://example.com\n",
        ],
        [],
    ),
}
CASES = [
    pytest.param(
        pattern, origin, expected, id=f"{pattern:.40} {'has' if expected else 'not'} {origin:.40}"
    )
    for pattern, both in MATCHES.items()
    for expected, origins in zip((True, False), both, strict=True)
    for origin in origins
]


@pytest.mark.parametrize(("pattern", "origin", "expected"), CASES)
def test_pattern_matches_only_its_origins(pattern: str, origin: str, expected: bool) -> None:
    policy = CorsPolicy(allow_origins=[pattern])
    assert policy.decide("GET", origin=origin).allowed == expected
    preflight = policy.decide("OPTIONS", origin=origin, request_method="GET")
    assert (preflight.status == 204) == expected


@pytest.mark.parametrize(("pattern", "origin", "expected"), CASES)
def test_other_patterns_do_not_interfere(pattern: str, origin: str, expected: bool) -> None:
    if pattern == "*":
        return
    others = [f"https://x{number}.other.test" for number in range(5)]
    others += ["https://*.other.test", "https://y-*.other.test", "http://other.test:*"]
    policy = CorsPolicy(allow_origins=[*others, pattern, "https://*.a.other.test:*"])
    assert policy.decide("GET", origin=origin).allowed == expected


NOT_PATTERNS = [
    "**",
    "*.example.com",
    "*://example.com",
    "http*://example.com",
    "https://*",
    "https://*.",
    "https://*:*",
    "https://*.*",
    "https://**.example.com",
    "https://*.*.example.com",
    "https://a.*.example.com",
    "https://a*b*c.example.com",
    "https://example.*",
    "https://example.*.com",
    "https://*example",
    "https://*.example.com/",
    "https://*.example.com/*",
    "https://example.com/*",
    "https://*.example.com:443",
    "https://*.example.com:",
    "https://*.example.com:80*",
    "https://example.com:*0",
    "https://example.com:8443:*",
    "https://example.com:443:*",
    "https://*.127.0.0.1",
    "https://*.0.0.1",
    "https://*.example.1",
    "https://*.[::1]",
    "https://[*]",
    "https://[::*]:1",
    "https://*..example.com",
    "https://*.Example.com",
    "HTTPS://*.example.com",
    "https://PR-*.example.com",
    "https://*.b\u00fccher.example",
    "https://p.*.example.com",
    "https://*@example.com",
    "https://u@*.example.com",
    "file://*",
    "ws://*.example.com",
    "https://*.example.com ",
    "https://*.example.com\n",
    " https://*.example.com",
    "https://a~*.example.com",
    "https://*.a~b.example.com",
    "null*",
    "*null",
    f"https://{LABEL}*.example.com",
    f"https://*.{LONG_BASE}aaaa.a",
    "https://*." + "a." * 200 + "com",
    "https://*\x00.example.com",
]


@pytest.mark.parametrize("text", NOT_PATTERNS)
def test_other_wildcard_is_rejected(text: str) -> None:
    assert OriginPattern.parse(text) is None
    with pytest.raises(ValueError, match=r"malformed-origin|non-canonical-origin"):
        CorsPolicy(allow_origins=[text])


FORMS: list[tuple[str, dict[str, Any]]] = [
    ("https://*.example.com", {"scheme": "https", "label": "*", "host": "example.com", "port": ""}),
    ("https://a-*.b", {"scheme": "https", "label": "a-*", "host": "b", "port": ""}),
    ("http://localhost:*", {"scheme": "http", "label": None, "host": "localhost", "port": "*"}),
    ("http://[::1]:*", {"scheme": "http", "label": None, "host": "[::1]", "port": "*"}),
    ("app://*.b:81", {"scheme": "app", "label": "*", "host": "b", "port": "81"}),
    ("https://*.b:*", {"scheme": "https", "label": "*", "host": "b", "port": "*"}),
]


@pytest.mark.parametrize(("text", "parts"), FORMS)
def test_pattern_is_parsed_into_parts(text: str, parts: dict[str, Any]) -> None:
    pattern = OriginPattern.parse(text)
    assert pattern == OriginPattern(**parts)
    assert str(pattern) == text


def test_pattern_too_long_for_dns_is_rejected() -> None:
    longest = LONG_BASE + "a"
    assert len(f"a.{longest}") == 254
    assert (
        CorsPolicy(allow_origins=[f"https://*.{longest}"])
        .decide("GET", origin=f"https://a.{longest}")
        .allowed
    )
    assert OriginPattern.parse(f"https://*.{longest}a") is None
    assert OriginPattern.parse(f"https://*a.{longest}") is None


def test_exact_origin_is_not_a_pattern() -> None:
    assert OriginPattern.parse("https://example.com") is None


def test_empty_set_contains_nothing() -> None:
    for origin in ("", "null", "*", "https://example.com"):
        assert origin not in OriginSet([])


def test_patterns_are_not_combined() -> None:
    policy = CorsPolicy(
        allow_origins=[
            "https://*.a.example",
            "http://*.b.example:8080",
            "https://pr-*.c.example",
            "http://x-*.a.example",
            "https://d.example:*",
        ]
    )
    for origin in (
        "http://y.a.example",
        "https://y.b.example:8080",
        "https://y.a.example:8080",
        "http://y.b.example",
        "https://pr-1.b.example",
        "http://pr-1.c.example",
        "https://x-1.c.example",
        "https://y.c.example",
        "http://x-1.a.example:8080",
        "https://y.d.example:1",
        "http://d.example:1",
        "http://d.example:8080",
        "https://y.a.example:1",
    ):
        assert not policy.decide("GET", origin=origin).allowed, origin
