"""Request headers that need a preflight, and how values are parsed: the standard's tables."""

from __future__ import annotations

import pytest

from corekit.browser import CHROMIUM, FIREFOX, STANDARD, BrowserModel, Fetch, HttpResponse
from corekit.browser.fields import (
    drop_forbidden,
    get_header,
    get_text,
    keep_no_cors_safelisted,
    list_values,
    read_max_age,
    strip,
    unsafe_names,
)
from tests.browser_model.servers import API, GRANT, PAGE
from tests.clock import Clock

UNSAFE_BYTES = [*map(chr, [*range(0x09), *range(0x0A, 0x20), 0x7F]), *'"():<>?@[\\]{}']

SAFELISTED = [
    ("Accept", "text/html, */*;q=0.8"),
    ("accept", ""),
    ("accept", "a\tb"),
    ("accept", "x" * 128),
    ("accept", "caf\xe9"),
    ("Accept-Language", "en-GB, de;q=0.5, *"),
    ("content-language", "de-AT.x=1"),
    ("Content-Type", "text/plain"),
    ("content-type", "TEXT/Plain ; charset=utf-8"),
    ("content-type", "multipart/form-data;boundary=x"),
    ("content-type", " application/x-www-form-urlencoded "),
    ("Range", "bytes=0-"),
    ("range", "bytes=5-5"),
    ("range", "bytes=10-200"),
]

UNSAFE = [
    ("accept", "x" * 129),
    *(("accept", f"a{byte}") for byte in UNSAFE_BYTES),
    *(("content-type", f"text/plain;a={byte}") for byte in UNSAFE_BYTES),
    ("accept-language", "en_GB"),
    ("accept-language", "en\t"),
    ("accept-language", "\xe9"),
    ("content-language", "de/at"),
    ("content-type", "application/json"),
    ("content-type", "text/html"),
    ("content-type", "text"),
    ("content-type", ""),
    ("content-type", "/plain"),
    ("content-type", "text/"),
    ("content-type", "text /plain"),
    ("content-type", "text/plain" + " " * 119),
    ("range", "bytes=-5"),
    ("range", "bytes=6-5"),
    ("range", "bytes=0-1,4-5"),
    ("range", "bytes= 0-"),
    ("range", "Bytes=0-"),
    ("range", "items=0-"),
    ("x-request-id", ""),
    ("authorization", "Bearer x"),
    ("if-none-match", "*"),
]


@pytest.mark.parametrize(("name", "value"), SAFELISTED)
def test_safelisted_header_needs_no_preflight(name: str, value: str) -> None:
    assert unsafe_names(((name, value),)) == ()


@pytest.mark.parametrize(("name", "value"), UNSAFE)
def test_other_header_needs_a_preflight(name: str, value: str) -> None:
    assert unsafe_names(((name, value),)) == (name,)


def test_safelisted_headers_over_1024_bytes_need_a_preflight() -> None:
    full = (("Accept", "a" * 128),) * 8
    assert unsafe_names(full) == ()
    assert unsafe_names((*full, ("Content-Language", "x"))) == ("accept", "content-language")
    # Headers that are unsafe alone do not count.
    unsafe = ("X-A", "x" * 128)
    assert unsafe_names((*full, unsafe)) == ("x-a",)
    assert unsafe_names((unsafe, *full, ("Accept", "x"))) == ("accept", "x-a")


def test_unsafe_names_are_lowercase_sorted_and_unique() -> None:
    headers = (("X-B", "1"), ("x-a", "2"), ("X-b", "3"), ("Accept", "*/*"))
    assert unsafe_names(headers) == ("x-a", "x-b")
    names = tuple(f"x-{letter}" for letter in "abcdefghijklmnop")
    assert unsafe_names(tuple((name.upper(), "1") for name in reversed(names))) == names


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("Accept", "*/*", True),
        ("content-type", "text/plain", True),
        ("content-type", "application/json", False),
        ("range", "bytes=0-", False),
        ("RANGE", "bytes=0-", False),
        ("x-a", "1", False),
    ],
)
def test_no_cors_request_keeps_only_safelisted_headers(name: str, value: str, kept: bool) -> None:
    assert keep_no_cors_safelisted(((name, value),)) == (((name, value),) if kept else ())


