"""The answers to preflights, whole: to allowed origins and to others, whatever was asked."""

from __future__ import annotations

import pytest

from corekit import Reason
from tests.core.answers import (
    AGE,
    APP,
    CREDENTIALS,
    EVIL,
    HEADERS,
    METHODS,
    ORIGIN,
    PRIVATE,
    SUB,
    VARY_PRIVATE,
    Case,
    check,
    get,
    options,
)

SAFE = (METHODS, "GET, HEAD, POST")
USUAL = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
ECHO = ("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers")
FULL = (
    (ORIGIN, APP),
    CREDENTIALS,
    (METHODS, "GET, HEAD, POST, PUT"),
    (HEADERS, "x-a, authorization"),
    (AGE, "600"),
)
PUBLIC_ALL = ((ORIGIN, "*"), (METHODS, f"{USUAL}, *, LINK"), (HEADERS, "*"), (AGE, "86400"))

CASES = {
    # 3. Preflights of allowed origins: all that is granted, whatever was asked.
    "preflight": Case("plain", options(APP), Reason.GRANTED, ((ORIGIN, APP), SAFE), status=204),
    "preflight by pattern": Case(
        "plain", options(SUB, "HEAD", ""), Reason.GRANTED, ((ORIGIN, SUB), SAFE), status=204
    ),
    "preflight, full": Case("full", options(APP, "PUT", "x-a"), Reason.GRANTED, FULL, status=200),
    "preflight, full, authorization": Case(
        "full", options(APP, "POST", "authorization,x-a"), Reason.GRANTED, FULL, status=200
    ),
    "method not granted": Case(
        "full", options(APP, "DELETE"), Reason.METHOD_NOT_ALLOWED, FULL, status=200
    ),
    "method in another case": Case(
        "full", options(APP, "put"), Reason.METHOD_NOT_ALLOWED, FULL, status=200
    ),
    "safelisted method in another case": Case(
        "full", options(APP, "get"), Reason.METHOD_NOT_ALLOWED, FULL, status=200
    ),
    "star as a method": Case(
        "full", options(APP, "*"), Reason.METHOD_NOT_ALLOWED, FULL, status=200
    ),
    "method malformed": Case(
        "full", options(APP, "PUT\r\n"), Reason.METHOD_MALFORMED, FULL, status=200
    ),
    "method empty": Case("full", options(APP, ""), Reason.METHOD_MALFORMED, FULL, status=200),
    "method forbidden": Case(
        "full", options(APP, "trace"), Reason.METHOD_MALFORMED, FULL, status=200
    ),
    "header not granted": Case(
        "full", options(APP, "PUT", "x-a,x-b"), Reason.HEADER_NOT_ALLOWED, FULL, status=200
    ),
    "safelisted header that was asked is unsafe": Case(
        "full", options(APP, "PUT", "content-type"), Reason.HEADER_NOT_ALLOWED, FULL, status=200
    ),
    "star as a header": Case(
        "full", options(APP, "PUT", "*"), Reason.HEADER_NOT_ALLOWED, FULL, status=200
    ),
    "headers malformed": Case(
        "full", options(APP, "PUT", "x a"), Reason.HEADERS_MALFORMED, FULL, status=200
    ),
    "headers too long": Case(
        "full", options(APP, "PUT", "x-a," * 1025), Reason.HEADERS_TOO_LONG, FULL, status=200
    ),
    "headers just not too long": Case(
        "full", options(APP, "PUT", "x-a," * 1024), Reason.GRANTED, FULL, status=200
    ),
    "method before headers": Case(
        "full", options(APP, "LINK", "x-b"), Reason.METHOD_NOT_ALLOWED, FULL, status=200
    ),
    "max-age 0": Case(
        "public",
        options(EVIL, "POST"),
        Reason.GRANTED,
        ((ORIGIN, "*"), SAFE, (AGE, "0")),
        vary=(),
        status=204,
    ),
    "public, all": Case(
        "public, all", options(EVIL, "FOO", "x-a,x-b"), Reason.GRANTED, PUBLIC_ALL, (), 204
    ),
    "public, all, but authorization": Case(
        "public, all",
        options(EVIL, "PUT", "authorization,x-a"),
        Reason.HEADER_NOT_ALLOWED,
        PUBLIC_ALL,
        (),
        204,
    ),
    "public, all, method malformed": Case(
        "public, all", options(EVIL, "A B"), Reason.METHOD_MALFORMED, PUBLIC_ALL, (), 204
    ),
    "public, all, forbidden method": Case(
        "public, all", options(EVIL, "Track"), Reason.METHOD_MALFORMED, PUBLIC_ALL, (), 204
    ),
    "public, all and authorization": Case(
        "public, all and authorization",
        options("null", "GET", "Authorization, X-A"),
        Reason.GRANTED,
        ((ORIGIN, "*"), SAFE, (HEADERS, "*, authorization")),
        (),
        204,
    ),
    # 3. `*` with credentials: what was asked is named.
    "echo": Case(
        "all with credentials",
        options(APP, "FOO", "X-C,x-b,,authorization , x-a"),
        Reason.GRANTED,
        (
            (ORIGIN, APP),
            CREDENTIALS,
            (METHODS, f"{USUAL}, LINK, FOO"),
            (HEADERS, "x-a, authorization, x-b, x-c"),
        ),
        ECHO,
        204,
    ),
    "echo of nothing new": Case(
        "all with credentials",
        options(APP, "PUT"),
        Reason.GRANTED,
        ((ORIGIN, APP), CREDENTIALS, (METHODS, f"{USUAL}, LINK"), (HEADERS, "x-a")),
        ECHO,
        204,
    ),
    "no echo of what is no token": Case(
        "all with credentials",
        options(APP, "FOO BAR", "x-b\r\nset-cookie: a=b"),
        Reason.METHOD_MALFORMED,
        ((ORIGIN, APP), CREDENTIALS, (METHODS, f"{USUAL}, LINK"), (HEADERS, "x-a")),
        ECHO,
        204,
    ),
    "no echo of malformed headers": Case(
        "all with credentials",
        options(APP, "FOO", "x-b;"),
        Reason.HEADERS_MALFORMED,
        ((ORIGIN, APP), CREDENTIALS, (METHODS, f"{USUAL}, LINK, FOO"), (HEADERS, "x-a")),
        ECHO,
        204,
    ),
    "no echo of a forbidden method": Case(
        "all with credentials",
        options(APP, "CONNECT", "x-a"),
        Reason.METHOD_MALFORMED,
        ((ORIGIN, APP), CREDENTIALS, (METHODS, f"{USUAL}, LINK"), (HEADERS, "x-a")),
        ECHO,
        204,
    ),
    "echo of the method only": Case(
        "any method with credentials",
        options(APP, "FOO", "x-b"),
        Reason.HEADER_NOT_ALLOWED,
        ((ORIGIN, APP), CREDENTIALS, (METHODS, f"{USUAL}, FOO"), (HEADERS, "x-a")),
        ECHO[:2],
        204,
    ),
    "echo of the headers only": Case(
        "any header with credentials",
        options(APP, "FOO", "x-b"),
        Reason.METHOD_NOT_ALLOWED,
        ((ORIGIN, APP), CREDENTIALS, (METHODS, "GET, HEAD, POST, PUT"), (HEADERS, "x-b")),
        (ECHO[0], ECHO[2]),
        204,
    ),
    "echo of no headers is no empty header": Case(
        "any header with credentials",
        options(APP, "PUT", " , "),
        Reason.GRANTED,
        ((ORIGIN, APP), CREDENTIALS, (METHODS, "GET, HEAD, POST, PUT")),
        (ECHO[0], ECHO[2]),
        204,
    ),
    # 4. Preflights of others; echo or not, nothing of what was asked comes back.
    "preflight denied": Case("full", options(EVIL, "PUT"), Reason.ORIGIN_NOT_ALLOWED, status=403),
    "preflight denied, with named requests": Case(
        "all with credentials", options(EVIL, "FOO", "x-b"), Reason.ORIGIN_NOT_ALLOWED, status=403
    ),
    "preflight, nothing granted": Case(
        "nothing", options(APP), Reason.ORIGIN_NOT_ALLOWED, status=403
    ),
    "preflight denied, private": Case(
        "private",
        options(EVIL, request_private_network="true"),
        Reason.ORIGIN_NOT_ALLOWED,
        status=403,
    ),
    "preflight, public, malformed": Case(
        "public, all", options("x", "PUT"), Reason.GRANTED, PUBLIC_ALL, (), 204
    ),
    # 10. Private networks.
    "private, asked and granted": Case(
        "private",
        options(APP, request_private_network="true"),
        Reason.GRANTED,
        ((ORIGIN, APP), SAFE, PRIVATE),
        ("Origin", VARY_PRIVATE),
        204,
    ),
    "private, not asked": Case(
        "private",
        options(APP),
        Reason.GRANTED,
        ((ORIGIN, APP), SAFE),
        ("Origin", VARY_PRIVATE),
        204,
    ),
    "private, false asked": Case(
        "private",
        options(APP, request_private_network="false"),
        Reason.GRANTED,
        ((ORIGIN, APP), SAFE),
        ("Origin", VARY_PRIVATE),
        204,
    ),
    "private, asked and off": Case(
        "plain",
        options(APP, request_private_network="true"),
        Reason.GRANTED,
        ((ORIGIN, APP), SAFE),
        status=204,
    ),
    "private, public": Case(
        "public, private",
        options(EVIL, request_private_network="true"),
        Reason.GRANTED,
        ((ORIGIN, "*"), SAFE, PRIVATE),
        (VARY_PRIVATE,),
        204,
    ),
    "private, actual": Case(
        "private", get(APP, request_private_network="true"), Reason.GRANTED, ((ORIGIN, APP),)
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_answer_to_a_preflight_is_the_documented_one(case: Case) -> None:
    check(case)
