"""Merge an answer into the headers of a response, as every adapter does last.

The policy is the one authority: Access-Control-* headers of the application are removed, so that
none is doubled and a denied origin stays denied. Vary is merged, never overwritten. The given list
is never changed, since an application may use one list for all responses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import product
from typing import Final

from ._answers import ALLOW_ORIGIN, Answer

_FORBIDDEN: Final = 403
_RAW_ALLOW_ORIGIN: Final = ALLOW_ORIGIN.lower().encode()

_VARY: Final = frozenset(map("".join, product(*zip("vary", "VARY", strict=True))))
_RAW_VARY: Final = frozenset(name.encode() for name in _VARY)
_A: Final = frozenset("aA")
# Searching bytes for one character is slow: Python tries it as a number first.
_RAW_A: Final = frozenset({b"a", b"A"})

# The names in most responses, which need no second look. Without this set, and the loops that first
# check whether there are other names, a request costs 7 % more on ASGI and 12 % on WSGI.
_TITLES: Final = """
    Accept-Ranges Age Allow Cache-Control Connection Content-Disposition Content-Encoding
    Content-Language Content-Length Content-Security-Policy Content-Type Cross-Origin-Opener-Policy
    Date ETag Expires Last-Modified Link Location Permissions-Policy Pragma Referrer-Policy
    Retry-After Server Server-Timing Set-Cookie Strict-Transport-Security Transfer-Encoding
    X-Content-Type-Options X-Frame-Options X-Request-Id X-Request-ID X-XSS-Protection
""".split()
_COMMON: Final = frozenset(_TITLES) | {name.lower() for name in _TITLES}
_RAW_COMMON: Final = frozenset(name.encode() for name in _COMMON)


def preflight_response(answer: Answer, origin: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return the status, the headers and the body of the response to a preflight.

    `origin` is the Origin header of the preflight. The headers are complete: do not add any.

    >>> from corekit import CorsPolicy
    >>> engine = CorsPolicy(allow_origins=["https://a.example"], max_age=600).engine
    >>> status, headers, body = preflight_response(
    ...     engine.preflight("https://a.example", "GET", None, None), "https://a.example"
    ... )
    >>> status, headers[0], body
    (204, ('Access-Control-Allow-Origin', 'https://a.example'), b'')
    """
    if answer.echoes_origin:
        headers = [*answer.content, (ALLOW_ORIGIN, origin), *answer.lines]
    else:
        headers = [*answer.content, *answer.lines]
    return answer.status or _FORBIDDEN, headers, answer.body


