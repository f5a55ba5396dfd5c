"""Tokens, forbidden names and lists of field names, as defined in the standards."""

from __future__ import annotations

import pytest

from corekit import _names
from corekit._names import is_forbidden_request_header, is_token, parse_field_names
from tests.core.steps import steps_of


@pytest.mark.parametrize(
    "value", ["x", "GET", "x-request-id", "!#$%&'*+-.^_`|~09azAZ", "*", "a" * 9999]
)
def test_token_is_valid(value: str) -> None:
    assert is_token(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "a b",
        "a\n",
        "\na",
        "a,b",
        "a:",
        "a/b",
        "(",
        ")",
        "a;b",
        "<",
        ">",
        "=",
        "@",
        "[",
        "]",
        *'\\{}"?\x00\x7f\x80é\u212a\ud800',
        "a\r\nb",
    ],
)
def test_other_value_is_not_a_token(value: str) -> None:
    assert not is_token(value)


def test_methods_are_those_of_the_standard() -> None:
    assert _names.SAFELISTED_METHODS == ("GET", "HEAD", "POST")
    assert set(_names.FORBIDDEN_METHODS) == {"CONNECT", "TRACE", "TRACK"}
    assert set(_names.NORMALIZED_METHODS) == {"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"}
    assert _names.COMMON_METHODS == ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


# https://www.iana.org/assignments/http-methods/, by their source; without PRI, which no
# request has.
REGISTERED = {
    "HTTP": "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE",
    "later ones": "PATCH QUERY",
    "WebDAV": "COPY LOCK MKCOL MOVE PROPFIND PROPPATCH UNLOCK",
    "its extensions": "ACL BIND MKREDIRECTREF ORDERPATCH REBIND SEARCH UNBIND UPDATEREDIRECTREF",
    "versions": "BASELINE-CONTROL CHECKIN CHECKOUT LABEL MERGE MKACTIVITY MKWORKSPACE REPORT"
    " UNCHECKOUT UPDATE VERSION-CONTROL",
    "calendars": "MKCALENDAR",
    "HTTP/1.1 of 1997": "LINK UNLINK",
}


def test_registered_methods_are_those_of_iana() -> None:
    assert set(" ".join(REGISTERED.values()).split()) == _names.REGISTERED_METHODS


FORBIDDEN = """
    accept-charset accept-encoding access-control-request-headers access-control-request-method
    connection content-length cookie cookie2 date dnt expect host keep-alive origin referer
    set-cookie te trailer transfer-encoding upgrade via proxy- proxy-authorization sec- sec-a
""".split()

FREE = """
    authorization content-type accept range x-sec-a sec proxy x-http-method-override user-agent
    access-control-request cookies dnt2 if-match x-cookie
""".split()


@pytest.mark.parametrize("name", FORBIDDEN)
def test_forbidden_request_header(name: str) -> None:
    assert is_forbidden_request_header(name)


@pytest.mark.parametrize("name", FREE)
def test_other_request_header_is_not_forbidden(name: str) -> None:
    assert not is_forbidden_request_header(name)


def test_header_names_are_lower_case_tokens() -> None:
    for table in (
        _names.CORS_REQUEST_HEADERS,
        _names.CORS_RESPONSE_HEADERS,
        _names.FORBIDDEN_REQUEST_HEADERS,
        _names.FORBIDDEN_RESPONSE_HEADERS,
        _names.REQUEST_ONLY_HEADERS,
        _names.RESPONSE_ONLY_HEADERS,
    ):
        assert isinstance(table, frozenset)
        for name in table:
            assert is_token(name)
            assert name == name.lower()
    assert not _names.REQUEST_ONLY_HEADERS & _names.RESPONSE_ONLY_HEADERS
    assert set(_names.FORBIDDEN_RESPONSE_HEADERS) == {"set-cookie", "set-cookie2"}


LISTS: list[tuple[str, set[str] | None]] = [
    ("", set()),
    (" ", set()),
    (",", set()),
    (" ,\t, ,", set()),
    ("x-a", {"x-a"}),
    ("x-a,x-b", {"x-a", "x-b"}),
    ("X-B , x-a,,X-b,", {"x-a", "x-b"}),
    ("\tx-a\t,\tx-b ", {"x-a", "x-b"}),
    (",x-a", {"x-a"}),
    ("*,authorization", {"*", "authorization"}),
    ("x-a x-b", None),
    ("x-a\tx-b", None),
    ("x-a;x-b", None),
    ("x-a,\nx-b", None),
    ("x-a\n", None),
    ("x-a,\x0b", None),
    ("x-a:1", None),
    ('"x-a"', None),
    ("x-a,é", None),
    ("x-a, \u212a", None),
    ("x-a\xa0", None),
    ("x-a,\x00", None),
]


@pytest.mark.parametrize(("value", "expected"), LISTS)
def test_list_of_field_names_is_parsed(value: str, expected: set[str] | None) -> None:
    found = parse_field_names(value)
    assert found == (None if expected is None else frozenset(expected))


HOSTILE = {
    "commas": ",",
    "spaces": " ",
    "commas and spaces": ", ",
    "tabs": ",\t ",
    "one name": "a",
    "short names": "a,",
    "spaced names": "a ,",
    "names with much space": "a" + " " * 50 + ",",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("end", ["", "a b", "\x00", " ,x", "é"])
def test_bytecode_count_does_not_grow_with_the_list(piece: str, end: str) -> None:
    short, long = (steps_of(parse_field_names, piece * size + end) for size in (10, 65_536))
    assert long == short


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("end", ["", "a b", "\x00", "é"])
def test_hostile_list_is_parsed_in_linear_time(piece: str, end: str) -> None:
    """A million characters finish quickly; with backtracking, they would never finish."""
    value = piece * (1_000_000 // len(piece)) + end
    assert (parse_field_names(value) is None) == (end in {"a b", "\x00", "é"})
