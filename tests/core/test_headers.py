"""Writing an answer into a response: one authority, a merged Vary, and nothing else touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from corekit import CorsPolicy
from corekit._headers import (
    add_raw_vary,
    add_vary,
    merge_headers,
    merge_raw_headers,
    merge_vary,
    preflight_response,
    raw_preflight_response,
)

APP = "https://app.example.com"
EVIL = "https://evil.example"
POLICY = CorsPolicy(allow_origins=[APP], allow_credentials=True, expose_headers=["x-id"])
PUBLIC = CorsPolicy(allow_origins=["*"])
GRANTED = [
    ("Access-Control-Allow-Origin", APP),
    ("Access-Control-Allow-Credentials", "true"),
    ("Access-Control-Expose-Headers", "x-id"),
]
VARY = [("Vary", "Origin")]

Headers = list[tuple[str, str]]

MERGES: dict[str, tuple[Headers, CorsPolicy, str | None, Headers]] = {
    "nothing there": ([], POLICY, APP, GRANTED + VARY),
    "order and spelling are kept": (
        [("Content-Type", "a"), ("X-B", "2"), ("x-a", "1"), ("X-B", "1"), ("ALLOW", "GET")],
        POLICY,
        APP,
        [
            ("Content-Type", "a"),
            ("X-B", "2"),
            ("x-a", "1"),
            ("X-B", "1"),
            ("ALLOW", "GET"),
            *GRANTED,
            *VARY,
        ],
    ),
    "cookies stay several": (
        [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")],
        POLICY,
        EVIL,
        [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), *VARY],
    ),
    "the application's own are removed for the allowed": (
        [("Access-Control-Allow-Origin", "*"), ("access-control-max-age", "5"), ("Age", "1")],
        POLICY,
        APP,
        [("Age", "1"), *GRANTED, *VARY],
    ),
    "the application's own are removed for the denied": (
        [
            ("ACCESS-CONTROL-ALLOW-ORIGIN", EVIL),
            ("access-control-allow-credentials", "true"),
            ("Access-Control-Allow-Private-Network", "true"),
            ("Access-Control-Allow-Anything-New", "true"),
        ],
        POLICY,
        EVIL,
        VARY,
    ),
    "the application's own are removed without an origin": (
        [("Access-Control-Allow-Origin", "*")],
        POLICY,
        None,
        VARY,
    ),
    "one of the application's alone, in lower case": (
        [("access-control-allow-origin", "*")],
        POLICY,
        EVIL,
        VARY,
    ),
    "one of the application's alone, in upper case": (
        [("Content-Type", "a"), ("ACCESS-CONTROL-ALLOW-ORIGIN", "*")],
        POLICY,
        EVIL,
        [("Content-Type", "a"), *VARY],
    ),
    "a like name is another name": (
        [("X-Access-Control-Allow-Origin", "*"), ("Access-Control", "a"), ("Accept-Ranges", "b")],
        POLICY,
        None,
        [
            ("X-Access-Control-Allow-Origin", "*"),
            ("Access-Control", "a"),
            ("Accept-Ranges", "b"),
            *VARY,
        ],
    ),
    "static": (
        [("Vary", "Accept"), ("Access-Control-Allow-Origin", APP)],
        PUBLIC,
        None,
        [("Access-Control-Allow-Origin", "*"), ("Vary", "Accept")],
    ),
    "Vary is merged": (
        [("vary", "Accept"), ("X", "1")],
        POLICY,
        EVIL,
        [("X", "1"), ("Vary", "Accept, Origin")],
    ),
    "several Vary lines are merged": (
        [("Vary", "Accept"), ("X", "1"), ("VARY", "Cookie,  Accept-Language")],
        POLICY,
        EVIL,
        [("X", "1"), ("Vary", "Accept, Cookie,  Accept-Language, Origin")],
    ),
    "several Vary lines with nothing missing stay": (
        [("Vary", "Accept"), ("vary", "x, ORIGIN")],
        POLICY,
        EVIL,
        [("Vary", "Accept"), ("vary", "x, ORIGIN")],
    ),
    "Vary star stays": ([("Vary", "*")], POLICY, EVIL, [("Vary", "*")]),
    "Vary star among others stays": (
        [("Vary", "Accept"), ("Vary", "Cookie, *")],
        POLICY,
        EVIL,
        [("Vary", "Accept"), ("Vary", "Cookie, *")],
    ),
    "an empty Vary": ([("Vary", "")], POLICY, EVIL, VARY),
    "a static answer leaves an empty Vary": (
        [("Vary", "")],
        PUBLIC,
        EVIL,
        [("Access-Control-Allow-Origin", "*"), ("Vary", "")],
    ),
    "an empty name": (
        [("", "x"), ("V", "y"), ("A", "")],
        POLICY,
        EVIL,
        [("", "x"), ("V", "y"), ("A", ""), *VARY],
    ),
    "names around Vary": (
        [("Varying", "x"), ("Var", "y"), ("Via", "z")],
        POLICY,
        EVIL,
        [("Varying", "x"), ("Var", "y"), ("Via", "z"), *VARY],
    ),
    "bytes above ASCII stay": (
        [("X-Name", "Andr\xe9"), ("Vary", "Caf\xe9")],
        POLICY,
        EVIL,
        [("X-Name", "Andr\xe9"), ("Vary", "Caf\xe9, Origin")],
    ),
}
cases = pytest.mark.parametrize(
    ("headers", "policy", "origin", "expected"), MERGES.values(), ids=MERGES.keys()
)


def raw(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


@cases
def test_an_answer_is_merged_into_headers(
    headers: Headers, policy: CorsPolicy, origin: str | None, expected: Headers
) -> None:
    answer = policy.engine.actual(origin)
    before = list(headers)
    for given in (headers, tuple(headers), iter(headers)):
        assert merge_headers(given, answer, origin) == expected
    assert headers == before


@cases
def test_an_answer_is_merged_into_raw_headers(
    headers: Headers, policy: CorsPolicy, origin: str | None, expected: Headers
) -> None:
    answer = policy.engine.actual(origin)
    given = raw(headers)
    before = list(given)
    raw_origin = origin.encode() if origin else None
    merged = merge_raw_headers(given, answer, raw_origin)
    assert merged == merge_raw_headers(tuple(given), answer, raw_origin)
    assert merged == merge_raw_headers(iter(given), answer, raw_origin)
    # What we write has lower-case names, as ASGI wants it; what was there keeps its spelling.
    wanted = [(n, v) if (n, v) in headers else (n.lower(), v) for n, v in expected]
    assert merged == raw(wanted)
    assert given == before


BYTES_LIKE: dict[str, Callable[[bytes], Any]] = {
    "bytearray": bytearray,
    "memoryview": memoryview,
    "writable memoryview": lambda value: memoryview(bytearray(value)),
    "memoryview of characters": lambda value: memoryview(value).cast("c"),
    "str": lambda value: value.decode("latin-1"),
}


@cases
@pytest.mark.parametrize("convert", BYTES_LIKE.values(), ids=BYTES_LIKE.keys())
@pytest.mark.parametrize("part", ["names", "values", "both", "the last"])
def test_other_types_are_merged_like_bytes(  # noqa: PLR0917
    headers: Headers,
    policy: CorsPolicy,
    origin: str | None,
    expected: Headers,
    convert: Callable[[bytes], Any],
    part: str,
) -> None:
    answer = policy.engine.actual(origin)
    raw_origin = origin.encode() if origin else None
    given = [
        (
            convert(name) if part in {"names", "both"} or number == len(headers) else name,
            convert(value) if part in {"values", "both"} or number == len(headers) else value,
        )
        for number, (name, value) in enumerate(raw(headers), 1)
    ]
    merged = merge_raw_headers(given, answer, raw_origin)
    assert [(as_bytes(name), as_bytes(value)) for name, value in merged] == merge_raw_headers(
        raw(headers), answer, raw_origin
    )


def as_bytes(value: Any) -> bytes:
    return value.encode("latin-1") if isinstance(value, str) else bytes(value)


@pytest.mark.parametrize("header", [(b"x-number", 5), (None, b"x"), (b"x",), (b"x", b"y", b"z")])
def test_what_is_not_a_header_is_an_error(header: Any) -> None:
    headers: list[Any] = [(bytearray(b"x"), b"y"), header]
    with pytest.raises((TypeError, ValueError)):
        merge_raw_headers(headers, POLICY.engine.actual(APP), b"")


TEXT = [("Content-Type", "text/plain; charset=utf-8")]

PREFLIGHTS: dict[str, tuple[CorsPolicy, str, int, Headers, bytes]] = {
    "granted": (
        POLICY,
        APP,
        204,
        [*GRANTED[:2], ("Access-Control-Allow-Methods", "GET, HEAD, POST"), *VARY],
        b"",
    ),
    "granted with another status": (
        POLICY.replace(preflight_status=200),
        APP,
        200,
        [
            *TEXT,
            ("Content-Length", "0"),
            *GRANTED[:2],
            ("Access-Control-Allow-Methods", "GET, HEAD, POST"),
            *VARY,
        ],
        b"",
    ),
    "any origin": (
        PUBLIC,
        APP,
        204,
        [
            ("Access-Control-Allow-Origin", "*"),
            ("Access-Control-Allow-Methods", "GET, HEAD, POST"),
        ],
        b"",
    ),
    "denied": (
        POLICY,
        EVIL,
        403,
        [*TEXT, ("Content-Length", "33"), *VARY],
        b"CORS: the origin is not allowed.\n",
    ),
}


@pytest.mark.parametrize("name", PREFLIGHTS)
def test_preflight_response_is_complete(name: str) -> None:
    policy, origin, status, headers, body = PREFLIGHTS[name]
    answer = policy.engine.preflight(origin, "PUT", None, None)
    assert preflight_response(answer, origin) == (status, headers, body)
    assert raw_preflight_response(answer, origin.encode()) == (
        status,
        raw([(field.lower(), value) for field, value in headers]),
        body,
    )


@cases
def test_writing_the_answer_twice_is_writing_it_once(
    headers: Headers, policy: CorsPolicy, origin: str | None, expected: Headers
) -> None:
    answer = policy.engine.actual(origin)
    once = merge_headers(headers, answer, origin)
    assert sorted(merge_headers(once, answer, origin)) == sorted(once)


def test_header_list_is_new_each_time() -> None:
    shared: Headers = [("Content-Type", "text/plain"), ("Vary", "Accept")]
    granted, denied = POLICY.engine.actual(APP), POLICY.engine.actual(EVIL)
    for _ in range(3):
        allowed = merge_headers(shared, granted, APP)
        allowed.append(("X", "1"))
        assert merge_headers(shared, denied, EVIL) == [
            ("Content-Type", "text/plain"),
            ("Vary", "Accept, Origin"),
        ]
    assert shared == [("Content-Type", "text/plain"), ("Vary", "Accept")]
    assert POLICY.decide("GET", origin=APP).headers == tuple(GRANTED)


def test_headers_of_wsgi_in_mutable_pairs_are_left_alone() -> None:
    pair = ("Vary", "Accept")
    headers = [pair]
    merged = merge_headers(headers, POLICY.engine.actual(APP), APP)
    assert headers == [("Vary", "Accept")]
    assert headers[0] is pair
    assert ("Vary", "Accept, Origin") in merged


VARIES: list[tuple[list[str], list[str], str | None]] = [
    ([], [], None),
    ([], ["Origin"], "Origin"),
    ([], ["Origin", "X-A"], "Origin, X-A"),
    (["Accept"], [], None),
    (["Accept"], ["Origin"], "Accept, Origin"),
    (["Accept", "Cookie"], ["Origin"], "Accept, Cookie, Origin"),
    (["Accept, Origin"], ["Origin"], None),
    (["Origin,Accept"], ["Origin"], None),
    (["ORIGIN"], ["Origin"], None),
    (["accept ,\torigin"], ["Origin", "X-A"], "accept ,\torigin, X-A"),
    (["*"], ["Origin"], None),
    (["Accept, *"], ["Origin"], None),
    (["Accept", " * "], ["Origin"], None),
    ([""], ["Origin"], "Origin"),
    (["", " ", "Accept", ""], ["Origin"], "Accept, Origin"),
    (["X-Origin"], ["Origin"], "X-Origin, Origin"),
    (["Origins, Accept-Origin"], ["Origin"], "Origins, Accept-Origin, Origin"),
    (["**"], ["Origin"], "**, Origin"),
]


@pytest.mark.parametrize(("lines", "names", "expected"), VARIES)
def test_vary_is_merged_never_overwritten(
    lines: list[str], names: list[str], expected: str | None
) -> None:
    before = list(lines), list(names)
    assert merge_vary(lines, names) == expected
    assert (lines, names) == before


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], [("Vary", "Origin, X-A")]),
        (
            [("Vary", "Accept"), ("Age", "0"), ("Varying", "1")],
            [("Age", "0"), ("Varying", "1"), ("Vary", "Accept, Origin, X-A")],
        ),
        (
            [("VARY", "Caf\xe9"), ("X", "1"), ("vary", "Cookie")],
            [("X", "1"), ("Vary", "Caf\xe9, Cookie, Origin, X-A")],
        ),
        ([("X", "1"), ("vary", "x-a, origin")], [("X", "1"), ("vary", "x-a, origin")]),
        ([("Vary", "*"), ("X", "\xe9")], [("X", "\xe9"), ("Vary", "*")]),
    ],
)
@pytest.mark.parametrize("convert", [bytes, *BYTES_LIKE.values()])
def test_names_are_added_to_vary(
    headers: Headers, expected: Headers, convert: Callable[[bytes], Any]
) -> None:
    names = ("Origin", "X-A")
    assert add_vary(iter(headers), names) == add_vary(headers, names) == expected
    wanted = raw((n, v) if (n, v) in headers else (n.lower(), v) for n, v in expected)
    pairs = [(convert(name), convert(value)) for name, value in raw(headers)]
    assert add_raw_vary(iter(pairs), names) == add_raw_vary(pairs, names) == wanted


def test_lines_that_stay_are_those_of_the_response() -> None:
    # aiohttp's names are of a subclass of str, which servers of WSGI refuse.
    class Name(str):
        __slots__ = ()

    answer = POLICY.engine.actual(None)
    for name in (Name("Vary"), "Vary"):
        headers = [(name, "Origin, Cookie")]
        for merged in (merge_headers(headers, answer, None), add_vary(headers, ("Origin",))):
            ((kept, _),) = merged
            assert kept is name