def raw_preflight_response(
    answer: Answer, origin: bytes
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Like `preflight_response()`, for ASGI byte pairs."""
    if answer.echoes_origin:
        headers = [*answer.raw_content, (_RAW_ALLOW_ORIGIN, origin), *answer.raw_lines]
    else:
        headers = [*answer.raw_content, *answer.raw_lines]
    return answer.status or _FORBIDDEN, headers, answer.body


# One function, since a call takes several percent of a request.
def merge_headers(  # noqa: C901, PLR0912
    headers: Iterable[tuple[str, str]], answer: Answer, origin: str | None
) -> list[tuple[str, str]]:
    """Return the application's headers with those of an answer.

    `headers` are pairs of str, as in WSGI; `origin` is the Origin header of the request that
    `answer` was given for. All other headers keep their order and their spelling, and those that
    repeat, such as Set-Cookie, stay separate.

    >>> from corekit import CorsPolicy
    >>> answer = CorsPolicy(allow_origins=["https://a.example"]).engine.actual("https://a.example")
    >>> merge_headers([("Vary", "Accept")], answer, "https://a.example")
    [('Access-Control-Allow-Origin', 'https://a.example'), ('Vary', 'Accept, Origin')]
    """
    if type(headers) is not list:
        headers = list(headers)
    for name, _ in headers:
        if name not in _COMMON and (name in _VARY or name[:1] in _A):
            break
    else:
        if answer.echoes_origin and origin is not None:
            return [*headers, (ALLOW_ORIGIN, origin), *answer.lines]
        if not answer.is_stored:
            headers = _without_cache_control(headers)
        return [*headers, *answer.lines]

    merged: list[tuple[str, str]] = []
    vary: list[tuple[str, str]] = []
    for header in headers:
        name = header[0]
        if name in _COMMON:
            merged.append(header)
        elif name in _VARY:
            vary.append((name, header[1]))
        elif name[:1] not in _A or not name.lower().startswith("access-control-"):
            merged.append(header)
    if answer.echoes_origin and origin is not None:
        merged.append((ALLOW_ORIGIN, origin))
    if not answer.is_stored:
        merged = _without_cache_control(merged)
    if vary:
        merged += answer.headers
        merged += _merge_lines(tuple(vary), answer.vary) or vary
    else:
        merged += answer.lines
    return merged


def merge_raw_headers(
    headers: Iterable[tuple[bytes, bytes]], answer: Answer, origin: bytes | None
) -> list[tuple[bytes, bytes]]:
    """Like `merge_headers()`, for ASGI byte pairs; the names it adds are in lower case.

    Names and values may be any bytes-like objects, and strings, since servers take them.
    """
    if type(headers) is not list:
        headers = list(headers)
    try:
        for name, _ in headers:
            if name not in _RAW_COMMON and (
                name in _RAW_VARY or name[:1] in _RAW_A or type(name) is not bytes
            ):
                return _merge_raw(headers, answer, origin)
    except (AttributeError, TypeError, ValueError):
        # A bytearray has no hash, a memoryview no methods. What is not a header raises again.
        pairs = [(_as_bytes(name), _as_bytes(value)) for name, value in headers]
        return merge_raw_headers(pairs, answer, origin)
    if answer.echoes_origin and origin is not None:
        return [*headers, (_RAW_ALLOW_ORIGIN, origin), *answer.raw_lines]
    if not answer.is_stored:
        headers = _without_raw_cache_control(headers)
    return [*headers, *answer.raw_lines]


def _merge_raw(
    headers: Iterable[tuple[bytes, bytes]], answer: Answer, origin: bytes | None
) -> list[tuple[bytes, bytes]]:
    merged: list[tuple[bytes, bytes]] = []
    vary: list[tuple[bytes, bytes]] = []
    for header in headers:
        name = header[0]
        if name in _RAW_COMMON:
            merged.append(header)
        elif name in _RAW_VARY:
            vary.append((name, header[1]))
        elif type(name) is not bytes:
            raise TypeError  # The caller tries again with bytes.
        elif name[:1] not in _RAW_A or not name.lower().startswith(b"access-control-"):
            merged.append(header)
    if answer.echoes_origin and origin is not None:
        merged.append((_RAW_ALLOW_ORIGIN, origin))
    if not answer.is_stored:
        merged = _without_raw_cache_control(merged)
    if vary:
        merged += answer.raw_headers
        merged += _merge_raw_lines(tuple(vary), answer.vary) or vary
    else:
        merged += answer.raw_lines
    return merged


# Some caches read only the first of several lines.
def _without_cache_control(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [header for header in headers if header[0].lower() != "cache-control"]


def _without_raw_cache_control(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [header for header in headers if header[0].lower() != b"cache-control"]


def _as_bytes(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode("latin-1")
    # Through a memoryview, since bytes(5) would be five zeros.
    return bytes(memoryview(value))  # type: ignore[arg-type]


def merge_vary(lines: Sequence[str], names: Sequence[str]) -> str | None:
    """Return the values of a response's Vary headers with field names added, as one value.

    Return None if the lines can stay as they are: nothing is missing, or they contain ``*``, which
    covers everything (https://www.rfc-editor.org/rfc/rfc9110#field.vary).

    >>> merge_vary(["Accept", "Cookie"], ["Origin"])
    'Accept, Cookie, Origin'
    >>> merge_vary(["origin"], ["Origin"]) is merge_vary(["*"], ["Origin"]) is None
    True
    """
    present = {name.strip().lower() for line in lines for name in line.split(",")}
    missing = [name for name in names if name.lower() not in present]
    if not missing or "*" in present:
        return None
    return ", ".join([*(line for line in lines if line.strip()), *missing])


def add_vary(headers: Iterable[tuple[str, str]], names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return headers with field names added to Vary, and all else as it is.

    >>> add_vary([("Vary", "Accept"), ("Age", "0")], ("Origin",))
    [('Age', '0'), ('Vary', 'Accept, Origin')]
    """
    headers = list(headers)
    vary = tuple(header for header in headers if header[0].lower() == "vary")
    others = [header for header in headers if header[0].lower() != "vary"]
    return [*others, *(_merge_lines(vary, names) or vary)]


def add_raw_vary(
    headers: Iterable[tuple[bytes, bytes]], names: tuple[str, ...]
) -> list[tuple[bytes, bytes]]:
    """Like `add_vary()`, for ASGI byte pairs."""
    pairs = [(_as_bytes(name), _as_bytes(value)) for name, value in headers]
    vary = tuple(pair for pair in pairs if pair[0].lower() == b"vary")
    others = [pair for pair in pairs if pair[0].lower() != b"vary"]
    return [*others, *(_merge_raw_lines(vary, names) or vary)]


# An application sends few different values of Vary, and merging one takes longer than all else
# here: without these caches a request costs a third more if the application sends Vary. The values
# do not come from clients; if one did, memory would still be bounded.
@lru_cache(maxsize=128)
def _merge_lines(
    vary: tuple[tuple[str, str], ...], names: tuple[str, ...]
) -> tuple[tuple[str, str], ...] | None:
    # Lines that stay as they are must be those of the caller: a subclass of str is equal to them.
    value = merge_vary([line for _, line in vary], names)
    return None if value is None else (("Vary", value),)


@lru_cache(maxsize=128)
def _merge_raw_lines(
    vary: tuple[tuple[bytes, bytes], ...], names: tuple[str, ...]
) -> tuple[tuple[bytes, bytes], ...] | None:
    value = merge_vary([line.decode("latin-1") for _, line in vary], names)
    return None if value is None else ((b"vary", value.encode("latin-1")),)