def test_values_of_a_no_cors_header_are_judged_together() -> None:
    first, second, third = ("Accept", "a" * 64), ("accept", "b" * 62), ("Accept", "c")
    assert keep_no_cors_safelisted((first, second)) == (first, second)
    assert keep_no_cors_safelisted((first, second, third)) == (first, second)
    longer = ("accept", "b" * 63)
    assert keep_no_cors_safelisted((first, longer, third)) == (first, third)
    language, text = ("Accept-Language", "x" * 100), ("Content-Type", "text/plain")
    assert keep_no_cors_safelisted((first, language, text, text)) == (first, language, text)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("X-A", " 1\t", True),
        ("Authorization", "x", True),
        ("Cookie", "a=b", False),
        ("HOST", "x", False),
        ("Sec-Fetch-Mode", "cors", False),
        ("Proxy-X", "x", False),
        ("X-HTTP-Method-Override", "PUT", True),
        ("X-HTTP-Method-Override", "PUT, trace", False),
        ("x-http-method", "CONNECT", False),
        ("x-method-override", " TRACK ", False),
        ("X-HTTP-Method-Override", '"a, TRACE ,b"', True),
        ("X-HTTP-Method-Override", '"TRACE"', True),
        ("X-HTTP-Method-Override", '"a,b", TRACE', False),
        ("X-HTTP-Method-Override", '"a\\",TRACE', True),
        ("X-HTTP-Method-Override", '"a\\", b",TRACE', False),
        ("X-HTTP-Method-Override", 'TRACE, "a', False),
        ("X-HTTP-Method-Override", '"a,TRACE', True),
        ("X-HTTP-Method-Override", '"a,TRACE\\', True),
        ("X-HTTP-Method-Override", 'a"b", TRACE', False),
        ("X-HTTP-Method-Override", 'TRACE"b"', True),
    ],
)
def test_page_cannot_set_forbidden_headers(name: str, value: str, kept: bool) -> None:
    assert drop_forbidden(((name, value),)) == (((name, strip(value)),) if kept else ())


@pytest.mark.parametrize(
    ("name", "value"), [("", "x"), ("a b", "x"), ("x", "a\nb"), ("x", "a\0"), ("x", "€")]
)
def test_invalid_header_raises(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="not a header"):
        drop_forbidden(((name, value),))


def test_lines_are_joined_and_trimmed() -> None:
    headers = (("X-A", " 1 "), ("x-b", "2"), ("x-a", "\t3"))
    assert get_header(headers, "x-a") == "1, 3"
    assert get_header(headers, "x-c") is None


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], ()),
        ([""], ()),
        (["a"], ("a",)),
        ([" a ,\tB,,a "], ("a", "B", "a")),
        (["a", "b,c"], ("a", "b", "c")),
        (["*"], ("*",)),
        (["a b"], None),
        (["a", "b/c"], None),
        (['"a"'], None),
        (["a; b"], None),
    ],
)
def test_list_with_an_invalid_element_is_ignored(
    lines: list[str], expected: tuple[str, ...] | None
) -> None:
    headers = tuple(("X", line) for line in lines)
    assert list_values(headers, "x") == expected


@pytest.mark.parametrize(
    ("value", "expected", "by_chromium", "by_firefox"),
    [
        (None, 5, 5, 5),
        ("", 5, 5, 5),
        ("0", 0, 0, 0),
        ("600", 600, 600, 600),
        (" 600 ", 600, 600, 600),
        ("-1", 5, 0, 0),
        ("1.5", 5, 5, 0),
        ("10m", 5, 5, 0),
        ("٣", 5, 5, 0),
        ("-", 5, 5, 0),
        ("0" * 5000 + "600", 600, 600, 600),
        ("00", 0, 0, 0),
        ("9" * 15, 10**15 - 1, 10**15 - 1, 10**15 - 1),
        (str(2**63 - 1), 2**63 - 1, 2**63 - 1, 2**63 - 1),
        (str(2**63), 2**63, 5, 2**63),
        ("9" * 5000, 2**63, 5, 2**63),
        ("+600", 5, 600, 0),
        ("++600", 5, 5, 0),
        ("+-1", 5, 5, 0),
        ("-" + "9" * 30, 5, 5, 0),
    ],
)
def test_max_age_is_whole_seconds_and_defaults_to_5(
    value: str | None, expected: int, by_chromium: int, by_firefox: int
) -> None:
    headers = () if value is None else (("access-control-max-age", value),)
    assert read_max_age(headers, STANDARD) == expected
    assert read_max_age(headers, CHROMIUM) == by_chromium
    assert read_max_age(headers, FIREFOX) == by_firefox


@pytest.mark.parametrize("digits", [309, 5000])
def test_huge_max_age_is_cached_without_an_error(digits: int) -> None:
    headers = (*GRANT.headers, ("Access-Control-Max-Age", "9" * digits))
    clock = Clock()
    fetch = Fetch(API, "PUT")
    browser = BrowserModel(clock=clock)
    assert browser.fetch(lambda _: HttpResponse(200, headers), PAGE, fetch).preflights == 1
    clock.now += 10**10
    assert browser.fetch(lambda _: HttpResponse(200, headers), PAGE, fetch).preflights == 0


def test_only_http_whitespace_is_trimmed() -> None:
    assert strip(" \t\r\n\xa0x\x0b") == "\xa0x\x0b"
    assert unsafe_names((("Content-Type", "text/plain\xa0"),)) == ("content-type",)


def test_only_forbidden_headers_are_dropped() -> None:
    headers = (("X-Http-Method", "PUT,TRACE"), ("X-A", "X\xff"))
    assert drop_forbidden(headers) == (("X-A", "X\xff"),)


def test_missing_header_has_an_empty_text() -> None:
    headers = (("Vary", "Accept"), ("vary", "Origin"))
    assert get_text(headers, "vary") == get_header(headers, "vary") == "Accept, Origin"
    assert (get_text(headers, "via"), get_header(headers, "via")) == ("", None)
