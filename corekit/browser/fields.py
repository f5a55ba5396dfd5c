"""Reading header fields as a browser does.

Two parts: the request headers that need no preflight, by name and by value
(https://fetch.spec.whatwg.org/#cors-safelisted-request-header), and the values of response headers
(https://fetch.spec.whatwg.org/#extract-header-list-values). `checks` decides what follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from corekit._names import FORBIDDEN_METHODS, is_forbidden_request_header, is_token

from .messages import Headers
from .quirks import STANDARD, Quirks

NON_WILDCARD_HEADER: Final = "authorization"
"""https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name"""

DEFAULT_MAX_AGE: Final = 5
"""Seconds if the header is missing or malformed:
https://fetch.spec.whatwg.org/#cors-preflight-fetch-0"""

_FOREVER: Final = 2**63
"""Seconds: a larger number is the same."""
_MAX_DIGITS: Final = len(str(_FOREVER)) + 1

_SPACE: Final = " \t\r\n"
MAX_SAFELISTED_VALUE: Final = 128
_MAX_SAFELISTED_TOTAL: Final = 1024
_SAFELISTED_TYPES: Final = frozenset(
    {"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}
)
_METHOD_OVERRIDES: Final = frozenset(
    {"x-http-method", "x-http-method-override", "x-method-override"}
)
_has_unsafe_byte = re.compile(r"[\x00-\x08\x0a-\x1f\x22():<>?@\[\\\]{}\x7f]").search
_is_language = re.compile(r"[0-9A-Za-z *,\-.;=]*").fullmatch
_is_range = re.compile(r"bytes=([0-9]+)-([0-9]*)").fullmatch
_is_lenient_range = re.compile(r"bytes=\+?([0-9]+)-\+?([0-9]*)", re.IGNORECASE).fullmatch
_is_number = re.compile(r"[0-9]+").fullmatch
_is_decimal = re.compile(r"[0-9]+(?:\.[0-9]+)?").fullmatch
_integer = re.compile(r"([+-]?)([0-9]+)").fullmatch
_quoted_strings = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_mime_type = re.compile(r"([^/]+)/([^;]*)(?:;.*)?", re.DOTALL).fullmatch


def strip(value: str) -> str:
    """Normalize a value: https://fetch.spec.whatwg.org/#concept-header-value-normalize"""
    return value.strip(_SPACE)


def _is_content_type(value: str) -> bool:
    match = _mime_type(strip(value))
    if _has_unsafe_byte(value) or match is None:
        return False
    return f"{match[1]}/{match[2].rstrip(_SPACE)}".lower() in _SAFELISTED_TYPES


def _is_simple_range(value: str, quirks: Quirks) -> bool:
    match = _is_lenient_range(value) if quirks.range_is_lenient else _is_range(value)
    if match is None:
        return False
    first, last = int(match[1]), int(match[2] or match[1])
    return first <= last and (quirks.max_range is None or last <= quirks.max_range)


_SAFELIST: Final[Mapping[str, Callable[[str], object]]] = {
    "accept": lambda value: not _has_unsafe_byte(value),
    "accept-language": _is_language,
    "content-language": _is_language,
    "content-type": _is_content_type,
}

_HINT_VALUES: Final[Mapping[str, Callable[[str], object]]] = {
    "device-memory": _is_decimal,
    "downlink": _is_decimal,
    "dpr": _is_decimal,
    "ect": {"slow-2g", "2g", "3g", "4g"}.__contains__,
    "rtt": _is_number,
    "save-data": lambda value: value.lower() == "on",
    "viewport-width": _is_number,
    "width": _is_number,
}
OWN_CLIENT_HINTS: Final = frozenset(_HINT_VALUES) - {"save-data"}
"""The hints that only the page's own server gets, unless the page sends them itself."""


def _is_safelisted(name: str, value: str, quirks: Quirks = STANDARD) -> bool:
    name = name.lower()
    if len(value) > MAX_SAFELISTED_VALUE:
        return False
    if name == "range":
        return _is_simple_range(value, quirks)
    check = _SAFELIST.get(name)
    if check is None and quirks.client_hints:
        check = _HINT_VALUES.get(name)
    return check is not None and bool(check(value))


def keep_no_cors_safelisted(headers: Headers) -> Headers:
    """Return the headers that a ``no-cors`` request keeps.

    A header that is set more than once is judged together with the values before.
    Source: https://fetch.spec.whatwg.org/#no-cors-safelisted-request-header

    >>> keep_no_cors_safelisted((("Accept", "text/html"), ("Range", "bytes=0-")))
    (('Accept', 'text/html'),)
    """
    kept: Headers = ()
    for name, value in headers:
        together = get_text((*kept, (name, value)), name.lower())
        if name.lower() != "range" and _is_safelisted(name, together):
            kept += ((name, value),)
    return kept


def unsafe_names(headers: Headers, quirks: Quirks = STANDARD) -> tuple[str, ...]:
    """Return the names that a preflight has to list: lower case, sorted, by the standard each once.

    Source: https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names

    >>> unsafe_names((("X-B", "1"), ("Accept", "*/*"), ("Content-Type", "application/json")))
    ('content-type', 'x-b')
    """
    unsafe, safelisted, total = [], [], 0
    for name, value in headers:
        if _is_safelisted(name, value, quirks):
            safelisted.append(name.lower())
            total += len(value)
        else:
            unsafe.append(name.lower())
    if total > _MAX_SAFELISTED_TOTAL and not quirks.safelisted_total_is_unlimited:
        unsafe += safelisted
    return tuple(sorted(unsafe if quirks.repeated_headers_are_listed else set(unsafe)))


def join_lines(headers: Headers) -> Headers:
    """Return the headers with one line for each name, spelled and placed like the first.

    >>> join_lines((("X-A", "1"), ("X-B", "2"), ("x-a", "3")))
    (('X-A', '1, 3'), ('X-B', '2'))
    """
    lines: dict[str, tuple[str, list[str]]] = {}
    for name, value in headers:
        lines.setdefault(name.lower(), (name, []))[1].append(strip(value))
    return tuple((name, ", ".join(values)) for name, values in lines.values())


def drop_forbidden(headers: Headers) -> Headers:
    """Return the headers without those that scripts cannot set, with normalized values.

    Raises ValueError for an invalid header, for which a browser throws a TypeError.
    Source: https://fetch.spec.whatwg.org/#forbidden-request-header
    """
    kept = []
    for name, raw in headers:
        value = strip(raw)
        if not is_token(name):
            raise ValueError(f"not a header name: {name!a}")
        if any(character in "\0\r\n" or character > "\xff" for character in value):
            raise ValueError(f"not a header value: {name}: {value!a}")
        lowered = name.lower()
        if lowered in _METHOD_OVERRIDES:
            # A comma in a quoted string does not separate methods.
            parts = _quoted_strings.sub('""', value).split(",")
            methods = {strip(part).upper() for part in parts}
            if not methods.isdisjoint(FORBIDDEN_METHODS):
                continue
        if not is_forbidden_request_header(lowered):
            kept.append((name, value))
    return tuple(kept)


def get_header(headers: Headers, name: str) -> str | None:
    """Return a header's value, its lines joined: https://fetch.spec.whatwg.org/#concept-header-list-get

    >>> get_header((("Vary", "Accept"), ("vary", " Origin")), "vary")
    'Accept, Origin'
    """
    values = get_lines(headers, name)
    return ", ".join(values) if values else None


def get_text(headers: Headers, name: str) -> str:
    """Return a header's value like `get_header`, but an empty one if there is no such header."""
    return get_header(headers, name) or ""


def get_lines(headers: Headers, name: str) -> list[str]:
    """Return the values of a header, one for each line.

    >>> get_lines((("Vary", "Accept"), ("vary", " Origin")), "vary")
    ['Accept', 'Origin']
    """
    return [strip(value) for given, value in headers if given.lower() == name]


def list_values(headers: Headers, name: str) -> tuple[str, ...] | None:
    """Return a list of tokens: https://fetch.spec.whatwg.org/#extract-header-list-values

    A missing header is an empty list. Return None if an element is not a token, which invalidates
    the whole list. Empty elements are ignored.

    >>> list_values((("Allow", "PUT,, PATCH"), ("Allow", " GET")), "allow")
    ('PUT', 'PATCH', 'GET')
    >>> list_values((("Allow", "PUT, (x)"),), "allow")
    """
    value = get_header(headers, name)
    elements = tuple(filter(None, map(strip, (value or "").split(","))))
    # All are tokens if all their characters may be in one: a server may list thousands.
    return elements if not elements or is_token("".join(elements)) else None


def read_max_age(headers: Headers, quirks: Quirks) -> int:
    """Return Access-Control-Max-Age in seconds; a missing or malformed value is 5.

    >>> from corekit.browser import STANDARD
    >>> read_max_age((("Access-Control-Max-Age", "600"),), STANDARD)
    600
    >>> read_max_age((("Access-Control-Max-Age", "10m"),), STANDARD)
    5
    """
    value = get_text(headers, "access-control-max-age")
    match = _integer(value)
    if match is not None:
        sign, digits = match.groups()
        seconds = min(int(digits.lstrip("0")[:_MAX_DIGITS] or "0"), _FOREVER)
        fits = seconds < _FOREVER or not quirks.max_age_is_signed
        if fits and (not sign or (sign == "+" and quirks.max_age_is_signed)):
            return seconds
        if fits and sign == "-" and quirks.negative_max_age_expires:
            return 0
    if quirks.malformed_max_age_expires and value:
        return 0
    return DEFAULT_MAX_AGE
