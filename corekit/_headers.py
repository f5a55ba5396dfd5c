"""Writing an answer into the headers of a response: what every adapter does last.

The policy is the one authority: Access-Control-* headers of the application are left out, so that
none is doubled and a denied origin stays denied. Vary is merged, never overwritten. What comes in
is never changed, since an application may use one list for all of its responses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import product
from typing import Final

from .decision import ALLOW_ORIGIN, Answer

__all__ = [
    "answer_headers",
    "answer_raw_headers",
    "merge_headers",
    "merge_raw_headers",
    "merge_vary",
]

_RAW_ALLOW_ORIGIN: Final = ALLOW_ORIGIN.lower().encode()

_VARY: Final = frozenset(map("".join, product(*zip("vary", "VARY", strict=True))))
_RAW_VARY: Final = frozenset(name.encode() for name in _VARY)
# Looking for one character in bytes is slow: Python tries it as a number first.
_RAW_A: Final = frozenset({b"a", b"A"})

# What most responses are made of. A name that is found here needs no second look: without this, and
# the loops that first see whether there is anything else, a request costs 7 % more on ASGI and 12 %
# on WSGI.
_TITLES: Final = """
    Accept-Ranges Age Allow Cache-Control Connection Content-Disposition Content-Encoding
    Content-Language Content-Length Content-Security-Policy Content-Type Cross-Origin-Opener-Policy
    Date ETag Expires Last-Modified Link Location Permissions-Policy Pragma Referrer-Policy
    Retry-After Server Server-Timing Set-Cookie Strict-Transport-Security Transfer-Encoding
    X-Content-Type-Options X-Frame-Options X-Request-Id X-Request-ID X-XSS-Protection
""".split()
_USUAL: Final = frozenset(_TITLES) | {name.lower() for name in _TITLES}
_RAW_USUAL: Final = frozenset(name.encode() for name in _USUAL)


def answer_headers(answer: Answer, origin: str | None) -> list[tuple[str, str]]:
    """Make the headers of a response that no application has a part in, such as a preflight's.

    `origin` is the Origin header of the request that `answer` was given for.

    >>> from corekit import CorsPolicy
    >>> answer = CorsPolicy(allow_origins=["https://a.example"]).engine.actual("https://a.example")
    >>> answer_headers(answer, "https://a.example")
    [('Access-Control-Allow-Origin', 'https://a.example'), ('Vary', 'Origin')]
    """
    if answer.echoes_origin and origin is not None:
        return [(ALLOW_ORIGIN, origin), *answer.lines]
    return [*answer.lines]


def answer_raw_headers(answer: Answer, origin: bytes | None) -> list[tuple[bytes, bytes]]:
    """Do the same for pairs of bytes, as ASGI has them."""
    if answer.echoes_origin and origin is not None:
        return [(_RAW_ALLOW_ORIGIN, origin), *answer.raw_lines]
    return [*answer.raw_lines]


def merge_headers(
    headers: Iterable[tuple[str, str]], answer: Answer, origin: str | None
) -> list[tuple[str, str]]:
    """Make the headers of a response out of the application's and an answer.

    `headers` are pairs of str, as WSGI has them; `origin` is the Origin header of the request that
    `answer` was given for. All other headers keep their order and their spelling.

    >>> from corekit import CorsPolicy
    >>> answer = CorsPolicy(allow_origins=["https://a.example"]).engine.actual("https://a.example")
    >>> merge_headers([("Vary", "Accept")], answer, "https://a.example")
    [('Access-Control-Allow-Origin', 'https://a.example'), ('Vary', 'Accept, Origin')]
    """
    if type(headers) is not list:
        headers = list(headers)
    for name, _ in headers:
        if name not in _USUAL and (name in _VARY or name[:1] in "aA"):
            break
    else:
        if answer.echoes_origin and origin is not None:
            return [*headers, (ALLOW_ORIGIN, origin), *answer.lines]
        return [*headers, *answer.lines]

    merged: list[tuple[str, str]] = []
    vary: tuple[tuple[str, str], ...] = ()
    for header in headers:
        name = header[0]
        if name in _USUAL:
            merged.append(header)
        elif name in _VARY:
            vary += ((name, header[1]),)
        elif name[:1] not in "aA" or not name.lower().startswith("access-control-"):
            merged.append(header)
    if answer.echoes_origin and origin is not None:
        merged.append((ALLOW_ORIGIN, origin))
    if vary:
        merged += answer.headers
        merged += _merge_lines(vary, answer.vary)
    else:
        merged += answer.lines
    return merged


def merge_raw_headers(
    headers: Iterable[tuple[bytes, bytes]], answer: Answer, origin: bytes | None
) -> list[tuple[bytes, bytes]]:
    """Do the same for pairs of bytes, as ASGI has them."""
    if type(headers) is not list:
        headers = list(headers)
    for name, _ in headers:
        if name not in _RAW_USUAL and (name in _RAW_VARY or name[:1] in _RAW_A):
            break
    else:
        if answer.echoes_origin and origin is not None:
            return [*headers, (_RAW_ALLOW_ORIGIN, origin), *answer.raw_lines]
        return [*headers, *answer.raw_lines]

    merged: list[tuple[bytes, bytes]] = []
    vary: tuple[tuple[bytes, bytes], ...] = ()
    for header in headers:
        name = header[0]
        if name in _RAW_USUAL:
            merged.append(header)
        elif name in _RAW_VARY:
            vary += ((name, header[1]),)
        elif name[:1] not in _RAW_A or not name.lower().startswith(b"access-control-"):
            merged.append(header)
    if answer.echoes_origin and origin is not None:
        merged.append((_RAW_ALLOW_ORIGIN, origin))
    if vary:
        merged += answer.raw_headers
        merged += _merge_raw_lines(vary, answer.vary)
    else:
        merged += answer.raw_lines
    return merged


def merge_vary(lines: Sequence[str], names: Sequence[str]) -> str | None:
    """Merge field names into the values of a response's Vary headers.

    Returns the one value to set, or None where nothing is missing and the lines stay as they are;
    so does ``*``, which covers everything: https://www.rfc-editor.org/rfc/rfc9110#field.vary

    >>> merge_vary(["Accept", "Cookie"], ["Origin"])
    'Accept, Cookie, Origin'
    >>> merge_vary(["origin"], ["Origin"]) is merge_vary(["*"], ["Origin"]) is None
    True
    """
    return _merge_values(tuple(lines), tuple(names))


# An application sends few values of Vary, and merging one takes longer than all else here: without
# these caches a request costs a third more where the application sends Vary. What it sends is no
# stranger's; were it one's, the memory would be bounded even so.
@lru_cache(maxsize=128)
def _merge_values(lines: tuple[str, ...], names: tuple[str, ...]) -> str | None:
    present = {name.strip().lower() for line in lines for name in line.split(",")}
    missing = [name for name in names if name.lower() not in present]
    if not missing or "*" in present:
        return None
    return ", ".join([*(line for line in lines if line.strip()), *missing])


@lru_cache(maxsize=128)
def _merge_lines(
    vary: tuple[tuple[str, str], ...], names: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    value = merge_vary([line for _, line in vary], names)
    return vary if value is None else (("Vary", value),)


@lru_cache(maxsize=128)
def _merge_raw_lines(
    vary: tuple[tuple[bytes, bytes], ...], names: tuple[str, ...]
) -> tuple[tuple[bytes, bytes], ...]:
    value = merge_vary([line.decode("latin-1") for _, line in vary], names)
    return vary if value is None else ((b"vary", value.encode("latin-1")),)
